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


@dataclass(frozen=True, slots=True)
class Quantified:
    """any or all: whether some or every row that a collection leads to fulfils a condition."""

    path: Path
    word: Word["any", "all"]
    variable: str  # by which the condition names those rows
    condition: Condition | None  # none asks whether there is a row at all


Condition = Compared | Called | Message | Truth | Joined | Negated | Quantified


@dataclass(frozen=True, slots=True)
class Figure:
    """A number over rows: sum, average, min, max or countdistinct of a property, or how many rows."""

    alias: str
    method: str
    path: Path | None  # none for the number of rows


@dataclass(frozen=True, slots=True)
class Step:
    """A transformation of $apply: a filter, groups, figures, or figures of groups."""

    condition: Condition | None = None
    groups: tuple[Path, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordering:
    """One member of $orderby."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """One member of $expand."""

    name: str
    select: tuple[str, ...] = ()
    expand: tuple[Expansion, ...] = ()
    filter: Condition | None = None
    orderby: tuple[Ordering, ...] = ()
    top: int | None = None
    options: tuple[tuple[str, str], ...] = ()  # as they were written

    @property
    def many(self) -> bool:
        """Whether it has options that only collections take."""
        return self.filter is not None or bool(self.orderby) or self.top is not None
