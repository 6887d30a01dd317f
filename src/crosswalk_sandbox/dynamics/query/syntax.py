"""What query options say, as objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as Word

Kind = Word["string", "enum", "guid", "datetime", "date", "number", "boolean", "null"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: text in its canonical form, a number as text."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    """A property, through navigation properties."""

    names: tuple[str, ...]


Operand = Value | Path


@dataclass(frozen=True, slots=True)
class Compared:
    """Two operands and eq, ne, gt, ge, lt or le between them."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Called:
    """contains, startswith or endswith."""

    function: str
    subject: Operand
    part: Operand


@dataclass(frozen=True, slots=True)
class Message:
    """A query function with its full name, such as Microsoft.Dynamics.CRM.In."""

    name: str
    arguments: dict[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean property that stands alone."""

    path: Path


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions with `and` or `or` between them."""

    word: Word["and", "or"]
    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """not"""

    member: Condition


Condition = Compared | Called | Message | Truth | Joined | Negated


@dataclass(frozen=True, slots=True)
class Ordering:
    """One member of $orderby."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Expansion:
    """One member of $expand."""

    name: str
    select: tuple[str, ...]
    expand: tuple[Expansion, ...]
