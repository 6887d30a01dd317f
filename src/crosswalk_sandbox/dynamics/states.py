"""Which status reasons go with which state. Source: Dataverse, state changes."""

from __future__ import annotations

# by table: state, then its status reasons, the first being its default
STATUS_OF_STATE: dict[str, dict[int, tuple[int, ...]]] = {
    "account": {0: (1,), 1: (2,)},
    "contact": {0: (1,), 1: (2,)},
    "lead": {0: (1, 2), 1: (3,), 2: (4, 5, 6, 7)},
    "opportunity": {0: (1, 2), 1: (3,), 2: (4, 5)},
    "asyncoperation": {0: (0,), 1: (10,), 2: (20, 21, 22), 3: (30, 31, 32)},
    "opportunityclose": {0: (1,), 1: (2,), 2: (3,)},
}
USUAL: dict[int, tuple[int, ...]] = {0: (1,), 1: (2,)}  # of a table that the environment's own people made
# a row that is closed can only be reactivated: the refusal of everything else
CLOSED = {
    "lead": ("0x80040519", "This lead is already closed. Reactivate it to change it."),
    "opportunity": ("0x80040516", "This opportunity is already closed. Reactivate it to change it."),
}


def statuses_of(table: str) -> dict[int, tuple[int, ...]]:
    """The status reasons of each state of a table."""
    return STATUS_OF_STATE.get(table, USUAL)


def state_of(table: str, status: int) -> int | None:
    """The state that a status reason belongs to."""
    states = statuses_of(table)
    return next((state for state, statuses in states.items() if status in statuses), None)
