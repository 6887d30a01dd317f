"""What an account does by its rules, where the vendor's documentation is silent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_account import ActiveCampaign

LATER = "2026-03-02T06:01:00-06:00"


def rules(account: ActiveCampaign, **given: Any) -> None:
    account.control("POST", "rules", given)


def put(account: ActiveCampaign, contact: str, **values: str) -> None:
    """A call that changes custom values, named by their fields' titles with _ for blanks."""
    rows = [
        {"field": account.field_id(name.replace("_", " ")), "value": text} for name, text in values.items()
    ]
    account.send("PUT", f"/contacts/{contact}", {"contact": {"fieldValues": rows}}, status=200)


def held(account: ActiveCampaign, contact: str, title: str) -> str | None:
    return account.values(contact).get(account.field_id(title))


def load(account: ActiveCampaign, email: str, **more: Any) -> Any:
    """An import of one contact, done; what `import/info` says."""
    sent = {"contacts": [{"email": email, **more}]}
    batch = account.send("POST", "/import/bulk_import", sent, status=200)["batchId"]
    account.advance(1)
    return account.get("/import/info", f"batchId={batch}")


def test_values_that_are_no_option_are_dropped_or_stored(account: ActiveCampaign) -> None:
    contact = account.new_contact()
    put(account, contact, Rating="Hot", Interests="||Email||")
    put(account, contact, Rating="Boiling", Interests="||Email||Fax||")
    assert (held(account, contact, "Rating"), held(account, contact, "Interests")) == ("Hot", "||Email||")
    rules(account, unlisted="stored")
    put(account, contact, Rating="Boiling", Interests="Email||Fax")
    assert (held(account, contact, "Rating"), held(account, contact, "Interests")) == (
        "Boiling",
        "||Email||Fax||",
    )


@pytest.mark.parametrize("empty", ["", "||", "||||"])
def test_no_value_of_several_reads_in_three_ways(account: ActiveCampaign, empty: str) -> None:
    rules(account, empty_multiple=empty)
    contact = account.new_contact()
    put(account, contact, Interests="")
    assert held(account, contact, "Interests") is None
    put(account, contact, Interests="||Email||", City="Oslo")
    put(account, contact, Interests="", City="")
    assert (held(account, contact, "Interests"), held(account, contact, "City")) == (empty, "")


def test_an_empty_text_may_empty_nothing(account: ActiveCampaign) -> None:
    contact = account.new_contact()
    rules(account, blank_values="ignored")
    put(account, contact, City="Oslo", Rating="Hot")
    put(account, contact, City="", Rating="Cold")
    assert (held(account, contact, "City"), held(account, contact, "Rating")) == ("Oslo", "Cold")
    rows = account.get(f"/contacts/{contact}/fieldValues")["fieldValues"]
    row = next(row["id"] for row in rows if row["value"] == "Oslo")
    account.send("DELETE", f"/fieldValues/{row}", status=200)
    assert held(account, contact, "City") is None


def test_blanks_of_an_import_may_empty(account: ActiveCampaign) -> None:
    contact = account.new_contact(phone="1")
    load(account, "maria.ruiz@example.org", phone="")
    assert account.contact(contact)["phone"] == "1"
    rules(account, import_blanks="empty")
    load(account, "maria.ruiz@example.org", phone="")
    assert account.contact(contact)["phone"] == ""


@pytest.mark.parametrize("moving", ["tags", "lists", "values"])
def test_the_stamp_may_move_with_more(account: ActiveCampaign, moving: str) -> None:
    contact = account.new_contact()
    before = account.contact(contact)["udate"]
    rules(account, stamp_moves_with=[moving])
    account.advance(60)
    value = {"contact": contact, "field": account.field_id("City"), "value": "Oslo"}
    account.send("POST", "/fieldValues", {"fieldValue": value}, status=201)
    assert account.contact(contact)["udate"] == (LATER if moving == "values" else before)
    account.control(
        "POST", "person", {"object": "contact", "op": "tag", "id": contact, "values": {"tag": "x"}}
    )
    assert account.contact(contact)["udate"] == (LATER if moving in ("values", "tags") else before)
    status = {"list": "1", "contact": contact, "status": 2}
    account.send("POST", "/contactLists", {"contactList": status}, status=200)
    assert account.contact(contact)["udate"] == LATER


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("trim", "café \nB"), ("upper", " CAFÉ \nB"), ("lower", " café \nb"), ("title", " Café \nB"),
        ("nfd", " cafe\u0301 \nB"), ("nfc", " café \nB"), ("crlf", " café \r\nB"), ("lf", " café \nB"),
        ("spaces", "café B"), ("cut 4", " caf"), ("digits", ""),
    ],
)  # fmt: skip
def test_a_text_is_stored_in_the_accounts_way(account: ActiveCampaign, way: str, text: str) -> None:
    rules(account, stored_as={"City": [way], "firstName": [way]})
    contact = account.new_contact(firstName=" café \nB")
    put(account, contact, City=" café \nB")
    assert (held(account, contact, "City") or "", account.contact(contact)["firstName"]) == (text, text)


def test_ways_of_storing_hold_for_every_door_and_one_after_the_other(account: ActiveCampaign) -> None:
    rules(account, stored_as={"phone": ["digits", "cut 4"], "email": ["lower"]})
    contact = account.new_contact("Rita@example.org", phone="+47 00 1")
    assert (account.contact(contact)["phone"], account.contact(contact)["email"]) == (
        "+470",
        "rita@example.org",
    )
    load(account, "sue@example.org", phone="(1) 2")
    assert account.contact(account.found("email=sue@example.org")[0])["phone"] == "12"


@pytest.mark.parametrize("status", [403, 422])
def test_a_full_account_takes_no_more_contacts(account: ActiveCampaign, status: int) -> None:
    total = account.get("/settings/account")["subscriber_total"]
    rules(account, contact_limit=total + 1, limit_status=status)
    assert account.get("/settings/account")["subscriber_limit"] == total + 1
    contact = account.new_contact()
    for path in ("/contacts", "/contact/sync"):
        sent = {"contact": {"email": "new@example.org"}}
        assert "limit" in account.send("POST", path, sent, status=status)["errors"][0]["title"]
    account.send("POST", "/contact/sync", {"contact": {"email": "maria.ruiz@example.org"}}, status=200)
    assert load(account, "new@example.org")["failure"] == ["new@example.org"]
    order = {"object": "contact", "op": "create", "values": {"email": "new@example.org"}}
    account.control("POST", "person", order, status=400)
    account.send("DELETE", f"/contacts/{contact}", status=200)
    account.new_contact("new@example.org")


def test_a_deleted_contact_may_come_back_with_its_id_and_all_it_had(account: ActiveCampaign) -> None:
    rules(account, revives=True)
    contact = account.new_contact()
    put(account, contact, City="Oslo")
    account.new_contact("later@example.org")
    account.send("DELETE", f"/contacts/{contact}", status=200)
    assert account.new_contact("MARIA.ruiz@example.org") == contact
    assert held(account, contact, "City") == "Oslo"
    found = account.found("id_greater=28&orders[id]=ASC")
    assert found == sorted(found, key=int)
    assert contact in found


def test_a_contact_may_lack_an_address_where_the_account_allows_it(account: ActiveCampaign) -> None:
    sent = {"contact": {"phone": "+1 202 555 0101", "allowNullEmail": True}}
    account.send("POST", "/contacts", sent, status=422)
    rules(account, null_email=True)
    account.send("POST", "/contacts", {"contact": {"phone": "1"}}, status=422)
    first, second = (account.send("POST", "/contacts", sent, status=201)["contact"] for _ in range(2))
    assert (first["email"], first["email_empty"], first["phone"]) == ("", True, "+1 202 555 0101")
    assert first["id"] != second["id"]
    order = {"object": "contact", "op": "create", "values": {"phone": "1"}}
    made = account.control("POST", "person", order)["id"]
    account.send("PUT", f"/contacts/{made}", {"contact": {"email": "late@example.org"}}, status=200)
    assert account.found("email=late@example.org") == [made]


def test_imports_take_their_time_under_a_status_of_their_own(account: ActiveCampaign) -> None:
    rules(account, import_seconds=600, import_status="active")
    assert load(account, "new@example.org")["status"] == "active"
    account.advance(599)
    assert account.found("email=new@example.org")


def test_rules_go_with_a_reset_and_when_they_are_taken_back(account: ActiveCampaign) -> None:
    start = account.control("GET", "rules")
    for method, name in (("DELETE", "rules"), ("POST", "reset")):
        rules(account, revives=True)
        account.control(method, name)
        assert account.control("GET", "rules") == start


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1}, {"unlisted": "kept"}, {"stored_as": {"Nonsense": ["trim"]}},
        {"stored_as": {"City": ["nicely"]}}, {"stamp_moves_with": ["wind"]}, {"import_status": "completed"},
        {"limit_status": 500}, {"stored_as": {"email": ["cut 3"]}},
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(account: ActiveCampaign, wrong: dict[str, Any]) -> None:
    before = account.control("GET", "rules")
    account.control("POST", "rules", wrong, status=400)
    assert account.control("GET", "rules") == before
