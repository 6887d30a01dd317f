"""Creates and updates, many a call; each stands for itself and has its own answer.

A record is created under an id that follows from the write, so that the same write sent twice is refused the second
time instead of making a second record. An update names only what changes, and says that the record must exist: without
that it would make a deleted one again. CreateMultiple and UpdateMultiple are of no use here: one refused record undoes
all of a call, and the answer need not say which it was.

Source: Dataverse Web API, create, update (If-Match), execute batch operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID, uuid5

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Op, Outcome, Problem, Receipt, Write
from ...core.values import Value, pack
from ..answers import Answer
from ..crm import UnfitError
from ..parts import Separated, halves, send_in_parts
from ..refusals import Refused
from .batch import Request
from .client import Client
from .columns import Column
from .errors import ApiError, explain, outcome_of, problems_of, read_error
from .records import to_json
from .schema import Described, field_gone

# A call: some seconds of work, so that little is in doubt when one breaks off. Where very many wait, half a minute, of
# the minute that we wait for an answer and the two that Dataverse takes at most.
FEW_RECORDS, MOST_RECORDS = 100, 250
MANY = 1_000  # waiting writes of one kind
_DONE = frozenset({200, 201, 204})
_UNFIT = frozenset({400, 413})  # of a whole batch: something in it does not please, or it is too long
_NOT_LET_IN = frozenset({401, 403})
_SPACE = UUID("6b0e3c1e-6f0b-5d1c-9a55-0d3a1f5e7c42")  # of the ids of records that we make

_Prepared = tuple[Write, Request]
SetNames = Callable[[Iterable[str]], Mapping[str, str]]


def new_id(organization: str, write: Write) -> str:
    """Return the id of the record that a create makes: always the same for one write, and no other's.

    What it writes is part of it, since the numbers of writes begin again in a new installation.
    """
    name = "\n".join([organization, str(write.id), write.object, write.key or ""])
    return str(uuid5(_SPACE, name + "\n" + pack(write.values).decode()))


def records_a_call(waiting: int) -> int:
    """Return how many of the `waiting` writes go in one call."""
    return MOST_RECORDS if waiting > MANY else FEW_RECORDS


class Sender:
    """Sends writes of one kind to one table."""

    def __init__(
        self,
        client: Client,
        described: Described,
        op: Op,
        *,
        etags: Mapping[str, str],
        set_names: SetNames,
    ) -> None:
        """`etags` are of the records' versions that were read just now; `set_names` tells names in addresses."""
        self._client = client
        self._described = described
        self._op = op
        self._etags = etags if described.versioned else {}
        self._set_names = set_names
        self._organization = client.who().organization_id if op is Op.CREATE else ""

    def send(self, writes: Sequence[Write]) -> list[Receipt]:
        """Return one receipt for each write.

        Raises SystemFailure, `in_doubt` when one of the writes may have taken effect and nobody says so.
        """
        receipts: list[Receipt] = []
        prepared: list[_Prepared] = []
        sets = self._sets(writes)
        for write in writes:
            body, problems = self._body(write, sets)
            if problems:
                receipts.append(Receipt(write_id=write.id, outcome=Outcome.REFUSED, problems=problems))
            else:
                prepared.append((write, self._request(write, body)))
        return receipts + send_in_parts(prepared, self._send, _separate)

    def _send(self, part: Sequence[_Prepared]) -> list[Receipt]:
        # An update must not be sent again by itself: somebody may have changed the record meanwhile.
        requests = [request for _write, request in part]
        answers = self._client.batch(requests, repeatable=self._op is Op.CREATE)
        _require_sign_in(answers)
        return [self._receipt(write, answer) for (write, _), answer in zip(part, answers, strict=True)]

    def _record_id(self, write: Write) -> str:
        """Return the id of the record that a write is about."""
        return write.record_id or new_id(self._organization, write)

    def _request(self, write: Write, body: dict[str, object]) -> Request:
        path = f"/{self._described.set_name}"
        if self._op is Op.CREATE:
            return Request(
                method="POST", path=path, json={self._described.key: self._record_id(write), **body}
            )
        version = self._etags.get(write.record_id or "", "*")
        return Request(
            method="PATCH", path=f"{path}({write.record_id})", headers={"If-Match": version}, json=body
        )

    def _sets(self, writes: Sequence[Write]) -> Mapping[str, str]:
        """Return the names in addresses of the tables that lookups are to point to; asked for where there are any."""
        tables = {
            column.targets[0].table
            for write in writes
            for name, value in write.values.items()
            if value is not None and (column := self._described.columns.get(name)) and column.targets
        }
        return self._set_names(tables) if tables else {}

    def _body(self, write: Write, sets: Mapping[str, str]) -> tuple[dict[str, object], list[Problem]]:
        body: dict[str, object] = {}
        problems: list[Problem] = []
        for name, value in write.values.items():
            try:
                body |= self._entry(name, value, sets)
            except UnfitError as unfit:
                problems.append(unfit.problem)
        return body, problems

    def _entry(self, name: str, value: Value, sets: Mapping[str, str]) -> dict[str, object]:
        column = self._described.columns.get(name)
        if column is None:
            gone = field_gone(self._described.table, name)
            raise UnfitError(
                Problem(field=name, kind=gone.kind, code=gone.code, message=gone.message, cure=gone.cure)
            )
        try:
            written = to_json(column, value)
        except ValueError as error:
            unfit = Problem(field=name, kind=FailureKind.DATA, code="unfit_value", message=str(error))
        else:
            return _bound(column, written, sets) if column.targets else {name: written}
        raise UnfitError(unfit)

    def _receipt(self, write: Write, answer: Answer) -> Receipt:
        if answer.status in _DONE:
            return Receipt(write_id=write.id, outcome=Outcome.DONE, record_id=self._record_id(write))
        error = read_error(answer) or ApiError(code=str(answer.status))
        outcome = outcome_of(write.op, error, answer.status, write.record_id)
        return Receipt(
            write_id=write.id,
            outcome=outcome,
            record_id=self._record_id(write) if outcome is Outcome.DUPLICATE else write.record_id,
            problems=problems_of(error, answer.status, list(write.values)),
        )


def _bound(column: Column, record_id: object, sets: Mapping[str, str]) -> dict[str, object]:
    """Write a lookup: by the name of its navigation property, whose letter case counts. None makes it point nowhere."""
    target = column.targets[0]
    address = None if record_id is None else f"/{sets[target.table]}({record_id})"
    return {f"{target.navigation}@odata.bind": address}


def _is_separable(failure: SystemFailure) -> bool:
    """Tell whether a batch was refused as a whole because of what it holds."""
    return isinstance(failure, Refused) and failure.status in _UNFIT and failure.kind is FailureKind.DATA


def _separate(part: Sequence[_Prepared], failure: SystemFailure) -> Separated[_Prepared] | None:
    """Refuse the record that a refused batch carried alone; of several, return the halves to be tried next."""
    if not _is_separable(failure):
        return None
    if len(part) > 1:
        return [], halves(part)
    problem = Problem(
        field=None, kind=failure.kind, code=failure.code, message=failure.message, cure=failure.cure
    )
    return [Receipt(write_id=part[0][0].id, outcome=Outcome.REFUSED, problems=[problem])], []


def _require_sign_in(answers: Sequence[Answer]) -> None:
    """Raise SystemFailure where an answer says that we may not come in (any more), in doubt if others were done."""
    for answer in answers:
        if answer.status in _NOT_LET_IN and (failure := explain(answer)).kind is FailureKind.AUTH:
            failure.in_doubt = any(each.status in _DONE for each in answers)
            raise failure
