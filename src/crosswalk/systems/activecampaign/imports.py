"""Bulk import: sending, finding the row that a refusal means, and waiting until the vendor is through.

The vendor refuses a whole import when one contact is invalid and names the row by a number whose base it does
not document. Source: API v3, Bulk import contacts; Bulk import status.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure
from ...core.system import Batch, BatchResult, Outcome, Problem, Receipt, Write, WriteOptions
from ...core.values import normal_email
from ...core.words import keepable as _
from ..parts import halves
from .client import Api
from .errors import is_throttle, read_body, read_errors
from .schema import Count, Id
from .writes import Encoder, UnwritableError

PATH = "/import/bulk_import"
PER_MINUTE = 20  # imports a minute for each call a second that the account has: 100 at the usual 5
MINUTE = timedelta(minutes=1)
THROTTLE_WAITS = (5.0, 10.0, 20.0, 30.0)  # seconds; together longer than the minute that the limit counts
FIRST_POLL, GROWTH, LONGEST_POLL = 0.3, 1.5, 5.0  # seconds

_Row = tuple[Write, dict[str, Any]]


class _Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What one import call brought: a batch, a refusal, or neither while throttled."""

    batch_id: str = ""
    refusal: Any = None  # the body of the refusal
    reason: str = ""
    throttled: bool = False


class _Waiting(msgspec.Struct):
    batches: Count = None
    contacts: Count = None


class _Totals(msgspec.Struct):
    outstanding: list[_Waiting] | None = None


class _Info(msgspec.Struct):
    status: str = ""
    success: list[Id] | None = None
    failure: list[Any] | None = None


class Imports:
    """Sends imports and follows them."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._sent: deque[datetime] = deque()

    def send(self, batch: Batch, options: WriteOptions, encoder: Encoder) -> list[Receipt]:
        """Queue a batch; rows the vendor refuses are singled out and the rest is queued without them.

        Raises SystemFailure, `in_doubt` when any part of the batch may have been queued.
        """
        receipts: list[Receipt] = []
        parts: list[Sequence[_Row]] = [_rows(batch, options, encoder, receipts)]
        fields = sorted({name for write in batch.writes for name in write.values})
        while parts:
            part = parts.pop()
            if not part:
                continue
            try:
                answered = self._post(part)
                if fields and "field" in answered.reason.lower():
                    encoder.require(self._api, fields)
                    fields = []  # once a batch is enough
            except SystemFailure as failure:
                failure.in_doubt |= any(receipt.outcome is Outcome.QUEUED for receipt in receipts)
                raise
            if answered.batch_id:
                receipts += [_queued(write, answered.batch_id) for write, _row in part]
            elif answered.throttled:
                receipts += [_later(write) for rest in (part, *parts) for write, _row in rest]
                break
            elif len(part) == 1:
                receipts.append(_refused(part[0][0], answered.reason))
            else:
                parts += _split(part, answered.refusal)
        return receipts

    def _post(self, part: Sequence[_Row]) -> _Answered:
        body = {"contacts": [row for _write, row in part]}
        for wait in (*THROTTLE_WAITS, None):
            self._keep_pace()
            answer = self._api.post(PATH, body, accept=frozenset({200, 201, 400, 413, 422}))
            if not is_throttle(answer):
                break
            if wait is None:
                return _Answered(throttled=True)
            self._clock.sleep(wait)
        content = read_body(answer)
        batch_id = content.get("batchId") if isinstance(content, dict) else None
        if batch_id:
            return _Answered(batch_id=str(batch_id))
        told = [text for text, _number in _reasons(content)] + [
            error.message for error in read_errors(answer)
        ]
        return _Answered(refusal=content, reason=next(filter(None, told), ""))

    def _keep_pace(self) -> None:
        """Wait while the last minute holds as many imports as the vendor allows."""
        allowed = max(100, int(PER_MINUTE * (self._api.per_second or 0)))
        now = self._clock.now()
        while self._sent and now - self._sent[0] >= MINUTE:
            self._sent.popleft()
        if len(self._sent) >= allowed:
            self._clock.sleep((self._sent[0] + MINUTE - now).total_seconds())
        self._sent.append(self._clock.now())

    def outstanding(self) -> bool:
        """Tell whether any import of the account, ours or not, is still waiting."""
        totals = self._api.get(PATH).decode(_Totals)
        return any(
            str(row.batches) != "0" or str(row.contacts) not in {"0", "None"}
            for row in totals.outstanding or ()
        )

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> dict[str, BatchResult]:
        """Wait until these imports are through, in few calls; those late at `deadline` are left out."""
        results: dict[str, BatchResult] = {}
        waiting = list(dict.fromkeys(batch_ids))
        pause = FIRST_POLL
        while waiting and (left := (deadline - self._clock.now()).total_seconds()) > 0:
            self._clock.sleep(min(pause, left))
            busy = self.outstanding()
            if not busy or pause >= LONGEST_POLL:
                # Where other tools keep the queue full, our own imports are asked one after the other.
                results |= self._completed(waiting, None if busy else self._clock.now())
                waiting = [batch_id for batch_id in waiting if batch_id not in results]
            pause = min(pause * GROWTH, LONGEST_POLL)
        return results

    def _completed(self, batch_ids: Sequence[str], through_at: datetime | None) -> Mapping[str, BatchResult]:
        """Ask each import for its result; while it is not known that all are through, to the first that is not."""
        results: dict[str, BatchResult] = {}
        for batch_id in batch_ids:
            result = self._info(batch_id, through_at)
            if result is not None:
                results[batch_id] = result
            elif through_at is None:
                break
        return results

    def _info(self, batch_id: str, through_at: datetime | None) -> BatchResult | None:
        answer = self._api.get("/import/info", [("batchId", batch_id)], accept=frozenset({200, 400, 404}))
        if answer.status != 200:
            return None
        info = answer.decode(_Info)
        if info.status != "completed":
            return None
        failed = (normal_email(_address(entry)) for entry in info.failure or ())
        return BatchResult(
            record_ids=[str(id_) for id_ in info.success or ()],
            failed_keys=[key for key in failed if key],
            through_at=through_at or self._clock.now(),
        )


def _rows(batch: Batch, options: WriteOptions, encoder: Encoder, receipts: list[Receipt]) -> list[_Row]:
    """Encode the batch; what cannot be written at all is refused here, without a call."""
    rows: list[_Row] = []
    for write in batch.writes:
        try:
            rows.append((write, encoder.row(write, options)))
        except UnwritableError as refusal:
            receipts.append(Receipt(write_id=write.id, outcome=Outcome.REFUSED, problems=refusal.problems))
    return rows


def _address(entry: object) -> str:
    """Return the address of a failed contact, given alone or inside an object."""
    return str((entry.get("email") if isinstance(entry, dict) else entry) or "")


def _split(part: Sequence[_Row], refusal: object) -> list[Sequence[_Row]]:
    """Take the rows a refusal may mean out, each to be tried alone; without a hint, cut in halves."""
    suspects = {index for text, number in _reasons(refusal) for index in _meant(part, text, number)}
    if not suspects:
        return halves(part)
    rest = [row for index, row in enumerate(part) if index not in suspects]
    return [*([part[index]] for index in sorted(suspects)), rest]


def _reasons(refusal: object) -> Iterator[tuple[str, int | None]]:
    """Yield text and row number of each of the `failureReasons`."""
    reasons = refusal.get("failureReasons") if isinstance(refusal, dict) else None
    for reason in reasons if isinstance(reasons, list) else ():
        if isinstance(reason, dict):
            number = str(reason.get("contact"))
            yield str(reason.get("failureReason") or ""), int(number) if number.isdigit() else None
        else:
            yield str(reason), None


def _meant(part: Sequence[_Row], text: str, number: int | None) -> Iterator[int]:
    """Yield the rows a reason may mean: by an address it names, else by number counted from 0 and 1."""
    named = [index for index, (_write, row) in enumerate(part) if row["email"] and row["email"] in text]
    if named:
        yield from named
    elif number is not None:
        yield from (index for index in (number, number - 1) if 0 <= index < len(part))


def _queued(write: Write, batch_id: str) -> Receipt:
    return Receipt(write_id=write.id, outcome=Outcome.QUEUED, record_id=write.record_id, batch_id=batch_id)


def _later(write: Write) -> Receipt:
    return Receipt(write_id=write.id, outcome=Outcome.RETRY, record_id=write.record_id)


def _refused(write: Write, reason: str) -> Receipt:
    problem = Problem(
        field="email" if "email" in reason.lower() else None,
        kind=FailureKind.DATA,
        code="import_refused",
        message=reason or _("ActiveCampaign's import refused this contact without a reason."),
        cure=_("Correct the record in the CRM."),
    )
    return Receipt(write_id=write.id, outcome=Outcome.REFUSED, record_id=write.record_id, problems=(problem,))
