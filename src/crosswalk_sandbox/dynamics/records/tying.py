"""Tying rows to each other by many-to-many relationships, and what that takes.

Source: Associate and disassociate table rows using the Web API; AssociateRequest, privileges.
"""

from __future__ import annotations

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.relationships import End
from crosswalk_sandbox.dynamics.security import rights, ties


def check(environment: Environment, end: End, row: Row, other: Row) -> None:
    """Refuse who may not tie these rows: roles are assigned, members written, others appended. Raises ODataError."""
    schema = environment.schema
    if end.tie.table == "teammembership":
        rights.require(environment, "Write", schema["team"])
    elif "role" in (end.table, end.far):
        rights.require(environment, "Assign", schema["role"])
    else:
        rights.require(environment, "Append", schema[end.table], row)
        rights.require(environment, "AppendTo", schema[end.far], other)


def tie(environment: Environment, end: End, mine: str, theirs: str) -> None:
    """Tie two rows; those of an own relationship once only. Raises ODataError."""
    pair = _pair(end, mine, theirs)
    if end.tie.custom and ties.is_tied(environment, end.tie, *pair):
        raise ODataError("0x80040237", "Cannot insert duplicate key.")
    ties.associate(environment, end.tie, *pair)


def untie(environment: Environment, end: End, mine: str, theirs: str) -> None:
    """Undo it, if it was done."""
    ties.dissociate(environment, end.tie, *_pair(end, mine, theirs))


def _pair(end: End, mine: str, theirs: str) -> tuple[str, str]:
    """The keys in the order of the intersect table."""
    return (mine, theirs) if end is end.tie.ends[0] else (theirs, mine)
