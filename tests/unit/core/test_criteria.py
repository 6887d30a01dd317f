"""Criteria: what may be asked of which field, and how a record's values are judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crosswalk.core.criteria import (
    OPERATORS,
    Criteria,
    Criterion,
    Group,
    Match,
    Operator,
    checked,
    require,
)
from crosswalk.core.failures import UserError
from crosswalk.core.judging import Judge
from crosswalk.core.schema import Field, Option, Schema
from crosswalk.core.values import Kind, Value

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def field(name: str, kind: Kind, *options: str, restricted: bool = False) -> Field:
    return Field(
        name=name,
        label=f"The {name}",
        kind=kind,
        vendor_type=kind.value,
        options=tuple(Option(value=each, label=each.upper()) for each in options),
        restricted=restricted,
    )


FIELDS = (
    field("Email", Kind.EMAIL),
    field("City", Kind.TEXT),
    field("Score", Kind.NUMBER),
    field("Vip", Kind.BOOLEAN),
    field("Born", Kind.DATE),
    field("Seen", Kind.DATETIME),
    field("Wakes", Kind.TIME),
    field("Rating", Kind.CHOICE, "hot", "cold", restricted=True),
    field("Source", Kind.CHOICE, "web"),
    field("Topics", Kind.CHOICES, "news", "events", restricted=True),
    field("Owner", Kind.REFERENCE),
    field("Address", Kind.OTHER),
)
SCHEMA = Schema(object="lead", fields={each.name: each for each in FIELDS}, email="Email")


def row(name: str, operator: Operator, *values: str) -> Criterion:
    return Criterion(field=name, operator=operator, values=values)


def one(name: str, operator: Operator, *values: str) -> Criteria:
    return checked(Criteria(rows=(row(name, operator, *values),)), SCHEMA)


def meets(criteria: Criteria, **values: Value) -> bool:
    return Judge(criteria, SCHEMA, NOW).meets(values)


O = Operator  # noqa: E741 -- many rows below
YES = [
    ("City", O.EQUALS, ["málaga"], "MÁLAGA"),
    ("City", O.EQUALS, ["  Bilbao "], "Bilbao"),
    ("City", O.NOT_EQUALS, ["Bilbao"], None),
    ("City", O.NOT_EQUALS, ["Bilbao"], "Sevilla"),
    ("City", O.CONTAINS, ["a_b%"], "xA_B%y"),
    ("City", O.CONTAINS, ["o n"], "Bilbao Norte"),
    ("City", O.NOT_CONTAINS, ["x"], None),
    ("City", O.STARTS_WITH, ["bil"], "Bilbao"),
    ("City", O.ONE_OF, ["Bilbao", "sevilla"], "SEVILLA"),
    ("City", O.NONE_OF, ["Bilbao"], None),
    ("City", O.IS_EMPTY, [], None),
    ("City", O.IS_NOT_EMPTY, [], "0"),
    ("Score", O.EQUALS, ["1.50"], "1.5"),
    ("Score", O.NOT_EQUALS, ["0"], None),
    ("Score", O.LESS, ["10"], "9.99"),
    ("Score", O.AT_MOST, ["10"], "10"),
    ("Score", O.GREATER, ["-1"], "0"),
    ("Score", O.AT_LEAST, ["10"], "10"),
    ("Score", O.BETWEEN, ["-2", "10"], "9"),
    ("Vip", O.IS_TRUE, [], True),
    ("Vip", O.IS_FALSE, [], False),
    ("Vip", O.IS_FALSE, [], None),
    ("Born", O.ON, ["2000-02-29"], "2000-02-29"),
    ("Born", O.BEFORE, ["2000-02-29"], "2000-02-28"),
    ("Born", O.AFTER, ["2000-02-29"], "2000-03-01"),
    ("Born", O.BETWEEN, ["2000-01-01", "2000-12-31"], "2000-12-31"),
    ("Born", O.LAST_DAYS, ["3"], "2026-02-26"),
    ("Seen", O.ON, ["2026-03-01"], "2026-03-01T23:59:59Z"),
    ("Seen", O.AFTER, ["2026-03-01T10:00:00+01:00"], "2026-03-01T09:00:01Z"),
    ("Seen", O.TODAY, [], "2026-03-01T00:00:00Z"),
    ("Rating", O.ONE_OF, ["HOT", "Cold"], "hot"),
    ("Topics", O.INCLUDES_ANY, ["news"], ("events", "news")),
    ("Topics", O.INCLUDES_ALL, ["news", "events"], ("events", "news")),
    ("Topics", O.EXCLUDES, ["news"], ("events",)),
    ("Topics", O.EXCLUDES, ["news"], None),
    ("Owner", O.EQUALS, ["005A"], "005A"),
]
NO = [
    ("City", O.EQUALS, ["Bilbao"], None),
    ("City", O.CONTAINS, ["a_b"], "axb"),
    ("City", O.STARTS_WITH, ["bao"], "Bilbao"),
    ("City", O.NOT_CONTAINS, ["BAO"], "Bilbao"),
    ("City", O.IS_NOT_EMPTY, [], None),
    ("Score", O.LESS, ["10"], None),
    ("Score", O.NOT_EQUALS, ["0"], "0"),
    ("Score", O.BETWEEN, ["1", "10"], "10.01"),
    ("Vip", O.IS_TRUE, [], None),
    ("Born", O.BEFORE, ["2000-02-29"], "2000-02-29"),
    ("Born", O.AFTER, ["2000-02-29"], "2000-02-29"),
    ("Born", O.LAST_DAYS, ["3"], "2026-02-25"),
    ("Born", O.TODAY, [], None),
    ("Seen", O.ON, ["2026-03-01"], "2026-03-02T00:00:00Z"),
    ("Topics", O.INCLUDES_ALL, ["news", "events"], ("news",)),
    ("Topics", O.INCLUDES_ANY, ["news"], None),
    ("Owner", O.EQUALS, ["005A"], "005a"),
]


@pytest.mark.parametrize(("name", "operator", "values", "value"), YES)
def test_a_value_that_meets_its_row(name: str, operator: Operator, values: list[str], value: Value) -> None:
    assert meets(one(name, operator, *values), **{name: value})


@pytest.mark.parametrize(("name", "operator", "values", "value"), NO)
def test_a_value_that_does_not(name: str, operator: Operator, values: list[str], value: Value) -> None:
    assert not meets(one(name, operator, *values), **{name: value})


@pytest.mark.parametrize(("name", "operator", "values"), [case[:3] for case in YES])
def test_an_unknown_value_meets_no_row(name: str, operator: Operator, values: list[str]) -> None:
    assert not meets(one(name, operator, *values))


def test_rows_and_groups_are_combined_as_they_say() -> None:
    warm = Group(match=Match.ANY, rows=(row("Rating", O.EQUALS, "hot"), row("Score", O.AT_LEAST, "50")))
    both = checked(Criteria(rows=(row("City", O.EQUALS, "Bilbao"),), groups=(warm,)), SCHEMA)
    either = replace(both, match=Match.ANY)

    assert meets(both, City="Bilbao", Rating="cold", Score="50")
    assert not meets(both, City="Bilbao", Rating="cold", Score="49")
    assert not meets(both, City="Sevilla", Rating="hot", Score=None)
    assert meets(either, City="Sevilla", Rating="hot", Score=None)
    assert not meets(either, City="Sevilla", Rating="cold", Score=None)


def test_unmet_rows_are_named() -> None:
    criteria = checked(
        Criteria(rows=(row("City", O.EQUALS, "Bilbao"), row("Rating", O.ONE_OF, "hot", "cold"))), SCHEMA
    )

    unmet = Judge(criteria, SCHEMA, NOW).unmet({"City": "Bilbao", "Rating": None})

    assert [str(each) for each in unmet] == ["Rating one_of hot, cold"]


def test_a_turn_is_the_first_of_all_relative_rows() -> None:
    criteria = checked(
        Criteria(rows=(row("Born", O.LAST_DAYS, "3"), row("Seen", O.NEXT_DAYS, "2")), zone="Europe/Madrid"),
        SCHEMA,
    )
    judge = Judge(criteria, SCHEMA, NOW)

    assert judge.turns_at({"Born": "2026-02-28", "Seen": None}) == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert judge.turns_at({"Born": "2026-02-28", "Seen": "2026-03-03T10:00:00Z"}) == datetime(
        2026, 3, 2, 23, tzinfo=UTC
    )
    assert judge.turns_at({"Born": "2020-01-01", "Seen": None}) is None


def test_fields_may_be_named_by_label_and_options_too() -> None:
    criteria = one("the rating", O.ONE_OF, "HOT")

    assert criteria.rows == (row("Rating", O.ONE_OF, "hot"),)


@pytest.mark.parametrize(
    ("criterion", "message", "cure"),
    [
        (row("Nope", O.EQUALS, "x"), "there is no field Nope", "take the row out"),
        (row("City", O.LESS, "x"), "City (text) cannot be compared with “less”", "starts_with"),
        (row("Address", O.IS_EMPTY), "Address (other) cannot be compared", "another field"),
        (row("Score", O.EQUALS, "ten"), "“ten” is no value for Score (number)", "12.5"),
        (row("Born", O.ON, "1.3.2026"), "“1.3.2026” is no value for Born", "2026-03-01"),
        (row("Seen", O.AFTER, "2026-03-01T10:00:00"), "no value for Seen", "with its zone"),
        (row("Born", O.LAST_DAYS, "many"), "“many” is no value", "number of days"),
        (row("Born", O.LAST_DAYS, "10001"), "“10001” is no value", "0 to 10000"),
        (row("Rating", O.ONE_OF, "lukewarm"), "“lukewarm” is no value for Rating", "hot, cold"),
        (row("City", O.EQUALS, " "), "is no value for City", "one line"),
        (row("City", O.CONTAINS, "a\nb"), "is no value for City", "one line"),
        (row("City", O.EQUALS), "has 0 values, but “equals” takes one value", ""),
        (row("City", O.IS_EMPTY, "x"), "takes no value", ""),
        (row("Score", O.BETWEEN, "1"), "takes two values", ""),
        (row("Score", O.BETWEEN, "10", "9"), "can never hold", "smaller value first"),
        (row("Born", O.BETWEEN, "2026-03-02", "2026-03-01"), "can never hold", "smaller"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(criterion: Criterion, message: str, cure: str) -> None:
    with pytest.raises(UserError) as refused:
        checked(Criteria(rows=(criterion,)), SCHEMA)

    assert message in str(refused.value)
    assert cure in refused.value.cure


@pytest.mark.parametrize(
    "criteria", [Criteria(), Criteria(rows=(row("City", O.IS_EMPTY),), groups=(Group(),))]
)
def test_criteria_without_rows_are_refused(criteria: Criteria) -> None:
    with pytest.raises(UserError, match="at least one row"):
        checked(criteria, SCHEMA)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Europe", "../etc/passwd"])
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(UserError, match="There is no time zone"):
        checked(Criteria(rows=(row("City", O.IS_EMPTY),), zone=zone), SCHEMA)


def test_saved_criteria_outlive_an_option_but_not_a_field() -> None:
    criteria = one("Rating", O.EQUALS, "hot")
    without_option = {**SCHEMA.fields, "Rating": replace(SCHEMA.fields["Rating"], options=())}
    require(criteria, replace(SCHEMA, fields=without_option))

    retyped = {**SCHEMA.fields, "Rating": replace(SCHEMA.fields["Rating"], kind=Kind.NUMBER)}
    with pytest.raises(UserError, match="“hot” is no value for Rating"):
        require(criteria, replace(SCHEMA, fields=retyped))
    with pytest.raises(UserError, match="no field Rating"):
        require(criteria, replace(SCHEMA, fields={"Email": SCHEMA.fields["Email"]}))


def test_every_operator_is_for_some_kind_of_field() -> None:
    assert {operator for allowed in OPERATORS.values() for operator in allowed} == set(Operator)
