"""Dynamics 365 behind the interface that every vendor stands behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from ...core.mapping import Selection
from ...core.system import (
    Batch,
    Check,
    Counted,
    Fetched,
    Member,
    Named,
    ObjectUse,
    Outcome,
    Page,
    Range,
    Receipt,
    Record,
    WriteOptions,
)
from ...core.words import keepable as _
from ..crm import Crm
from .checks import Checks
from .client import Client
from .counting import count
from .feed import Pass, read_cursor
from .lookup import MOST_QUERIES, MOST_VALUES, Lookup
from .metadata import set_names
from .people import find_people
from .ranges import read_latest, read_range
from .schema import Described, describe, table_of
from .users import find_users
from .writes import Sender, records_a_call

_MOST_ETAGS = 5_000  # kept of an object; more than one reading before a write asks for


class Dynamics(Crm[Client, Described]):
    """One environment. Implements `core.system.System`."""

    vendor = "Dynamics 365"
    batch_kind = "batch"
    ids_a_call = MOST_VALUES * MOST_QUERIES

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._set_names: dict[str, str] = {}
        self._etags: dict[
            str, dict[str, str]
        ] = {}  # of what was fetched since the feed was read, by object and id

    def identity(self) -> str:
        """Return the environment's organization id."""
        return self._client.who().organization_id

    def user_id(self) -> str:
        """Return the id of the application user that our writes carry, as modifier or on whose behalf they are."""
        return self._client.who().user_id

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        return Checks(self._client, self._describe, uses).run()

    def revoke(self) -> str:
        """Return what to do: Entra ID takes back no token; only a person can take back the proof or the user."""
        return _(
            "Delete the app's secret or certificate (Microsoft Entra admin center, App registrations, your app,"
            " Certificates & secrets), or deactivate the application user in the environment; where a person signed in,"
            " revoke that person's sessions."
        )

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
        return count(self._client, self._known(object), selection, self.vendor_now())

    def read_range(
        self, object: str, fields: Sequence[str], after: str, only: Sequence[Selection] | None = None
    ) -> Range:
        """Read some 5,000 records; none is left out."""
        del only
        return read_range(self._client, self._known(object), fields, after)

    def latest(self, object: str, fields: Sequence[str], selection: Selection) -> Sequence[Record]:
        """Read them whatever their values: what a selection asks is judged by whoever asked."""
        return read_latest(self._client, self._known(object), fields, selection)

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

    def people(self, object: str, name: str, limit: int) -> Sequence[Named]:
        return find_people(self._client, self._known(object), name, limit)

    def records_a_call(self, waiting: int) -> int:
        return records_a_call(waiting)

    def opt_out_box(self, object: str) -> str:
        return self._known(object).table.opt_out

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

    def _sets(self, tables: Iterable[str]) -> Mapping[str, str]:
        """Return tables' names in addresses, which are asked for once."""
        if missing := [table for table in tables if table not in self._set_names]:
            self._set_names |= set_names(self._client, missing)
        return self._set_names

    def users(self, search: str, limit: int) -> Sequence[Member]:
        return find_users(self._client, search, limit)

    def ask_for(self, name: str) -> Described:
        return describe(self._client, table_of(name))
