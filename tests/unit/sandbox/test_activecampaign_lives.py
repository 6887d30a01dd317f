"""What becomes of contacts in the hands of people: merged, anonymized, with values set behind the stamp's back."""

from __future__ import annotations

from typing import Any

from tests.helpers.sandbox_account import ActiveCampaign


def person(account: ActiveCampaign, op: str, record_id: str, *, status: int = 200, **values: Any) -> Any:
    order = {"object": "contact", "op": op, "id": record_id, "values": values}
    return account.control("POST", "person", order, status=status)


def edit(account: ActiveCampaign, email: str, **values: Any) -> str:
    """A new contact with those values."""
    made = account.new_contact(email)
    person(account, "edit", made, **values)
    return made


def test_a_merge_keeps_the_destination_and_fills_what_it_has_not(account: ActiveCampaign) -> None:
    into = edit(account, "into@example.org", firstName="Ina", City="Oslo", tags=["vip"])
    source = edit(account, "source@example.org", firstName="Sue", phone="1", City="Rome", Company="Fjord",
                  tags=["vip", "beta"])  # fmt: skip
    account.advance(60)
    after = person(account, "merge", into, source=source)
    names = ("id", "email", "firstName", "phone", "udate")
    assert [after[name] for name in names] == [
        into, "into@example.org", "Ina", "1", "2026-03-02T06:01:00-06:00",
    ]  # fmt: skip
    assert (after["fields"]["CITY"], after["fields"]["COMPANY"]) == ("Oslo", "Fjord")
    assert sorted(after["tags"]) == ["beta", "vip"]


def test_a_merge_may_keep_the_sources_values(account: ActiveCampaign) -> None:
    into = edit(account, "into@example.org", firstName="Ina", lastName="Int", City="Oslo")
    source = edit(account, "source@example.org", firstName="Sue", City="Rome")
    after = person(account, "merge", into, source=source, keep="source")
    assert (after["firstName"], after["lastName"], after["fields"]["CITY"]) == ("Sue", "Int", "Rome")
    assert after["email"] == "into@example.org"


def test_the_source_of_a_merge_is_gone_and_its_address_free(account: ActiveCampaign) -> None:
    into, source = edit(account, "into@example.org"), edit(account, "source@example.org", City="Rome")
    person(account, "merge", into, source=source)
    account.send("GET", f"/contacts/{source}", status=404)
    account.send("PUT", f"/contacts/{source}", {"contact": {"phone": "1"}}, status=404)
    assert account.found("email=source@example.org") == []
    assert account.new_contact("source@example.org") not in (source, into)


def test_a_merge_does_not_subscribe_whom_either_contact_unsubscribed(account: ActiveCampaign) -> None:
    into = edit(account, "into@example.org", lists={"1": 1, "2": 2})
    source = edit(account, "source@example.org", lists={"1": 2, "2": 1})
    assert person(account, "merge", into, source=source)["lists"] == {"1": "2", "2": "2"}


def test_a_merge_takes_over_what_only_the_source_is_on(account: ActiveCampaign) -> None:
    into, source = (
        edit(account, "into@example.org"),
        edit(account, "source@example.org", lists={"1": 1, "2": 2}),
    )
    assert person(account, "merge", into, source=source)["lists"] == {"1": "1", "2": "2"}


def test_an_anonymized_contact_keeps_nothing_but_its_id(account: ActiveCampaign) -> None:
    contact = edit(account, "who@example.org", firstName="Who", phone="1", City="Oslo", lists={"1": 1})
    account.advance(60)
    after = person(account, "anonymize", contact)
    names = ("id", "email", "email_empty", "firstName", "lastName", "phone", "anonymized", "udate")
    assert [after[name] for name in names] == [
        contact, "", True, "", "", "", "1", "2026-03-02T06:01:00-06:00",
    ]  # fmt: skip
    assert (after["fieldValues"], after["lists"]) == ([], {"1": "2"})
    shown = account.get(f"/contacts/{contact}")
    assert (shown["contact"]["anonymized"], shown["contact"]["email"]) == ("1", "")
    assert account.values(contact) == {}
    assert contact in account.found("filters[updated_after]=2026-03-02T06:00:30-06:00")


def test_the_address_of_an_anonymized_contact_is_free(account: ActiveCampaign) -> None:
    first, second = edit(account, "who@example.org"), edit(account, "other@example.org")
    person(account, "anonymize", first)
    person(account, "anonymize", second)
    third = account.new_contact("who@example.org")
    assert account.found("email=who@example.org") == [third]
    person(account, "delete", first)
    assert account.found("email=who@example.org") == [third]


def test_values_set_alone_do_not_move_the_contacts_stamp(account: ActiveCampaign) -> None:
    contact = edit(account, "who@example.org", City="Oslo")
    before = account.contact(contact)["udate"]
    account.advance(60)
    after = person(account, "set_values", contact, City="Rome", Interests=["Email", "Phone"])
    assert (after["fields"]["CITY"], after["fields"]["INTERESTS"]) == ("Rome", "||Email||Phone||")
    assert after["udate"] == before
    stamps = {row["udate"] for row in after["fieldValues"]}
    assert stamps == {"2026-03-02T06:01:00-06:00"}
    assert account.found("filters[updated_after]=2026-03-02T06:00:30-06:00") == []


def test_values_set_alone_are_custom_values(account: ActiveCampaign) -> None:
    before = account.control("GET", "dump")
    for values in ({}, {"phone": "1"}, {"tags": ["vip"]}, {"Nonsense": "1"}):
        person(account, "set_values", "1", status=400, **values)
    assert account.control("GET", "dump") == before


def test_what_cannot_be_merged_is_refused(account: ActiveCampaign) -> None:
    before = account.control("GET", "dump")
    for values in ({}, {"source": "1"}, {"source": "999"}, {"source": "2", "keep": "both"}, {"loser": "2"}):
        assert person(account, "merge", "1", status=400, **values)["message"]
    assert account.control("GET", "dump") == before


def test_several_contacts_are_changed_within_one_second(account: ActiveCampaign) -> None:
    account.controlled.clock.freeze(False)
    orders = [
        {"object": "contact", "op": "edit", "id": str(number), "values": {"phone": "1"}}
        for number in range(1, 9)
    ]
    after = account.control("POST", "person", orders)
    assert [row["id"] for row in after] == [str(number) for number in range(1, 9)]
    assert len({row["udate"] for row in after}) == 1
