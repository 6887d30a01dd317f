"""The model must see what it is there to see: each mistake that a sync could make is told to it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.simulation.cells import CONTACTS, CRM, Ledger, Record, Values
from tests.simulation.generate import generate
from tests.simulation.guided import GUIDED
from tests.simulation.history import FIELDS, History
from tests.simulation.report import Played, difference

ANA = (CRM, "contact", "003")
ANAS = (CONTACTS, "contact", "7")
BEN = (CONTACTS, "contact", "8")
BENS = (CRM, "contact", "004")
MADE = (CONTACTS, "contact", "9")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Told:
    """Tells a ledger what happens, a minute apart."""

    def __init__(self, *, flow: bool = False) -> None:
        self.ledger = Ledger(flow=flow)
        self._now: dict[Record, Values] = {}
        self._at = NOON

    def person(self, record: Record, who: int = 1, **values: str) -> None:
        self._put(record, values)
        self.ledger.person(self._now, self._at, who, record[0])

    def we(self, record: Record, **values: str) -> None:
        self._put(record, values)
        self.ledger.ours(self._now, self._at, self._at)

    def we_delete(self, record: Record) -> None:
        del self._now[record]
        self.ledger.ours(self._now, self._at, self._at)

    def _put(self, record: Record, values: dict[str, str]) -> None:
        self._at += timedelta(minutes=1)
        empty = dict.fromkeys(FIELDS, "")
        self._now = {**self._now, record: {**empty, **self._now.get(record, {}), **values}}


@pytest.fixture
def told() -> Told:
    """Ana is on both sides, equal."""
    told = Told()
    told.person(ANA, Email="ana@example.org", Phone="1")
    told.we(ANAS, Email="ana@example.org", Phone="1")
    assert told.ledger.wrong == []
    return told


def test_values_that_travel_are_fine(told: Told) -> None:
    told.person(ANAS, Phone="2")
    told.we(ANA, Phone="2")
    told.person(ANA, Phone="")
    told.we(ANAS, Phone="")
    assert told.ledger.wrong == []
    assert not any(write.conflict and write.old.value for write in told.ledger.writes)


def test_an_old_value_that_comes_back_is_seen(told: Told) -> None:
    told.person(ANAS, Phone="2")
    told.we(ANAS, Phone="1")
    assert "came back" in told.ledger.wrong[0]


def test_a_value_that_lost_and_comes_back_is_seen(told: Told) -> None:
    told.person(ANA, Phone="2")
    told.person(ANAS, Phone="3")
    told.we(ANA, Phone="3")
    assert told.ledger.wrong == []
    assert told.ledger.writes[-1].conflict
    told.we(ANAS, Phone="2")
    assert "came back" in told.ledger.wrong[0]


def test_after_a_lost_answer_the_value_before_it_may_win(told: Told) -> None:
    told.person(ANA, Phone="2")
    told.we(ANAS, Phone="2")
    told.ledger.doubt(told.ledger.writes[-1:])
    told.person(ANAS, Phone="3")
    told.we(ANAS, Phone="2")
    assert told.ledger.wrong == []


def test_a_value_that_nobody_wrote_is_seen(told: Told) -> None:
    told.we(ANA, Phone="2")
    assert "nobody wrote" in told.ledger.wrong[0]


def test_a_field_that_nobody_emptied_is_seen(told: Told) -> None:
    told.we(ANA, Phone="")
    assert "nobody wrote" in told.ledger.wrong[0]


def test_another_persons_value_is_seen(told: Told) -> None:
    told.person(BEN, who=2, Email="ben@example.org", Phone="9")
    told.we(ANA, Phone="9")
    assert "nobody wrote there" in told.ledger.wrong[0]


def test_the_values_of_people_who_became_one_may_travel(told: Told) -> None:
    told.person(BEN, who=2, Email="ben@example.org", Phone="9")
    told.ledger.join(1, 2)
    told.we(ANA, Phone="9")
    assert told.ledger.wrong == []


def test_the_orgs_flow_may_make_a_value_once_more() -> None:
    told = Told(flow=True)
    told.person(ANA, Email="ana@example.org")
    told.we(ANAS, Email="ana@example.org")
    for number in ("1", "2", "1"):  # the number that a person gave came back by our write, as the policy says
        told.person(ANA, Phone=f"+{number}", Title=number)
        told.we(ANAS, Title=number)
    assert told.ledger.wrong == []


def test_a_deletion_of_ours_is_seen(told: Told) -> None:
    told.we_delete(ANAS)
    assert "deleted by a call of ours" in told.ledger.wrong[0]


def test_a_record_beside_which_we_make_another_is_known_with_what_ours_was_made_of(told: Told) -> None:
    told.person(BEN, who=2, Email="ben@example.org")
    told.person(BENS, who=2, Email="new@example.org")
    told.we(MADE, Email="new@example.org")
    assert told.ledger.namesakes[MADE] == {BEN}
    assert told.ledger.sources[MADE] == {BENS}


def test_a_record_made_with_an_address_that_is_there_has_no_excuse(told: Told) -> None:
    told.person(BEN, who=2, Email="ben@example.org")
    told.we(MADE, Email="ben@example.org")
    assert told.ledger.namesakes[MADE] == set()


# --- the histories themselves


def test_a_seed_is_always_the_same_history() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


def test_seeds_in_a_row_tell_every_story() -> None:
    from tests.simulation.generate import _stories

    told: set[Any] = {name for seed in range(len(GUIDED)) for _turn, name in _stories(seed)}
    assert told == set(GUIDED)


def test_two_playings_that_part_are_told_where() -> None:
    one = Played(seed=25, wrong=[], lost_in_window=0, simulated=1, fired={}, states={}, trace=["a", "b"])
    other = msgspec.structs.replace(one, trace=["a", "c"])
    assert difference(one, one) == ""
    assert "seed 25" in difference(one, other)
    assert difference(one, other).endswith("line 1 of its trace:\nb\nc")
    assert difference(one, msgspec.structs.replace(one, trace=["a"])).endswith("\nb\n(the end)")


def test_every_value_is_unique() -> None:
    for seed in range(20):
        acts = [act for step in generate(seed).steps for act in step.acts]
        acts += [act for step in generate(seed).steps for event in step.events for act in event.acts]
        values = [(act.field, act.value) for act in acts if act.value and act.field != "Email"]
        assert len(values) == len(set(values))


def test_a_history_can_be_made_smaller_down_to_nothing() -> None:
    history = generate(3)
    while smaller := next(history.smaller(), None):
        assert smaller.size() < history.size()
        history = smaller
    assert history.size() == 0
    assert msgspec.json.decode(msgspec.json.encode(history), type=History) == history
