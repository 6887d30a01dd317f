"""Filters and orders as functions of rows.

A condition is true, false or (where nothing is known) None, as in SQL; only what is true is found. Text is
compared without regard to case, and `%`, `_` and `[]` of a searched part are wildcards. Source: Dataverse,
Filter rows using OData.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from crosswalk_sandbox.dynamics.errors import ODataError
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


class Resolver(Protocol):
    """Knows the properties of what is filtered."""

    def __call__(self, path: Path) -> Property:
        """The property. Raises ODataError."""


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
    return _message(condition, resolve)


def sort(rows: list[Any], orders: Sequence[Ordering], resolve: Resolver) -> list[Any]:
    """The rows in that order; nothing comes before something. Raises ODataError."""
    for order in reversed(orders):
        found = resolve(order.path)
        rows = sorted(rows, key=_sort_key(found), reverse=order.descending)
    return rows


def folded(value: Any) -> Any:
    """A value as it is compared: case does not matter."""
    return value.lower() if isinstance(value, str) else value


def _sort_key(found: Property) -> Callable[[Any], tuple[bool, Any]]:
    def key(row: Any) -> tuple[bool, Any]:
        value = found.get(row)
        return (value is not None, folded(value) if value is not None else 0)

    return key


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
        return bool(re.fullmatch(before + _like(wanted) + after, text, re.IGNORECASE | re.DOTALL))

    return found


def _like(text: str) -> str:
    """A searched part as a pattern; `%`, `_` and `[...]` mean what they mean to SQL's LIKE."""
    parts = re.split(r"(%|_|\[[^\]]+\])", text)
    return "".join(
        part if part.startswith("[") and len(part) > 2 else {"%": ".*", "_": "."}.get(part, re.escape(part))
        for part in parts
    )


def _truth(condition: Truth, resolve: Resolver) -> Test:
    found = resolve(condition.path)
    if found.kind != "boolean":
        text = "The $filter expression must evaluate to a single boolean value."
        raise ODataError("0x80060888", text)
    return found.get


def _message(condition: Message, resolve: Resolver) -> Test:
    """Query functions. Source: Web API query function reference."""
    name = condition.arguments.get("PropertyName", ())
    values = condition.arguments.get("PropertyValues") or condition.arguments.get("PropertyValue")
    if condition.name not in MESSAGES or len(name) != 1 or values is None:
        text = f"An unknown function with name 'Microsoft.Dynamics.CRM.{condition.name}' was found."
        raise ODataError("0x80060888", text)
    found = resolve(Path(tuple(name[0].text.split("/"))))
    wanted = [folded(value.text) for value in values]
    judge = MESSAGES[condition.name]
    return lambda row: None if (value := found.get(row)) is None else judge(_plain(value), wanted)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(folded(value))


def _contains(value: str, wanted: list[str]) -> bool:
    return bool(set(value.split(",")) & set(wanted))


MESSAGES: dict[str, Callable[[str, list[str]], bool]] = {
    "In": lambda value, wanted: value in wanted,
    "NotIn": lambda value, wanted: value not in wanted,
    "ContainValues": _contains,
    "DoesNotContainValues": lambda value, wanted: not _contains(value, wanted),
}
