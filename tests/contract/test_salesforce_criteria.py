"""Criteria have two readings, as SOQL and in Python: both pick the same records of an org, over real HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.test_salesforce_connector import Rig, running

from crosswalk.core.criteria import OPERATORS, Criteria, Criterion, Group, Match, Operator, checked
from crosswalk.core.judging import Judge
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.system import Op, Record, Write, WriteOptions
from crosswalk.core.values import NUMBER_KINDS, Kind, Value
from crosswalk.systems.salesforce import Salesforce, soql
from crosswalk.systems.salesforce.criteria import condition_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXTS = (
    *("Ana", "ana", "ANA maría", "MÁLAGA", "málaga", "50% off", "50x off", "a_b", "axb", "O'Neil", '"x"'),
    *(
        "a\\b",
        "a\\_b",
        "a\\%b",
        "\\",
        "日本語",
        "Straße",
        "STRASSE",
        "İstanbul",
        "naïve 🐎",
        "x  y",
        "null",
        "%",
    ),
)
EMAILS = ("ana@example.org", "ANA@example.com", "b_c@example.org", "bxc@example.org")
NUMBERS = ("0", "-1", "1", "1.5", "2.25", "50", "99.99")
DAYS = (
    "2025-12-31",
    "2026-01-01",
    "2026-02-01",
    "2026-02-22",
    "2026-02-28",
    "2026-03-01",
    "2026-03-02",
    "2026-04-01",
)
MOMENTS = (
    *("2026-02-28T22:59:59Z", "2026-02-28T23:00:00Z", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
    *("2026-03-01T12:00:00Z", "2026-03-01T23:00:00Z", "2025-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
)
REGIONS = ("Americas", "Asia Pacific", "Europe")
TOPICS = ("Email", "Phone", "Events", "Webinars")
POOLS: dict[str, Sequence[str]] = {
    "Nickname__c": TEXTS,
    "Title": TEXTS,
    "Notes__c": TEXTS,  # cannot be filtered in SOQL
    "Origin__c": TEXTS,
    "Email": EMAILS,
    "Score__c": NUMBERS,
    "Discount__c": NUMBERS,
    "Birthday__c": DAYS,
    "Birthdate": DAYS,  # SOQL ignores the year
    "Last_Meeting__c": MOMENTS,
    "Region__c": REGIONS,
}
FIELDS = (*POOLS, "Interests__c", "Partner__c")


@dataclass(frozen=True, kw_only=True)
class World:
    """An org with odd people, as it was read."""

    system: Salesforce
    schema: Schema
    records: Sequence[Record]

    def judged(self, criteria: Criteria, now: datetime = NOW) -> set[str]:
        judge = Judge(criteria, self.schema, now)
        return {record.id for record in self.records if judge.meets(record.values)}

    def asked(self, text: str | None) -> set[str]:
        """The ids that the org finds for a condition."""
        statement = soql.select(["Id"], "Contact", where=[text] if text is not None else [])
        found = self.system._client.query(statement).decode(dict)
        assert found["done"]
        return {row["Id"] for row in found["records"]}


def person(dice: random.Random) -> dict[str, Value]:
    """Half of what somebody may have is empty."""
    values: dict[str, Value] = {
        name: dice.choice(pool) if dice.random() < 0.6 else None for name, pool in POOLS.items()
    }
    topics = tuple(sorted(topic for topic in TOPICS if dice.random() < 0.4))
    return {
        **values,
        "LastName": "Ruiz",
        "Interests__c": topics or None,
        "Partner__c": dice.random() < 0.5,
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running("--leads", "0", "--contacts", "0", "--limits", "off") as rig:
        yield _peopled(rig)


def _peopled(rig: Rig) -> World:
    system = rig.open()
    dice = random.Random(4)
    writes = [
        Write(id=number, object="contact", op=Op.CREATE, record_id=None, key=None, values=person(dice))
        for number in range(160)
    ]
    (batch,) = system.batches(writes, WriteOptions())
    receipts = system.send(batch, WriteOptions())
    assert not [problem for receipt in receipts for problem in receipt.problems]
    pages = list(system.feed("contact", list(FIELDS), None, lambda _moment: 0))
    records = [record for page in pages for record in page.records]
    assert len(records) == len(writes)
    return World(system=system, schema=system.describe("contact"), records=records)


KINDS = {
    **dict.fromkeys(("Nickname__c", "Title"), Kind.TEXT),
    "Notes__c": Kind.LONG_TEXT,
    "Origin__c": Kind.CHOICE,
    "Email": Kind.EMAIL,
    "Score__c": Kind.NUMBER,
    "Discount__c": Kind.PERCENT,
    **dict.fromkeys(("Birthday__c", "Birthdate"), Kind.DATE),
    "Last_Meeting__c": Kind.DATETIME,
    "Region__c": Kind.CHOICE,
    "Interests__c": Kind.CHOICES,
    "Partner__c": Kind.BOOLEAN,
}
PARTS = (Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH)
COUNTED = (Operator.LAST_DAYS, Operator.NEXT_DAYS, Operator.DAYS_AGO, Operator.MORE_THAN_DAYS_AGO)


@st.composite
def rows(draw: st.DrawFn) -> Criterion:
    name = draw(st.sampled_from(FIELDS))
    operator = draw(st.sampled_from(OPERATORS[KINDS[name]]))
    return Criterion(field=name, operator=operator, values=draw(values(name, operator)))


def values(name: str, operator: Operator) -> st.SearchStrategy[tuple[str, ...]]:
    """What may stand beside that operator, most of it what somebody holds."""
    pool = st.sampled_from(POOLS.get(name, TOPICS))
    if operator in COUNTED:
        return st.integers(0, 40).map(lambda days: (str(days),))
    if operator in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY, Operator.IS_TRUE, Operator.IS_FALSE):
        return st.just(())
    if operator.is_relative:
        return st.just(())
    if operator.takes_list:
        return st.lists(pool, min_size=1, max_size=3).map(tuple)
    if operator is Operator.BETWEEN:
        ordered = Decimal if KINDS[name] in NUMBER_KINDS else str
        return st.tuples(pool, pool).map(lambda pair: tuple(sorted(pair, key=ordered)))
    if operator in PARTS:
        return pool.flatmap(_part).map(lambda text: (text,))
    return pool.map(lambda text: (text,))


def _part(text: str) -> st.SearchStrategy[str]:
    starts = st.integers(0, len(text) - 1)
    return starts.flatmap(
        lambda start: st.integers(start + 1, len(text)).map(lambda end: text[start:end])
    ).filter(lambda part: bool(part.strip()))


MATCHES = st.sampled_from(Match)
GROUPS = st.builds(Group, match=MATCHES, rows=st.lists(rows(), min_size=1, max_size=3).map(tuple))
CRITERIA = st.builds(
    Criteria,
    match=MATCHES,
    rows=st.lists(rows(), min_size=1, max_size=3).map(tuple),
    groups=st.lists(GROUPS, max_size=2).map(tuple),
    zone=st.sampled_from(["UTC", "Europe/Madrid", "America/New_York"]),
)


@settings(max_examples=250)
@given(row=rows(), zone=st.sampled_from(["UTC", "Europe/Madrid", "America/New_York"]))
def test_one_row_picks_the_same_records_in_soql_and_in_python(
    world: World, row: Criterion, zone: str
) -> None:
    _agree(world, Criteria(rows=(row,), zone=zone))


@settings(max_examples=250)
@given(criteria=CRITERIA)
def test_combined_rows_pick_the_same_records_in_soql_and_in_python(world: World, criteria: Criteria) -> None:
    _agree(world, criteria)


def _agree(world: World, given: Criteria) -> None:
    criteria = checked(given, world.schema)
    condition = condition_of(Selection(kind=SelectionKind.CRITERIA, criteria=criteria), world.schema, NOW)

    judged, asked = world.judged(criteria), world.asked(condition.text)

    assert judged <= asked
    if condition.exact:
        assert asked == judged, condition.text


@settings(max_examples=150)
@given(criteria=CRITERIA, days=st.integers(0, 800))
def test_a_first_reading_brings_all_that_time_alone_will_select(
    world: World, criteria: Criteria, days: int
) -> None:
    criteria = checked(criteria, world.schema)
    chosen = Selection(kind=SelectionKind.CRITERIA, criteria=criteria)
    condition = condition_of(chosen, world.schema, NOW, lasting=True)

    assert world.judged(criteria, NOW + timedelta(days=days)) <= world.asked(condition.text)


def test_the_count_is_that_of_the_records_and_of_their_emails(world: World) -> None:
    row = Criterion(field="Region__c", operator=Operator.NONE_OF, values=("Europe",))
    criteria = checked(Criteria(rows=(row,)), world.schema)

    counted = world.system.count("contact", Selection(kind=SelectionKind.CRITERIA, criteria=criteria))

    taken = [record for record in world.records if record.values["Region__c"] != "Europe"]
    assert (counted.records, counted.exact) == (len(taken), True)
    assert counted.with_email == sum(record.key is not None for record in taken)
