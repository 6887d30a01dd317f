"""Filters and orders as functions of rows.

A condition is true, false or (where nothing is known) None, as in SQL; only what is true is found. Text is
compared without regard to case, and `%`, `_` and `[]` of a searched part are wildcards. Source: Dataverse,
Filter rows using OData.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query import functions
from crosswalk_sandbox.dynamics.query.syntax import (
    Called,
    Compared,
    Condition,
    Joined,
    Message,
    Negated,
    Operand,
    Ordering,
    Path,
    Quantified,
    Truth,
    Value,
)  # fmt: skip

Getter = Callable[[Any], Any]
Test = Callable[[Any], bool | None]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt,
    "le": operator.le,
}  # fmt: skip
NAMES = {
    "eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan",
    "le": "LessThanOrEqual",
}  # fmt: skip
EDM = {
    "string": "Edm.String", "enum": "Microsoft.Dynamics.CRM.Enum", "guid": "Edm.Guid", "number": "Edm.Int32",
    "datetime": "Edm.DateTimeOffset", "date": "Edm.Date", "boolean": "Edm.Boolean",
}  # fmt: skip
# kind of a property, and the kinds of literals that it can be compared with besides its own
ALIKE = {"datetime": {"date"}, "enum": {"string"}, "string": set(), "guid": set()}


@dataclass(frozen=True, slots=True)
class Property:
    """A property of rows: what kind of value it has, and how to get it."""

    kind: str
    get: Getter


class Resolver:
    """Knows the properties of what is filtered, who asks, and when."""

    user = ""
    now = datetime(1, 1, 1, tzinfo=UTC)

    def __call__(self, path: Path) -> Property:
        """The property. Raises ODataError."""
        raise NotImplementedError

    def many(self, path: Path, variable: str) -> tuple[Callable[[Any], Sequence[Any]], Resolver]:
        """The rows that a collection leads to, and what knows their properties. Raises ODataError."""
        text = f"The path '{'/'.join(path.names)}' is no collection that any and all can look at."
        raise ODataError("0x80060888", text)


def test(condition: Condition, resolve: Resolver) -> Test:
    """The condition as a function. Raises ODataError."""
    if isinstance(condition, Joined):
        return _joined(condition, resolve)
    if isinstance(condition, Negated):
        inner = test(condition.member, resolve)
        return lambda row: None if (found := inner(row)) is None else not found
    if isinstance(condition, Compared):
        return _compared(condition, resolve)
    if isinstance(condition, Called):
        return _called(condition, resolve)
    if isinstance(condition, Truth):
        return _truth(condition, resolve)
    if isinstance(condition, Quantified):
        return _quantified(condition, resolve)
    return _message(condition, resolve)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows: by these properties, each upwards or downwards, then by the key, which is text."""

    names: tuple[str, ...]
    parts: tuple[tuple[Property, bool], ...]
    key: str

    def sorted(self, rows: Iterable[Any]) -> list[Any]:
        """The rows in that order; nothing comes before something."""
        found = sorted(rows, key=lambda row: str(row[self.key]))
        for part, descending in reversed(self.parts):
            found.sort(key=partial(_sort_key, part), reverse=descending)
        return found

    def place(self, row: Any) -> tuple[list[Any], str]:
        """Where a row stands: its values and its key."""
        return [part.get(row) for part, _ in self.parts], str(row[self.key])

    def is_after(self, row: Any, place: tuple[list[Any], str]) -> bool:
        """Whether a row comes after that place."""
        values, key = place
        for (part, descending), value in zip(self.parts, values, strict=True):
            mine, other = _sort_key(part, row), _comparable(value)
            if mine != other:
                return mine < other if descending else mine > other
        return str(row[self.key]) > key


def order(orders: Sequence[Ordering], key: str, resolve: Resolver) -> Order:
    """The order that $orderby asks for. Raises ODataError."""
    names = tuple(".".join(each.path.names) for each in orders)
    return Order(names, tuple((resolve(each.path), each.descending) for each in orders), key)


def folded(value: Any) -> Any:
    """A value as it is compared: case does not matter."""
    return value.lower() if isinstance(value, str) else value


def _sort_key(part: Property, row: Any) -> tuple[bool, Any]:
    return _comparable(part.get(row))


def _comparable(value: Any) -> tuple[bool, Any]:
    if value is None:
        return False, 0
    return True, Decimal(str(value)) if isinstance(value, float) else folded(value)


def _joined(condition: Joined, resolve: Resolver) -> Test:
    members = [test(member, resolve) for member in condition.members]
    decisive = condition.word == "or"

    def found(row: Any) -> bool | None:
        unknown = False
        for member in members:
            answer = member(row)
            if answer is decisive:
                return decisive
            unknown = unknown or answer is None
        return None if unknown else not decisive

    return found


def _compared(condition: Compared, resolve: Resolver) -> Test:
    left, right = _operand(condition.left, resolve), _operand(condition.right, resolve)
    if "null" in (left.kind, right.kind):
        return _against_null(condition, left, right)
    _check_kinds(condition.operator, left.kind, right.kind)
    compare = OPERATORS[condition.operator]

    def found(row: Any) -> bool | None:
        one, other = left.get(row), right.get(row)
        return None if one is None or other is None else compare(folded(one), folded(other))

    return found


def _against_null(condition: Compared, left: Property, right: Property) -> Test:
    """Eq and ne ask whether there is a value; nothing is more or less than null."""
    if condition.operator not in ("eq", "ne"):
        return lambda _: None
    asked = right if left.kind == "null" else left
    empty = condition.operator == "eq"
    return lambda row: (asked.get(row) is None) is empty


def _check_kinds(operator_name: str, left: str, right: str) -> None:
    if left == right or right in ALIKE.get(left, ()) or left in ALIKE.get(right, ()):
        return
    text = (
        "A binary operator with incompatible types was detected. Found operand types "
        f"'{EDM[left]}' and '{EDM[right]}' for operator kind '{NAMES[operator_name]}'."
    )
    raise ODataError("0x80060888", text)


def _operand(operand: Operand, resolve: Resolver) -> Property:
    if isinstance(operand, Path):
        return resolve(operand)
    value = _value(operand)
    return Property(operand.kind, lambda _: value)


def _value(literal: Value) -> Any:
    """A literal as it is stored. Raises ODataError."""
    if literal.kind == "number":
        return Decimal(literal.text)
    if literal.kind == "boolean":
        return literal.text == "true"
    if literal.kind == "null":
        return None
    if literal.kind == "datetime":
        try:
            moment = datetime.fromisoformat(literal.text).astimezone(UTC)
        except ValueError:
            raise ODataError("0x80060888", f"'{literal.text}' is no date and time.") from None
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return literal.text


def _called(condition: Called, resolve: Resolver) -> Test:
    subject, part = _operand(condition.subject, resolve), _operand(condition.part, resolve)
    if subject.kind != "string" or part.kind != "string":
        text = (
            f"No function signature for the function with name '{condition.function}' matches the arguments."
        )
        raise ODataError("0x80060888", text)
    before = "" if condition.function == "startswith" else ".*"
    after = "" if condition.function == "endswith" else ".*"

    def found(row: Any) -> bool | None:
        text, wanted = subject.get(row), part.get(row)
        if text is None or wanted is None:
            return None
        return bool(re.fullmatch(before + like(wanted) + after, text, re.IGNORECASE | re.DOTALL))

    return found


def like(text: str) -> str:
    """A searched part as a pattern; `%`, `_` and `[...]` mean what they mean to SQL's LIKE."""
    parts = re.split(r"(%|_|\[[^\]]+\])", text)
    return "".join(
        f"[{_set(part[1:-1])}]"
        if part.startswith("[") and len(part) > 2
        else {"%": ".*", "_": "."}.get(part, re.escape(part))
        for part in parts
    )


def _set(signs: str) -> str:
    """What stands between brackets: a range and a leading circumflex mean something there, nothing else does."""
    return re.sub(r"[\[\\&~|]", r"\\\g<0>", signs)


def _truth(condition: Truth, resolve: Resolver) -> Test:
    found = resolve(condition.path)
    if found.kind != "boolean":
        text = "The $filter expression must evaluate to a single boolean value."
        raise ODataError("0x80060888", text)
    return found.get


def _message(condition: Message, resolve: Resolver) -> Test:
    """Query functions. Source: Web API query function reference."""
    name = condition.arguments.get("PropertyName", ())
    if len(name) != 1:
        text = f"An unknown function with name 'Microsoft.Dynamics.CRM.{condition.name}' was found."
        raise ODataError("0x80060888", text)
    found = resolve(Path(tuple(name[0].text.split("/"))))
    arguments = {key: [each.text for each in values] for key, values in condition.arguments.items()}
    judge = functions.judge(condition.name, arguments, found.kind, resolve.now, resolve.user)
    return lambda row: None if (value := found.get(row)) is None else judge(value)


def _quantified(condition: Quantified, resolve: Resolver) -> Test:
    """Any and all: a row of the collection for which nothing is known fulfils nothing."""
    rows_of, inner = resolve.many(condition.path, condition.variable)
    if condition.condition is None:
        return lambda row: bool(rows_of(row))
    fulfils = test(condition.condition, inner)
    decide = any if condition.word == "any" else all
    return lambda row: decide(fulfils(each) is True for each in rows_of(row))
