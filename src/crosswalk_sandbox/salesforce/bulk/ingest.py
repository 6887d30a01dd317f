"""Jobs that save records. Source: Salesforce Bulk API 2.0, Ingest Jobs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.bulk import jobs
from crosswalk_sandbox.salesforce.bulk.delimited import Cells
from crosswalk_sandbox.salesforce.bulk.jobs import (
    ENDED,
    RUNNING,
    Shelf,
    Sizes,
    State,
    invalid_job,
    invalid_state,
)
from crosswalk_sandbox.salesforce.bulk.loading import OPERATIONS, IngestJob, Loader
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field, Object

KNOWN = (
    "assignmentRuleId", "columnDelimiter", "contentType", "externalIdFieldName", "lineEnding", "object", "operation",
)  # fmt: skip
JOB_TYPE = "V2Ingest"


class Ingest:
    """The ingest jobs of an org."""

    def __init__(self, org: Org, loader: Loader, sizes: Sizes) -> None:
        self.shelf: Shelf[IngestJob] = Shelf(org)
        self._org = org
        self._loader = loader
        self._sizes = sizes

    def advance(self) -> None:
        """Do the work that is due on all jobs."""
        for job in self.shelf:
            if job.state in RUNNING:
                self._loader.advance(job)

    def create(self, call: Call) -> Answer:
        """`POST /jobs/ingest`."""
        sent = jobs.order(call, KNOWN, tuple(OPERATIONS))
        kind = _object(call, sent.get("object"))
        now = self._org.clock.now()
        job = IngestJob(
            id=jobs.new_id(self._org),
            operation=sent["operation"],
            object=kind.name,
            created_by=call.actor.user,
            created=now,
            version=call.version,
            dialect=jobs.dialect(sent),
            state=State.OPEN,
            changed=now,
            actor=Actor(user=call.actor.user, assigns=_assigns(sent)),
            key=_key(kind, sent),
        )
        return Answer(content=_told(self.shelf.put(job)))

    def upload(self, call: Call) -> Answer:
        """`PUT /jobs/ingest/{job}/batches`: the whole file at once."""
        job = self.shelf.find(call)
        if job.state is not State.OPEN:
            raise invalid_state(f"the job is not Open: its state is {job.state}")
        if call.content_type != "text/csv":
            text = f"Content type of the request is not supported: {call.content_type or 'none'}"
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", text)
        if job.content is not None:
            raise invalid_job(
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job "
                "then create a new Job and make sure you only do 'PUT' once on a given Job."
            )
        if len(call.body) > self._sizes.upload_bytes:
            raise ApiError(
                "LIMIT_EXCEEDED", f"The file is larger than {self._sizes.upload_bytes} bytes", status=413
            )
        job.content = call.body
        return Answer(status=201)

    def change(self, call: Call) -> Answer:
        """`PATCH /jobs/ingest/{job}`: close it, or abort it."""
        job, sent = self.shelf.find(call), call.json()
        match sent:
            case {"state": "Aborted"}:
                self.shelf.abort(job)
            case {"state": "UploadComplete"}:
                self._close(job)
            case _:
                raise invalid_job("state is UploadComplete or Aborted")
        return Answer(content=_told(job))

    def info(self, call: Call) -> Answer:
        """`GET /jobs/ingest/{job}`."""
        return Answer(content=_reported(self.shelf.find(call)))

    def listing(self, call: Call) -> Answer:
        """`GET /jobs/ingest`."""
        return self.shelf.listing(call, JOB_TYPE, self._sizes.listed, _listed)

    def saved(self, call: Call) -> Answer:
        """`GET /jobs/ingest/{job}/successfulResults`."""
        job = self._ended(call)
        return _results(job, ("sf__Id", "sf__Created"), job.saved)

    def refused(self, call: Call) -> Answer:
        """`GET /jobs/ingest/{job}/failedResults`."""
        job = self._ended(call)
        return _results(job, ("sf__Id", "sf__Error"), job.refused)

    def unprocessed(self, call: Call) -> Answer:
        """`GET /jobs/ingest/{job}/unprocessedrecords`."""
        job = self._ended(call)
        return _results(job, (), job.rows[job.done :])

    def _close(self, job: IngestJob) -> None:
        if job.state is not State.OPEN:
            raise invalid_state(f"Closing already {job.state} Job not allowed")
        job.closed = self._org.clock.now()
        job.move(State.UPLOAD_COMPLETE, job.closed)

    def _ended(self, call: Call) -> IngestJob:
        job = self.shelf.find(call)
        if job.state not in ENDED:
            raise invalid_state(f"the job has no results yet: its state is {job.state}")
        return job


def _object(call: Call, name: str | None) -> Object:
    kind = call.org.visible.find(name or "")
    if kind is None:
        raise invalid_job(f"Unable to find object: {name}")
    return kind


def _assigns(sent: dict[str, Any]) -> bool:
    """Whether the job runs an assignment rule: only if it names one."""
    rule = sent.get("assignmentRuleId")
    if rule is not None and not (ids.canonical(rule) or "").startswith("01Q"):
        raise invalid_job(f"invalid assignment rule: {rule}")
    return rule is not None


def _key(kind: Object, sent: dict[str, Any]) -> Field | None:
    """The field by which an upsert finds records. Raises ApiError."""
    if sent["operation"] != "upsert":
        return None
    name = sent.get("externalIdFieldName")
    if not name:
        raise invalid_job("externalIdFieldName is required for upsert")
    field = kind.field(name)
    if field is None or not field.is_ & {"externalId", "idLookup"}:
        text = f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field"
        raise invalid_job(f"{text} for {kind.name}")
    return field


def _told(job: IngestJob) -> dict[str, Any]:
    found = job.told()
    if job.key is not None:
        found["externalIdFieldName"] = job.key.name
    if job.state is State.OPEN:
        found["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
    return found


def _listed(job: IngestJob) -> dict[str, Any]:
    return {**_told(job), "jobType": JOB_TYPE}


def _reported(job: IngestJob) -> dict[str, Any]:
    progress = job.progress(job.done)
    times = {"apiActiveProcessingTime": progress["totalProcessingTime"], "apexProcessingTime": 0}
    return {**_listed(job), **progress, **times, "numberRecordsFailed": len(job.refused)}


def _results(job: IngestJob, more: Sequence[str], rows: Iterable[Cells]) -> Answer:
    """Rows under the header of the file, in an order that is not the file's."""
    shuffled = list(rows)
    random.Random(job.id).shuffle(shuffled)
    return Answer(text=job.dialect.write([[*more, *job.names], *shuffled]))
