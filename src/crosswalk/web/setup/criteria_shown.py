"""How a draft of criteria looks: for every row the operators of its field, and a control that its values fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core.criteria import OPERATORS, Criteria, Criterion, Match, Operator, least_values
from crosswalk.core.criteria_words import MATCHES, operator_word, unit_word
from crosswalk.core.language import gettext as _core
from crosswalk.core.schema import Field, Option, Schema
from crosswalk.core.values import NUMBER_KINDS, Kind

from .criteria_form import Draft, Row

_DAY = len("YYYY-MM-DD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that may be chosen."""

    value: str
    label: str | Promise
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row as a template shows it."""

    prefix: str
    field: str
    label: str
    operators: Sequence[Choice]
    control: str  # none | text | number | days | date | lines | select | boxes
    values: Sequence[str]  # of the inputs, one of each
    unit: str  # behind them
    choices: Sequence[Choice]
    error: str
    has_focus: bool  # it has just come, or it is the first with something to correct


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """Rows in brackets, or those that stand by themselves."""

    name: str  # of the control of how they are combined
    matches: Sequence[Choice]
    rows: Sequence[ShownRow]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The whole editor."""

    top: ShownGroup
    groups: Sequence[ShownGroup]
    places: Sequence[Choice]  # where another row may go
    fields: Sequence[Choice]
    error: str
    zone: str
    zone_error: str


def shown(draft: Draft, schema: Schema, *, new: str = "") -> Shown:
    """Return a draft as the template shows it; `new` is the prefix of the row that has just come."""
    wrong = next((prefix for prefix, row in draft.all_rows() if row.error), "")
    focus = new or wrong
    rows = {prefix: _row(prefix, row, schema, has_focus=prefix == focus) for prefix, row in draft.all_rows()}
    groups = [
        ShownGroup(
            name=f"group-{place}-match",
            matches=_matches(group.match),
            rows=[rows[f"group-{place}-row-{number}"] for number in range(len(group.rows))],
            title=_("Group %(number)s") % {"number": place + 1},
        )
        for place, group in enumerate(draft.groups)
    ]
    top = [rows[f"row-{number}"] for number in range(len(draft.rows))]
    return Shown(
        top=ShownGroup(name="match", matches=_matches(draft.match), rows=top),
        groups=groups,
        places=_places(groups),
        fields=_fields(schema),
        error=draft.error,
        zone=draft.zone,
        zone_error=draft.zone_error,
    )


def _matches(chosen: str) -> list[Choice]:
    return [
        Choice(value=match.value, label=_core(word), is_chosen=match.value == chosen)
        for match, word in MATCHES.items()
    ]


def _places(groups: Sequence[ShownGroup]) -> list[Choice]:
    return [
        Choice(value="", label=_("the conditions above")),
        *(Choice(value=str(number), label=group.title) for number, group in enumerate(groups)),
        Choice(value="new", label=_("a new group")),
    ]


def _fields(schema: Schema) -> list[Choice]:
    """Return the fields by which records can be chosen, under their labels; those that share one have names too."""
    usable = [field for field in schema.fields.values() if OPERATORS.get(field.kind)]
    labels = [field.label for field in usable]
    doubles = {label for label in labels if labels.count(label) > 1}
    named = [
        Choice(
            value=field.name, label=f"{field.label} ({field.name})" if field.label in doubles else field.label
        )
        for field in usable
    ]
    return sorted(named, key=lambda choice: str(choice.label).casefold())


def _row(prefix: str, row: Row, schema: Schema, *, has_focus: bool) -> ShownRow:
    field = schema.fields.get(row.field)
    allowed = OPERATORS.get(field.kind, ()) if field is not None else ()
    control, choices, values = "none", list[Choice](), list(row.values)
    if field is not None and row.operator in allowed:
        control, choices = _control(field, Operator(row.operator), row.values)
        values = _inputs(Operator(row.operator), row.values)
    return ShownRow(
        prefix=prefix,
        field=row.field,
        label=field.label if field is not None else row.field,
        operators=[
            Choice(value=each.value, label=operator_word(each), is_chosen=each.value == row.operator)
            for each in allowed
        ],
        control=control,
        values=values,
        unit=unit_word(Operator(row.operator)) if control == "days" else "",
        choices=choices,
        error=row.error,
        has_focus=has_focus,
    )


def _inputs(operator: Operator, values: Sequence[str]) -> list[str]:
    missing = least_values(operator) - len(values)
    return [*values, *[""] * missing]


def _control(field: Field, operator: Operator, values: Sequence[str]) -> tuple[str, list[Choice]]:
    """Return by what values are given, and what there is to choose from."""
    if least_values(operator) == 0:
        return "none", []
    if operator.is_relative:
        return "days", []
    if field.kind in NUMBER_KINDS:
        return "number", []
    if field.kind in (Kind.DATE, Kind.DATETIME):  # a time of day can be given on the command line alone
        return ("date" if all(len(value) <= _DAY for value in values) else "text"), []
    if field.options and operator.takes_list:
        return "boxes", _options(field.options, values)
    if field.options and operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        return "select", _options(field.options, values)
    return ("lines" if operator.takes_list else "text"), []


def _options(options: Sequence[Option], values: Sequence[str]) -> list[Choice]:
    """Return the options, and values that are none (any more)."""
    wanted = {value.casefold() for value in values}
    known = {option.value.casefold() for option in options}
    strangers = [value for value in values if value and value.casefold() not in known]
    return [
        *(
            Choice(value=each.value, label=each.label, is_chosen=each.value.casefold() in wanted)
            for each in options
        ),
        *(Choice(value=value, label=value, is_chosen=True) for value in strangers),
    ]


# --- in one sentence -----------------------------------------------------------------------------------------------


def told(criteria: Criteria, schema: Schema) -> list[str]:
    """Return criteria as lines to read; a group is one line."""
    lines = [_told_row(row, schema) for row in criteria.rows]
    for group in criteria.groups:
        word = _(" or ") if group.match is Match.ANY else _(" and ")
        lines.append(word.join(_told_row(row, schema) for row in group.rows))
    return lines


def _told_row(row: Criterion, schema: Schema) -> str:
    field = schema.fields.get(row.field)
    label = field.label if field is not None else row.field
    labels = {option.value: option.label for option in field.options} if field is not None else {}
    values = ", ".join(labels.get(value, value) for value in row.values)
    said = [label, operator_word(row.operator), values, unit_word(row.operator)]
    return " ".join(filter(None, said))
