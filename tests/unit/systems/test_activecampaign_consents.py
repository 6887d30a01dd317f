"""What contacts' lists say, how they are read with few calls, and how a contact leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
from tests.helpers.activecampaign import Script, contact, reply

from crosswalk.core.consent import Consent, Place, Standing
from crosswalk.core.schema import OPT_OUT
from crosswalk.core.system import ConsentPage, Outcome
from crosswalk.systems.activecampaign.lists import ListRow, consent_of

OUT, IN, NONE = Standing.OUT, Standing.IN, Standing.NONE


class Known:
    """What the store would know; every page is taken in."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.consents: dict[str, Consent] = {}
        self.cursor: str | None = None

    def count(self, mark: str) -> int:
        return sum(mark in consent.marks for consent in self.consents.values())

    def others(self, marks: Sequence[str], seen: Sequence[str]) -> list[str]:
        return [
            id_
            for id_, consent in self.consents.items()
            if id_ not in seen and set(marks) & set(consent.marks)
        ]

    def read(self) -> list[ConsentPage]:
        pages = []
        for page in self.script.system.consents("contact", self.cursor, self):
            pages.append(page)
            self.consents |= {each.id: each.consent for each in page.records if each.consent is not None}
            for id_ in page.missing:
                del self.consents[id_]
            self.cursor = page.cursor
        return pages


class Lists:
    """An account that holds contacts' states on lists: contact → list → state."""

    def __init__(self, script: Script, **states: dict[str, str]) -> None:
        self.script = script
        self.states = {name[1:]: state for name, state in states.items()}
        self.asked: list[str] = []
        self.beside = True  # rows come beside contacts
        script.system.describe("contact")
        script.on("GET", "/contacts", self._contacts)
        script.on("POST", "/contactLists", self._leave)
        for number in range(1, 10):
            script.on("GET", f"/contacts/{number}", self._contact)

    def rows(self, id_: str) -> list[dict[str, Any]]:
        return [
            {
                "contact": id_,
                "list": number,
                "status": status,
                "sdate": "2026-01-02T03:04:05-06:00",
                "udate": None,
            }
            for number, status in self.states[id_].items()
        ]

    def _contacts(self, request: httpx2.Request) -> httpx2.Response:
        query = request.url.params
        self.asked.append(query.get("status", "ids"))
        ids = [id_ for id_ in self.states if id_ in (query.get_list("ids[]") or self.states)]
        if "status" in query:
            ids = [id_ for id_ in ids if query["status"] in self.states[id_].values()]
        some = ids[: int(query["limit"])]
        body = {
            "contacts": [contact(int(id_), self.script.clock.now()) for id_ in some],
            "meta": {"total": str(len(ids))},
        }
        if self.beside:
            body["contactLists"] = [row for id_ in some for row in self.rows(id_)]
        return reply(200, body)

    def _contact(self, request: httpx2.Request) -> httpx2.Response:
        id_ = request.url.path.rpartition("/")[2]
        if id_ not in self.states:
            return reply(404, {"message": f"No Result found for Subscriber with id {id_}"})
        row = contact(int(id_), self.script.clock.now())
        return reply(200, {"contact": row, "contactLists": self.rows(id_)})

    def _leave(self, request: httpx2.Request) -> httpx2.Response:
        given = msgspec.json.decode(request.content)["contactList"]
        self.states[given["contact"]][given["list"]] = str(given["status"])
        return reply(200, {"contactList": {**given, "status": str(given["status"])}})


@pytest.fixture
def script() -> Script:
    return Script()


def later(script: Script, minutes: float) -> None:
    script.clock.sleep(60 * minutes)


# --- what lists say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "bounced", "standing"),
    [
        ([], "0", NONE),
        (["0"], "0", NONE),
        (["91"], "0", NONE),
        (["1"], "0", IN),
        (["2"], "0", OUT),
        (["3"], "0", OUT),
        (["0", "2"], "0", OUT),
        (["1", "2"], "0", IN),
        ([], "1", OUT),
        (["0"], "2", OUT),
        (["1"], "1", IN),
        ([1], None, IN),
    ],
)
def test_opted_out_is_who_left_a_list_or_bounced_and_is_active_on_none(
    states: list[str], bounced: str | None, standing: Standing
) -> None:
    rows = [ListRow(list=str(number), status=status) for number, status in enumerate(states)]
    assert consent_of(rows, bounced).standing is standing


def test_places_say_since_when() -> None:
    rows = [
        ListRow(list="12", status="1", sdate="2026-01-02T03:04:05-06:00"),
        ListRow(list="3", status="2", sdate="2026-01-02T03:04:05-06:00", udate="2026-02-03T00:00:00-06:00"),
    ]
    consent = consent_of(rows, "1", "0000-00-00")
    assert consent.places == (
        Place("list 3", "unsubscribed", datetime(2026, 2, 3, 6, tzinfo=UTC)),
        Place("list 12", "active", datetime(2026, 1, 2, 9, 4, 5, tzinfo=UTC)),
        Place("e-mail", "hard bounce", None),
    )
    assert consent.marks == ("1", "2")


def fetched(script: Script, answer: dict[str, Any]) -> Consent | None:
    script.system.describe("contact")
    script.on("GET", "/contacts/7", reply(200, answer))
    (record,) = script.system.fetch("contact", ["7"], ["email", OPT_OUT]).records
    return record.consent


def test_a_contact_that_lists_more_rows_than_came_is_asked_for_its_lists(script: Script) -> None:
    row = {"contact": "7", "list": "1", "status": "2"}
    script.on(
        "GET",
        "/contacts/7/contactLists",
        reply(200, {"contactLists": [row, {**row, "list": "2", "status": "1"}]}),
    )
    known = contact(7, script.clock.now(), contactLists=["1", "2"])
    consent = fetched(script, {"contact": known, "contactLists": [row]})
    assert consent is not None
    assert consent.standing is IN


def test_a_hard_bounce_counts_without_any_list(script: Script) -> None:
    bounced = contact(7, script.clock.now(), bounced_hard="1", bounced_date="2026-02-03T00:00:00-06:00")
    consent = fetched(script, {"contact": bounced, "contactLists": []})
    assert consent is not None
    assert (consent.standing, consent.places) == (
        OUT,
        (Place("e-mail", "hard bounce", datetime(2026, 2, 3, 6, tzinfo=UTC)),),
    )


def test_lists_are_not_read_unless_asked_for(script: Script) -> None:
    script.system.describe("contact")
    script.on(
        "GET", "/contacts/7", reply(200, {"contact": contact(7, script.clock.now()), "contactLists": []})
    )
    (record,) = script.system.fetch("contact", ["7"], ["email"]).records
    assert record.consent is None


# --- reading who left lists ---------------------------------------------------------------------------------------


def test_the_first_reading_asks_nothing(script: Script) -> None:
    Lists(script, c1={"1": "2"})
    known = Known(script)
    known.read()
    assert script.calls() == []
    later(script, 4)
    assert known.read() == []


def started(script: Script, lists: Lists) -> Known:
    """A reading that knows everybody."""
    known = Known(script)
    known.read()
    records = script.system.fetch("contact", list(lists.states), [OPT_OUT]).records
    known.consents = {each.id: each.consent for each in records if each.consent is not None}
    lists.asked.clear()
    return known


def test_counts_that_agree_cost_one_call_in_five_minutes(script: Script) -> None:
    lists = Lists(script, c1={"1": "2"}, c2={"1": "1"})
    known = started(script, lists)
    for _ in range(4):
        later(script, 5)
        assert [page.records for page in known.read()] == [()]
    assert lists.asked == ["1", "2", "1", "2"]


def test_a_count_that_differs_reads_who_left(script: Script) -> None:
    lists = Lists(script, c1={"1": "2"}, c2={"1": "1"}, c3={"1": "1"})
    known = started(script, lists)
    lists.states["2"]["1"] = "2"
    later(script, 5)
    known.read()
    assert known.consents["2"].standing is OUT
    assert lists.asked == ["1", "2", "3", "1", "2"]


def test_who_came_back_is_read_too(script: Script) -> None:
    lists = Lists(script, c1={"1": "2"}, c2={"1": "2"})
    known = started(script, lists)
    lists.states["1"]["1"] = lists.states["2"]["1"] = "1"
    later(script, 5)
    known.read()
    assert {consent.standing for consent in known.consents.values()} == {IN}


def test_a_difference_that_reading_does_not_explain_is_remembered(script: Script) -> None:
    """Somebody new is active, whom no feed has shown: nothing to do with opting out."""
    lists = Lists(script, c1={"1": "2"})
    known = started(script, lists)
    lists.states["2"] = {"1": "1"}
    later(script, 5)
    known.read()
    lists.asked.clear()
    for _ in range(2):
        later(script, 5)
        known.read()
    assert lists.asked == ["1", "2"]


def test_everybody_who_left_is_read_once_an_hour(script: Script) -> None:
    lists = Lists(script, c1={"1": "2"}, c2={"1": "1"})
    known = started(script, lists)
    lists.states |= {"1": {"1": "1"}, "2": {"1": "2"}}  # as many as before
    later(script, 5)
    known.read()
    assert known.consents["2"].standing is IN
    later(script, 55)
    known.read()
    assert (known.consents["1"].standing, known.consents["2"].standing) == (IN, OUT)


def test_contacts_without_rows_beside_them_are_read_singly(script: Script) -> None:
    lists = Lists(script, c1={"1": "1"})
    known = started(script, lists)
    lists.beside = False
    lists.states["1"]["1"] = "2"
    later(script, 5)
    known.read()
    assert known.consents["1"].standing is OUT


def test_who_is_gone_is_told(script: Script) -> None:
    lists = Lists(script, c1={"1": "2"})
    known = started(script, lists)
    del lists.states["1"]
    later(script, 5)
    assert [id_ for page in known.read() for id_ in page.missing] == []  # state 1 was counted
    later(script, 5)
    assert [id_ for page in known.read() for id_ in page.missing] == ["1"]


# --- leaving lists ------------------------------------------------------------------------------------------------


def test_a_contact_leaves_every_list_on_which_it_is_active(script: Script) -> None:
    lists = Lists(script, c1={"1": "1", "2": "2", "3": "1", "4": "0"}, c2={})
    found = {each.record_id: each for each in script.system.opt_out("contact", ["1", "2"])}
    assert lists.states["1"] == {"1": "2", "2": "2", "3": "2", "4": "0"}
    assert {each.outcome for each in found.values()} == {Outcome.DONE}
    assert script.calls("contactLists") == ["POST /contactLists"] * 2
    after = found["1"].after
    assert after is not None
    assert (after.standing, after.marks) == (OUT, ("0", "2"))
    assert [place.state for place in after.places] == [
        "unsubscribed",
        "unsubscribed",
        "unsubscribed",
        "unconfirmed",
    ]
    assert found["2"].after == found["2"].before


def test_every_call_says_unsubscribe(script: Script) -> None:
    Lists(script, c1={"1": "1", "2": "1"})
    script.system.opt_out("contact", ["1"])
    bodies = [msgspec.json.decode(each.content) for each in script.requests if each.method == "POST"]
    assert bodies == [{"contactList": {"list": number, "contact": "1", "status": 2}} for number in ("1", "2")]


def test_a_lost_answer_is_asked_for_again(script: Script) -> None:
    lists = Lists(script, c1={"1": "1"})
    script.on("POST", "/contactLists", httpx2.ReadTimeout("slow"), lists._leave)
    (found,) = script.system.opt_out("contact", ["1"])
    assert found.outcome is Outcome.DONE
    assert script.calls("contactLists") == ["POST /contactLists"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {"contactList": {"status": "1"}}),
        reply(403, {"message": "No Result found for List with id 1"}),
        reply(422, {"errors": [{"title": "no"}]}),
    ],
)
def test_a_list_that_cannot_be_left_does_not_keep_the_contact_on_the_next(
    script: Script, answer: httpx2.Response
) -> None:
    lists = Lists(script, c1={"1": "1", "2": "1"})
    script.on("POST", "/contactLists", answer, lists._leave)
    (found,) = script.system.opt_out("contact", ["1"])
    assert found.outcome is Outcome.REFUSED
    assert len(found.problems) == 1
    assert lists.states["1"] == {"1": "1", "2": "2"}


def test_a_contact_that_is_gone_is_missing(script: Script) -> None:
    Lists(script)
    (found,) = script.system.opt_out("contact", ["1"])
    assert found.outcome is Outcome.MISSING


def test_an_answer_that_says_nothing_of_lists_is_no_licence(script: Script) -> None:
    script.system.describe("contact")
    script.on("GET", "/contacts/1", reply(200, {"contact": contact(1, script.clock.now())}))
    script.on("GET", "/contacts/1/contactLists", reply(404, {"message": "No Result found"}))
    (found,) = script.system.opt_out("contact", ["1"])
    assert found.outcome is Outcome.REFUSED
