"""Walking set-up checks: what a failed one makes impossible is left out, everything else is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from ..core.failures import SystemFailure
from ..core.system import Check, ObjectUse
from ..core.words import keepable as _
from .crm import ClientT, ObjectT

LARGEST_CLOCK_DIFFERENCE = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """Checks that are made together."""

    name: str
    make: Callable[[], Iterator[Check]]  # raises SystemFailure where nothing can be judged
    needs: frozenset[str] = frozenset()  # names of steps without which this one says nothing


def walk(steps: Iterable[Step]) -> list[Check]:
    """Make the checks in order."""
    checks: list[Check] = []
    impossible: set[str] = set()
    for step in steps:
        if step.needs & impossible:
            impossible.add(step.name)
            continue
        try:
            checks += step.make()
        except SystemFailure as failure:
            checks.append(failed(step.name, failure))
            impossible.add(step.name)
    return checks


def good(name: str, message: str) -> Check:
    """Say that something is as it should be."""
    return Check(name=name, ok=True, message=message)


def failed(name: str, failure: SystemFailure) -> Check:
    """Say a failure in a check's words."""
    return Check(name=name, ok=False, message=failure.message, cure=failure.cure)


class CrmChecks(ABC, Generic[ClientT, ObjectT]):
    """One walk through a CRM's checks, for the objects that are used."""

    def __init__(
        self, client: ClientT, describe: Callable[[str], ObjectT], uses: Sequence[ObjectUse]
    ) -> None:
        self._client = client
        self._describe = describe
        self._uses = {use.object: use for use in uses}

    def run(self) -> list[Check]:
        """Make the checks in order. What a failed one makes impossible is left out, everything else is judged."""
        return walk(self.steps())

    @abstractmethod
    def steps(self) -> Iterable[Step]:
        """Yield the steps in order."""

    def clock(self, message: str) -> Iterator[Check]:
        """Judge by how many seconds the CRM's clock differs from ours; `message` has a place for {seconds}."""
        difference = self._client.http.clock_difference or self._client.session.http.clock_difference
        if not difference:
            return  # nobody answered
        close = abs(difference) <= LARGEST_CLOCK_DIFFERENCE
        yield Check(
            name="clock",
            ok=close,
            message=message.format(seconds=round(difference)),
            cure="" if close else _("Set this machine's clock by a time server."),
        )
