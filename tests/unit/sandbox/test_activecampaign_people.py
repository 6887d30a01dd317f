from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_account import ActiveCampaign


def person(
    account: ActiveCampaign, op: str, record_id: str | None = None, *, status: int = 200, **more: Any
) -> Any:
    order = {"object": "contact", "op": op, "id": record_id, **more}
    return account.control("POST", "person", order, status=status)


def test_a_person_makes_a_contact_that_the_api_shows(account: ActiveCampaign) -> None:
    made = person(
        account,
        "create",
        user="mara",
        values={
            "email": "new@example.org",
            "firstName": "Neu",
            "COMPANY": "Harbour Ltd",
            "Interests": ["Email", "Phone"],
            "fields": {"PARTNER": True},
            "tags": ["vip"],
            "lists": {"Newsletter": 1},
        },
    )
    assert account.contact(made["id"])["firstName"] == "Neu"
    assert made["fields"] == {
        "COMPANY": "Harbour Ltd",
        "INTERESTS": "||Email||Phone||",
        "PARTNER": "||true||",
    }
    assert (made["tags"], made["lists"]) == (["vip"], {"1": "1"})
    assert made["fieldValues"][0]["created_by"] == "3"


def test_a_persons_edit_moves_the_stamp(account: ActiveCampaign) -> None:
    before = account.contact("1")
    account.advance(60)
    after = person(account, "edit", "1", values={"City": "Nowhere", "phone": ""})
    assert (after["fields"]["CITY"], after["phone"]) == ("Nowhere", "")
    assert after["udate"] == "2026-03-02T06:01:00-06:00" > before["udate"]


def test_a_person_tags_and_untags_without_moving_the_stamp(account: ActiveCampaign) -> None:
    before = account.contact("1")
    tagged = person(account, "tag", "1", values={"tag": "make a lead"})
    assert "make a lead" in tagged["tags"]
    assert tagged["udate"] == before["udate"]
    assert "make a lead" not in person(account, "untag", "1", values={"tag": "make a lead"})["tags"]
    person(account, "untag", "1", values={"tag": "make a lead"}, status=400)


def test_a_person_unsubscribes_somebody_without_moving_the_stamp(account: ActiveCampaign) -> None:
    contact_id = account.new_contact()
    account.advance(60)
    after = person(account, "edit", contact_id, values={"lists": {"1": 2}})
    assert (after["lists"], after["udate"]) == ({"1": "2"}, "2026-03-02T06:00:00-06:00")


def test_a_mail_that_comes_back_ends_every_subscription_without_moving_the_stamp(
    account: ActiveCampaign,
) -> None:
    contact_id = account.new_contact()
    person(account, "edit", contact_id, values={"lists": {"1": 1, "2": 2}})
    account.advance(60)
    after = person(account, "bounce", contact_id)
    assert (after["lists"], after["udate"]) == ({"1": "3", "2": "2"}, "2026-03-02T06:00:00-06:00")
    assert account.contact(contact_id)["bounced_hard"] == "1"
    assert contact_id in account.found("status=3")


def test_a_person_deletes_a_contact(account: ActiveCampaign) -> None:
    assert person(account, "delete", "1")["deleted"] == "1"
    account.send("GET", "/contacts/1", status=404)
    person(account, "edit", "1", values={"phone": "1"}, status=400)


@pytest.mark.parametrize(
    "order",
    [
        {"object": "lead", "op": "edit", "id": "1"},
        {"object": "contact", "op": "merge", "id": "1"},
        {"object": "contact", "op": "edit", "id": "999"},
        {"object": "contact", "op": "edit"},
        {"object": "contact", "op": "edit", "id": "1", "user": "nobody"},
        {"object": "contact", "op": "edit", "id": "1", "values": {"Nonsense": "x"}},
        {"object": "contact", "op": "edit", "id": "1", "values": {"Score": "many"}},
        {"object": "contact", "op": "edit", "id": "1", "values": {"email": "x"}},
        {"object": "contact", "op": "edit", "id": "1", "values": {"fields": []}},
        {"object": "contact", "op": "edit", "id": "1", "values": {"lists": {"1": 7}}},
        {"object": "contact", "op": "edit", "id": "1", "values": {"lists": {"Nonsense": 1}}},
        {"object": "contact", "op": "tag", "id": "1"},
        {"object": "contact", "op": "create", "values": {"firstName": "No address"}},
        {"object": "contact", "op": "create", "values": {"email": ["x"]}},
        {"op": "edit"},
        {"object": "contact", "op": "edit", "who": "me"},
    ],
)
def test_what_a_person_cannot_do_is_400_with_a_text(account: ActiveCampaign, order: dict[str, Any]) -> None:
    before = account.control("GET", "dump")
    assert account.control("POST", "person", order, status=400)["message"]
    assert account.control("GET", "dump") == before


def test_a_person_cannot_take_anothers_address(account: ActiveCampaign) -> None:
    email = account.contact("2")["email"]
    person(account, "create", values={"email": email}, status=400)
    person(account, "edit", "1", values={"email": email}, status=400)
    assert person(account, "edit", "2", values={"email": email.upper()})["email"] == email.upper()


def test_the_dump_holds_every_record_with_all_fields(account: ActiveCampaign) -> None:
    dump = account.control("GET", "dump")
    assert set(dump) == {"contact", "field", "fieldOption", "tag", "list", "user", "import"}
    listed = account.get("/contacts", "limit=100&include=fieldValues")
    by_id = {each["id"]: each for each in dump["contact"]}
    for contact in listed["contacts"]:
        dumped = by_id.pop(contact["id"])
        assert {row["id"] for row in dumped["fieldValues"]} == set(contact["fieldValues"])
        assert dumped["email"] == contact["email"]
    assert by_id == {}


def test_reset_brings_the_start_back(account: ActiveCampaign) -> None:
    before = account.control("GET", "dump")
    person(account, "delete", "1")
    account.new_contact()
    account.send("DELETE", f"/fields/{account.field_id('Company')}", status=200)
    account.advance(100)
    account.control("POST", "reset")
    assert account.control("GET", "dump") == before
    assert account.control("GET", "log") == []
    assert account.control("GET", "clock")["offset"] == 0
