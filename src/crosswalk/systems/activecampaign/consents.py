"""Who left lists, read apart from the contact feed, and unsubscribing.

Whether a change of a list's state moves the contact's `udate` is not documented, so the feed's side-load may miss it.
Every five minutes one call with `limit=1` counts the contacts of one state (`status=`), by turns; a count that differs
from what is known has everybody read who left a list or bounced. They are read anyway once an hour, or more rarely
where they are so many that this would take more than a hundredth of five calls a second.

Source: API v3, List all contacts (`status`); Update list status for a contact (`POST /contactLists`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from ...core.clock import Clock
from ...core.consent import Consent, Place, Standing
from ...core.failures import FailureKind
from ...core.schema import OPT_OUT, Schema
from ...core.system import ConsentPage, KnownConsents, OptedOut, Outcome, Problem, Record
from ...core.words import keepable as _
from .client import Api
from .errors import explain, is_throttle, read_errors
from .errors import problems as problems_of
from .lists import ACTIVE, BOUNCED, STATES, UNSUBSCRIBED, name_of
from .lookup import Lookup
from .records import ContactPage, Reader
from .scan import scan
from .schema import LISTS, PAGE, Id

COUNT_EVERY = timedelta(minutes=5)
READ_EVERY = timedelta(hours=1)
READ_EVERY_PER_PAGE = timedelta(seconds=20)  # a hundredth of what the vendor allows
TURNS = (ACTIVE, UNSUBSCRIBED)  # whoever opts out leaves the first or joins the second, mostly both
LEFT = (UNSUBSCRIBED, BOUNCED)


class Cursor(msgspec.Struct, kw_only=True, omit_defaults=True):
    """When counts and readings were made (our clock), and what they found."""

    counted: datetime
    read: datetime
    pages: int = 0  # of the last reading
    turn: int = 0  # the state to be counted next
    beyond: dict[str, int] = {}  # by state: what the vendor counts more than we know after a reading


class Consents:
    """Reads the consents of one account's contacts."""

    def __init__(self, api: Api, schema: Schema, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._reader = Reader(schema, [OPT_OUT])
        self._lookup = Lookup(api, schema, clock)

    def pages(self, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        """Yield what may have changed since `cursor`; see `System.consents`."""
        now = self._clock.now()
        if cursor is None:  # the contact feed has just shown everybody
            yield _page((), Cursor(counted=now, read=now), now)
            return
        place = msgspec.json.decode(cursor, type=Cursor)
        every = max(READ_EVERY, READ_EVERY_PER_PAGE * place.pages)
        if now - place.read >= every or (now - place.counted >= COUNT_EVERY and self._differs(place, known)):
            yield from self._read(place, known)
        elif now - place.counted >= COUNT_EVERY:
            turn = (place.turn + 1) % len(TURNS)
            yield _page((), msgspec.structs.replace(place, counted=now, turn=turn), now)

    def _differs(self, place: Cursor, known: KnownConsents) -> bool:
        state = TURNS[place.turn]
        total = self._total(state)
        return total is not None and total - known.count(state) != place.beyond.get(state, 0)

    def _total(self, state: str) -> int | None:
        """Count the contacts that have this state on any list."""
        page = self._api.get("/contacts", [("status", state), ("limit", "1")]).decode(ContactPage)
        return page.meta.count()

    def _read(self, place: Cursor, known: KnownConsents) -> Iterator[ConsentPage]:
        """Read everybody who left a list or bounced, and those who are known to have and were not among them."""
        began = self._clock.now()
        seen: list[str] = []
        pages = 0
        for state in LEFT:
            for piece in scan(self._api, [("status", state), *self._reader.include]):
                records = self._reader.records(piece.page)
                unknown = [each.id for each in records if each.consent is None and not each.deleted]
                told = [each for each in records if each.consent is not None]
                yield _page(told, place, piece.answer.requested_at)
                seen += [each.id for each in told]
                pages += 1
                if unknown:
                    yield from self._fetched(unknown, place)
                    seen += unknown
        yield from self._fetched(known.others(LEFT, seen), place)
        beyond = {
            state: total - known.count(state) for state in TURNS if (total := self._total(state)) is not None
        }
        yield _page((), Cursor(counted=self._clock.now(), read=began, pages=pages, beyond=beyond), began)

    def _fetched(self, ids: Sequence[str], place: Cursor) -> Iterator[ConsentPage]:
        for start in range(0, len(ids), PAGE):
            found = self._lookup.fetch(ids[start : start + PAGE], [OPT_OUT])
            yield _page(found.records, place, found.requested_at, found.missing)


def _page(
    records: Sequence[Record], place: Cursor, requested_at: datetime, missing: Sequence[str] = ()
) -> ConsentPage:
    cursor = msgspec.json.encode(place).decode()
    return ConsentPage(records=records, missing=missing, cursor=cursor, requested_at=requested_at)


class _Membership(msgspec.Struct, rename="camel"):
    status: Id | None = None


class _MembershipAnswer(msgspec.Struct, rename="camel"):
    contact_list: _Membership


class Unsubscriber:
    """Takes contacts off every list where they are active. It has no way to put anybody on one."""

    def __init__(self, api: Api, lookup: Lookup) -> None:
        self._api = api
        self._lookup = lookup

    def opt_out(self, ids: Sequence[str]) -> list[OptedOut]:
        """Read the contacts' lists, a hundred a call, then make one call for each list that a contact is active on."""
        found = self._lookup.fetch(ids, [OPT_OUT])
        gone = [OptedOut(record_id=each, outcome=Outcome.MISSING) for each in found.missing]
        return [*gone, *(self._leave_all(each.id, each.consent) for each in found.records)]

    def _leave_all(self, contact_id: str, before: Consent | None) -> OptedOut:
        if before is None:
            return OptedOut(record_id=contact_id, outcome=Outcome.REFUSED, problems=(_unread(),))
        places: list[Place] = []
        problems: list[Problem] = []
        for place in before.places:
            left = place
            if place.state == STATES[ACTIVE]:
                refusals = self._leave(contact_id, place.where.removeprefix(name_of("")))
                if refusals is None:
                    return OptedOut(record_id=contact_id, outcome=Outcome.MISSING)
                problems += refusals
                left = place if refusals else Place(place.where, STATES[UNSUBSCRIBED])
            places.append(left)
        after = before if places == list(before.places) else _without_active(before, tuple(places))
        return OptedOut(
            record_id=contact_id,
            outcome=Outcome.REFUSED if problems else Outcome.DONE,
            before=before,
            after=after,
            problems=tuple(problems),
        )

    def _leave(self, contact_id: str, list_id: str) -> list[Problem] | None:
        """Unsubscribe a contact from one list; the answer must say so. Repeating it changes nothing.

        Returns why it was refused, if it was, and None when the contact is gone.
        """
        body = {"contactList": {"list": list_id, "contact": contact_id, "status": int(UNSUBSCRIBED)}}
        accept = frozenset({200, 201, 400, 403, 404, 422})  # 403: a list that is gone
        answer = self._api.post("/contactLists", body, accept, repeatable=True)
        if answer.status in {200, 201}:
            status = str(answer.decode(_MembershipAnswer).contact_list.status)
            return [] if status == UNSUBSCRIBED else [_still_on(list_id)]
        if is_throttle(answer):
            raise explain(answer)
        if answer.status == 404 and read_errors(answer):
            return None
        return problems_of(answer)


def _without_active(before: Consent, places: tuple[Place, ...]) -> Consent:
    marks = {mark for mark in before.marks if mark != ACTIVE} | {UNSUBSCRIBED}
    return Consent(standing=Standing.OUT, places=places, marks=tuple(sorted(marks)))


def _unread() -> Problem:
    return Problem(
        field=LISTS,
        kind=FailureKind.BUG,
        code="lists_unread",
        message=_("ActiveCampaign does not say on which lists the contact is."),
        cure=_("Unsubscribe the contact in ActiveCampaign by hand, and report it."),
    )


def _still_on(list_id: str) -> Problem:
    return Problem(
        field=LISTS,
        kind=FailureKind.DATA,
        code="still_active",
        message=_("ActiveCampaign accepted that the contact leaves list {number}, and kept it there.").format(
            number=list_id
        ),
        cure=_("Unsubscribe the contact in ActiveCampaign by hand."),
    )
