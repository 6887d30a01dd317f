from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from tests.helpers.sandbox_account import ActiveCampaign

Opening = Callable[..., ActiveCampaign]


def test_the_log_counts_from_one_and_shows_each_request(account: ActiveCampaign) -> None:
    account.get("/contacts", "limit=1&email=a%2Bb@example.org")
    account.send("POST", "/import/bulk_import", {"contacts": [{"email": "a@example.org"}] * 3}, status=200)
    first, second = account.control("GET", "log")
    assert (first["n"], first["method"], first["path"], first["status"]) == (1, "GET", "/api/3/contacts", 200)
    assert first["query"] == "limit=1&email=a%2Bb@example.org"
    assert (first["batch"], second["batch"], second["n"]) == (None, 3, 2)
    assert second["ms"] >= 0
    assert account.control("GET", "log?after=1") == [second]
    assert account.control("GET", "log?after=2") == []


def test_counts_are_by_method_and_route(account: ActiveCampaign) -> None:
    for contact_id in ("1", "2", "999"):
        account.http.get(f"/api/3/contacts/{contact_id}")
    account.http.get("/api/3/nonsense")
    account.get("/contacts")
    assert account.control("GET", "counts") == {
        "calls": {"GET (unknown)": 1, "GET /contacts": 1, "GET /contacts/{id}": 3},
        "token_calls": 0,
        "total": 5,
    }


def test_the_control_api_neither_counts_nor_logs_itself(account: ActiveCampaign) -> None:
    account.control("GET", "dump")
    account.control("GET", "clock")
    assert account.control("GET", "counts") == {"calls": {}, "token_calls": 0, "total": 0}
    assert account.control("GET", "log") == []


def test_it_says_what_it_has(account: ActiveCampaign) -> None:
    assert "POST person" in account.control("GET", "nonsense", status=404)["message"]
    account.control("POST", "dump", status=404)
    assert account.control("GET", "/counts/") == account.control("GET", "counts")


@pytest.mark.parametrize("path", ["log?after=x", "log?after=1.5"])
def test_nonsense_is_400(account: ActiveCampaign, path: str) -> None:
    account.control("GET", path, status=400)


def test_the_clock_is_shown_set_moved_and_stopped(account: ActiveCampaign) -> None:
    noon = {"now": "2026-03-02T12:00:00+00:00", "offset": 0, "frozen": True}
    assert account.control("GET", "clock") == noon
    assert account.control("POST", "clock", {"advance": 90})["now"] == "2026-03-02T12:01:30+00:00"
    moved = account.control("POST", "clock", {"set": "2027-01-01T00:00:00+01:00", "freeze": False})
    assert (moved["now"], moved["frozen"]) == ("2026-12-31T23:00:00+00:00", False)


@pytest.mark.parametrize(
    "order", [{"set": "2027-01-01T00:00:00"}, {"set": "soon"}, {"advance": "x"}, {"stop": 1}]
)
def test_a_clock_order_it_cannot_read_is_400(account: ActiveCampaign, order: dict[str, object]) -> None:
    assert account.control("POST", "clock", order, status=400)["message"]
    assert account.control("GET", "clock")["offset"] == 0


def test_every_answer_has_the_date_of_the_systems_clock(account: ActiveCampaign) -> None:
    account.advance(3600)
    for path in ("/api/3/contacts", "/api/3/nonsense", "/nowhere"):
        date = parsedate_to_datetime(account.http.get(path).headers["date"])
        assert date == datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def test_stamps_follow_the_clock(account: ActiveCampaign) -> None:
    account.control("POST", "clock", {"set": "2027-06-01T00:00:00.9Z"})
    assert account.contact(account.new_contact())["cdate"] == "2027-05-31T18:00:00-06:00"


def test_latency_is_added_to_every_vendor_answer_and_to_no_other(opening: Opening) -> None:
    account = opening(latency=0.25)
    account.get("/contacts")
    account.http.get("/api/3/nonsense")
    account.control("GET", "dump")
    assert account.sleeps == [0.25, 0.25]


def test_without_latency_nothing_waits(account: ActiveCampaign) -> None:
    account.get("/contacts")
    assert account.sleeps == []


def test_what_is_committed_late_is_seen_late_with_the_stamp_of_its_time(account: ActiveCampaign) -> None:
    before = account.contact("1")
    account.advance(60)
    order = {"object": "contact", "op": "edit", "id": "1", "values": {"phone": "1"}, "commits_after": 5}
    assert account.control("POST", "person", order) == {}
    account.advance(4)
    assert account.contact("1") == before
    account.advance(1)
    after = account.contact("1")
    assert (after["phone"], after["udate"]) == ("1", "2026-03-02T06:01:00-06:00")
    assert account.control("GET", "clock")["offset"] == 65


def test_what_is_refused_when_it_is_committed_is_not_done(account: ActiveCampaign) -> None:
    orders = [
        {"object": "contact", "op": "edit", "id": "1", "values": {"phone": "1"}, "commits_after": 5},
        {"object": "contact", "op": "edit", "id": "2", "values": {"phone": "1"}, "commits_after": 5},
        {"object": "contact", "op": "delete", "id": "1"},
    ]
    assert account.control("POST", "person", orders)[:2] == [{}, {}]
    account.advance(5)
    assert account.contact("2")["phone"] == "1"


def test_a_reset_forgets_what_was_to_be_committed(account: ActiveCampaign) -> None:
    before = account.contact("1")
    order = {"object": "contact", "op": "edit", "id": "1", "values": {"phone": "1"}, "commits_after": 5}
    account.control("POST", "person", order)
    account.control("POST", "reset")
    account.advance(60)
    assert account.contact("1") == before
