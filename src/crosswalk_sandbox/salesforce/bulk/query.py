"""Jobs that read records. Source: Salesforce Bulk API 2.0, Query Jobs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.bulk import jobs
from crosswalk_sandbox.salesforce.bulk.delimited import Cells
from crosswalk_sandbox.salesforce.bulk.jobs import RUNNING, Job, Shelf, Sizes, State, invalid_job
from crosswalk_sandbox.salesforce.bulk.quota import Quota
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import COMPOUND
from crosswalk_sandbox.salesforce.soql import engine
from crosswalk_sandbox.salesforce.soql.columns import Column
from crosswalk_sandbox.salesforce.soql.parser import parse

KNOWN = ("columnDelimiter", "contentType", "lineEnding", "operation", "query")
JOB_TYPE = "V2Query"
COLUMNS_AS_ASKED_FROM = 50.0
BEGINS_AFTER = 1 / 3  # of a job's time


@dataclass(slots=True, kw_only=True)
class QueryJob(Job):
    """A job that reads records, which are as they were when it was made."""

    header: Cells
    rows: list[Cells]


class QueryJobs:
    """The query jobs of an org."""

    def __init__(self, org: Org, job_seconds: float, sizes: Sizes, quota: Quota) -> None:
        self.shelf: Shelf[QueryJob] = Shelf(org)
        self._org = org
        self._begins = timedelta(seconds=job_seconds * BEGINS_AFTER)
        self._ends = timedelta(seconds=job_seconds)
        self._sizes = sizes
        self._quota = quota

    def advance(self) -> None:
        """Take all jobs as far as the clock lets them be."""
        now = self._org.clock.now()
        for job in self.shelf:
            if job.state in RUNNING and now >= job.created + self._ends:
                job.move(State.JOB_COMPLETE, now)
                self._quota.store(sum(len(cell) + 3 for row in job.rows for cell in row))
            elif job.state is State.UPLOAD_COMPLETE and now >= job.created + self._begins:
                job.move(State.IN_PROGRESS, now)

    def create(self, call: Call) -> Answer:
        """`POST /jobs/query`."""
        sent = jobs.order(call, KNOWN, ("query", "queryAll"))
        if not sent.get("query"):
            raise invalid_job("query is required")
        dialect = jobs.dialect(sent)
        found = _found(call, sent)
        self._quota.take_query()
        columns = _ordered(call, found.columns)
        now = self._org.clock.now()
        job = QueryJob(
            id=jobs.new_id(self._org),
            operation=sent["operation"],
            object=found.object,
            created_by=call.actor.user,
            created=now,
            version=call.version,
            dialect=dialect,
            state=State.UPLOAD_COMPLETE,
            changed=now,
            closed=now,
            header=[_name(column) for column in columns],
            rows=[[_cell(column.get(row)) for column in columns] for row in found.rows],
        )
        return Answer(content=self.shelf.put(job).told())

    def change(self, call: Call) -> Answer:
        """`PATCH /jobs/query/{job}`: abort it."""
        job = self.shelf.find(call)
        if call.json() != {"state": "Aborted"}:
            raise invalid_job("state is Aborted")
        return Answer(content=self.shelf.abort(job).told())

    def info(self, call: Call) -> Answer:
        """`GET /jobs/query/{job}`."""
        job = self.shelf.find(call)
        processed = len(job.rows) if job.state is State.JOB_COMPLETE else 0
        return Answer(content={**_listed(job), **job.progress(processed), "isPkChunkingSupported": True})

    def listing(self, call: Call) -> Answer:
        """`GET /jobs/query`."""
        return self.shelf.listing(call, JOB_TYPE, self._sizes.listed, _listed)

    def results(self, call: Call) -> Answer:
        """`GET /jobs/query/{job}/results`: some rows under the header, and where the next begin.

        Without a complete job there is nothing to give: 204.
        """
        job = self.shelf.find(call)
        if job.state is not State.JOB_COMPLETE:
            return Answer(status=204)
        if job.version != call.version:
            text = f"the results are for API version {job.version}, in which the job was made"
            raise ApiError("VERSION_MISMATCH", text, status=409)
        start, most = _start(call, len(job.rows)), _most(call, self._sizes.result_rows)
        page = job.rows[start : start + most]
        end = start + len(page)
        headers = {
            "Sforce-Locator": _locator(end) if end < len(job.rows) else "null",
            "Sforce-NumberOfRecords": str(len(page)),
        }
        return Answer(text=job.dialect.write([job.header, *page]), headers=headers)


def _found(call: Call, sent: dict[str, Any]) -> engine.Result:
    """What the query finds. Raises ApiError for SOQL that is wrong, or that query jobs do not take."""
    found = engine.run(call.org, sent["query"], deleted=sent["operation"] == "queryAll")
    if isinstance(found, engine.Grouped):
        raise _unsupported("Group By and aggregate functions")
    if found.children:
        raise _unsupported("Aggregate Relationships")
    if parse(sent["query"]).offset is not None:
        raise _unsupported("Offset")
    if any(column.field.type in COMPOUND for column in found.columns):
        raise _unsupported("Selecting compound data")
    return found


def _unsupported(what: str) -> ApiError:
    return ApiError("API_ERROR", f"{what} not supported in Bulk Query")


def _ordered(call: Call, columns: Sequence[Column]) -> Sequence[Column]:
    """The columns as the query names them, by name in old versions."""
    as_asked = float(call.version) >= COLUMNS_AS_ASKED_FROM
    return columns if as_asked else sorted(columns, key=_name)


def _name(column: Column) -> str:
    """A column's name with its relationships: `Account.Name`."""
    return ".".join([each.relationship or each.name for each in column.through] + [column.name])


def _cell(value: Any) -> str:
    """A value as text: date-times end with Z, nothing is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _number(value)
    text = str(value)
    return text.removesuffix("+0000") + "Z" if text.endswith(".000+0000") else text


def _number(value: Decimal) -> str:
    """A double as the vendor writes it: 5.0, 1.0E7."""
    digits, power, exponent = str(value).partition("E+")
    return f"{digits if '.' in digits else digits + '.0'}E{exponent}" if power else digits


def _locator(start: int) -> str:
    return base64.b64encode(str(start).encode()).decode().rstrip("=")


def _start(call: Call, rows: int) -> int:
    """The row that the call's locator stands for. Raises ApiError."""
    locator = call.request.param("locator")
    if not locator or locator == "null":
        return 0
    try:
        start = int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError):
        start = -1
    if not 0 <= start < rows:
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return start


def _most(call: Call, default: int) -> int:
    """How many rows the call wants at most. Raises ApiError."""
    text = call.request.param("maxRecords")
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ApiError("INVALID_ARGUMENT", f"maxRecords is a whole number above 0, not {text}")
    return int(text)


def _listed(job: QueryJob) -> dict[str, Any]:
    return {**job.told(), "jobType": JOB_TYPE}
