"""The product's merge against the reference, on every case of a small domain.

Each domain has four values (the checkbox fewer) for either side now and for either shadow, among them
*empty* and *no shadow*, and is run under all update rules, directions, policies and blank rules; texts also
under every set-up of times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from crosswalk.core.mapping import Direction, Policy, Side, UpdateRule
from crosswalk.core.schema import Field
from crosswalk.core.values import Kind, Value
from crosswalk.merge import ABSENT, Decision, DecisionKind, FieldCase, FieldPlan, Missing, decide

from .build import AC, CHECKBOX, CRM, at, field, plan
from .reference_merge import Sides, merge

TOLERANCE = 7.0

# CRM's stamp and ActiveCampaign's: (seconds, certain) or None; and who wins when they do not decide
TIMES: tuple[tuple[tuple[float, bool] | None, tuple[float, bool] | None, Side], ...] = (
    (None, None, CRM),
    ((60, False), (0, False), AC),
    ((0, False), (60, False), CRM),
    (None, (60, True), CRM),
    ((60, True), None, AC),
    ((60, True), (0, True), AC),
    ((0, True), (60, True), CRM),
    ((60, True), (0, False), AC),  # certain and later than the other's bound
    ((0, False), (60, True), CRM),
    ((0, True), (60, False), CRM),  # certain, but the other's bound is later
    ((60, False), (0, True), AC),
    ((7, True), (0, True), AC),  # just within the tolerance
    ((0, False), (7, False), CRM),
    ((7.5, True), (0, True), AC),  # just outside
    ((0, False), (7.5, False), CRM),
    ((0, True), (0, True), AC),
)


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Two fields, the values they take, and what the reference has to know about them."""

    crm: Field
    activecampaign: Field
    now: tuple[Sequence[Value], Sequence[Value]]
    shadows: tuple[Sequence[Value | Missing], Sequence[Value | Missing]]
    pair: SimpleNamespace
    cases: int
    times: int = 3  # how many set-ups of times are tried where they may decide


def unchanged(_target: str, value: Any) -> Any:
    return value


def anything(_side: str, _value: Any) -> bool:
    return True


def number_or_text(target: str, value: Any) -> Any:
    return {None: None, "1": "1", "01": "1", "2": "2", "3": "3"}.get(value, ...) if target == "crm" else value


def filled_and_short(side: str, value: Any) -> bool:
    return value is not None if side == "crm" else value != "3"


def tick(target: str, value: Any) -> Any:
    return value is not None if target == "crm" else (("true",) if value else None)


PLAIN = SimpleNamespace(carry=unchanged, accepts=anything, multi=False, never_empty=False)
A, B, AB = ("a",), ("b",), ("a", "b")
DOMAINS = {
    "texts": Domain(
        crm=field(Kind.TEXT),
        activecampaign=field(Kind.TEXT),
        now=((None, "x", "y", "z"), (None, "x", "y", "z")),
        shadows=((ABSENT, None, "x", "y"), (ABSENT, None, "x", "y")),
        pair=PLAIN,
        cases=69_120,
        times=len(TIMES),
    ),
    "multi-selects": Domain(
        crm=field(Kind.CHOICES, "a", "b"),
        activecampaign=field(Kind.CHOICES, "a", "b"),
        now=((None, A, B, AB), (None, A, B, AB)),
        shadows=((ABSENT, None, A, AB), (ABSENT, None, B, AB)),
        pair=SimpleNamespace(carry=unchanged, accepts=anything, multi=True, never_empty=False),
        cases=69_120,
    ),
    "multi-selects that lack an option": Domain(
        crm=field(Kind.CHOICES, "a", "b", required=True),
        activecampaign=field(Kind.CHOICES, "a", restricted=True),
        now=((None, A, B, AB), (None, A, B, AB)),
        shadows=((ABSENT, None, A, AB), (ABSENT, None, A, AB)),
        pair=SimpleNamespace(
            carry=unchanged,
            accepts=lambda side, value: value is not None if side == "crm" else "b" not in (value or ()),
            multi=True,
            never_empty=False,
        ),
        cases=69_120,
    ),
    "a required number and a text without a certain option": Domain(
        crm=field(Kind.NUMBER, required=True),
        activecampaign=field(Kind.CHOICE, "1", "2", restricted=True),
        now=((None, "1", "2", "3"), (None, "1", "01", "no")),
        shadows=((ABSENT, None, "1", "2"), (ABSENT, None, "1", "no")),
        pair=SimpleNamespace(carry=number_or_text, accepts=filled_and_short, multi=False, never_empty=False),
        cases=69_120,
    ),
    "a boolean and a checkbox": Domain(
        crm=field(Kind.BOOLEAN),
        activecampaign=CHECKBOX,
        now=((False, True), (None, ("true",))),
        shadows=((ABSENT, False, True), (ABSENT, None, ("true",))),
        pair=SimpleNamespace(carry=tick, accepts=anything, multi=False, never_empty=True),
        cases=9_720,
    ),
}


def settings(domain: Domain) -> Iterator[tuple[FieldPlan, SimpleNamespace, SimpleNamespace]]:
    """Yield every combination of rules, as a plan, as the reference reads it, and with the times to try."""
    combinations = product(UpdateRule, UpdateRule, Direction, Policy, (True, False))
    for to_crm, to_activecampaign, direction, policy, blanks in combinations:
        tried = {Policy.NEWEST: domain.times, Policy.UNION: 1 if domain.pair.multi else 3}.get(policy, 1)
        for crm_time, activecampaign_time, winner in TIMES[:tried]:
            compiled = plan(
                domain.crm,
                domain.activecampaign,
                to_crm=to_crm,
                to_activecampaign=to_activecampaign,
                direction=direction,
                policy=policy,
                blanks=blanks,
                winner=winner,
            )
            rules = SimpleNamespace(
                update={"crm": to_crm.value, "activecampaign": to_activecampaign.value},
                direction=direction.value,
                policy=policy.value,
                blanks=blanks,
                winner=winner.value,
                tolerance=TOLERANCE,
            )
            stamps = SimpleNamespace(
                crm=crm_time and at(crm_time[0], certain=crm_time[1]),
                activecampaign=activecampaign_time
                and at(activecampaign_time[0], certain=activecampaign_time[1]),
                reference={"crm": crm_time, "activecampaign": activecampaign_time},
            )
            yield compiled, rules, stamps


def in_reference_words(decision: Decision) -> tuple[str, Sides, Sides | None]:
    """Return the decision as the reference says it."""
    outcome = "held" if decision.kind is DecisionKind.CONFLICT else decision.kind.value
    offers = {side.value: value for side, value in decision.offers.items()}
    return outcome, offers, None if decision.shadows is None else decision.shadows._asdict()


def as_reference(crm: Value | Missing, activecampaign: Value | Missing) -> Sides:
    return {
        "crm": ... if crm is ABSENT else crm,
        "activecampaign": ... if activecampaign is ABSENT else activecampaign,
    }


@pytest.mark.parametrize("name", DOMAINS)
def test_the_merge_decides_every_case_like_the_reference(name: str) -> None:
    domain = DOMAINS[name]
    values = [
        (case, as_reference(*case[:2]), as_reference(*case[2:]))
        for case in product(*domain.now, *domain.shadows)
    ]
    differing, cases = [], set()
    for number, (compiled, rules, stamps) in enumerate(settings(domain)):
        mapping = compiled.mapping
        cases.add((mapping, rules.direction, rules.policy))
        for case, now, old in values:
            decision = decide(compiled, FieldCase(*case, stamps.crm, stamps.activecampaign), TOLERANCE)
            expected = merge(domain.pair, rules, now, old, stamps.reference)
            if in_reference_words(decision) != expected:
                differing.append((number, vars(rules), stamps.reference, now, old, decision, expected))
    assert differing[:3] == []
    assert len(cases) * len(values) == domain.cases
