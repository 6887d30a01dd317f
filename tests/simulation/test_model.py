"""The model must see what it is there to see: each mistake that a sync could make is told to it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec
import pytest
from tests.simulation.cells import CONTACTS, CRM, Ledger, Record, Values
from tests.simulation.crms import CREATE, CRMS, FEED, UPDATE, Dynamics, Salesforce
from tests.simulation.generate import generate
from tests.simulation.guided import GUIDED
from tests.simulation.history import FIELDS, History
from tests.simulation.names import Listed
from tests.simulation.report import Played, difference, failure, missing, table

ANA = (CRM, "contact", "003")
ANAS = (CONTACTS, "contact", "7")
BEN = (CONTACTS, "contact", "8")
BENS = (CRM, "contact", "004")
TWIN = (CRM, "contact", "005")
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

    def another(self, record: Record, **values: str) -> None:
        self._put(record, values)
        self.ledger.others(self._now, self._at)

    def person_deletes(self, record: Record, who: int = 1) -> None:
        self._at += timedelta(minutes=1)
        del self._now[record]
        self.ledger.person(self._now, self._at, who, record[0])

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
    told.person(ANA, email="ana@example.org", phone="1")
    told.we(ANAS, email="ana@example.org", phone="1")
    assert told.ledger.wrong == []
    return told


def test_values_that_travel_are_fine(told: Told) -> None:
    told.person(ANAS, phone="2")
    told.we(ANA, phone="2")
    told.person(ANA, phone="")
    told.we(ANAS, phone="")
    assert told.ledger.wrong == []
    assert not any(write.conflict and write.old.value for write in told.ledger.writes)


def test_an_old_value_that_comes_back_is_seen(told: Told) -> None:
    told.person(ANAS, phone="2")
    told.we(ANAS, phone="1")
    assert "came back" in told.ledger.wrong[0]


def test_a_value_that_lost_and_comes_back_is_seen(told: Told) -> None:
    told.person(ANA, phone="2")
    told.person(ANAS, phone="3")
    told.we(ANA, phone="3")
    assert told.ledger.wrong == []
    assert told.ledger.writes[-1].conflict
    told.we(ANAS, phone="2")
    assert "came back" in told.ledger.wrong[0]


def test_after_a_lost_answer_the_value_before_it_may_win(told: Told) -> None:
    told.person(ANA, phone="2")
    told.we(ANAS, phone="2")
    told.ledger.doubt(told.ledger.writes[-1:])
    told.person(ANAS, phone="3")
    told.we(ANAS, phone="2")
    assert told.ledger.wrong == []


def test_a_value_that_nobody_wrote_is_seen(told: Told) -> None:
    told.we(ANA, phone="2")
    assert "nobody wrote" in told.ledger.wrong[0]


def test_a_field_that_nobody_emptied_is_seen(told: Told) -> None:
    told.we(ANA, phone="")
    assert "nobody wrote" in told.ledger.wrong[0]


def test_another_persons_value_is_seen(told: Told) -> None:
    told.person(BEN, who=2, email="ben@example.org", phone="9")
    told.we(ANA, phone="9")
    assert "nobody wrote there" in told.ledger.wrong[0]


def test_the_values_of_people_who_became_one_may_travel(told: Told) -> None:
    told.person(BEN, who=2, email="ben@example.org", phone="9")
    told.ledger.join(1, 2)
    told.we(ANA, phone="9")
    assert told.ledger.wrong == []


def test_the_orgs_flow_may_make_a_value_once_more() -> None:
    told = Told(flow=True)
    told.person(ANA, email="ana@example.org")
    told.we(ANAS, email="ana@example.org")
    for number in ("1", "2", "1"):  # the number that a person gave came back by our write, as the policy says
        told.person(ANA, phone=f"+{number}", jobTitle=number)
        told.we(ANAS, jobTitle=number)
    assert told.ledger.wrong == []


def test_a_deletion_of_ours_is_seen(told: Told) -> None:
    told.we_delete(ANAS)
    assert "deleted by a call of ours" in told.ledger.wrong[0]


def test_a_deleted_record_that_a_call_of_ours_makes_again_is_seen(told: Told) -> None:
    told.person_deletes(ANA)
    told.we(ANA, email="ana@example.org", phone="1")
    assert "brought back by a call of ours" in told.ledger.wrong[0]


def test_a_record_beside_which_we_make_another_is_known_with_what_ours_was_made_of(told: Told) -> None:
    told.person(BEN, who=2, email="ben@example.org")
    told.person(BENS, who=2, email="new@example.org")
    told.we(MADE, email="new@example.org")
    assert told.ledger.namesakes[MADE] == {BEN}
    assert told.ledger.sources[MADE] == {BENS}


def test_another_connections_write_may_be_new_but_nothing_old(told: Told) -> None:
    told.another(ANAS, phone="8")
    told.we(ANA, phone="8")
    assert told.ledger.wrong == []
    told.another(ANAS, phone="1")
    assert "came back by the other connection" in told.ledger.wrong[0]
    told.another(ANAS, phone="")
    assert "emptied by the other connection" in told.ledger.wrong[1]


def test_a_record_that_leaves_its_twin_with_another_address_is_known_to(told: Told) -> None:
    told.person(TWIN, email="ana@example.org")
    told.person(TWIN, email="new@example.org")
    told.we(MADE, email="new@example.org")
    assert told.ledger.shared[MADE] == {ANAS}
    told.person(ANA, email="newer@example.org")
    told.we((CONTACTS, "contact", "10"), email="newer@example.org")
    assert told.ledger.shared[CONTACTS, "contact", "10"] == {MADE}


def test_a_record_made_with_an_address_that_is_there_has_no_excuse(told: Told) -> None:
    told.person(BEN, who=2, email="ben@example.org")
    told.we(MADE, email="ben@example.org")
    assert told.ledger.namesakes[MADE] == set()


# --- the histories themselves


def test_a_seed_is_always_the_same_history() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


def test_seeds_in_a_row_tell_every_story() -> None:
    from tests.simulation.generate import _stories

    for crm in CRMS:
        seeds = [seed for seed in range(len(GUIDED)) if generate(seed).options.crm == crm]
        told: set[Any] = {name for seed in seeds for _turn, name in _stories(seed)}
        assert told == set(GUIDED)


def test_a_seed_plays_with_the_crm_that_is_asked_for() -> None:
    history = generate(7, "salesforce")
    assert (generate(7).options.crm, history.options.crm) == ("salesforce", "salesforce")
    other = generate(7, "dynamics")
    assert other.options.crm == "dynamics"
    assert other.steps == history.steps


def test_a_failure_says_how_it_is_played_again() -> None:
    assert "make simulate SEED=25 CRM=dynamics" in failure(played(25, "dynamics"))


LISTED = (Listed(name="both"), Listed(name="any", either=True), Listed(name="one", crms=("dynamics",)))


def test_what_must_be_met_is_missed_with_each_crm_that_was_played() -> None:
    one, other = played(1, "dynamics", both=1), played(2, "salesforce", any=1)
    assert missing([one, other], LISTED) == ["both (with salesforce)", "one (with dynamics)"]
    assert missing([other], LISTED) == ["both (with salesforce)"]
    assert missing([one], LISTED) == ["any", "one (with dynamics)"]


def test_the_table_counts_for_each_crm() -> None:
    lines = list(table([played(1, "dynamics", both=2), played(2, "salesforce", both=3)], LISTED))
    assert [line.split() for line in lines if line.endswith("both")] == [["2", "3", "both"]]


def played(seed: int, crm: str, **states: int) -> Played:
    return Played(
        seed=seed, crm=crm, wrong=["no"], lost_in_window=0, simulated=1, fired={}, states=dict(states)
    )


def test_two_playings_that_part_are_told_where() -> None:
    one = msgspec.structs.replace(played(25, "dynamics"), trace=["a", "b"])
    other = msgspec.structs.replace(one, trace=["a", "c"])
    assert difference(one, one) == ""
    assert "seed 25" in difference(one, other)
    assert difference(one, other).endswith("line 1 of its trace:\nb\nc")
    assert difference(one, msgspec.structs.replace(one, trace=["a"])).endswith("\nb\n(the end)")


def test_every_value_is_unique() -> None:
    for seed in range(20):
        acts = [act for step in generate(seed).steps for act in step.acts]
        acts += [act for step in generate(seed).steps for event in step.events for act in event.acts]
        values = [(act.field, act.value) for act in acts if act.value and act.field != "email"]
        assert len(values) == len(set(values))


def test_a_history_can_be_made_smaller_down_to_nothing() -> None:
    history = generate(3)
    while smaller := next(history.smaller(), None):
        assert smaller.size() < history.size()
        history = smaller
    assert history.size() == 0
    assert msgspec.json.decode(msgspec.json.encode(history), type=History) == history


# --- what a call to a CRM does


@pytest.mark.parametrize(
    ("method", "address", "content", "headers", "route"),
    [
        ("GET", "/contacts?$select=a", "", {"prefer": "odata.track-changes"}, f"GET /contacts {FEED}"),
        ("GET", "/contacts?$filter=b", "", {}, "GET /contacts"),
        ("POST", "/$batch", "--b\r\n\r\nGET /api/data", {}, "READ /$batch"),
        ("POST", "/$batch", "--b\r\n\r\nPATCH /api/data", {}, f"POST /$batch {UPDATE}"),
        ("POST", "/$batch", "--b\r\n\r\nPOST /api/data", {}, f"POST /$batch {CREATE}"),
    ],
)
def test_a_call_to_an_environment_is_known_by_what_it_does(
    method: str, address: str, content: str, headers: dict[str, str], route: str
) -> None:
    url = f"https://dynamics.sandbox.example/api/data/v9.2{address}"
    request = httpx2.Request(method, url, content=content, headers=headers)
    assert Dynamics.route(request) == route


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/queryAll", f"GET /queryAll {FEED}"),
        ("POST", "/composite/sobjects/Contact", "READ /composite/sobjects/Contact"),
        ("POST", "/composite/sobjects", f"POST /composite/sobjects {CREATE}"),
        ("PATCH", "/composite/sobjects", f"PATCH /composite/sobjects {UPDATE}"),
    ],
)
def test_a_call_to_an_org_is_known_by_what_it_does(method: str, path: str, route: str) -> None:
    request = httpx2.Request(method, f"https://salesforce.sandbox.example/services/data/v60.0{path}")
    assert Salesforce.route(request) == route


def test_of_a_batch_only_what_was_refused_is() -> None:
    kinds = {"content-type": "multipart/mixed; boundary=b"}
    asked = "--b\r\nPATCH /one\r\n--b\r\nPATCH /two\r\n--b--"
    said = "--b\r\nHTTP/1.1 204 No Content\r\n--b\r\nHTTP/1.1 412 No\r\n--b--"
    url = "https://dynamics.sandbox.example/api/data/v9.2/$batch"
    request = httpx2.Request("POST", url, content=asked, headers=kinds)
    (told,) = Dynamics.refused(request, httpx2.Response(200, content=said.encode(), headers=kinds))
    assert "/two" in told
    assert "412" in told
    assert "/one" not in told
