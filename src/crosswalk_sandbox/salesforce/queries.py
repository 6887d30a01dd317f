"""`/query`, `/queryAll` and the pages after the first. Source: Salesforce REST, Query and Query More."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.soql import engine
from crosswalk_sandbox.salesforce.store import Row

LEAST_PAGE, MOST_PAGE = 200, 2_000
LOCATOR_LIVES = timedelta(days=2)
MOST_LOCATORS = 100
LONG_TEXT_PER_PAGE = 2_000_000  # characters of long text fields, after which a page ends early
BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A query's rows, kept for its further pages, which are for the user who asked."""

    text: str
    deleted: bool
    user: str
    made: datetime
    result: engine.Result


class Queries:
    """The queries of an org, with the locators it gave out."""

    def __init__(self, most_page: int = MOST_PAGE) -> None:
        self._most_page = most_page
        self.reset()

    def reset(self) -> None:
        """Forget every locator."""
        self.cursors: OrderedDict[str, Cursor] = OrderedDict()
        self.count = 0  # of all locators ever given out

    def query(self, call: Call) -> Answer:
        """`GET /query?q=`."""
        return self._first(call, deleted=False)

    def query_all(self, call: Call) -> Answer:
        """`GET /queryAll?q=`, which finds deleted records too."""
        return self._first(call, deleted=True)

    def more(self, call: Call) -> Answer:
        """`GET /query/{locator}`."""
        locator, _, offset = call.args["locator"].rpartition("-")
        cursor = self.cursors.get(locator)
        start = int(offset) if offset.isdecimal() else -1
        if cursor is None or cursor.user != call.actor.user or not 0 <= start < cursor.result.total:
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if call.org.clock.now() - cursor.made > LOCATOR_LIVES:
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, cursor, locator, start)

    def _first(self, call: Call, *, deleted: bool) -> Answer:
        text = call.request.param("q")
        if not text:
            raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
        found = engine.run(call.org, text, deleted=deleted)
        if isinstance(found, engine.Grouped):
            return Answer(content={"totalSize": found.total, "done": True, "records": found.rows})
        made = call.org.clock.now()
        cursor = Cursor(text=text, deleted=deleted, user=call.actor.user, made=made, result=found)
        return self._page(call, cursor, None, 0)

    def _page(self, call: Call, cursor: Cursor, locator: str | None, start: int) -> Answer:
        result = cursor.result
        rows = self._cut(call, result, start)
        end = start + len(rows)
        content: dict[str, Any] = {"totalSize": result.total, "done": end >= result.total}
        if end < result.total:
            locator = locator or self._keep(call, cursor)
            content["nextRecordsUrl"] = call.path(f"/query/{locator}-{end}")
        content["records"] = result.records(call.org, call.version, rows)
        return Answer(content=content)

    def _cut(self, call: Call, result: engine.Result, start: int) -> Sequence[Row]:
        """The rows of a page: not more than asked for, and fewer when they hold much long text."""
        rows = result.rows[start : start + self._wish(call)]
        if not result.long_fields:
            return rows
        characters = 0
        for count, row in enumerate(rows, start=1):
            characters += sum(len(row.get(name) or "") for name in result.long_fields)
            if characters > LONG_TEXT_PER_PAGE:
                return rows[:count]
        return rows

    def _wish(self, call: Call) -> int:
        """The page size that Sforce-Query-Options wishes for, within what the org gives."""
        found = BATCH_SIZE.search(call.request.headers.get("sforce-query-options", ""))
        wish = int(found[1]) if found else MOST_PAGE
        most = min(self._most_page, call.org.rules.page_rows or MOST_PAGE)
        return min(max(wish, LEAST_PAGE), MOST_PAGE, most)

    def _keep(self, call: Call, cursor: Cursor) -> str:
        """A locator for the rest of a query's rows."""
        self.count += 1
        digest = hashlib.sha256(f"{call.org.id} {self.count}".encode()).hexdigest()
        short = "0r8" + digest[:12]
        locator = short + ids.check_characters(short)
        self.cursors[locator] = cursor
        while len(self.cursors) > MOST_LOCATORS:
            self.cursors.popitem(last=False)
        return locator
