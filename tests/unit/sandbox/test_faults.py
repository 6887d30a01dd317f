from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.helpers.sandbox_account import ActiveCampaign

Opening = Callable[..., ActiveCampaign]


def order(account: ActiveCampaign, **fault: Any) -> None:
    account.control("POST", "faults", fault)


def create(account: ActiveCampaign, email: str) -> httpx2.Response:
    return account.http.post("/api/3/contacts", json={"contact": {"email": email}})


def statuses(account: ActiveCampaign, count: int, path: str = "/api/3/users/me") -> list[int]:
    return [account.http.get(path).status_code for _ in range(count)]


def test_a_status_hits_the_chosen_request_once(account: ActiveCampaign) -> None:
    order(account, kind="status", status=500, at_request=3)
    assert statuses(account, 5) == [200, 200, 500, 200, 200]


def test_without_a_number_the_next_request_is_hit_and_times_says_how_often(account: ActiveCampaign) -> None:
    order(account, kind="status", status=500, times=2)
    assert statuses(account, 4) == [500, 500, 200, 200]


def test_a_number_counts_only_requests_of_the_route(account: ActiveCampaign) -> None:
    order(account, kind="status", status=500, route="GET /contacts/{id}", at_request=2)
    paths = ["users/me", "contacts/1", "users/me", "contacts", "contacts/2", "contacts/2"]
    assert [account.http.get(f"/api/3/{path}").status_code for path in paths] == [
        200,
        200,
        200,
        200,
        500,
        200,
    ]


@pytest.mark.parametrize("route", ["/users/me", "GET *", "GET /api/3/users/me", "*users*", None])
def test_a_route_may_be_a_path_a_pattern_or_left_out(account: ActiveCampaign, route: str | None) -> None:
    order(account, kind="status", status=500, route=route)
    assert statuses(account, 2) == [500, 200]


def test_a_purpose_is_chosen_by_what_address_or_body_hold(account: ActiveCampaign) -> None:
    order(account, kind="status", status=500, route="GET /contacts", holding="filters[updated_after]=")
    order(account, kind="status", status=500, route="POST /contacts", holding="b@example.org")

    assert statuses(account, 2, "/api/3/contacts?limit=1") == [200, 200]
    assert statuses(account, 2, "/api/3/contacts?filters%5Bupdated_after%5D=2026-01-01") == [500, 200]
    assert [create(account, f"{name}@example.org").status_code for name in "abb"] == [201, 500, 201]


def test_a_rate_hits_a_share_the_same_for_a_seed(account: ActiveCampaign) -> None:
    hits = []
    for seed in (7, 7, 8):
        account.control("DELETE", "faults")
        order(account, kind="status", status=500, rate=0.3, seed=seed)
        hits.append(statuses(account, 100))
    assert hits[0] == hits[1] != hits[2]
    assert 15 < hits[0].count(500) < 45


def test_before_means_without_effect_and_after_means_with_it(account: ActiveCampaign) -> None:
    for when, effect in (("before", 0), ("after", 1)):
        order(account, kind="status", status=503, when=when, route="POST /contacts")
        email = f"{when}@example.org"
        assert create(account, email).status_code == 503
        assert len(account.found(f"email={email}")) == effect, when


def test_a_status_has_the_vendors_shape_or_the_body_it_is_given(account: ActiveCampaign) -> None:
    order(account, kind="status", status=403)
    assert account.http.get("/api/3/contacts").json() == {"message": "Forbidden"}
    order(account, kind="status", status=502)
    assert account.http.get("/api/3/contacts").headers["content-type"] == "text/html"
    order(account, kind="status", status=418, body={"odd": True}, headers={"X-Odd": "1"})
    odd = account.http.get("/api/3/contacts")
    assert (odd.status_code, odd.json(), odd.headers["x-odd"]) == (418, {"odd": True}, "1")
    order(account, kind="status", status=200, body="not json")
    assert account.http.get("/api/3/contacts").text == "not json"


def test_throttle_is_the_vendors_own_refusal(account: ActiveCampaign) -> None:
    order(account, kind="throttle")
    answer = account.http.get("/api/3/contacts")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_html_stands_where_json_is_expected(account: ActiveCampaign) -> None:
    order(account, kind="html", status=200)
    answer = account.http.get("/api/3/contacts")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.text.startswith("<html>")


def test_a_drop_ends_the_connection_without_an_answer(account: ActiveCampaign) -> None:
    for when, effect in (("before", 0), ("after", 1)):
        order(account, kind="drop", when=when, route="POST /contacts")
        email = f"{when}@example.org"
        with pytest.raises(httpx2.RemoteProtocolError):
            create(account, email)
        assert len(account.found(f"email={email}")) == effect, when


def test_a_truncated_answer_ends_inside_its_body(account: ActiveCampaign) -> None:
    order(account, kind="truncate", when="after", route="POST /contacts")
    with pytest.raises(httpx2.RemoteProtocolError):
        create(account, "a@example.org")
    assert len(account.found("email=a@example.org")) == 1


def test_a_clean_truncation_breaks_only_the_json(account: ActiveCampaign) -> None:
    whole = account.http.get("/api/3/contacts").text
    order(account, kind="truncate", when="after", clean=True)
    half = account.http.get("/api/3/contacts")
    assert half.status_code == 200
    assert half.text
    assert whole.startswith(half.text)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay_waits_and_then_goes_on(account: ActiveCampaign, when: str) -> None:
    order(account, kind="delay", seconds=2.5, when=when)
    assert statuses(account, 2) == [200, 200]
    assert account.sleeps == [2.5]


def test_a_kill_ends_the_process_and_nothing_is_answered(account: ActiveCampaign) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        order(account, kill=victim.pid, at_request=2)
        assert statuses(account, 1) == [200]
        assert victim.poll() is None
        with pytest.raises(httpx2.RemoteProtocolError):
            account.http.get("/api/3/contacts")
        assert victim.wait(timeout=10) == -signal.SIGKILL


def test_broken_answers_are_logged(account: ActiveCampaign) -> None:
    order(account, kind="drop")
    with pytest.raises(httpx2.RemoteProtocolError):
        account.http.get("/api/3/contacts")
    assert [entry["status"] for entry in account.control("GET", "log")] == [0]


def test_faults_are_listed_with_what_they_did_and_cleared(account: ActiveCampaign) -> None:
    order(account, kind="status", status=500, at_request=2)
    statuses(account, 3)
    fault = account.control("GET", "faults")[0]
    assert (fault["seen"], fault["fired"], fault["kind"]) == (3, 1, "status")
    order(account, kind="drop")
    assert account.control("DELETE", "faults") == []
    assert statuses(account, 1) == [200]


def test_several_faults_are_ordered_at_once(account: ActiveCampaign) -> None:
    faults = [{"kind": "status", "status": status, "at_request": status - 500} for status in (501, 503)]
    account.control("POST", "faults", faults)
    assert statuses(account, 4) == [501, 200, 503, 200]


def test_control_is_never_hit(account: ActiveCampaign) -> None:
    order(account, kind="drop", times=100)
    account.control("GET", "counts")


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "explode"},
        {"kind": "status"},
        {"kind": "status", "status": 7},
        {"kind": "drop", "at_request": 0},
        {"kind": "drop", "rate": 2},
        {"kind": "drop", "rate": 0.5, "at_request": 1},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "when": "later"},
        {"kind": "kill"},
        {"kind": "kill", "kill": 1},
        {"kind": "drop", "kill": 99},
        {"kind": "delay", "seconds": -1},
        {"kind": "drop", "rout": "POST /contacts"},
        [{"kind": "drop"}, {"kind": "explode"}],
    ],
)
def test_an_order_that_makes_no_sense_is_400(account: ActiveCampaign, fault: object) -> None:
    assert account.control("POST", "faults", fault, status=400)["message"]
    assert account.control("GET", "faults") == []


def test_a_request_may_take_effect_twice(account: ActiveCampaign) -> None:
    order(account, kind="twice", route="POST /import/bulk_import")
    sent = {"contacts": [{"email": "new@example.org"}]}
    answer = account.http.post("/api/3/import/bulk_import", json=sent)
    assert answer.status_code == 200
    first, second = account.control("GET", "dump")["import"]
    assert answer.json()["batchId"] == second["batchId"] != first["batchId"]
    order(account, kind="twice", route="POST /contacts")
    assert create(account, "other@example.org").status_code == 422
    assert len(account.found("email=other@example.org")) == 1
    assert account.control("GET", "counts")["calls"]["POST /contacts"] == 1
