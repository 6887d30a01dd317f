"""Consent: the whole law against a reference of its own, and what must hold in any history."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.consent import Standing
from crosswalk.core.mapping import Side
from crosswalk.merge import (
    ConsentAction,
    ConsentCase,
    ConsentReason,
    consent_differs,
    decide_consent,
    shared_standing,
)

OUT, IN, NONE, SHARED = Standing.OUT, Standing.IN, Standing.NONE, Standing.SHARED
REAL = (OUT, IN, NONE)  # what a record itself can say
CRM, AC = Side.CRM, Side.ACTIVECAMPAIGN
UNSUBSCRIBE, CHECK, UNCHECK = "unsubscribe", "check", "uncheck"
BOXES = (OUT, NONE)
CASES = [
    ConsentCase(*values)
    for values in itertools.product((None, *BOXES), (None, *Standing), (None, *BOXES), (None, *Standing))
]


def written(case: ConsentCase, *, uncheck: bool = False) -> str | None:
    """What a decision writes, in a word."""
    decision = decide_consent(case, uncheck=uncheck)
    if decision.target is None:
        assert decision.action is None
        return None
    words = {
        (AC, ConsentAction.OPT_OUT): UNSUBSCRIBE,
        (CRM, ConsentAction.OPT_OUT): CHECK,
        (CRM, ConsentAction.LIFT): UNCHECK,
    }
    assert decision.action is not None
    return words[decision.target, decision.action]


def reference(case: ConsentCase, *, uncheck: bool) -> str | None:
    """The design's sentences, one by one; written apart from the product."""
    if case.crm is None or case.contact is None:
        return None  # unknown takes part in no decision
    said_no = set()
    linked_before = case.crm_shadow is not None and case.contact_shadow is not None
    if case.crm == "out" and not (linked_before and case.crm_shadow == "out"):
        said_no.add("crm")
    if case.contact == "out" and not (linked_before and case.contact_shadow == "out"):
        said_no.add("contact")
    if case.contact == "shared" and not (linked_before and case.contact_shadow in {"out", "shared"}):
        said_no.add("contact")
    if said_no:  # opt-outs travel as changes, and win at a first link
        if "crm" in said_no and case.contact == "in":
            return UNSUBSCRIBE
        return CHECK if "contact" in said_no and case.crm != "out" else None
    came_back = linked_before and case.contact == "in" and case.contact_shadow != "in"
    return UNCHECK if came_back and case.crm == "out" and uncheck else None


@pytest.mark.parametrize("uncheck", [False, True])
def test_every_case_is_decided_as_the_design_says(uncheck: bool) -> None:
    assert len(CASES) == 3 * 5 * 3 * 5
    for case in CASES:
        assert written(case, uncheck=uncheck) == reference(case, uncheck=uncheck), case


def test_only_a_decision_without_write_moves_shadows() -> None:
    for case in CASES:
        decision = decide_consent(case)
        assert not (decision.settled and decision.target)
        unknown = case.crm is None or case.contact is None
        assert decision.settled or decision.target or unknown or decision.reason is ConsentReason.UNCHANGED


def test_a_settled_case_stays_as_it_is() -> None:
    for case, uncheck in itertools.product(CASES, [False, True]):
        if decide_consent(case, uncheck=uncheck).settled:
            again = ConsentCase(case.crm, case.contact, case.crm, case.contact)
            assert decide_consent(again, uncheck=uncheck).reason is ConsentReason.UNCHANGED


def test_the_box_is_unchecked_only_where_the_admin_turned_it_on() -> None:
    assert not [case for case in CASES if written(case) == UNCHECK]
    lifted = [case for case in CASES if written(case, uncheck=True) == UNCHECK]
    assert {(case.crm, case.contact, case.crm_shadow) for case in lifted} == {(OUT, IN, OUT)}
    assert {case.contact_shadow for case in lifted} == {OUT, NONE, SHARED}


def test_a_write_is_followed_by_agreement() -> None:
    """What a write does to its side leads to a decision that settles: nothing goes to and fro."""
    for case, uncheck in itertools.product(CASES, [False, True]):
        word = written(case, uncheck=uncheck)
        if word is not None:
            after = case._replace(
                **{UNSUBSCRIBE: {"contact": OUT}, CHECK: {"crm": OUT}}.get(word, {"crm": NONE})
            )
            assert decide_consent(after, uncheck=uncheck).settled, (case, word)


@pytest.mark.parametrize(
    ("contact", "boxes", "shared"),
    [
        (NONE, [OUT, NONE], SHARED),
        (NONE, [NONE, None], NONE),
        (IN, [OUT], IN),
        (OUT, [NONE], OUT),
        (None, [OUT], None),
    ],
)
def test_a_contact_on_no_list_stands_where_its_records_stand(
    contact: Standing | None, boxes: list[Standing | None], shared: Standing | None
) -> None:
    assert shared_standing(contact, boxes) == shared


def test_sides_differ_only_where_one_would_mail_whom_the_other_may_not() -> None:
    differing = {pair for pair in itertools.product(BOXES, REAL) if consent_differs(*pair)}
    assert differing == {(OUT, IN), (NONE, OUT)}


# --- histories ---------------------------------------------------------------------------------------------------


@dataclass
class World:
    """One contact and its CRM records, with what was settled of each link."""

    contact: Standing
    boxes: list[Standing]
    shadows: list[tuple[Standing | None, Standing | None]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shadows = [(None, None)] * len(self.boxes)

    def run(self, order: Sequence[int], *, uncheck: bool) -> None:
        """Decide and write until nothing is written any more, looking at the links in this order."""
        for _look in range(10):
            seen = shared_standing(self.contact, self.boxes)
            found = [(n, ConsentCase(self.boxes[n], seen, *self.shadows[n])) for n in order]
            words = [(n, case, written(case, uncheck=uncheck)) for n, case in found]
            for number, case, word in words:
                if word is None:
                    self.shadows[number] = (case.crm, case.contact)
                elif word == UNSUBSCRIBE:
                    self.contact = OUT
                else:
                    self.boxes[number] = OUT if word == CHECK else NONE
            self.words += [word for *_, word in words if word is not None]
            if not any(word for *_, word in words):
                return
        raise AssertionError("it never came to rest")

    def state(self) -> tuple[Standing, list[Standing]]:
        return self.contact, list(self.boxes)


def act(world: World, event: tuple[str, int]) -> None:
    what, number = event
    if what in {"check", "uncheck"}:
        world.boxes[number % len(world.boxes)] = OUT if what == "check" else NONE
    else:
        world.contact = {"subscribe": IN, "unsubscribe": OUT, "removed": NONE}[what]


EVENTS = st.tuples(
    st.sampled_from(["check", "uncheck", "subscribe", "unsubscribe", "removed"]), st.integers(0, 2)
)
WORLDS = st.builds(
    World,
    contact=st.sampled_from(REAL),
    boxes=st.lists(st.sampled_from(BOXES), min_size=1, max_size=3),
)
HISTORIES = st.lists(st.lists(EVENTS, max_size=4), max_size=5)


@given(WORLDS, HISTORIES, st.booleans(), st.data())
def test_any_history_ends_the_same_in_whatever_order_links_are_looked_at(
    world: World, history: list[list[tuple[str, int]]], uncheck: bool, data: st.DataObject
) -> None:
    other = World(contact=world.contact, boxes=list(world.boxes))
    orders = st.permutations(range(len(world.boxes)))
    for events in [[], *history]:
        for event in events:
            act(world, event)
            act(other, event)
        world.run(data.draw(orders), uncheck=uncheck)
        other.run(data.draw(orders), uncheck=uncheck)
        assert world.state() == other.state()


@given(WORLDS, HISTORIES)
def test_a_sync_only_ever_opts_out(world: World, history: list[list[tuple[str, int]]]) -> None:
    for events in [[], *history]:
        for event in events:
            act(world, event)
        contact, boxes = world.state()
        world.run(range(len(boxes)), uncheck=False)
        assert world.contact in {contact, OUT}
        assert all(after is before or after is OUT for before, after in zip(boxes, world.boxes, strict=True))
    assert UNCHECK not in world.words


@given(WORLDS, HISTORIES, st.sampled_from(["check", "unsubscribe"]), st.booleans())
def test_a_new_opt_out_reaches_everybody(
    world: World, history: list[list[tuple[str, int]]], what: str, uncheck: bool
) -> None:
    for events in [[], *history]:
        for event in events:
            act(world, event)
        world.run(range(len(world.boxes)), uncheck=uncheck)
    if what == "unsubscribe":
        news = world.contact is not OUT
    else:
        news = world.boxes[0] is not OUT and shared_standing(*world.state()) not in {OUT, SHARED}
    act(world, (what, 0))
    world.run(range(len(world.boxes)), uncheck=uncheck)
    if news:
        assert world.contact is not IN
        assert set(world.boxes) == {OUT}


@given(WORLDS)
def test_at_a_first_link_an_opt_out_on_any_side_wins(world: World) -> None:
    contact, boxes = world.state()
    world.run(range(len(boxes)), uncheck=True)
    if OUT in {contact, *boxes}:
        assert world.contact is not IN
        assert set(world.boxes) == {OUT}


def test_who_subscribes_again_herself_is_not_thrown_out_by_an_old_box() -> None:
    world = World(contact=IN, boxes=[NONE])
    for what in ("check", "subscribe"):
        act(world, (what, 0))
        world.run([0], uncheck=False)
    world.run([0], uncheck=False)
    assert world.state() == (IN, [OUT])
    act(world, ("unsubscribe", 0))
    act(world, ("subscribe", 0))
    world.run([0], uncheck=True)  # the switch counts from then on, not for what was settled
    assert world.state() == (IN, [OUT])


def test_who_subscribes_again_has_the_box_unchecked_where_the_admin_turned_it_on() -> None:
    world = World(contact=IN, boxes=[NONE, NONE])
    for what in ("check", "subscribe"):
        act(world, (what, 0))
        world.run([0, 1], uncheck=True)
    assert world.state() == (IN, [NONE, NONE])


def test_an_unchecked_box_subscribes_nobody() -> None:
    world = World(contact=OUT, boxes=[NONE])
    world.run([0], uncheck=True)
    act(world, ("uncheck", 0))
    world.run([0], uncheck=True)
    assert world.state() == (OUT, [NONE])
