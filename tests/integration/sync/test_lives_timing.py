"""Records that change while they are read, clocks that differ, and edits on both ends of a chain of systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.mapping import ObjectMapping, Policy, Settings

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
ANA = "ana@example.org"


def test_what_changes_while_pages_are_read_is_neither_lost_nor_doubled(both: TwoSystems) -> None:
    """150 contacts in two pages; people work on records of the page before and of the page to come."""
    crm, contacts = {}, {}
    for n in range(150):
        crm[n] = both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org")
        contacts[n] = both.contact_new(f"p{n}@example.org", firstName=f"P{n}", lastName="Ruiz")
    both.connect()

    def people() -> None:
        both.contact_edit(contacts[1], phone="+34 1")
        both.contact_edit(contacts[140], phone="+34 140")
        both.contact_edit(contacts[2], email="moved@example.org")
        both.contact_delete(contacts[3])
        both.crm_edit("contact", crm[4], Phone="+34 4")
        both.crm_delete("contact", crm[5])
        both.crm_merge("contact", crm[6], crm[7])
        both.contact_new("new@example.org", firstName="New")

    both.wire.once("GET /api/3/contacts", people, at=2)
    both.sync()
    both.sync()

    assert both.crm("contact", crm[1])["Phone"] == "+34 1"
    assert both.crm("contact", crm[140])["Phone"] == "+34 140"
    assert both.contact("p4@example.org")["phone"] == "+34 4"
    assert both.contact("moved@example.org")["id"] == contacts[2]
    addresses = [row["email"] for row in both.contacts()]
    assert len(addresses) == len(set(addresses)) >= 150
    assert both.crm("contact", crm[5])["IsDeleted"] is True
    linked = [link.crm_id for link in both.links(state="open")]
    assert len(linked) == len(set(linked))
    both.assert_quiet()


@pytest.mark.parametrize(
    ("side", "seconds", "winner"),
    [
        ("activecampaign", -240, "+34 1"),
        ("crm", 240, "+34 1"),
        ("activecampaign", 240, "+34 2"),
        ("crm", -240, "+34 2"),
    ],
)
def test_clocks_that_differ_by_minutes_lose_and_echo_nothing(
    both: TwoSystems, side: str, seconds: int, winner: str
) -> None:
    """Stamps closer than the difference go to the configured winner; the earlier edit never wins as the later."""
    both.systems[both.vendor if side == "crm" else side].clock.advance(seconds)
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect()
    both.sync()
    both.wait(900)

    def conflict(n: int, pause: float) -> None:
        both.crm_edit("contact", ids[n], Phone="+34 1")
        both.wait(pause)
        both.contact_edit(both.contact(f"p{n}@example.org")["id"], phone="+34 2")

    conflict(0, pause=60)
    both.sync()
    assert both.contact("p0@example.org")["phone"] == winner == both.crm("contact", ids[0])["Phone"]
    both.wait(900)
    conflict(1, pause=600)
    both.crm_edit("contact", ids[2], Email="renamed@example.org")
    both.contact_edit(both.contact("p3@example.org")["id"], firstName="Edited")
    both.sync()
    assert both.contact("p1@example.org")["phone"] == "+34 2" == both.crm("contact", ids[1])["Phone"]
    assert both.contact("renamed@example.org")["firstName"] == "P2"
    assert both.crm("contact", ids[3])["FirstName"] == "Edited"
    both.assert_quiet()


def everyone_wins() -> Settings:
    return Settings(policy=Policy.CRM)


def settle(both: TwoSystems, *names: str, rounds: int = 2) -> None:
    for _round in range(rounds):
        for name in names:
            both.sync(name)


def test_two_orgs_on_one_account_that_both_win_come_to_rest(salesforce: TwoSystems) -> None:
    second = salesforce.second_org()
    first_id = salesforce.crm_new(FirstName="Ana", Email=ANA)
    made = second.person("Contact", "create", values={"LastName": "Ruiz", "FirstName": "Ana", "Email": ANA})
    item = ObjectMapping(object="contact", fields=NAMES)
    salesforce.connect(mapping_of(item, settings=everyone_wins()), "one")
    salesforce.connect(mapping_of(item, settings=everyone_wins()), "two", org="second")
    settle(salesforce, "one", "two")

    salesforce.crm_edit("contact", first_id, Phone="+34 1", FirstName="Anna")
    second.person("Contact", "edit", record_id=made["Id"], values={"Phone": "+34 2", "LastName": "Berg"})
    salesforce.contact_edit(salesforce.contact(ANA)["id"], phone="+34 3")
    settle(salesforce, "one", "two")

    one, two, contact = (
        salesforce.crm("contact", first_id),
        second.dump()["Contact"][0],
        salesforce.contact(ANA),
    )
    names = {"Phone": "phone", "FirstName": "firstName", "LastName": "lastName"}
    for crm_name, contact_name in names.items():
        assert one[crm_name] == two[crm_name] == contact[contact_name], crm_name
    assert (one["FirstName"], one["LastName"]) == ("Anna", "Berg")
    assert one["Phone"] in {"+34 1", "+34 2"}
    salesforce.assert_quiet("one")
    salesforce.assert_quiet("two")
    salesforce.assert_quiet("one")


def test_one_org_on_two_accounts_keeps_all_three_equal(both: TwoSystems) -> None:
    second = both.second_account()
    crm_id = both.crm_new(FirstName="Ana", Email=ANA)
    item = ObjectMapping(object="contact", fields=NAMES)
    both.connect(mapping_of(item), "one")
    both.connect(mapping_of(item), "two", account="second account")
    settle(both, "one", "two")

    def there() -> dict[str, object]:
        return next(row for row in second.dump()["contact"] if row["deleted"] == "0")

    both.wait(60)
    both.contact_edit(both.contact(ANA)["id"], phone="+34 1")
    second.person("contact", "edit", record_id=str(there()["id"]), values={"firstName": "Anna"})
    settle(both, "one", "two")

    row = both.crm("contact", crm_id)
    assert (row["Phone"], row["FirstName"]) == ("+34 1", "Anna")
    for contact in (both.contact(ANA), there()):
        assert (contact["phone"], contact["firstName"]) == ("+34 1", "Anna")
    both.crm_edit("contact", crm_id, Email="new@example.org")
    settle(both, "one", "two", rounds=1)
    assert there()["email"] == both.contacts()[0]["email"] == "new@example.org"
    both.assert_quiet("one")
    both.assert_quiet("two")
    both.assert_quiet("one")
