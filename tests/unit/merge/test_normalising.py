"""The law: a vendor that normalises settles within two rounds, is written once, and writes nothing back."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.core.mapping import Side
from crosswalk.core.schema import Field
from crosswalk.core.values import (
    Kind,
    Value,
    choices_value,
    clean_text,
    datetime_text,
    normal_email,
    number_text,
    parse_moment,
)
from crosswalk.merge import (
    DecisionKind,
    FieldCase,
    FieldPlan,
    decide,
    kept_differently,
    stored_differently,
)

from .build import field, plan

Normalise = Callable[[str], Value]
EITHER = tuple(Side)
ONLY_ACTIVECAMPAIGN = (Side.ACTIVECAMPAIGN,)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(clean_text)
words = st.text("ab éﬁ①e\u0301\t\n\r ", min_size=1).filter(clean_text)
phones = st.text("0123456789 +-().", min_size=1).filter(lambda text: any(c.isdecimal() for c in text))
emails = st.from_regex(r"[A-Za-z]{1,8}@[A-Z]?[a-z]{1,5}\.(org|COM)", fullmatch=True)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6)
moments = st.datetimes(
    min_value=datetime.fromisoformat("1990-01-01"), max_value=datetime.fromisoformat("2090-01-01")
)


def _rounded(places: int) -> Normalise:
    return lambda text: number_text(round(Decimal(text), places))


def _zoned(text: str) -> Value:
    return datetime_text(parse_moment(text).astimezone(timezone(timedelta(hours=-6))).isoformat())


def _cut(text: str) -> Value:
    return clean_text(text[:3])


# what a vendor does, to which kind of field, from which values, and which sides' vendors do it
HABITS: dict[str, tuple[Normalise, Kind, st.SearchStrategy[Value], Sequence[Side]]] = {
    "trims and joins blanks": (lambda text: clean_text(" ".join(text.split())), Kind.TEXT, words, EITHER),
    "makes other line ends": (
        lambda text: clean_text(text.replace("\n", "\r\n")),
        Kind.LONG_TEXT,
        words,
        EITHER,
    ),
    "composes letters": (
        lambda text: clean_text(unicodedata.normalize("NFKC", text)),
        Kind.TEXT,
        words,
        EITHER,
    ),
    "takes letters apart": (
        lambda text: clean_text(unicodedata.normalize("NFD", text)),
        Kind.TEXT,
        texts,
        EITHER,
    ),
    "lowers addresses": (str.lower, Kind.EMAIL, emails, EITHER),
    "lowers options": (str.lower, Kind.CHOICE, st.sampled_from(["Hot", "Warm", "Île"]), EITHER),
    "keeps digits of phones": (lambda text: "".join(filter(str.isdecimal, text)), Kind.PHONE, phones, EITHER),
    "groups digits": (
        lambda text: " ".join(filter(str.isdecimal, text)),
        Kind.PHONE,
        phones,
        EITHER,
    ),
    "rounds to two places": (_rounded(2), Kind.NUMBER, numbers.map(number_text), EITHER),
    "rounds to whole numbers": (_rounded(0), Kind.CURRENCY, numbers.map(number_text), EITHER),
    "keeps numbers as floats": (
        lambda text: number_text(repr(float(text))),
        Kind.NUMBER,
        numbers.map(number_text),
        EITHER,
    ),
    "cuts seconds": (
        lambda text: f"{text[:17]}00Z",
        Kind.DATETIME,
        moments.map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"),
        EITHER,
    ),
    "cuts seconds of times": (
        lambda text: f"{text[:6]}00",
        Kind.TIME,
        moments.map(lambda moment: f"{moment:%H:%M:%S}"),
        EITHER,
    ),
    "has another time zone": (
        _zoned,
        Kind.DATETIME,
        moments.map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"),
        EITHER,
    ),
    "cuts texts of unknown length": (_cut, Kind.TEXT, words, ONLY_ACTIVECAMPAIGN),
}


class World:
    """One field, one side that a person fills, and the other side's vendor, who stores what it likes."""

    def __init__(self, plan: FieldPlan, target: Side, normalise: Callable[[Value], Value]) -> None:
        self.plan, self.target, self.normalise = plan, target, normalise
        self.now: dict[Side, Value] = dict.fromkeys(Side)
        self.shadows: dict[Side, Value] = dict.fromkeys(Side)
        self.unconfirmed = False
        self.written: list[Side] = []

    def round(self) -> None:
        """Read both sides, decide, write."""
        self._confirm()
        decision = decide(
            self.plan,
            FieldCase(
                self.now[Side.CRM],
                self.now[Side.ACTIVECAMPAIGN],
                self.shadows[Side.CRM],
                self.shadows[Side.ACTIVECAMPAIGN],
            ),
        )
        if decision.shadows is not None:
            self.shadows = dict(zip(Side, decision.shadows, strict=True))
        for side, value in decision.offers.items():
            self.written.append(side)
            self.now[side] = self.normalise(value)
            self.unconfirmed = True
        self.settled = decision.kind is DecisionKind.NOTHING

    def _confirm(self) -> None:
        side, kind = self.target, self.plan.route(self.target).field.kind
        sent, read = self.shadows[side], self.now[side]
        if self.unconfirmed and stored_differently(VENDORS[side], kind, sent, read):
            self.shadows[side] = read
        self.unconfirmed = False


VENDORS = {Side.CRM: "crm", Side.ACTIVECAMPAIGN: "activecampaign"}


def check(one: Field, target: Side, value: Value, normalise: Callable[[Value], Value]) -> None:
    """Somebody fills the other side's field with `value`."""
    world = World(plan(one, one), target, normalise)
    world.now[target.other] = value
    world.round()
    world.round()
    assert world.settled
    assert world.written == [target]
    assert world.now[target.other] == value
    now = world.now[Side.CRM], world.now[Side.ACTIVECAMPAIGN]
    assert world.plan.equal(*now) or kept_differently(world.plan, *now, {})


@pytest.mark.parametrize("name", HABITS)
@settings(max_examples=50)
@given(data=st.data())
def test_one_value(name: str, data: st.DataObject) -> None:
    normalise, kind, values, sides = HABITS[name]
    raw = data.draw(values)
    assert isinstance(raw, str)
    clean = normal_email(raw) if kind is Kind.EMAIL else clean_text(raw)

    def store(sent: Value) -> Value:
        assert isinstance(sent, str)
        return normalise(sent) or sent

    check(field(kind), data.draw(st.sampled_from(sides)), raw if kind is Kind.EMAIL else clean, store)


@given(
    chosen=st.sets(st.sampled_from(["Hot", "Warm", "Cold"]), min_size=2),
    kept=st.integers(0, 2),
    lower=st.booleans(),
)
def test_several_options_of_which_some_are_dropped_or_spelt_otherwise(
    chosen: set[str], kept: int, *, lower: bool
) -> None:
    def store(sent: Value) -> Value:
        assert isinstance(sent, tuple)
        return tuple(sorted(map(str.lower, sent))) if lower else choices_value(sent[: kept + 1])

    check(field(Kind.CHOICES), Side.ACTIVECAMPAIGN, choices_value(chosen), store)


@given(texts, texts)
def test_what_somebody_else_makes_of_a_text_travels_back(sent: str, other: str) -> None:
    """Unless it is but another form of the same: then it does not matter who made it."""
    before, after = clean_text(sent), clean_text(other)
    world = World(plan(), Side.CRM, lambda _: after)
    world.now[Side.ACTIVECAMPAIGN] = before
    for _ in range(3):
        world.round()
    assert world.settled
    kept = stored_differently("crm", Kind.TEXT, before, after)
    assert world.now[Side.ACTIVECAMPAIGN] == (before if kept else after)


def test_a_value_kept_in_no_known_form_is_explained_by_the_journal_alone() -> None:
    text = plan()
    assert not kept_differently(text, "ana", "ANA", {})
    assert kept_differently(text, "ana", "ANA", {Side.ACTIVECAMPAIGN: ("ana", "ANA")})
    assert not kept_differently(text, "eva", "ANA", {Side.ACTIVECAMPAIGN: ("ana", "ANA")})
    assert not kept_differently(text, "ana", "AN", {Side.ACTIVECAMPAIGN: ("ana", "ANA")})
