"""Dynamics 365 behind the interface that every vendor stands behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from gettext import gettext as _

from ...core.failures import FailureKind, SystemFailure
from ...core.mapping import Selection
from ...core.schema import Schema
from ...core.system import (
    Batch,
    BatchResult,
    Check,
    ConsentPage,
    Counted,
    Fetched,
    KnownConsents,
    ObjectUse,
    Op,
    OptedOut,
    Outcome,
    Page,
    Range,
    Receipt,
    Record,
    Write,
    WriteOptions,
)
from ..http import HttpClient
from .checks import Checks
from .client import Client
from .counting import count
from .feed import Pass, read_cursor
from .lookup import Lookup
from .metadata import set_names
from .ranges import read_range
from .schema import Described, describe, table_of
from .writes import Sender, form_batches, opted_out

_MOST_ETAGS = 5_000  # kept of an object; more than one reading before a write asks for


class Dynamics:
    """One environment. Implements `core.system.System`.

    Rows are decoded by the schema that was described last; it is asked for once by itself where nobody did.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._described: dict[str, Described] = {}
        self._set_names: dict[str, str] = {}
        self._etags: dict[
            str, dict[str, str]
        ] = {}  # of what was fetched since the feed was read, by object and id

    @property
    def http(self) -> HttpClient:
        """What counts the calls and the time spent in them."""
        return self._client.http

    def close(self) -> None:
        """Close pooled connections."""
        self._client.http.close()
        self._client.session.http.close()

    def identity(self) -> str:
        """Return the environment's organization id."""
        return self._client.who().organization_id

    def user_id(self) -> str:
        """Return the id of the application user that our writes carry, as modifier or on whose behalf they are."""
        return self._client.who().user_id

    def clock_difference(self) -> float:
        return self._client.http.clock_difference

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        return Checks(self._client, self._describe, uses).run()

    def revoke(self) -> str:
        """Return what to do: Entra ID takes back no token; only a person can take back the proof or the user."""
        return _(
            "Delete the app's secret or certificate (Microsoft Entra admin center, App registrations, your app,"
            " Certificates & secrets), or deactivate the application user in the environment; where a person signed in,"
            " revoke that person's sessions."
        )

    def describe(self, object: str) -> Schema:
        return self._describe(object).schema

    def feed(
        self,
        object: str,
        fields: Sequence[str],
        cursor: str | None,
        seen: Callable[[datetime], int],
        only: Sequence[Selection] | None = None,
    ) -> Iterator[Page]:
        """Yield what changed, deletes and merges among it; a first reading cannot be asked for less than everything."""
        del seen, only
        self._etags.pop(object, None)  # what is decided on the feed's values is not guarded by older ones
        return Pass(self._client, self._known(object), fields, read_cursor(cursor)).pages()

    def count(self, object: str, selection: Selection) -> Counted:
        """Count records and e-mails, 5,000 a call."""
        now = self._client.now() + timedelta(seconds=self.clock_difference())
        return count(self._client, self._known(object), selection, now)

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        """Raise SystemFailure(MAPPING): Dynamics 365 has no tags."""
        raise SystemFailure(
            FailureKind.MAPPING,
            _("Dynamics 365 has no tags."),
            cure=_("Choose an ActiveCampaign tag."),
        )

    def read_range(
        self, object: str, fields: Sequence[str], after: str, only: Sequence[Selection] | None = None
    ) -> Range:
        """Read some 5,000 records; none is left out."""
        del only
        return read_range(self._client, self._known(object), fields, after)

    def fetch(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Fetched:
        lookup = Lookup(self._client, self._known(object), fields)
        fetched = lookup.fetch(ids)
        etags = self._etags.setdefault(object, {})
        if len(etags) + len(lookup.etags) > _MOST_ETAGS:
            etags.clear()
        etags.update(lookup.etags)
        return fetched

    def find(self, object: str, emails: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        return Lookup(self._client, self._known(object), fields).find(emails)

    def batches(self, writes: Sequence[Write], options: WriteOptions) -> Iterator[Batch]:
        """Form calls of 100 records; none of the options concerns Dynamics 365."""
        del options
        return form_batches(writes)

    def send(self, batch: Batch, options: WriteOptions) -> Sequence[Receipt]:
        """Make one batch's call; what was fetched just now is written only in the version that was read."""
        del options
        etags = self._etags.get(batch.object, {})
        described = self._known(batch.object)
        sender = Sender(self._client, described, batch.op, etags=etags, set_names=self._sets)
        receipts = sender.send(batch.writes)
        for receipt in receipts:
            if receipt.outcome is Outcome.DONE and receipt.record_id is not None:
                etags.pop(receipt.record_id, None)  # it has another version now
        return receipts

    def consents(self, object: str, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        """Yield nothing: a changed box is a changed row, so the feed shows it."""
        del object, cursor, known
        return iter(())

    def opt_out(self, object: str, ids: Sequence[str]) -> Sequence[OptedOut]:
        """Tick the box of these records, 100 a call."""
        box = self._known(object).table.opt_out
        writes = [
            Write(id=number, object=object, op=Op.UPDATE, record_id=record_id, key=None, values={box: True})
            for number, record_id in enumerate(dict.fromkeys(ids))
        ]
        return [
            opted_out(box, writes[receipt.write_id], receipt)
            for batch in form_batches(writes)
            for receipt in self.send(batch, WriteOptions())
        ]

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> Mapping[str, BatchResult]:
        """Return nothing: every write is answered at once."""
        return {}

    def outstanding(self) -> bool:
        """Return False: every write is answered at once."""
        return False

    def room(self) -> int | None:
        """Return None: an environment has no limit of people."""
        return None

    def _sets(self, tables: Iterable[str]) -> Mapping[str, str]:
        """Return tables' names in addresses, which are asked for once."""
        if missing := [table for table in tables if table not in self._set_names]:
            self._set_names |= set_names(self._client, missing)
        return self._set_names

    def _describe(self, name: str) -> Described:
        found = describe(self._client, table_of(name))
        self._described[name] = found
        return found

    def _known(self, name: str) -> Described:
        return self._described.get(name) or self._describe(name)
