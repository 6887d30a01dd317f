"""Criteria as a form: what a person has put together so far, right or wrong, to and from the fields of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from crosswalk.core import criteria as checking
from crosswalk.core.criteria import OPERATORS, Criteria, Criterion, Group, Match, Operator
from crosswalk.core.failures import UserError
from crosswalk.core.schema import Schema
from crosswalk.core.zones import zone_named

Sent = Mapping[str, Sequence[str]]  # names of a form's fields → what was sent
_PLACE = re.compile(r"(?:group-(\d{1,3})-)?row-(\d{1,3})-field")
MOST_ROWS = 100  # of the whole or of a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as far as it is filled in."""

    field: str
    operator: str = ""
    values: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Rows in brackets."""

    match: str = Match.ANY.value
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Criteria as far as they are filled in."""

    match: str = Match.ALL.value
    rows: tuple[Row, ...] = ()
    groups: tuple[Bracket, ...] = ()
    zone: str = ""  # empty: nobody chose one yet
    error: str = ""  # of the whole
    zone_error: str = ""

    def all_rows(self) -> Iterator[tuple[str, Row]]:
        """Yield every row with the prefix of its fields' names."""
        for number, row in enumerate(self.rows):
            yield f"row-{number}", row
        for place, group in enumerate(self.groups):
            for number, row in enumerate(group.rows):
                yield f"group-{place}-row-{number}", row

    @property
    def is_wrong(self) -> bool:
        """Tell whether something has to be corrected."""
        return bool(self.error or self.zone_error) or any(row.error for _prefix, row in self.all_rows())


def draft_of(criteria: Criteria | None) -> Draft:
    """Return criteria as a form shows them."""
    if criteria is None:
        return Draft()
    groups = tuple(Bracket(match=each.match.value, rows=_rows(each.rows)) for each in criteria.groups)
    return Draft(match=criteria.match.value, rows=_rows(criteria.rows), groups=groups, zone=criteria.zone)


def _rows(rows: Sequence[Criterion]) -> tuple[Row, ...]:
    return tuple(Row(field=row.field, operator=row.operator.value, values=row.values) for row in rows)


# --- what was sent -------------------------------------------------------------------------------------------------


def read(sent: Sent) -> Draft:
    """Return what somebody sent. Values of a list come one by one, or each in a line of `…-lines`."""
    places: dict[int | None, list[int]] = {}
    for name in sent:
        if found := _PLACE.fullmatch(name):
            group = None if found[1] is None else int(found[1])
            places.setdefault(group, []).append(int(found[2]))
    rows = {group: _read_rows(sent, group, sorted(numbers)[:MOST_ROWS]) for group, numbers in places.items()}
    groups = tuple(
        Bracket(match=_one(sent, f"group-{group}-match", Match.ANY.value), rows=rows[group])
        for group in sorted(each for each in rows if each is not None)
    )
    match, zone = _one(sent, "match", Match.ALL.value), _one(sent, "zone", "")
    return Draft(match=match, rows=rows.get(None, ()), groups=groups, zone=zone)


def _read_rows(sent: Sent, group: int | None, numbers: Sequence[int]) -> tuple[Row, ...]:
    start = "" if group is None else f"group-{group}-"
    return tuple(_read_row(sent, f"{start}row-{number}") for number in numbers)


def _read_row(sent: Sent, prefix: str) -> Row:
    lines = [line.strip("\r") for text in sent.get(f"{prefix}-lines", ()) for line in text.split("\n")]
    values = [*sent.get(f"{prefix}-value", ()), *(line for line in lines if line.strip())]
    operator = _one(sent, f"{prefix}-operator", "")
    return Row(field=_one(sent, f"{prefix}-field", ""), operator=operator, values=tuple(values))


def _one(sent: Sent, name: str, default: str) -> str:
    values = sent.get(name) or [default]
    return values[0]


# --- changes -------------------------------------------------------------------------------------------------------


def added(draft: Draft, field: str, to: str) -> Draft:
    """Return a draft with another row; `to` is empty, the number of a group, or `new` for a group of its own."""
    row = Row(field=field)
    if to == "new":
        other = Match.ANY if draft.match == Match.ALL else Match.ALL
        return replace(draft, groups=(*draft.groups, Bracket(match=other.value, rows=(row,))))
    if to.isdigit() and int(to) < len(draft.groups):
        groups = tuple(
            replace(group, rows=(*group.rows, row)) if number == int(to) else group
            for number, group in enumerate(draft.groups)
        )
        return replace(draft, groups=groups)
    return replace(draft, rows=(*draft.rows, row))


def removed(draft: Draft, prefix: str) -> Draft:
    """Return a draft without a row; a group goes with its last one."""
    rows = tuple(row for number, row in enumerate(draft.rows) if f"row-{number}" != prefix)
    groups = [
        replace(
            group,
            rows=tuple(
                row for number, row in enumerate(group.rows) if f"group-{place}-row-{number}" != prefix
            ),
        )
        for place, group in enumerate(draft.groups)
    ]
    return replace(draft, rows=rows, groups=tuple(group for group in groups if group.rows))


Change = Callable[[Row], Row]


# --- checks --------------------------------------------------------------------------------------------------------


def fitted(draft: Draft, schema: Schema) -> Draft:
    """Return a draft in which every row has an operator that its field allows, and no more values than it takes."""
    return _each(draft, lambda row: _fitted(row, schema))


def _fitted(row: Row, schema: Schema) -> Row:
    field = schema.fields.get(row.field)
    allowed = OPERATORS.get(field.kind, ()) if field else ()
    if not allowed:
        return row
    operator = row.operator if row.operator in allowed else allowed[0].value
    most = None if Operator(operator).takes_list else checking.most_values(Operator(operator))
    return replace(row, operator=operator, values=row.values[:most])


def checked(draft: Draft, schema: Schema) -> tuple[Draft, Criteria | None]:
    """Return a draft with what is wrong beside each row, and the criteria it says; None while something is wrong."""
    told = _each(fitted(draft, schema), lambda row: replace(row, error=_wrong(row, schema, draft.zone)))
    told = replace(told, zone_error=_wrong_zone(draft.zone))
    if not any(True for _row in told.all_rows()):
        told = replace(told, error=_("Add at least one condition."))
    if told.is_wrong:
        return told, None
    criteria = Criteria(
        match=_match(told.match),
        rows=_criterions(told.rows),
        groups=tuple(Group(match=_match(each.match), rows=_criterions(each.rows)) for each in told.groups),
        zone=told.zone or "UTC",
    )
    return told, checking.checked(criteria, schema)


def _each(draft: Draft, change: Change) -> Draft:
    groups = tuple(replace(group, rows=tuple(map(change, group.rows))) for group in draft.groups)
    return replace(draft, rows=tuple(map(change, draft.rows)), groups=groups)


def _match(text: str) -> Match:
    return Match.ANY if text == Match.ANY else Match.ALL


def _criterions(rows: Sequence[Row]) -> tuple[Criterion, ...]:
    return tuple(
        Criterion(field=row.field, operator=Operator(row.operator), values=row.values) for row in rows
    )


def _wrong_zone(zone: str) -> str:
    try:
        zone_named(zone or "UTC")
    except UserError as error:
        return f"{error} {error.cure}"
    return ""


def _wrong(row: Row, schema: Schema, zone: str) -> str:
    """Return what is wrong with a row, as it stands beside it."""
    if row.field not in schema.fields:
        return _("The CRM has no such field any more. Take the condition out.")
    if not OPERATORS.get(schema.fields[row.field].kind):
        return _("Records cannot be chosen by this field. Take the condition out.")
    if len(row.values) < checking.least_values(Operator(row.operator)) or not all(
        value.strip() for value in row.values
    ):
        return _("Something is missing here.")
    try:
        checking.checked(
            Criteria(rows=_criterions([row]), zone="UTC" if _wrong_zone(zone) else zone or "UTC"), schema
        )
    except UserError as error:
        return error.cure or str(error)
    return ""
