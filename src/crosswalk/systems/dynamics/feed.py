"""Reading what changed in a table, by change tracking.

A reading begins with all rows and ends with a link under which the next one finds what changed and what was deleted
since. The link says nothing of its own columns to us: where other ones are mapped by now, its token is asked for with
those. When it is too old, everything is read again, and the page says that what is gone meanwhile was not told.

Source: Dataverse Web API, use change tracking to synchronize data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Page
from ...core.words import keepable as _
from ..answers import REPORT, Answer
from ..refusals import Refused
from .client import Client
from .errors import EXPIRED_DELTA, NOT_TRACKED
from .lookup import Lookup
from .schema import Described

ROWS = 5_000  # a page, which is the most there is
_PREFER = ["odata.track-changes", f"odata.maxpagesize={ROWS}"]
_GONE = 410
_UNKNOWN_LINK = frozenset({400, 404, _GONE})  # of a link within a reading that nobody knows any more
_TOKEN = "$deltatoken"


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a feed was read: the link to go on with, and what it asks for."""

    link: str
    columns: str  # that the link asks for
    within: bool = False  # in the middle of a reading
    anew: bool = False  # of one that reads everything since the position before it was lost

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def read_cursor(text: str | None) -> Cursor | None:
    """Read what `Cursor.text` wrote; None is the start of a first reading."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Cursor)
    except msgspec.DecodeError:
        failure = SystemFailure(
            FailureKind.BUG,
            _("The stored position of the Dynamics 365 feed is not readable."),
            cure=_(REPORT),
        )
    raise failure


class Pass:
    """One reading of a feed from a cursor to its end."""

    def __init__(
        self, client: Client, described: Described, fields: Sequence[str], cursor: Cursor | None
    ) -> None:
        self._client = client
        self._described = described
        self._lookup = Lookup(client, described, fields)
        self._path = f"/{described.set_name}"
        self._cursor = cursor
        self._anew = cursor is not None and cursor.anew

    def pages(self) -> Iterator[Page]:
        """Yield the pages up to the end of the feed."""
        answer = self._begin()
        while True:
            page = self._lookup.reader.page(answer)
            link = page.next_link or page.delta_link
            if link is None:
                raise _without_link()
            within = page.next_link is not None
            cursor = Cursor(link=link, columns=self._columns, within=within, anew=self._anew and within)
            yield Page(
                records=page.records,
                cursor=cursor.text(),
                requested_at=answer.requested_at,
                last=not within,
                anew=self._anew,
            )
            if not within:
                return
            answer = self._client.follow(link, prefer=_PREFER)

    @property
    def _columns(self) -> str:
        return self._lookup.select[1]

    def _begin(self) -> Answer:
        if self._cursor is None:
            return self._everything()
        try:
            return self._go_on(self._cursor)
        except Refused as refusal:
            if not self._lost(refusal, self._cursor):
                raise
            self._anew = self._anew or not self._cursor.within
            return self._everything()

    def _lost(self, refusal: Refused, cursor: Cursor) -> bool:
        """Tell whether a link has become too old, which for one within a reading nobody documents."""
        if refusal.kind is FailureKind.PERMISSION:  # among that, somebody else's page
            return False
        too_old = refusal.code == EXPIRED_DELTA or refusal.status == _GONE
        return too_old or (cursor.within and refusal.status in _UNKNOWN_LINK)

    def _go_on(self, cursor: Cursor) -> Answer:
        token = parse_qs(urlsplit(cursor.link).query).get(_TOKEN)
        if cursor.columns == self._columns or cursor.within or not token:
            return self._client.follow(cursor.link, prefer=_PREFER)
        return self._client.read(self._path, query=[self._lookup.select, (_TOKEN, token[0])], prefer=_PREFER)

    def _everything(self) -> Answer:
        if not self._described.tracked:
            raise not_tracked(self._described)
        return self._client.read(self._path, query=[self._lookup.select], prefer=_PREFER)


def not_tracked(described: Described) -> SystemFailure:
    """Say that nobody keeps a table's changes."""
    return SystemFailure(
        FailureKind.PERMISSION,
        _("Dynamics 365 keeps no track of changes of the table {table}.").format(table=described.table.name),
        cure=_(
            "Turn on change tracking for the table: Power Apps, Tables, the table, Properties, Advanced options, Track"
            " changes."
        ),
        code=NOT_TRACKED,
    )


def _without_link() -> SystemFailure:
    return SystemFailure(
        FailureKind.BUG,
        _("Dynamics 365 read a table to its end and did not say where its changes begin."),
        cure=_("Check that change tracking is on for the table. If it is, please report this message."),
    )
