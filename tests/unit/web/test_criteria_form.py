"""Criteria as a form: what is saved comes back as it was, and what is wrong stands beside its row."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.criteria import (
    OPERATORS,
    Criteria,
    Criterion,
    Group,
    Match,
    Operator,
    checked,
    least_values,
)
from crosswalk.core.schema import Field, Option, Schema
from crosswalk.core.values import NUMBER_KINDS, Kind
from crosswalk.web.setup import criteria_form
from crosswalk.web.setup.criteria_form import Draft, Row

OPTIONS = tuple(Option(value=value, label=f"Label of {value}") for value in ("hot", "warm & dry", "cöld"))
SCHEMA = Schema(
    object="lead",
    email="email",
    fields={
        kind.value: Field(
            name=kind.value,
            label=kind.value.title(),
            kind=kind,
            vendor_type=kind.value,
            options=OPTIONS if kind in (Kind.CHOICE, Kind.CHOICES) else (),
            restricted=True,
        )
        for kind in OPERATORS
    },
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\x00"), min_size=1).filter(
    lambda text: bool(text.strip())
)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000)
days = st.dates(date(1800, 1, 1), date(2900, 1, 1)).map(date.isoformat)


def _values(kind: Kind, operator: Operator) -> st.SearchStrategy[str]:
    if operator.is_relative:
        return st.integers(0, 10_000).map(str)
    if kind in NUMBER_KINDS:
        return numbers.map(str)
    if kind in (Kind.DATE, Kind.DATETIME):
        return days
    options = st.sampled_from([option.value for option in OPTIONS])
    return options if kind in (Kind.CHOICE, Kind.CHOICES) else texts


@st.composite
def rows(draw: st.DrawFn) -> Criterion:
    kind = draw(st.sampled_from(sorted(OPERATORS)))
    operator = draw(st.sampled_from(OPERATORS[kind]))
    least = least_values(operator)
    count = draw(st.integers(1, 4)) if operator.takes_list else least
    values = draw(st.lists(_values(kind, operator), min_size=count, max_size=count))
    if operator is Operator.BETWEEN:
        values.sort(key=float if kind in NUMBER_KINDS else str)
    return Criterion(field=kind.value, operator=operator, values=tuple(values))


groups = st.builds(
    Group, match=st.sampled_from(Match), rows=st.lists(rows(), min_size=1, max_size=3).map(tuple)
)
criteria = st.builds(
    Criteria,
    match=st.sampled_from(Match),
    rows=st.lists(rows(), min_size=1, max_size=3).map(tuple),
    groups=st.lists(groups, max_size=2).map(tuple),
    zone=st.sampled_from(["UTC", "Europe/Madrid"]),
)


def sent(draft: Draft) -> dict[str, list[str]]:
    """What a browser sends of a draft: lists of free texts line by line, with its own ends of lines."""
    fields = {"match": [draft.match], "zone": [draft.zone]}
    for number, group in enumerate(draft.groups):
        fields[f"group-{number}-match"] = [group.match]
    for prefix, row in draft.all_rows():
        fields[f"{prefix}-field"], fields[f"{prefix}-operator"] = [row.field], [row.operator]
        if Operator(row.operator).takes_list and not SCHEMA.fields[row.field].options:
            fields[f"{prefix}-lines"] = ["".join(f"{value}\r\n" for value in row.values)]
        else:
            fields[f"{prefix}-value"] = list(row.values)
    return fields


@given(criteria)
def test_criteria_survive_the_form(given_criteria: Criteria) -> None:
    saved = checked(given_criteria, SCHEMA)
    draft = criteria_form.draft_of(saved)
    told, again = criteria_form.checked(criteria_form.read(sent(draft)), SCHEMA)
    assert [row.error for _prefix, row in told.all_rows() if row.error] == []
    assert again == saved


@given(criteria, st.data())
def test_each_row_can_be_taken_out_alone(given_criteria: Criteria, data: st.DataObject) -> None:
    draft = criteria_form.draft_of(checked(given_criteria, SCHEMA))
    before = dict(draft.all_rows())
    prefix = data.draw(st.sampled_from(sorted(before)))
    left = [row for _prefix, row in criteria_form.removed(draft, prefix).all_rows()]
    assert left == [row for each, row in before.items() if each != prefix]


def test_a_field_of_another_kind_gets_an_operator_that_it_has() -> None:
    draft = Draft(rows=(Row(field="boolean", operator="contains", values=("x",)), Row(field="gone")))
    fitted = criteria_form.fitted(draft, SCHEMA)
    assert fitted.rows[0] == Row(field="boolean", operator="is_true")
    assert fitted.rows[1] == Row(field="gone")


def test_a_row_goes_to_the_group_that_was_named_or_to_one_of_its_own() -> None:
    draft = criteria_form.added(criteria_form.added(Draft(), "text", "new"), "number", "0")
    assert [row.field for row in draft.groups[0].rows] == ["text", "number"]
    assert draft.groups[0].match == "any"  # beside “all of them”
    assert [row.field for row in criteria_form.added(draft, "date", "7").rows] == ["date"]
