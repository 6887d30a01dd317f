from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_account import ActiveCampaign


def refusal(account: ActiveCampaign, method: str, path: str, contact: object) -> tuple[str, str]:
    """Code and pointer of a 422."""
    errors = account.send(method, path, {"contact": contact}, status=422)["errors"]
    return errors[0]["code"], errors[0]["source"]["pointer"].removeprefix("/data/attributes/")


def test_a_new_contact_comes_back_with_strings_and_values(account: ActiveCampaign) -> None:
    city = account.field_id("City")
    made = account.send(
        "POST",
        "/contacts",
        {
            "contact": {
                "email": "maria.ruiz@example.org",
                "firstName": "María",
                "lastName": "Ruiz",
                "phone": "+34 600 123 456",
                "fieldValues": [{"field": city, "value": "Madrid"}],
            }
        },
        status=201,
    )
    contact, value = made["contact"], made["fieldValues"][0]
    assert (contact["firstName"], contact["lastName"]) == ("María", "Ruiz")
    assert isinstance(contact["id"], str)
    assert (value["contact"], value["field"], value["value"]) == (contact["id"], city, "Madrid")
    assert contact["fieldValues"] == [value["id"]]
    assert contact["udate"] == contact["cdate"] == "2026-03-02T06:00:00-06:00"
    assert account.contact(contact["id"]) == {**contact, "contactLists": []}


def test_an_address_is_unique_without_case_and_blanks(account: ActiveCampaign) -> None:
    account.new_contact("Maria@Example.org")
    assert refusal(account, "POST", "/contacts", {"email": " maria@example.ORG "}) == ("duplicate", "email")


@pytest.mark.parametrize("email", [None, ""])
def test_a_contact_without_address_is_refused(account: ActiveCampaign, email: str | None) -> None:
    assert refusal(account, "POST", "/contacts", {"email": email}) == ("field_missing", "email")
    assert refusal(account, "POST", "/contact/sync", {"firstName": "A"}) == ("field_missing", "email")


@pytest.mark.parametrize(
    "email",
    ["x", "@example.org", "a@b", "a b@example.org", "a@@example.org", "a@example.", 7, ["a@example.org"]],
)
def test_an_invalid_address_is_refused(account: ActiveCampaign, email: object) -> None:
    assert refusal(account, "POST", "/contacts", {"email": email}) == ("field_invalid", "email")
    assert refusal(account, "PUT", "/contacts/1", {"email": email}) == ("field_invalid", "email")


@pytest.mark.parametrize("email", ["a+tag@example.org", "o'neill@mail.example", "Ünal@bücher.example"])
def test_unusual_addresses_are_fine(account: ActiveCampaign, email: str) -> None:
    assert account.contact(account.new_contact(email))["email"] == email


@pytest.mark.parametrize(("name", "value"), [("firstName", True), ("lastName", ["x"]), ("phone", {})])
def test_wrong_types_are_refused(account: ActiveCampaign, name: str, value: object) -> None:
    assert refusal(account, "PUT", "/contacts/1", {name: value}) == ("field_invalid", name)


def test_attributes_that_a_contact_does_not_have_are_ignored(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(company="Harbour Ltd", owner="7")
    assert "company" not in account.contact(contact_id)


def test_a_long_name_is_cut_without_a_word(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(firstName="é" * 300)
    assert account.contact(contact_id)["firstName"] == "é" * 255


def test_an_update_changes_what_it_names_and_moves_the_stamp(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(firstName="María", phone="+34 600")
    account.advance(61.9)
    account.send(
        "PUT", f"/contacts/{contact_id}", {"contact": {"firstName": "Mari", "phone": ""}}, status=200
    )
    contact = account.contact(contact_id)
    assert (contact["firstName"], contact["phone"]) == ("Mari", "")
    assert contact["email"] == "maria.ruiz@example.org"
    assert contact["cdate"] == "2026-03-02T06:00:00-06:00"
    assert contact["udate"] == "2026-03-02T06:01:01-06:00"


def test_an_update_may_change_the_address_unless_it_is_taken(account: ActiveCampaign) -> None:
    first, second = account.new_contact("a@example.org"), account.new_contact("b@example.org")
    path = f"/contacts/{second}"
    assert refusal(account, "PUT", path, {"email": "A@example.org"}) == ("duplicate", "email")
    account.send("PUT", path, {"contact": {"email": "B@example.org"}}, status=200)
    account.send("PUT", f"/contacts/{first}", {"contact": {"email": "c@example.org"}}, status=200)
    account.send("PUT", path, {"contact": {"email": "a@example.org"}}, status=200)
    assert account.found("email=a@example.org") == [second]
    assert account.found("email=b@example.org") == []


def test_a_refused_update_changes_nothing(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(firstName="María")
    before = account.contact(contact_id)
    account.advance(10)
    for wrong in ({"email": "x"}, {"fieldValues": [{"field": "999", "value": "x"}]}, {"fieldValues": "x"}):
        refusal(account, "PUT", f"/contacts/{contact_id}", {"firstName": "Other", **wrong})
    assert account.contact(contact_id) == before


@pytest.mark.parametrize("contact_id", ["999", "abc", "0", "-1", "9" * 30])
def test_an_unknown_id_is_404_with_its_text(account: ActiveCampaign, contact_id: str) -> None:
    for method, body in (("GET", None), ("PUT", {"contact": {}}), ("DELETE", None)):
        answer = account.send(method, f"/contacts/{contact_id}", body, status=404)
        assert answer == {"message": f"No Result found for Subscriber with id {contact_id}"}


def test_sync_creates_and_then_updates_by_address(account: ActiveCampaign) -> None:
    body = {"contact": {"email": "li.wei@example.org", "firstName": "Wei", "lastName": "Li"}}
    made = account.send("POST", "/contact/sync", body, status=201)["contact"]
    changed = account.send(
        "POST", "/contact/sync", {"contact": {"email": "LI.WEI@example.org", "firstName": "伟"}}, status=200
    )["contact"]
    assert changed["id"] == made["id"]
    assert (changed["firstName"], changed["lastName"]) == ("伟", "Li")


def test_a_deleted_contact_is_nowhere_but_in_the_dump(account: ActiveCampaign) -> None:
    contact_id = account.new_contact("gone@example.org", firstName="Gone")
    account.advance(5)
    assert account.send("DELETE", f"/contacts/{contact_id}", status=200) == {}
    account.send("GET", f"/contacts/{contact_id}", status=404)
    assert account.found("email=gone@example.org") == []
    assert contact_id not in account.found("limit=100")
    dumped = next(each for each in account.control("GET", "dump")["contact"] if each["id"] == contact_id)
    assert (dumped["deleted"], dumped["deleted_at"], dumped["firstName"]) == (
        "1",
        "2026-03-02 06:00:05",
        "Gone",
    )


def test_an_address_whose_contact_was_deleted_gets_a_new_id(account: ActiveCampaign) -> None:
    first = account.new_contact("again@example.org")
    account.send("DELETE", f"/contacts/{first}", status=200)
    assert account.new_contact("again@example.org") != first


def test_one_contact_comes_with_lists_and_values_beside_it(account: ActiveCampaign) -> None:
    answer = account.get("/contacts/1")
    beside = {"contactAutomations", "contactLists", "deals", "fieldValues", "geoIps", "accountContacts"}
    assert set(answer) == {"contact", *beside}
    tagged = account.get("/contacts/1", "include=contactTags.tag")
    assert {tag["id"] for tag in tagged["tags"]} == {row["tag"] for row in tagged["contactTags"]}


def test_sub_resources_have_no_meta(account: ActiveCampaign) -> None:
    for name in ("fieldValues", "contactTags", "contactLists"):
        assert set(account.get(f"/contacts/1/{name}")) == {name}
        account.send("GET", f"/contacts/999/{name}", status=404)


def test_demo_contacts_have_text_for_every_value(account: ActiveCampaign) -> None:
    rows: list[dict[str, Any]] = account.get("/contacts", "limit=100&include=fieldValues")["fieldValues"]
    assert len(rows) > 200
    assert all(isinstance(each, str) for row in rows for each in (row["id"], row["field"], row["value"]))
