"""What happens in a CRM when a record is saved, as rules of the control API say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from crosswalk_sandbox.texts import way

Row = Mapping[str, Any]  # what is not empty, by field
Event = Literal["create", "update"]
By = Literal["everyone", "api", "people"]
SAME = "same"  # a field's value as it is


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """Something about a field of a record that is saved."""

    field: str
    is_: Literal["blank", "filled", "equal", "different", "changed", "longer", "like", "unlike"] = "filled"
    to: Any = None  # the value, the most characters, or a regular expression that is searched for

    def holds(self, old: Row | None, new: Row) -> bool:
        """Whether it is so; in a new record every filled field has changed."""
        return TESTS[self.is_](new.get(self.field), (old or {}).get(self.field), self.to)


TESTS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "blank": lambda new, old, to: new is None,
    "filled": lambda new, old, to: new is not None,
    "equal": lambda new, old, to: bool(new == to),
    "different": lambda new, old, to: bool(new != to),
    "changed": lambda new, old, to: bool(new != old),
    "longer": lambda new, old, to: len(new or "") > to,
    "like": lambda new, old, to: bool(re.search(to, new or "")),
    "unlike": lambda new, old, to: not re.search(to, new or ""),
}


class Triggered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when a record is saved, if all conditions hold."""

    object: str
    on: tuple[Event, ...] = ("create", "update")
    by: By = "everyone"
    when: tuple[Condition, ...] = ()

    def due(self, kind: str, old: Row | None, new: Row, *, person: bool) -> bool:
        """Whether this save is one of those that it is about."""
        return (
            kind == self.object
            and ("create" if old is None else "update") in self.on
            and self.by in ("everyone", "people" if person else "api")
            and all(condition.holds(old, new) for condition in self.when)
        )

    def paths(self) -> Iterator[str]:
        """The fields that it names."""
        yield from (f"{self.object}.{condition.field}" for condition in self.when)


class Flow(Triggered, frozen=True, kw_only=True):
    """A save that all conditions hold for sets more fields of the record, as the user who saves.

    A value is set as it is, or is made of another field: `{"from": "Phone", "as": "digits"}`.
    """

    name: str = "Record flow"
    set: dict[str, Any] = {}
    # in the same save, by a second save of the same transaction, or `seconds` later
    moment: Literal["before", "after", "later"] = "before"
    seconds: float = 60.0
    fails: bool = False  # the save is refused, as when the flow has a mistake

    def paths(self) -> Iterator[str]:
        yield from super().paths()
        yield from (f"{self.object}.{name}" for name in self.set)
        yield from (f"{self.object}.{given['from']}" for given in self.set.values() if _is_made(given))

    def values(self, row: Row) -> dict[str, Any]:
        """What it sets, as JSON would say it."""
        return {name: _made(given, row) for name, given in self.set.items()}

    def ways(self) -> Iterator[str]:
        """How it makes texts of others."""
        yield from (str(given.get("as", SAME)) for given in self.set.values() if _is_made(given))


def check_ways(flows: Iterable[Flow]) -> None:
    """Raises ValueError for a flow that makes a text in a way that there is not."""
    for flow in flows:
        for how in flow.ways():
            if how != SAME and "{}" not in how:
                way(how)


def _is_made(given: Any) -> bool:
    return isinstance(given, Mapping) and "from" in given


def _made(given: Any, row: Row) -> Any:
    if not _is_made(given):
        return given
    value, how = row.get(given["from"]), given.get("as", SAME)
    if not isinstance(value, str) or how == SAME:
        return value
    return how.replace("{}", value) if "{}" in how else way(how)(value)
