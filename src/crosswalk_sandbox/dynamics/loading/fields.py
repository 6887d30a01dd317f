"""The schema that exports need: custom columns for unknown headers, and choices with the labels that occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crosswalk_sandbox.dynamics.custom import FIRST_OPTION
from crosswalk_sandbox.dynamics.loading.headers import Known, New
from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column, Schema
from crosswalk_sandbox.load.columns import Column as Seen
from crosswalk_sandbox.load.columns import split
from crosswalk_sandbox.load.guesses import Guess, guess
from crosswalk_sandbox.load.report import MadeField, Report

SYSTEM = "dynamics"
SHORT, LONG, LONGEST = 100, 4000, 1_048_576
MADE: dict[str, dict[str, Any]] = {
    "text": {"type": "String", "length": SHORT, "format": "Text"},
    "long text": {"type": "Memo", "length": LONGEST, "format": "TextArea"},
    "number": {"type": "Decimal"},
    "date": {"type": "DateTime", "behaviour": "DateOnly", "format": "DateOnly"},
    "date-time": {"type": "DateTime", "behaviour": "UserLocal", "format": "DateAndTime"},
    "checkbox": {"type": "Boolean", "default": False},
    "picklist": {"type": "Picklist"},
    "multi-picklist": {"type": MULTIPLE},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A column of some file, with what it means and what was seen in it."""

    table: str
    meaning: Known | New
    seen: Seen


def extend(schema: Schema, watched: Iterable[Watched], report: Report) -> None:
    """Give the schema everything that the columns need."""
    groups: dict[tuple[str, str], list[Watched]] = {}
    for each in watched:
        groups.setdefault((each.table, each.meaning.name), []).append(each)
    for group in groups.values():
        column = _needed(schema, group, report)
        if column is not schema[column.table].columns.get(column.name):
            schema.put_column(column)


def _needed(schema: Schema, group: Sequence[Watched], report: Report) -> Column:
    """The column that a group of headers with one meaning is to be read as."""
    meaning, seen = group[0].meaning, [each.seen for each in group]
    if isinstance(meaning, Known):
        return _widened(meaning.column, seen)
    guessed = guess(seen)
    made = _made(group[0].table, meaning, guessed)
    report.fields.append(
        MadeField(system=SYSTEM, object=made.table, name=made.name, type=made.type, kind=guessed.kind)
    )
    return made


def _widened(column: Column, seen: Sequence[Seen]) -> Column:
    """The column with all labels that occur, and own text as long as it must be."""
    if column.type in ("Picklist", MULTIPLE):
        new = _new_labels(column, seen)
        first = max([FIRST_OPTION - 1, *column.options]) + 1
        return replace(column, options={**column.options, **dict(enumerate(new, first))}) if new else column
    longest = max((each.longest for each in seen), default=0)
    if not column.custom or column.length is None or longest <= column.length:
        return column
    if column.type == "String" and longest <= LONG:
        return replace(column, length=longest)
    return replace(column, type="Memo", length=LONGEST, format="TextArea")


def _new_labels(column: Column, seen: Sequence[Seen]) -> list[str]:
    """The labels that the column has no option for; numbers are values."""
    known = {label.lower() for label in column.options.values()}
    texts = (text for each in seen for text in each.values or ())
    parts = (part for text in texts for part in (split(text) if column.type == MULTIPLE else [text]))
    found: dict[str, str] = {}
    for part in parts:
        if part.lower() not in known and not part.replace(",", "").replace(" ", "").isdigit():
            found.setdefault(part.lower(), part)
    return list(found.values())


def _made(table: str, meaning: New, guessed: Guess) -> Column:
    """A custom column as somebody would make it for such values."""
    facts = dict(MADE[guessed.kind])
    if guessed.kind == "text":
        facts["length"] = max(SHORT, guessed.longest)
    choices = ("No", "Yes") if guessed.kind == "checkbox" else guessed.choices
    first = 0 if guessed.kind == "checkbox" else FIRST_OPTION
    return Column(
        table=table,
        name=meaning.name,
        schema_name=meaning.schema_name,
        label=meaning.label,
        required="None",
        creatable=True,
        updatable=True,
        precision=guessed.scale if guessed.kind == "number" else None,
        targets=(),
        part_of=None,
        options=dict(enumerate(choices, first)),
        custom=True,
        **{"length": None, **facts},
    )
