"""One ActiveCampaign account behind the interface of `core.system`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import httpx2

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure
from ...core.mapping import Selection
from ...core.schema import Schema
from ...core.system import (
    Batch,
    BatchResult,
    Budget,
    Check,
    ConsentPage,
    Counted,
    Effort,
    Fetched,
    KnownConsents,
    Member,
    Named,
    ObjectUse,
    OptedOut,
    Page,
    Range,
    Receipt,
    Record,
    Write,
    WriteOptions,
)
from ...core.words import keepable as _
from .auth import Credentials
from .checks import Checks, contact_room
from .client import Api
from .consents import Consents, Unsubscriber
from .feed import Feed
from .imports import Imports
from .lookup import Lookup, tag_names
from .people import find_people
from .ranges import read_range
from .schema import CONTACT, PAGE, read_schema
from .writes import IMPORTS, Encoder, Singles, form_batches

# What is usual, to tell in advance how long writes take.
_LISTS = 2.0  # on which a contact is active
_QUEUED_SECONDS = 1.0  # until imports are through
_ASKS = 3  # calls meanwhile


class ActiveCampaign:
    """An account, reached with one user's key. The schema is read once, and again by every `describe`."""

    ids_a_call = PAGE

    def __init__(
        self,
        credentials: Credentials,
        *,
        budget: Budget,
        clock: Clock,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._account = credentials.account
        self._clock = clock
        self._api = Api(credentials, budget=budget, clock=clock, transport=transport)
        self._imports = Imports(self._api, clock)
        self._schema: Schema | None = None
        self.http = self._api.http  # its counters tell our own work from waiting

    def identity(self) -> str:
        """Return the host of the account's address: the vendor gives one to each account."""
        return self._account

    def user_id(self) -> str | None:
        """Return None: a contact does not say who changed it."""
        return None

    def clock_difference(self) -> float:
        return self.http.clock_difference

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        return Checks(self._api, lambda: self.describe(CONTACT), uses).run()

    def revoke(self) -> str:
        """Return what to do: only a person can take a key back."""
        return _("Delete the user whose key it was, or reset the key, if nobody else uses it.")

    def effort(self) -> Effort:
        """Return how long calls took. Imports are waited for; an opt-out is a call for each list of a contact."""
        call = self.http.seconds_a_call()
        return Effort(call=call, opt_out=_LISTS, queued=_QUEUED_SECONDS, asks=_ASKS, result=1)

    def describe(self, object: str) -> Schema:
        _require_contact(object)
        self._schema = read_schema(self._api)
        return self._schema

    def feed(
        self,
        object: str,
        fields: Sequence[str],
        cursor: str | None,
        seen: Callable[[datetime], int],
        only: Sequence[Selection] | None = None,
    ) -> Iterator[Page]:
        """Yield what changed; contacts are not selected."""
        del only
        _require_contact(object)
        return Feed(self._api, self._known(), self._clock).pages(fields, cursor, seen)

    def count(self, object: str, selection: Selection) -> Counted:
        """Raise SystemFailure(MAPPING): contacts are not selected."""
        raise _not_selected()

    def latest(self, object: str, fields: Sequence[str], selection: Selection) -> Sequence[Record]:
        """Raise SystemFailure(MAPPING): contacts are not selected."""
        raise _not_selected()

    def users(self, search: str, limit: int) -> Sequence[Member]:
        """Raise SystemFailure(MAPPING): sales people work in the CRM."""
        raise SystemFailure(
            FailureKind.MAPPING,
            _("ActiveCampaign's users are not looked for."),
            cure=_("Look for users of the CRM."),
        )

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        return self._lookup().tagged(tag, fields, cursor)

    def read_range(
        self, object: str, fields: Sequence[str], after: str, only: Sequence[Selection] | None = None
    ) -> Range:
        """Read the next hundred contacts; they are not selected."""
        del only
        _require_contact(object)
        return read_range(self._api, self._known(), fields, after)

    def fetch(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Fetched:
        _require_contact(object)
        return self._lookup().fetch(ids, fields)

    def find(self, object: str, emails: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        _require_contact(object)
        return self._lookup().find(emails, fields)

    def people(self, object: str, name: str, limit: int) -> Sequence[Named]:
        _require_contact(object)
        return find_people(self._api, name, limit)

    def batches(self, writes: Sequence[Write], options: WriteOptions) -> Iterator[Batch]:
        return form_batches(writes, options, Encoder(self._known()))

    def send(self, batch: Batch, options: WriteOptions) -> Sequence[Receipt]:
        if batch.kind in IMPORTS:
            return self._imports.send(batch, options, Encoder(self._known()))
        singles = Singles(self._api, self._known())
        return [singles.send(write) for write in batch.writes]

    def consents(self, object: str, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        _require_contact(object)
        return Consents(self._api, self._known(), self._clock).pages(cursor, known)

    def opt_out(self, object: str, ids: Sequence[str]) -> Sequence[OptedOut]:
        _require_contact(object)
        return Unsubscriber(self._api, self._lookup()).opt_out(ids)

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> Mapping[str, BatchResult]:
        return self._imports.settle(batch_ids, deadline)

    def outstanding(self) -> bool:
        return self._imports.outstanding()

    def room(self) -> int | None:
        return contact_room(self._api)

    def tag_names(self, search: str, limit: int) -> Sequence[str]:
        return tag_names(self._api, search, limit)

    def scheduled_jobs(self) -> None:
        """Return None: automations have no times of their own that the API tells."""

    def close(self) -> None:
        """Close pooled connections."""
        self.http.close()

    def _known(self) -> Schema:
        return self._schema or self.describe(CONTACT)

    def _lookup(self) -> Lookup:
        return Lookup(self._api, self._known(), self._clock)


def _require_contact(object: str) -> None:
    if object != CONTACT:
        raise SystemFailure(
            FailureKind.MAPPING,
            _("ActiveCampaign has no object {object} that can be synced.").format(object=object),
            cure=_("Map to contact."),
        )


def _not_selected() -> SystemFailure:
    return SystemFailure(
        FailureKind.MAPPING,
        _("ActiveCampaign's contacts are not selected."),
        cure=_("Select records of the CRM."),
    )
