from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.helpers.sandbox_account import ActiveCampaign

Opening = Callable[..., ActiveCampaign]
PATH = "/import/bulk_import"


def queue(account: ActiveCampaign, *contacts: dict[str, Any]) -> str:
    answer = account.send("POST", PATH, {"contacts": list(contacts)}, status=200)
    assert (answer["Success"], answer["queued_contacts"]) == (1, len(contacts))
    return str(answer["batchId"])


def finish(account: ActiveCampaign, *contacts: dict[str, Any]) -> Any:
    """Queue contacts, let the import be done, and read its outcome."""
    batch = queue(account, *contacts)
    account.advance(1)
    outcome = account.get("/import/info", f"batchId={batch}")
    assert outcome["status"] == "completed"
    return outcome


def refused(account: ActiveCampaign, *contacts: Any) -> Any:
    answer = account.send("POST", PATH, {"contacts": list(contacts)}, status=400)
    assert answer["success"] == 0
    return answer


def test_an_import_takes_effect_when_its_time_has_come(account: ActiveCampaign) -> None:
    batch = queue(account, {"email": "li.wei@example.org", "first_name": "Wei", "last_name": "Li"})
    waiting = account.get("/import/info", f"batchId={batch}")
    assert waiting == {"status": "waiting", "success": [], "failure": []}
    assert account.found("email=li.wei@example.org") == []
    account.advance(1)
    done = account.get("/import/info", f"batchId={batch}")
    contact = account.contact(done["success"][0])
    assert (done["status"], contact["firstName"], contact["lastName"]) == ("completed", "Wei", "Li")


def test_totals_count_what_waits_and_what_is_done(account: ActiveCampaign) -> None:
    assert account.get(PATH) == {"outstanding": [], "recentlyCompleted": []}
    queue(account, {"email": "a@example.org"}, {"email": "b@example.org"})
    queue(account, {"email": "c@example.org"})
    today = {"forDate": "2026-03-02", "batches": "2", "contacts": "3"}
    assert account.get(PATH) == {"outstanding": [today], "recentlyCompleted": []}
    account.advance(5)
    assert account.get(PATH) == {"outstanding": [], "recentlyCompleted": [today]}


def test_contacts_that_exist_are_updated_by_address(account: ActiveCampaign) -> None:
    contact_id = account.new_contact("li.wei@example.org", firstName="W", phone="+1")
    account.advance(60)
    outcome = finish(account, {"email": "LI.wei@example.org", "first_name": "Wei"})
    contact = account.contact(contact_id)
    assert outcome["success"] == [contact_id]
    assert (contact["firstName"], contact["phone"]) == ("Wei", "+1")
    assert contact["udate"] == "2026-03-02T06:01:00-06:00"


def test_custom_values_tags_account_and_lists_come_along(account: ActiveCampaign) -> None:
    city, interests = account.field_id("City"), account.field_id("Interests")
    outcome = finish(
        account,
        {
            "email": "li.wei@example.org",
            "customer_acct_name": "Harbour Ltd",
            "tags": ["crm-synced", "VIP"],
            "fields": [{"id": int(city), "value": "Oslo"}, {"id": interests, "value": "||Email||Phone||"}],
            "subscribe": [{"listid": 2}],
        },
    )
    answer = account.get(f"/contacts/{outcome['success'][0]}", "include=contactTags.tag")
    assert {row["field"]: row["value"] for row in answer["fieldValues"]} == {
        city: "Oslo",
        interests: "||Email||Phone||",
    }
    assert {tag["tag"] for tag in answer["tags"]} == {"crm-synced", "vip"}, "a known tag is not made again"
    assert [(row["list"], row["status"]) for row in answer["contactLists"]] == [("2", "1")]
    assert answer["contact"]["orgname"] == "Harbour Ltd"


def test_blank_values_change_nothing(account: ActiveCampaign) -> None:
    city = account.field_id("City")
    contact_id = account.new_contact(firstName="María", fieldValues=[{"field": city, "value": "Oslo"}])
    fields = [{"id": city, "value": ""}]
    finish(account, {"email": "maria.ruiz@example.org", "first_name": "", "fields": fields})
    assert account.contact(contact_id)["firstName"] == "María"
    assert account.values(contact_id) == {city: "Oslo"}


def test_who_unsubscribed_stays_unsubscribed(account: ActiveCampaign) -> None:
    contact_id = account.new_contact()
    email = "maria.ruiz@example.org"
    finish(account, {"email": email, "unsubscribe": [{"listid": 1}]})
    finish(account, {"email": email, "subscribe": [{"listid": 1}, {"listid": 2}]})
    rows = account.get(f"/contacts/{contact_id}/contactLists")["contactLists"]
    assert {row["list"]: row["status"] for row in rows} == {"1": "2", "2": "1"}


def test_one_invalid_contact_refuses_the_whole_request(account: ActiveCampaign) -> None:
    answer = refused(
        account,
        {"email": "good@example.org"},
        {"email": "bad"},
        {"first_name": "No address"},
        {"email": "x@example.org", "fields": [{"id": "999", "value": "x"}]},
        {"email": "y@example.org", "subscribe": [{"listid": 99}]},
        {"email": "z@example.org", "tags": "vip"},
        "no object",
    )
    assert [reason["contact"] for reason in answer["failureReasons"]] == [1, 2, 3, 4, 5, 6]
    account.advance(5)
    assert account.found("email=good@example.org") == []


def test_an_address_that_is_found_wrong_later_is_reported_as_failure(account: ActiveCampaign) -> None:
    outcome = finish(account, {"email": "good@example.org"}, {"email": "bad@@example.org"})
    assert outcome["failure"] == ["bad@@example.org"]
    assert len(outcome["success"]) == 1


@pytest.mark.parametrize("body", [{}, {"contacts": []}, {"contacts": "x"}])
def test_a_request_without_contacts_is_refused(account: ActiveCampaign, body: object) -> None:
    assert account.send("POST", PATH, body, status=400)["success"] == 0


def test_250_contacts_are_the_most(account: ActiveCampaign) -> None:
    contacts = [{"email": f"c{number}@example.org"} for number in range(251)]
    assert refused(account, *contacts)["message"] == "Too many contacts."
    outcome = finish(account, *contacts[:250])
    ids = [int(each) for each in outcome["success"]]
    assert len(set(ids)) == 250
    assert ids != sorted(ids), "their order is not promised"


def test_a_body_that_is_too_large_is_refused(account: ActiveCampaign) -> None:
    notes = [{"id": account.field_id("Notes"), "value": "x" * 400_000}]
    assert refused(account, {"email": "a@example.org", "fields": notes})["message"].startswith(
        "The request body"
    )


def test_one_address_twice_in_a_batch_is_one_contact(account: ActiveCampaign) -> None:
    outcome = finish(
        account,
        {"email": "a@example.org", "first_name": "One"},
        {"email": "A@example.org", "first_name": "Two"},
    )
    assert [account.contact(each)["firstName"] for each in outcome["success"]] == ["Two"]


def test_single_contacts_and_requests_have_limits_of_their_own_answered_with_400(opening: Opening) -> None:
    account = opening(limits="real")

    def statuses(count: int, *contacts: dict[str, str]) -> list[int]:
        found = []
        for _ in range(count):
            account.advance(0.3)
            found.append(account.http.post("/api/3" + PATH, json={"contacts": contacts}).status_code)
        return found

    assert statuses(21, {"email": "a@example.org"}) == [200] * 20 + [400]
    account.advance(60)
    pair = ({"email": "a@example.org"}, {"email": "b@example.org"})
    assert statuses(101, *pair) == [200] * 100 + [400]
    answer = refused(account, *pair)
    assert answer["message"] == "Rate limit exceeded."
    assert answer["failureReasons"]
    account.advance(60)
    queue(account, *pair)


def test_without_limits_imports_are_not_counted(account: ActiveCampaign) -> None:
    for _ in range(150):
        queue(account, {"email": "a@example.org"})


def test_an_unknown_batch_is_404(account: ActiveCampaign) -> None:
    account.send("GET", "/import/info?batchId=nothing", status=404)
    account.send("GET", "/import/info", status=404)


def test_a_contact_edited_while_its_import_waits_is_overwritten_later(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(firstName="María")
    queue(account, {"email": "maria.ruiz@example.org", "first_name": "Import"})
    order = {"object": "contact", "op": "edit", "id": contact_id, "values": {"firstName": "Person"}}
    assert account.control("POST", "person", order)["firstName"] == "Person"
    account.advance(1)
    assert account.contact(contact_id)["firstName"] == "Import"


def test_the_dump_shows_batches_and_who_was_kept_out_of_automations(account: ActiveCampaign) -> None:
    batch = queue(
        account, {"email": "a@example.org", "exclude_automations": True}, {"email": "b@example.org"}
    )
    dumped = account.control("GET", "dump")["import"]
    assert dumped == [
        {
            "batchId": batch,
            "status": "waiting",
            "contacts": 2,
            "exclude_automations": 1,
            "success": [],
            "failure": [],
        }
    ]
