"""Change tracking of a Dataverse environment: all rows, then changes and deletions, until a token expires."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

TRACKING = {"Prefer": "odata.track-changes"}
DAY = 24 * 60 * 60


def walk(environment: DataverseEnvironment, link: str, size: int = 5) -> tuple[list[dict[str, Any]], str]:
    """All pages from a link on, and the link to what comes later."""
    rows: list[dict[str, Any]] = []
    while True:
        prefer = {"Prefer": f"odata.track-changes,odata.maxpagesize={size}"}
        answer = environment.http.get(link, headers=prefer)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["@odata.context"].endswith("/$delta")
        rows += page["value"]
        if later := page.get("@odata.deltaLink"):
            return rows, later
        link = page["@odata.nextLink"]


def start(environment: DataverseEnvironment) -> tuple[list[dict[str, Any]], str]:
    return walk(environment, "/api/data/v9.2/contacts?$select=lastname")


def test_all_rows_first_and_then_only_changes_with_deletions_last(environment: DataverseEnvironment) -> None:
    rows, link = start(environment)
    assert len({row["contactid"] for row in rows}) == len(rows) == 12
    assert walk(environment, link)[0] == []
    gone, kept = rows[0]["contactid"], rows[1]["contactid"]
    environment.call("DELETE", f"/contacts({gone})")
    environment.call("PATCH", f"/contacts({kept})", {"jobtitle": "not chosen, listed all the same"})
    made = environment.call("POST", "/contacts", {"lastname": "Ruiz"}).headers["odata-entityid"][-37:-1]
    found, later = walk(environment, link, size=1)
    assert [row.get("contactid") for row in found] == [kept, made, None]
    assert (found[-1]["id"], found[-1]["reason"]) == (gone, "deleted")
    assert found[-1]["@odata.context"].endswith("$metadata#contacts/$deletedEntity")
    assert walk(environment, later)[0] == []
    assert walk(environment, link)[0] == found


def test_a_change_during_the_walk_is_not_lost(environment: DataverseEnvironment) -> None:
    prefer = {"Prefer": "odata.track-changes,odata.maxpagesize=5"}
    first = environment.call("GET", "/contacts?$select=lastname", headers=prefer).json()
    changed = first["value"][0]["contactid"]
    environment.call("PATCH", f"/contacts({changed})", {"jobtitle": "CTO"})
    rest, link = walk(environment, first["@odata.nextLink"])
    assert len(first["value"]) + len(rest) == 12
    assert [row["contactid"] for row in walk(environment, link)[0]] == [changed]


def test_a_row_that_came_back_is_no_deletion(environment: DataverseEnvironment) -> None:
    rows, link = start(environment)
    key = rows[0]["contactid"]
    environment.call("DELETE", f"/contacts({key})")
    environment.call("PATCH", f"/contacts({key})", {"lastname": "Ruiz"})
    assert [row.get("contactid") for row in walk(environment, link)[0]] == [key]


def test_a_token_expires_after_seven_days(environment: DataverseEnvironment) -> None:
    link = start(environment)[1].partition("v9.2")[2]
    environment.clock.advance(8 * DAY)
    token = environment.bearing(environment.token()["access_token"])
    code, text = environment.refusal("GET", link, headers=token)
    assert code == "0x80044352"
    assert "full sync" in text


@pytest.mark.parametrize("option", ["filter=lastname eq 'x'", "orderby=lastname", "top=1", "expand=ownerid"])
def test_options_that_tracking_does_not_take(environment: DataverseEnvironment, option: str) -> None:
    text = environment.refusal("GET", f"/contacts?${option}", headers=TRACKING)[1]
    name = option.partition("=")[0]
    assert text == f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'


def test_only_tracked_tables_and_good_tokens(environment: DataverseEnvironment) -> None:
    assert environment.refusal("GET", "/teams", headers=TRACKING)[0] == "0x80072491"
    assert environment.refusal("GET", "/contacts?$deltatoken=nonsense")[0] == "0x80040203"


def test_a_kept_environment_still_knows_what_was_deleted(environment: DataverseEnvironment) -> None:
    rows, link = start(environment)
    environment.call("DELETE", f"/contacts({rows[0]['contactid']})")
    kept = environment.controlled.saved()
    environment.control("POST", "reset")
    environment.controlled.restore(kept)
    assert [row["id"] for row in walk(environment, link)[0]] == [rows[0]["contactid"]]


def test_changes_are_counted_by_their_token(environment: DataverseEnvironment) -> None:
    first = environment.get("/contacts?$select=lastname", prefer="odata.track-changes")
    token = first["@odata.deltaLink"].partition("$deltatoken=")[2]
    count = f"/contacts/$count?$deltatoken={token}"
    assert environment.call("GET", count).text.endswith("0")
    key = environment.call("POST", "/contacts", {"lastname": "Ruiz"}).headers["odata-entityid"][-37:-1]
    assert environment.call("GET", count).text == "\ufeff1"
    environment.call("DELETE", f"/contacts({key})")
    assert environment.refusal("GET", "/contacts/$count?$deltatoken=x")[0] == "0x80040203"
