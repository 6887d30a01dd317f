"""Batches that are refused as a whole for what single records hold: ever smaller parts go, until those are found.

What may be meant by a refusal, each vendor knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..core.failures import SystemFailure
from ..core.system import Outcome, Receipt

T = TypeVar("T")
# What becomes of a part that was refused: receipts, and the parts to be tried next.
Separated = tuple[list[Receipt], list[Sequence[T]]]


def send_in_parts(
    prepared: Sequence[T],
    send: Callable[[Sequence[T]], list[Receipt]],
    separate: Callable[[Sequence[T], SystemFailure], Separated[T] | None],
) -> list[Receipt]:
    """Send a batch; a part that is refused is taken apart by `separate`, which returns None for another failure.

    That one is raised, in doubt if something was written before.
    """
    receipts: list[Receipt] = []
    waiting = [prepared] if prepared else []
    while waiting:
        part = waiting.pop()
        try:
            receipts += send(part)
        except SystemFailure as failure:
            separated = separate(part, failure)
            if separated is None:
                failure.in_doubt = failure.in_doubt or any(
                    receipt.outcome is Outcome.DONE for receipt in receipts
                )
                raise
            refused, rest = separated
            receipts += refused
            waiting += rest
    return receipts


def halves(part: Sequence[T]) -> list[Sequence[T]]:
    """Return both halves of a part."""
    middle = len(part) // 2
    return [part[:middle], part[middle:]]
