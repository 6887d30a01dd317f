"""The schema that exports need: custom fields for unknown columns, and lists with the values that occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crosswalk_sandbox.load.columns import Column, split
from crosswalk_sandbox.load.guesses import Guess, guess, misfits
from crosswalk_sandbox.load.report import MadeField, Report
from crosswalk_sandbox.salesforce.loading.headers import Meaning, New
from crosswalk_sandbox.salesforce.loading.parts import SYSTEM
from crosswalk_sandbox.salesforce.schema import Field, Object, Schema

LONG_TEXT, LONGEST_TEXT = 32_768, 131_072
PLAIN_TEXT = 255
# how each kind of field is made
MADE: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "length": PLAIN_TEXT},
    "long text": {"type": "textarea", "length": LONG_TEXT},
    "number": {"type": "double", "precision": 18},
    "date": {"type": "date"},
    "date-time": {"type": "datetime"},
    "checkbox": {"type": "boolean"},
    "picklist": {"type": "picklist", "length": PLAIN_TEXT},
    "multi-picklist": {"type": "multipicklist", "length": 4099},
}
EDITABLE = frozenset({"createable", "updateable"})
# what is watched in a column of a field of that type
WATCHED = {
    "double": "numbers", "currency": "numbers", "percent": "numbers", "int": "numbers", "date": "days",
    "datetime": "days", "boolean": "ticks",
}  # fmt: skip
LISTS = frozenset({"picklist", "multipicklist"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A column of some file with what it means and what was seen in it."""

    kind: Object
    meaning: Field | New
    column: Column


def watcher(meaning: Meaning, header: str) -> Column | None:
    """What is to look at a column before it is read; None where nothing depends on its values."""
    if isinstance(meaning, New):
        return Column(header)
    if not isinstance(meaning, Field) or meaning.is_ & {"externalId"}:
        return None
    watched = WATCHED.get(meaning.type, "")
    if watched or meaning.type in LISTS or (meaning.custom and meaning.type != "reference"):
        return Column(header, kept=watched, widely=True, lightly=not meaning.custom)
    return None


def extended(schema: Schema, seen: Iterable[Seen], report: Report) -> Schema:
    """The schema with everything that the columns need."""
    columns: dict[tuple[str, str], list[Seen]] = {}
    for each in seen:
        columns.setdefault((each.kind.name, each.meaning.name.lower()), []).append(each)
    needed: dict[str, dict[str, Field]] = {}
    for (name, _), group in columns.items():
        field = _needed(group, report)
        needed.setdefault(name, {})[field.name] = field
    return Schema(
        {kind.name: replace(kind, fields=kind.fields | needed.get(kind.name, {})) for kind in schema}
    )


def _needed(group: Sequence[Seen], report: Report) -> Field:
    """The field that a group of columns with one name is to be read as."""
    kind, meaning = group[0].kind, group[0].meaning
    columns = [each.column for each in group]
    if isinstance(meaning, Field) and not (meaning.custom and misfits(columns, WATCHED.get(meaning.type))):
        return _widened(meaning, columns)
    guessed = guess(columns)
    field = _made(kind, meaning, guessed)
    made = {"name": field.name, "type": field.type, "kind": guessed.kind}
    report.fields.append(MadeField(system=SYSTEM, object=kind.name, **made))
    return field


def _widened(field: Field, columns: Sequence[Column]) -> Field:
    """The field with all values of its list, and custom text as long as it must be."""
    if field.type in LISTS:
        endless = any(column.values is None for column in columns)
        is_ = field.is_ - {"restricted"} if endless and field.custom else field.is_
        return replace(field, values=_with_choices(field, columns), is_=is_)
    longest = max((column.longest for column in columns), default=0)
    if not field.custom or not field.length or longest <= field.length:
        return field
    if field.type == "string" and longest <= PLAIN_TEXT:
        return replace(field, length=PLAIN_TEXT)
    return replace(field, type="textarea", length=_long_enough(longest))


def _with_choices(field: Field, columns: Sequence[Column]) -> tuple[str, ...]:
    """The list's values and those of the files; a restricted list of the vendor's own stays as it is."""
    if "restricted" in field.is_ and not field.custom:
        return field.values
    texts = (text for column in columns for text in column.values or ())
    found = (split(text) if field.type == "multipicklist" else [text] for text in texts)
    new = {value: None for values in found for value in values if value not in field.values}
    return (*field.values, *new)


def _made(kind: Object, meaning: Field | New, guessed: Guess) -> Field:
    """A custom field as an admin would make it for such values."""
    made = dict(MADE[guessed.kind])
    if guessed.kind == "long text":
        made["length"] = _long_enough(guessed.longest)
    checkbox = guessed.kind == "checkbox"
    return Field(
        object=kind.name,
        name=meaning.name,
        label=meaning.label,
        type=made["type"],
        length=made.get("length", 0),
        precision=made.get("precision", 0),
        scale=guessed.scale,
        is_=EDITABLE | ({"defaulted"} if checkbox else {"nillable"}),
        to=(),
        relationship=None,
        compound=None,
        default=None,
        formula=None,
        values=guessed.choices,
    )


def _long_enough(longest: int) -> int:
    return LONG_TEXT if longest <= LONG_TEXT else LONGEST_TEXT
