"""What ingest and query jobs have in common: states, what is told of them, and the shelf they lie on.

Source: Salesforce Bulk API 2.0, Job Information.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.bulk.delimited import DELIMITERS, LINE_ENDINGS, Dialect
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.values import stamp

PREFIX = "750"
KEPT = timedelta(days=7)
MEGABYTE = 1024 * 1024


class State(StrEnum):
    """How far a job is."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    ABORTED = "Aborted"
    FAILED = "Failed"
    JOB_COMPLETE = "JobComplete"


RUNNING = (State.UPLOAD_COMPLETE, State.IN_PROGRESS)
ENDED = (State.ABORTED, State.FAILED, State.JOB_COMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much at once and how much a day. Source: Salesforce Bulk API 2.0, Limits."""

    batch_rows: int = 10_000  # records that an ingest job saves at a time
    result_rows: int = 50_000  # records of a query's results in one answer, if the client does not say
    listed: int = 1_000  # jobs in one answer
    upload_bytes: int = 100 * MEGABYTE  # of a file before it grows by the vendor's own coding
    batches_a_day: int = 15_000
    queries_a_day: int = 10_000
    results_mb_a_day: int = 976_562


@dataclass(slots=True, kw_only=True)
class Job:
    """One job."""

    id: str
    operation: str
    object: str
    created_by: str
    created: datetime
    version: str
    dialect: Dialect
    state: State
    changed: datetime
    closed: datetime | None = None  # when the vendor could begin
    error: str | None = None

    def move(self, state: State, at: datetime) -> None:
        """Take the job to another state."""
        self.state, self.changed = state, at

    def told(self) -> dict[str, Any]:
        """What every answer about the job says."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.created_by,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(self.changed),
            "state": self.state.value,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.dialect.line_ending,
            "columnDelimiter": self.dialect.delimiter,
        }

    def progress(self, processed: int) -> dict[str, Any]:
        """What is told of the work on the job; times are in milliseconds."""
        taken = (self.changed - self.closed).total_seconds() if self.closed and self.state in ENDED else 0.0
        found = {"numberRecordsProcessed": processed, "retries": 0, "totalProcessingTime": int(taken * 1000)}
        return found if self.error is None else {**found, "errorMessage": self.error}


JobT = TypeVar("JobT", bound=Job)


class Shelf(Generic[JobT]):
    """The jobs of one kind, in the order of their making; each is forgotten after a week."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, JobT] = {}

    def __iter__(self) -> Iterator[JobT]:
        return iter(list(self._jobs.values()))

    def clear(self) -> None:
        """Forget all."""
        self._jobs.clear()

    def restore(self, jobs: Iterable[JobT]) -> None:
        """Have these jobs and no others."""
        self._jobs = {job.id: job for job in jobs}

    def put(self, job: JobT) -> JobT:
        """Keep a new job."""
        self._jobs[job.id] = job
        return job

    def expire(self, now: datetime) -> None:
        """Forget jobs older than a week, with their results."""
        while self._jobs and now - (first := next(iter(self._jobs.values()))).created > KEPT:
            del self._jobs[first.id]

    def find(self, call: Call) -> JobT:
        """The job that the address names. Raises ApiError."""
        job = self._jobs.get(ids.canonical(call.args["job"]) or "")
        if job is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        return job

    def remove(self, call: Call) -> Answer:
        """`DELETE` of a job that is not at work."""
        job = self.find(call)
        if job.state in (State.OPEN, State.IN_PROGRESS):
            raise invalid_state(f"cannot delete a job in state {job.state}")
        del self._jobs[job.id]
        return Answer(status=204)

    def abort(self, job: JobT) -> JobT:
        """Stop a job; what it did stays done. Raises ApiError."""
        if job.state in ENDED:
            state = "Completed" if job.state is State.JOB_COMPLETE else job.state
            raise invalid_state(f"Aborting already {state} Job not allowed")
        job.move(State.ABORTED, self._org.clock.now())
        return job

    def listing(self, call: Call, job_type: str, most: int, tell: Callable[[JobT], dict[str, Any]]) -> Answer:
        """`GET` of all jobs, the oldest first; a locator is the id of the last job before the page."""
        after = call.request.param("queryLocator") or ""
        wanted = (call.request.param("jobType") or job_type) == job_type
        wanted = wanted and not call.flag("isPkChunkingEnabled")
        found = [job for job in self._jobs.values() if wanted and job.id > after]
        page = found[:most]
        done = len(page) == len(found)
        path = call.request.path.rstrip("/")
        more = None if done else f"{path}?queryLocator={page[-1].id}"
        return Answer(content={"done": done, "records": [tell(job) for job in page], "nextRecordsUrl": more})


def new_id(org: Org) -> str:
    """The next id of a job of either kind."""
    org.numbers["Job"] = org.numbers.get("Job", 0) + 1
    return ids.make(PREFIX, org.numbers["Job"])


def invalid_state(text: str) -> ApiError:
    """The job is too far, or not far enough, for what is asked."""
    return ApiError("INVALIDJOBSTATE", text)


def invalid_job(text: str) -> ApiError:
    """The job cannot be made as it was sent."""
    return ApiError("INVALIDJOB", text)


def order(call: Call, known: tuple[str, ...], operations: tuple[str, ...]) -> dict[str, Any]:
    """The body that makes a job, its names and texts checked. Raises ApiError."""
    sent = call.json()
    for name, value in sent.items():
        if name not in known:
            raise ApiError("JSON_PARSER_ERROR", f'Unrecognized field "{name}", not marked as ignorable')
        if not isinstance(value, str):
            raise ApiError("JSON_PARSER_ERROR", f"{name} is a text")
    if sent.get("operation") not in operations:
        raise invalid_job(f"operation is one of {', '.join(operations)}")
    if sent.get("contentType", "CSV") != "CSV":
        raise invalid_job(f"contentType {sent['contentType']} is not supported: it is CSV")
    return sent


def dialect(sent: dict[str, Any]) -> Dialect:
    """How the job's text is written. Raises ApiError."""
    delimiter, line_ending = sent.get("columnDelimiter", "COMMA"), sent.get("lineEnding", "LF")
    if delimiter not in DELIMITERS or line_ending not in LINE_ENDINGS:
        raise invalid_job(f"there is no columnDelimiter {delimiter} with lineEnding {line_ending}")
    return Dialect(delimiter=delimiter, line_ending=line_ending)
