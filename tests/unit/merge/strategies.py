"""Field pairs, values and whole cases for property tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from hypothesis import strategies as st

from crosswalk.convert import PAIRS
from crosswalk.core.mapping import Direction, Policy, Side, UpdateRule
from crosswalk.core.schema import Field
from crosswalk.core.values import TEXT_KINDS, Kind, Value
from crosswalk.merge import ABSENT, FieldCase, FieldPlan, Missing

from .build import CHECKBOX, at, field, plan

KIND_PAIRS = tuple((crm, other) for crm, others in PAIRS.items() for other in sorted(others))

# Few values, so that equal ones meet often; texts hold what other kinds can and cannot read.
_TEXTS: tuple[Value, ...] = (
    None,
    "x",
    "2.5",
    "2.50",
    "2026-01-31",
    "true",
    "FALSE",
    "ana@example.org",
    "Ana@example.org",
    "10:30:00",
    "2026-01-31T10:00:00Z",
    "2026-01-31T11:00:00+01:00",
    "Łódź\n東京 🙂",
)
_POOLS: dict[Kind, tuple[Value, ...]] = {
    **dict.fromkeys(TEXT_KINDS, _TEXTS),
    **dict.fromkeys((Kind.NUMBER, Kind.CURRENCY, Kind.PERCENT), (None, "0", "2.5", "-3")),
    Kind.BOOLEAN: (False, True),
    Kind.DATE: (None, "2026-01-31", "2025-12-01"),
    Kind.DATETIME: (None, "2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z"),
    Kind.TIME: (None, "10:30:00", "23:59:59"),
    Kind.CHOICES: (None, ("a",), ("b",), ("a", "b"), ("c",)),
}
_TICKS: tuple[Value, ...] = (None, ("true",), ("TRUE",), ("maybe",))


def values_of(one: Field) -> tuple[Value, ...]:
    """Return the values tried in a field."""
    return _TICKS if one is CHECKBOX else _POOLS[one.kind]


def _variants(crm: Kind, other: Kind) -> Iterator[tuple[Field, Field]]:
    """Yield a pair without limits, and pairs of which either side refuses something."""
    if crm is Kind.BOOLEAN and other is Kind.CHOICES:
        yield field(crm), CHECKBOX
        yield field(crm, writable=False), CHECKBOX
        return
    options = ("true", "FALSE") if crm is Kind.BOOLEAN else ("a", "b")
    left, right = field(crm, *options, length=200), field(other, *options, vendor_type="hidden")
    yield left, right
    yield replace(left, required=True), replace(right, length=12)
    yield replace(left, length=8), replace(right, required=True)
    yield replace(left, restricted=True), replace(right, writable=False)
    yield replace(left, writable=False), replace(right, restricted=True)


# Multi-selects and plain texts come as often as all other pairs together: they alone meet every policy.
_OFTEN = ((Kind.CHOICES, Kind.CHOICES), (Kind.TEXT, Kind.TEXT)) * (len(KIND_PAIRS) // 2)
_field_pairs = st.sampled_from([pair for kinds in (*_OFTEN, *KIND_PAIRS) for pair in _variants(*kinds)])


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The rules of a plan, apart from its fields."""

    to_crm: UpdateRule
    to_activecampaign: UpdateRule
    blanks: bool
    direction: Direction
    policy: Policy
    winner: Side

    def plan(self, crm: Field, activecampaign: Field) -> FieldPlan:
        """Compile two fields under these rules."""
        return plan(
            crm,
            activecampaign,
            to_crm=self.to_crm,
            to_activecampaign=self.to_activecampaign,
            blanks=self.blanks,
            direction=self.direction,
            policy=self.policy,
            winner=self.winner,
        )


# What lets offers pass comes more often, so that policies and schemas have their say.
_RULES = (UpdateRule.ALWAYS, UpdateRule.ALWAYS, UpdateRule.IF_EMPTY, UpdateRule.NEVER)
_DIRECTIONS = (Direction.BOTH, Direction.BOTH, Direction.BOTH, Direction.TO_CRM, Direction.TO_ACTIVECAMPAIGN)
# Lists drawn from at once: drawing part by part takes most of a test's time.
all_settings = st.sampled_from(
    [
        Settings(to_crm=r, to_activecampaign=q, blanks=b, direction=d, policy=p, winner=w)
        for r, q, b, d, p, w in product(_RULES, _RULES, (True, False), _DIRECTIONS, Policy, Side)
    ]
)
_stamps = st.sampled_from([*(at(s, certain=c) for s in (0, 3, 60) for c in (True, False)), None])


@cache
def cases(crm: Field, activecampaign: Field) -> st.SearchStrategy[FieldCase]:
    """Draw a case with known values."""
    now, other = st.sampled_from(values_of(crm)), st.sampled_from(values_of(activecampaign))
    old: st.SearchStrategy[Value | Missing] = now | st.just(ABSENT)
    other_old: st.SearchStrategy[Value | Missing] = other | st.just(ABSENT)
    return st.builds(FieldCase, now, other, old, other_old, _stamps, _stamps)


@st.composite
def planned_cases(draw: st.DrawFn) -> tuple[FieldPlan, FieldCase]:
    """Draw a compiled field mapping and a case with known values."""
    fields = draw(_field_pairs)
    return draw(all_settings).plan(*fields), draw(cases(*fields))
