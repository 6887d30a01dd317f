"""Walking set-up checks: what a failed one makes impossible is left out, everything else is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..core.failures import SystemFailure
from ..core.system import Check


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
