"""Walking set-up checks: what a failed one makes impossible is left out, everything else is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from gettext import gettext as _

from ..core.failures import SystemFailure
from ..core.system import Check

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


def clock(message: str, difference: float) -> Iterator[Check]:
    """Judge a vendor's clock by the seconds it differs (0: nobody answered), which `message` has a place for."""
    if not difference:
        return
    close = abs(difference) <= LARGEST_CLOCK_DIFFERENCE
    yield Check(
        name="clock",
        ok=close,
        message=message.format(seconds=round(difference)),
        cure="" if close else _("Set this machine's clock by a time server."),
    )
