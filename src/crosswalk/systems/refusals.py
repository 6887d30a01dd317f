"""What all CRMs' tables of errors share: a rule per code, and what it makes of a request or of one record's write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.failures import FailureKind, SystemFailure
from ..core.system import Op, Outcome, Problem
from ..core.words import keepable as _
from .answers import Answer, explain_by_status, is_web_page

_ELSEWHERE = frozenset({301, 302, 303, 307, 308, 404, 405})  # without words of the vendor: another's address


class Refused(SystemFailure):
    """A system understood a request and declined it."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        cure: str = "",
        code: str = "",
        retry_after: float | None = None,
        status: int,
        final: bool = False,
    ) -> None:
        super().__init__(kind, message, cure=cure, code=code, retry_after=retry_after)
        self.status = status
        self.final = final  # of a sign-in: no other grant would do better


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means."""

    kind: FailureKind
    outcome: Outcome = Outcome.REFUSED  # for a record; a request as a whole goes by `kind`
    cure: str = ""

    @property
    def told_cure(self) -> str:
        """The cure in the reader's language."""
        return _(self.cure)

    def problems(self, code: str, message: str, fields: Sequence[str]) -> list[Problem]:
        """Return one problem for each of the `fields` that a record's error names, else one for the record."""
        named: list[str | None] = [*fields]
        return [
            Problem(field=field, kind=self.kind, code=code, message=message.strip(), cure=self.told_cure)
            for field in named or [None]
        ]


def outcome_for(op: Op, outcome: Outcome) -> Outcome:
    """Return what an outcome comes to: only a create meets a duplicate, only an update a record of its own life."""
    if op is Op.CREATE and outcome is Outcome.CHANGED:
        return Outcome.RETRY
    alien = Outcome.MOVED if op is Op.CREATE else Outcome.DUPLICATE
    return Outcome.REFUSED if outcome is alien else outcome


def explain_without_words(
    answer: Answer, *, address_cure: str, cures: Mapping[int, str], refused: type[Refused] = Refused
) -> SystemFailure:
    """Explain an answer that holds no error of the vendor's, as a failure of the class `refused`.

    Often it comes from another address, which `address_cure` is for; `cures` are by status.
    """
    failure = explain_by_status(answer)
    kind, cure = failure.kind, failure.cure
    if answer.status in _ELSEWHERE or is_web_page(answer):
        kind = FailureKind.PERMISSION if answer.status in _ELSEWHERE else kind
        cure = address_cure
    else:
        cure = cures.get(answer.status, cure)
    return refused(kind, failure.message, cure=cure, code=failure.code, status=answer.status)
