"""Creates and updates, 200 records a call.

Source: Salesforce REST API, sObject Collections: results come in the order of the request, one for each
record; a well-formed call is answered with 200 even if every record is refused, a malformed one with 400 as
a whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Op, Outcome, Problem, Receipt, Write
from ...core.values import Value
from ...core.words import keepable as _
from ..answers import NEXT_RUN, Answer
from ..crm import UnfitError
from ..parts import Separated, halves, send_in_parts
from .client import Client
from .errors import ApiError, Refused, fields_of, other_record, outcome_of, problems_of
from .ids import long_id
from .records import to_json
from .schema import Described, field_gone

MOST_RECORDS = 200
_METHODS = {Op.CREATE: "POST", Op.UPDATE: "PATCH"}

# A call that is refused as a whole for one of these may be the fault of single records.
_SEPARABLE = frozenset({FailureKind.DATA, FailureKind.MAPPING, FailureKind.CONFLICT})

Prepared = tuple[Write, dict[str, object]]


class _Result(msgspec.Struct, frozen=True):
    success: bool
    id: str | None = None
    errors: list[ApiError] = []


class Sender:
    """Sends writes of one kind to one object and finds out which of them a refusal is about."""

    def __init__(self, client: Client, described: Described, op: Op) -> None:
        self._client = client
        self._sobject = described.sobject
        self._fields = described.schema.fields
        self._op = op

    def send(self, writes: Sequence[Write]) -> list[Receipt]:
        """Return one receipt for each write.

        Raises SystemFailure, `in_doubt` as soon as any of the writes has or may have taken effect.
        """
        receipts, prepared = self._prepare(writes)
        return receipts + send_in_parts(prepared, self._send, _separate)

    def _prepare(self, writes: Sequence[Write]) -> tuple[list[Receipt], list[Prepared]]:
        """Write JSON; what cannot be written is refused without a call."""
        receipts: list[Receipt] = []
        prepared: list[Prepared] = []
        for write in writes:
            body, problems = self._body(write)
            if problems:
                receipts.append(Receipt(write_id=write.id, outcome=Outcome.REFUSED, problems=problems))
            else:
                prepared.append((write, body))
        return receipts, prepared

    def _body(self, write: Write) -> tuple[dict[str, object], list[Problem]]:
        body: dict[str, object] = {"attributes": {"type": self._sobject.name}}
        problems: list[Problem] = []
        if write.op is Op.UPDATE:
            body["id"] = write.record_id
        for name, value in write.values.items():
            try:
                body[name] = self._json(name, value)
            except UnfitError as unfit:
                problems.append(unfit.problem)
        return body, problems

    def _json(self, name: str, value: Value) -> object:
        field = self._fields.get(name)
        if field is None:
            gone = field_gone(self._sobject, name)
            raise UnfitError(_problem(gone, field=name))
        try:
            return to_json(field.kind, value)
        except ValueError as error:
            unfit = Problem(field=name, kind=FailureKind.DATA, code="unfit_value", message=str(error))
        raise UnfitError(unfit)

    def _send(self, part: Sequence[Prepared]) -> list[Receipt]:
        answer = self._client.write(
            _METHODS[self._op],
            "/composite/sobjects",
            {"allOrNone": False, "records": [body for _write, body in part]},
        )
        results = _results(answer, len(part))
        return [_receipt(write, result) for (write, _body), result in zip(part, results, strict=True)]


def _results(answer: Answer, expected: int) -> list[_Result]:
    """Decode the answer to a write. Raises SystemFailure in doubt if it does not tell about every record."""
    try:
        results = answer.decode(list[_Result])
    except SystemFailure as failure:
        failure.in_doubt = True
        raise
    if len(results) != expected:
        raise SystemFailure(
            FailureKind.BUG,
            _("Salesforce answered for {given} of {expected} records that were written.").format(
                given=len(results), expected=expected
            ),
            cure=_(NEXT_RUN),
            in_doubt=True,
        )
    return results


def _receipt(write: Write, result: _Result) -> Receipt:
    if result.success:
        record_id = long_id(result.id) if result.id else write.record_id
        return Receipt(write_id=write.id, outcome=Outcome.DONE, record_id=record_id)
    return _refused(write, result.errors)


def _refused(write: Write, errors: Sequence[ApiError]) -> Receipt:
    outcome = outcome_of(write.op, errors)
    return Receipt(
        write_id=write.id,
        outcome=outcome,
        record_id=other_record(errors) if outcome is Outcome.DUPLICATE else write.record_id,
        problems=problems_of(errors),
    )


def _is_separable(failure: Refused) -> bool:
    """Tell whether a call was refused as a whole because of what single records hold."""
    if failure.status != 400:
        return False
    return failure.kind in _SEPARABLE or any(fields_of(error) for error in failure.errors)


def _separate(part: Sequence[Prepared], failure: SystemFailure) -> Separated[Prepared] | None:
    """Refuse the records that a refusal is about, and return the others in the parts to be tried next.

    Where the refusal names a field, the records that write it are meant; otherwise halving finds them.
    """
    if not isinstance(failure, Refused) or not _is_separable(failure):
        return None
    errors = failure.errors
    if len(part) == 1:
        write = part[0][0]
        if errors:
            return [_refused(write, errors)], []
        return [Receipt(write_id=write.id, outcome=Outcome.REFUSED, problems=[_problem(failure)])], []
    named = {name.lower() for error in errors for name in fields_of(error)}
    meant = [write for write, _body in part if any(name.lower() in named for name in write.values)]
    if meant:
        ids = {write.id for write in meant}
        rest = [each for each in part if each[0].id not in ids]
        return [_refused(write, errors) for write in meant], [rest] if rest else []
    return [], halves(part)


def _problem(failure: SystemFailure, *, field: str | None = None) -> Problem:
    return Problem(
        field=field, kind=failure.kind, code=failure.code, message=failure.message, cure=failure.cure
    )
