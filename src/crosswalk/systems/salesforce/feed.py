"""What changed in one object since a cursor, deletes and merges among it.

A pass starts with one statement without an upper bound, so a small pass is one call. A longer one goes on
from the stamp of its last row *inclusive* and leaves out the rows of that second that it has had: no row can
be lost, whatever order Salesforce keeps within a second. Where a page's last second is crowded it follows the
answer's own next page instead, so that a mass change is not read twice.

Stamps are whole seconds and a transaction's stamp precedes its commit, so rows may still appear behind what
was read: the cursor ends OVERLAP before Salesforce's time at the pass's first answer, and the directory
recognises what is read again.

Source: Salesforce REST API, queryAll; SOQL, ORDER BY and LIMIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Page, Record
from ...core.words import keepable as _
from ..answers import REPORT, Answer
from . import bulk, soql
from .client import Client
from .lookup import Lookup
from .records import QueryPage
from .schema import Described

OVERLAP = timedelta(minutes=5)
STRETCH = 50_000  # rows a follow-up statement may find, so that its cost does not grow with the object
CROWDED = 10  # a last second with more than a tenth of its page is crowded


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a feed was read: all that is stamped before `since`; in a first reading, all that was alive."""

    since: datetime | None = None
    first: bool = False  # the first complete reading is under way
    until: datetime | None = None  # Salesforce's time when the pass under way began
    only: str | None = None  # the condition of a first reading
    job: str | None = None  # the query job that a large first reading is left to
    locator: str | None = None  # where the next part of its results begins
    asked: datetime | None = None  # our time when the job was made

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def read_cursor(text: str | None) -> Cursor:
    """Read what `Cursor.text` wrote; None is the start of a first reading."""
    if text is None:
        return Cursor(first=True)
    try:
        return msgspec.json.decode(text, type=Cursor)
    except msgspec.DecodeError:
        failure = SystemFailure(
            FailureKind.BUG, _("The stored position of the Salesforce feed is not readable."), cure=_(REPORT)
        )
    raise failure


def only_persons(described: Described) -> list[str]:
    """Leave out person accounts: they show up among contacts but are written through accounts."""
    return ["IsPersonAccount = false"] if "IsPersonAccount" in described.schema.fields else []


class Pass:
    """One reading of a feed from a cursor to its end."""

    def __init__(self, client: Client, described: Described, fields: Sequence[str], cursor: Cursor) -> None:
        self._client = client
        self._name = described.sobject.name
        self._lookup = Lookup(client, described, fields)
        self._persons = only_persons(described)
        self._first = cursor.first
        self._only = cursor.only
        self._start = self._since = cursor.since
        self._until = cursor.until
        self._had: set[str] = set()  # ids of the second `since` that were given already
        self._limit: int | None = None
        self._rows = 0  # rows that the statement under way has brought
        self._lost_at: datetime | None = None  # where a next page was last refused
        self._begun = cursor
        self._jobs = bulk.can_be_asked(described.schema, fields)

    def pages(self) -> Iterator[Page]:
        """Yield the pages up to the end of the feed."""
        begun = self._begun
        if begun.job is not None and begun.asked is not None:
            try:
                yield from self._job_pages(begun.job, begun.asked, begun.locator, total=None)
            except bulk.JobUnfitError:
                self._jobs = False
            else:
                return
        yield from self._query_pages()

    def _query_pages(self) -> Iterator[Page]:
        answer = self._ask(limit=None)
        page = self._lookup.page(answer)
        total = page.total
        self._until = self._until or answer.vendor_time
        while True:
            crowded = self._crowded(page.records)
            new = self._new(page.records)
            last = page.done and (self._limit is None or self._rows < self._limit)
            cursor = self._end() if last else self._here()
            yield Page(
                records=self._lookup.complete(new),
                cursor=cursor.text(),
                requested_at=answer.requested_at,
                last=last,
                total=total,
            )
            if last:
                return
            if self._first and self._jobs and total >= bulk.worth_a_job(self._lookup.fits):
                self._jobs = False
                try:
                    yield from self._leave_to_job(total)
                except bulk.JobUnfitError:
                    crowded = False  # some of its rows may have been given: ask anew
                else:
                    return
            answer = self._further(page, crowded)
            page = self._lookup.page(answer)

    def _leave_to_job(self, total: int) -> Iterator[Page]:
        """Have all that is left read by a query job; deletes are not for a first reading."""
        statement = soql.select(self._lookup.reader.columns, self._name, where=self._where())
        job, asked = bulk.begin(self._client, statement)
        yield from self._job_pages(job, asked, None, total)

    def _job_pages(self, job: str, asked: datetime, locator: str | None, total: int | None) -> Iterator[Page]:
        """Yield a job's results. Cut off inside a part of them, the reading begins that part again."""
        bulk.wait(self._client, job)
        while True:
            here = self._here(job=job, asked=asked, locator=locator)
            part = bulk.part(self._client, self._lookup.reader, job, locator)
            for records in part.rows:
                yield Page(records=records, cursor=here.text(), requested_at=asked, total=total)
            locator = part.next_locator
            last = locator is None
            cursor = self._end() if last else self._here(job=job, asked=asked, locator=locator)
            yield Page(records=[], cursor=cursor.text(), requested_at=asked, last=last, total=total)
            if last:
                return

    def _where(self) -> list[str]:
        where = list(self._persons)
        if self._first:
            where.append("IsDeleted = false")
        if self._only is not None:
            where.append(self._only)
        if self._since is not None:
            where.append(f"SystemModstamp >= {soql.moment(self._since)}")
        return where

    def _ask(self, *, limit: int | None) -> Answer:
        tail = "ORDER BY SystemModstamp, Id" + (f" LIMIT {limit}" if limit else "")
        self._limit, self._rows = limit, 0
        return self._client.query(
            soql.select(self._lookup.columns, self._name, where=self._where(), tail=tail), deleted=True
        )

    def _further(self, page: QueryPage, crowded: bool) -> Answer:
        if not crowded:
            return self._ask(limit=STRETCH)
        if page.next_url is None and self._limit is not None:
            return self._ask(limit=None)
        if page.next_url is None:
            raise SystemFailure(
                FailureKind.BUG,
                _("Salesforce says that there is more to read, but not where."),
                cure=_(REPORT),
            )
        try:
            return self._client.further(page.next_url)
        except SystemFailure as failure:
            if failure.code != "INVALID_QUERY_LOCATOR" or self._lost_at == self._since:
                raise
            self._lost_at = self._since
            return self._ask(limit=None)

    def _crowded(self, rows: Sequence[Record]) -> bool:
        """Tell whether going on from the last stamp would read a good part of these rows again."""
        if not rows or rows[-1].stamp == self._since:
            return True
        tail = sum(row.stamp == rows[-1].stamp for row in rows)
        return tail * CROWDED > len(rows)

    def _new(self, rows: Sequence[Record]) -> list[Record]:
        """Return the rows that this pass did not give yet, and move on to their last stamp."""
        self._rows += len(rows)
        new = [row for row in rows if row.stamp != self._since or row.id not in self._had]
        if rows and rows[-1].stamp != self._since:
            self._since = rows[-1].stamp
            self._had = set()
        self._had.update(row.id for row in rows if row.stamp == self._since)
        return new

    def _here(
        self, *, job: str | None = None, asked: datetime | None = None, locator: str | None = None
    ) -> Cursor:
        return Cursor(
            since=self._since,
            first=self._first,
            until=self._until,
            only=self._only,
            job=job,
            asked=asked,
            locator=locator,
        )

    def _end(self) -> Cursor:
        """Where the next pass begins; without a `Date` header the last stamp must do: our clock may not."""
        if self._until is not None:
            return Cursor(since=self._until - OVERLAP)
        if self._since is None or self._since == self._start:
            first = self._first and self._start is None
            return Cursor(since=self._start, first=first, only=self._only if first else None)
        return Cursor(since=self._since - OVERLAP)
