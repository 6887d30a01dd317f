"""Working on ingest jobs: reading their files, saving their records batch by batch, on the org's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crosswalk_sandbox.salesforce import ids, operations, saving
from crosswalk_sandbox.salesforce.bulk.columns import Header
from crosswalk_sandbox.salesforce.bulk.delimited import Cells, FileError
from crosswalk_sandbox.salesforce.bulk.jobs import Job, Sizes, State
from crosswalk_sandbox.salesforce.bulk.quota import Quota
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.operations import Result, Step
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.saving import Draft
from crosswalk_sandbox.salesforce.schema import Field

TOGETHER = 200  # records whose keys must differ, as an org saves them
QUEUED = 1 / 3  # of the time of a job, before its first batch


@dataclass(slots=True, kw_only=True)
class IngestJob(Job):
    """A job that saves records."""

    actor: Actor
    key: Field | None  # of an upsert
    content: bytes | None = None
    names: Cells = field(default_factory=list)  # the file's header
    rows: list[Cells] = field(default_factory=list)
    done: int = 0
    saved: list[Cells] = field(default_factory=list)  # as results show them
    refused: list[Cells] = field(default_factory=list)


class Loader:
    """Takes jobs as far as the clock lets them be."""

    def __init__(self, org: Org, job_seconds: float, sizes: Sizes, quota: Quota) -> None:
        self._org = org
        self._queued = timedelta(seconds=job_seconds * QUEUED)
        self._working = timedelta(seconds=job_seconds) - self._queued  # a batch
        self._sizes = sizes
        self._quota = quota

    def advance(self, job: IngestJob) -> None:
        """Do what is due. A closed job waits, is read, and saves one batch after the other."""
        now = self._org.clock.now()
        if job.closed is None:
            return
        if job.state is State.UPLOAD_COMPLETE and now >= job.closed + self._queued:
            self._begin(job, now)
        while job.state is State.IN_PROGRESS and now >= self._due(job):
            self._work(job, now)

    def _due(self, job: IngestJob) -> datetime:
        """When the batch that is next will be saved."""
        batches = job.done // self._sizes.batch_rows + 1
        return (job.closed or job.created) + self._queued + batches * self._working

    def _begin(self, job: IngestJob, now: datetime) -> None:
        try:
            job.names, job.rows = job.dialect.read(job.content or b"")
            self._check(job)
        except FileError as error:
            job.error = str(error)
            job.move(State.FAILED, now)
        else:
            job.move(State.IN_PROGRESS, now)
        job.content = None

    def _check(self, job: IngestJob) -> None:
        """Raises FileError when the file's columns do not suit the job."""
        header = self._header(job)
        if job.operation in ("delete", "hardDelete") and not header.only_ids:
            raise FileError(f"InvalidBatch : The '{job.operation}' batch must contain only 'Id'")

    def _header(self, job: IngestJob) -> Header:
        kind = self._org.visible.find(job.object)
        if kind is None:
            raise FileError(f"InvalidBatch : Unable to find object: {job.object}")
        return Header(self._org, kind, job.names)

    def _work(self, job: IngestJob, now: datetime) -> None:
        """Save the next batch; after the last the job is complete."""
        batch = job.rows[job.done : job.done + self._sizes.batch_rows]
        if batch and not self._quota.take_batch():
            job.error = "ExceededQuota : ApiBatchItems Limit exceeded."
            job.move(State.FAILED, now)
            return
        header = self._header(job)
        for start in range(0, len(batch), TOGETHER):
            self._save(job, header, batch[start : start + TOGETHER])
        job.done += len(batch)
        if job.done == len(job.rows):
            job.move(State.JOB_COMPLETE, now)

    def _save(self, job: IngestJob, header: Header, rows: Sequence[Cells]) -> None:
        drafts = [_draft(header, row) for row in rows]
        twice = operations.repeated(_key_of(job, draft) for draft in drafts)
        for row, draft, again in zip(rows, drafts, twice, strict=True):
            result = operations.attempt(self._org.store, self._step(job, draft, again))
            if result["success"]:
                created = job.operation == "insert" or result.get("created", False)
                job.saved.append([result["id"], "true" if created else "false", *row])
            else:
                job.refused.append([_id_of(draft), _error(result), *row])

    def _step(self, job: IngestJob, draft: Draft | RecordError, again: bool) -> Step:
        if isinstance(draft, RecordError):
            return operations.step(_refuse, draft)
        return operations.step(OPERATIONS[job.operation], self._org, job, draft, again)


def _draft(header: Header, row: Cells) -> Draft | RecordError:
    """The record of a row, or why it is none."""
    try:
        return header.draft(row)
    except RecordError as error:
        return error


def _key_of(job: IngestJob, draft: Draft | RecordError) -> str | None:
    """What no other record of the same two hundred may have."""
    if isinstance(draft, RecordError) or job.operation == "insert":
        return None
    if job.key is None or job.key.type == "id":
        return ids.canonical(draft.id or "")
    value = draft.values.get(job.key.name)
    return value.lower() if isinstance(value, str) else None


def _id_of(draft: Draft | RecordError) -> str:
    return (draft.id or "") if isinstance(draft, Draft) else ""


def _error(result: Result) -> str:
    """A failed record's first problem as `CODE:message:fields --`."""
    problem: dict[str, Any] = result["errors"][0]
    fields = " ".join(problem["fields"])
    return f"{problem['statusCode']}:{problem['message']}:{fields + ' ' if fields else ''}--"


def _refuse(error: RecordError) -> Result:
    raise error


def _insert(org: Org, job: IngestJob, draft: Draft, _: bool) -> Result:
    return operations.create(org, job.actor, draft)


def _update(org: Org, job: IngestJob, draft: Draft, again: bool) -> Result:
    return operations.update(org, job.actor, draft, again)


def _upsert(org: Org, job: IngestJob, draft: Draft, again: bool) -> Result:
    key = job.key or draft.kind.fields["Id"]
    if key.type == "id" and draft.id is None:
        return {**operations.create(org, job.actor, draft), "created": True}
    return operations.upsert(org, job.actor, draft, key, again)


def _delete(org: Org, job: IngestJob, draft: Draft, again: bool) -> Result:
    return operations.delete(org, job.actor, _target_of(org, draft), again)


def _hard_delete(org: Org, job: IngestJob, draft: Draft, again: bool) -> Result:
    return operations.hard_delete(org, job.actor, _target_of(org, draft), again)


def _target_of(org: Org, draft: Draft) -> str:
    """The id of a record of the job's object that a row names. Raises RecordError."""
    if draft.id is None:
        raise RecordError("MISSING_ARGUMENT", "Id not specified in a delete call")
    return str(saving.target(org, draft.kind, draft.id)["Id"])


OPERATIONS: dict[str, Callable[[Org, IngestJob, Draft, bool], Result]] = {
    "insert": _insert,
    "update": _update,
    "upsert": _upsert,
    "delete": _delete,
    "hardDelete": _hard_delete,
}
