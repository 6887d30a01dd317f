"""Bulk API 2.0: jobs that save or read many records, worked on while the org's clock runs.

Source: Salesforce Bulk API 2.0 Developer Guide.
"""

from __future__ import annotations

from typing import Any

import msgspec

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.salesforce.bulk.ingest import Ingest
from crosswalk_sandbox.salesforce.bulk.jobs import Sizes
from crosswalk_sandbox.salesforce.bulk.loading import IngestJob, Loader
from crosswalk_sandbox.salesforce.bulk.query import QueryJob, QueryJobs
from crosswalk_sandbox.salesforce.bulk.quota import Quota, SavedQuota
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.routes import Row

__all__ = ["Bulk", "SavedBulk", "Sizes"]


class SavedBulk(msgspec.Struct, kw_only=True):
    """All bulk jobs, as they are kept in a file."""

    ingest: list[IngestJob]
    query: list[QueryJob]
    quota: SavedQuota


class Bulk:
    """All bulk jobs of an org."""

    def __init__(self, org: Org, limits: Limits, job_seconds: float, sizes: Sizes) -> None:
        self._quota = Quota(org.clock, limits, sizes)
        self._org = org
        self._ingest = Ingest(org, Loader(org, job_seconds, sizes, self._quota), sizes)
        self._query = QueryJobs(org, job_seconds, sizes, self._quota)

    def reset(self) -> None:
        """Forget all jobs, and what the day used up."""
        self._ingest.shelf.clear()
        self._query.shelf.clear()
        self._quota.reset()

    def saved(self) -> SavedBulk:
        """All jobs, and what the day used up, to be kept."""
        jobs = (list(self._ingest.shelf), list(self._query.shelf))
        return SavedBulk(ingest=jobs[0], query=jobs[1], quota=self._quota.saved())

    def restore(self, saved: SavedBulk) -> None:
        """Go on from what was kept."""
        self._ingest.shelf.restore(saved.ingest)
        self._query.shelf.restore(saved.query)
        self._quota.restore(saved.quota)

    def advance(self) -> None:
        """Do the work that is due by now."""
        now = self._org.clock.now()
        self._ingest.shelf.expire(now)
        self._query.shelf.expire(now)
        self._ingest.advance()
        self._query.advance()

    def limits(self) -> dict[str, Any]:
        """What `/limits` says of bulk jobs."""
        return self._quota.told()

    def rows(self) -> list[Row]:
        """The resources of both kinds of jobs."""
        ingest, query = self._ingest, self._query
        return [
            ("POST", "jobs/ingest", ingest.create),
            ("GET", "jobs/ingest", ingest.listing),
            ("GET", "jobs/ingest/{job}", ingest.info),
            ("PATCH", "jobs/ingest/{job}", ingest.change),
            ("DELETE", "jobs/ingest/{job}", ingest.shelf.remove),
            ("PUT", "jobs/ingest/{job}/batches", ingest.upload),
            ("GET", "jobs/ingest/{job}/successfulResults", ingest.saved),
            ("GET", "jobs/ingest/{job}/failedResults", ingest.refused),
            ("GET", "jobs/ingest/{job}/unprocessedrecords", ingest.unprocessed),
            ("POST", "jobs/query", query.create),
            ("GET", "jobs/query", query.listing),
            ("GET", "jobs/query/{job}", query.info),
            ("PATCH", "jobs/query/{job}", query.change),
            ("DELETE", "jobs/query/{job}", query.shelf.remove),
            ("GET", "jobs/query/{job}/results", query.results),
        ]
