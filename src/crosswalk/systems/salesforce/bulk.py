"""Large first readings: one query job instead of hundreds of pages.

Every call of a job counts, no row does: making it, asking how far it is, and each part of its results.

Source: Salesforce Bulk API 2.0, Query Jobs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, islice, repeat

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import Record
from ...core.words import keepable as _
from ..answers import NEXT_RUN, Answer
from .client import Client
from .errors import Refused
from .records import RowReader

WORTH_A_JOB = 30_000  # rows; a page of a query has 2,000, a part of a job's results ten times as many
PART = 20_000  # rows of the results in one call
PAGE = 2_000  # rows handed on at once
_WAITS = (3.0, 7.0, 15.0, 30.0)  # seconds before each look at a job; the last one again and again
_PATIENCE = timedelta(minutes=20)
_NO_JOBS = frozenset({"address", "location"})  # compound fields are not for query jobs
_THEIRS = frozenset({FailureKind.AUTH, FailureKind.QUOTA, FailureKind.TRANSIENT})
_LOST = frozenset({"INVALID_QUERY_LOCATOR"})  # results that will not come back

csv.field_size_limit(400_000)  # characters that a record may have


class JobUnfitError(Exception):
    """The job cannot be had or did not end well: pages must do."""


class Part(msgspec.Struct, frozen=True):
    """Some rows of a job's results."""

    rows: Iterator[Sequence[Record]]  # page by page
    next_locator: str | None


class _Job(msgspec.Struct, frozen=True):
    id: str
    state: str


def worth_a_job(fits: bool) -> int:
    """Return from how many rows on a job saves calls; pages whose columns do not fit a query cost ten calls more."""
    return WORTH_A_JOB if fits else WORTH_A_JOB // 10


def can_be_asked(schema: Schema, fields: Sequence[str]) -> bool:
    """Tell whether a query job may select these fields."""
    return not any(schema.fields[name].vendor_type in _NO_JOBS for name in fields if name in schema.fields)


def begin(client: Client, statement: str) -> tuple[str, datetime]:
    """Make a job; return its id and when it was asked for, by our clock. Raises JobUnfitError if there are none."""
    order = {"operation": "query", "query": statement}
    with _unfit():
        answer = client.read("/jobs/query", json=order)
    return answer.decode(_Job).id, answer.requested_at


@contextmanager
def _unfit() -> Iterator[None]:
    """A job that Salesforce declines is none for us; a lost sign-in or a limit is everybody's trouble."""
    try:
        yield
    except Refused as refusal:
        if refusal.kind in _THEIRS and refusal.code not in _LOST:
            raise
        raise JobUnfitError from None


def wait(client: Client, job: str) -> None:
    """Return when a job is complete. Raises JobUnfitError when it failed, is gone, or takes too long."""
    give_up = client.now() + _PATIENCE
    waits = chain(_WAITS, repeat(_WAITS[-1]))
    state = ""
    while state in ("", "UploadComplete", "InProgress") and client.now() < give_up:
        client.sleep(next(waits))
        with _unfit():
            state = client.read(f"/jobs/query/{job}").decode(_Job).state
    if state != "JobComplete":
        raise JobUnfitError


def part(client: Client, reader: RowReader, job: str, locator: str | None) -> Part:
    """Read a part of a job's results. Raises JobUnfitError when they are gone, SystemFailure if they are no CSV."""
    query = [("maxRecords", str(PART)), *([("locator", locator)] if locator else [])]
    with _unfit():
        answer = client.read_csv(f"/jobs/query/{job}/results", query=query)
    if "csv" not in answer.headers.get("content-type", ""):
        raise _cut_off()
    following = answer.headers.get("sforce-locator", "null")
    return Part(_pages(reader, answer), None if following == "null" else following)


def _pages(reader: RowReader, answer: Answer) -> Iterator[Sequence[Record]]:
    """Yield the rows as records. Raises SystemFailure(TRANSIENT) when some are missing."""
    expected = answer.headers.get("sforce-numberofrecords", "")
    count = 0
    try:
        rows = csv.reader(io.StringIO(answer.body.decode("utf-8"), newline=""))
        header = next(rows, [])
        if not set(header).issuperset(reader.columns):
            raise JobUnfitError
        while page := [reader.record(dict(zip(header, cells, strict=True))) for cells in islice(rows, PAGE)]:
            count += len(page)
            yield page
    except (ValueError, csv.Error, msgspec.ValidationError):
        raise _cut_off() from None
    if expected.isdecimal() and count != int(expected):
        raise _cut_off()


def _cut_off() -> SystemFailure:
    return SystemFailure(
        FailureKind.TRANSIENT,
        _("The results of a Salesforce query job are not complete."),
        cure=_(NEXT_RUN),
        code="results_cut_off",
    )
