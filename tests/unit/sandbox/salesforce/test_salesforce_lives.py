"""What becomes of records in the hands of people: converted, merged, brought back, gone for good."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import SalesforceOrg

from crosswalk_sandbox.system import PersonError

Row = dict[str, Any]


def act(org: SalesforceOrg, op: str, record_id: str, object_name: str = "Lead", **values: Any) -> Row:
    return org.controlled.person(object_name, op, user="ada", record_id=record_id, values=values)


def ada(org: SalesforceOrg) -> str:
    return next(str(row["Id"]) for row in org.dump()["User"] if row["Alias"] == "ada")


# --- conversion -----------------------------------------------------------------------------------------------


def test_a_converted_lead_becomes_a_contact_of_an_account(org: SalesforceOrg) -> None:
    lead = org.lead(
        FirstName="Rita", Email="r@example.org", Phone="+1 202 555 0101", City="Oslo", Industry="Retail",
        HasOptedOutOfEmail=True, AnnualRevenue=12, LeadSource="Web", Nickname__c="Ri",
    )  # fmt: skip
    org.clock.advance(3600)
    after = act(org, "convert", lead, ownerId=ada(org))
    assert (after["IsConverted"], after["Status"], after["ConvertedDate"]) == (
        True,
        "Closed - Converted",
        "2026-03-02",
    )
    assert after["ConvertedOpportunityId"] is None
    assert (after["LastModifiedById"], after["SystemModstamp"]) == (ada(org), "2026-03-02T13:00:00.000+0000")
    contact = org.record("Contact", after["ConvertedContactId"])
    carried = ("FirstName", "LastName", "Email", "Phone", "MailingCity", "HasOptedOutOfEmail", "LeadSource")
    assert [contact[name] for name in carried] == [
        "Rita", "Vogel", "r@example.org", "+1 202 555 0101", "Oslo", True, "Web",
    ]  # fmt: skip
    assert (contact["Nickname__c"], contact["OwnerId"], contact["CreatedById"]) == (None, ada(org), ada(org))
    account = org.record("Account", after["ConvertedAccountId"])
    assert contact["AccountId"] == account["Id"]
    names = ("Name", "Phone", "BillingCity", "Industry", "AnnualRevenue", "AccountSource")
    assert [account[name] for name in names] == ["Acme", "+1 202 555 0101", "Oslo", "Retail", 12, "Web"]


def test_a_converted_lead_can_be_queried_and_not_changed(org: SalesforceOrg) -> None:
    lead = org.lead()
    act(org, "convert", lead)
    found = org.query(f"SELECT IsConverted, ConvertedContactId FROM Lead WHERE Id = '{lead}'")
    assert [row["IsConverted"] for row in found] == [True]
    refused = ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    assert org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CTO"}) == refused
    sent = {"records": [{"attributes": {"type": "Lead"}, "id": lead, "Title": "CTO"}]}
    (result,) = org.send("PATCH", "/composite/sobjects", sent)
    assert (result["success"], result["errors"][0]["statusCode"]) == (False, refused[0])
    with pytest.raises(PersonError, match="cannot reference converted lead"):
        act(org, "convert", lead)


def test_an_existing_contact_and_its_account_get_what_they_have_not(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Old Harbour", Phone="1")
    contact = org.create("Contact", LastName="Alt", AccountId=account, LeadSource="Other")
    lead = org.lead(FirstName="Rita", Phone="2", LeadSource="Web", Email="r@example.org")
    org.clock.advance(60)
    after = act(org, "convert", lead, contactId=contact)
    assert (after["ConvertedContactId"], after["ConvertedAccountId"]) == (contact, account)
    found = org.record("Contact", contact)
    names = ("FirstName", "LastName", "LeadSource", "Email", "Phone")
    assert [found[name] for name in names] == ["Rita", "Alt", "Other", "r@example.org", "2"]
    assert found["SystemModstamp"] == after["SystemModstamp"]
    assert [org.record("Account", account)[name] for name in ("Name", "Phone")] == ["Old Harbour", "1"]


def test_the_lead_source_may_overwrite_and_an_account_may_be_named(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Old Harbour")
    contact = org.create("Contact", LastName="Alt", LeadSource="Other")
    after = act(
        org,
        "convert",
        org.lead(LeadSource="Web"),
        accountId=account[:15],
        contactId=contact,
        overwriteLeadSource=True,
    )
    found = org.record("Contact", contact)
    assert (found["AccountId"], found["LeadSource"]) == (account, "Web")
    assert after["ConvertedAccountId"] == account


def test_custom_fields_are_carried_over_where_the_admin_mapped_them(org: SalesforceOrg) -> None:
    mapping = {"Nickname__c": "Contact.Nickname__c", "Score__c": "Contact.Score__c"}
    org.send_control("POST", "rules", {"lead_mapping": mapping})
    after = act(org, "convert", org.lead(Nickname__c="Ri", Score__c=0, Region__c="Europe"))
    contact = org.record("Contact", after["ConvertedContactId"])
    assert [contact[name] for name in ("Nickname__c", "Score__c", "Region__c")] == ["Ri", 0.0, None]


def test_a_conversion_with_an_opportunity_gives_the_contact_its_primary_role(org: SalesforceOrg) -> None:
    after = act(org, "convert", org.lead(LeadSource="Web"), opportunityName="Pumps")
    deal = org.record("Opportunity", after["ConvertedOpportunityId"])
    assert (deal["Name"], deal["StageName"], deal["LeadSource"]) == ("Pumps", "Prospecting", "Web")
    (role,) = org.dump()["OpportunityContactRole"]
    assert (role["ContactId"], role["IsPrimary"]) == (after["ConvertedContactId"], True)


def test_open_tasks_move_to_the_contact_and_closed_ones_stay(org: SalesforceOrg) -> None:
    lead = org.lead()
    task = org.create("Task", WhoId=lead, Subject="Call")
    done = org.create("Task", WhoId=lead, Subject="Called", Status="Completed")
    after = act(org, "convert", lead)
    assert org.record("Task", task)["WhoId"] == after["ConvertedContactId"]
    assert org.record("Task", done)["WhoId"] == lead


def test_the_lead_of_a_queue_becomes_the_contact_of_who_converts_it(org: SalesforceOrg) -> None:
    lead = org.lead()
    assert org.record("Lead", lead)["OwnerId"].startswith("00G")
    contact = org.record("Contact", act(org, "convert", lead)["ConvertedContactId"])
    assert contact["OwnerId"] == ada(org)


@pytest.mark.parametrize(
    "values",
    [
        {"convertedStatus": "Working - Contacted"},
        {"nonsense": True},
        {"contactId": "003000000000000AAA"},
        {"accountId": "00Q000000000001EAA"},
    ],
)
def test_a_conversion_that_cannot_be_leaves_everything_as_it_was(org: SalesforceOrg, values: Row) -> None:
    lead = org.lead()
    before = org.dump()
    with pytest.raises(PersonError):
        act(org, "convert", lead, **values)
    assert org.dump() == before


def test_a_contact_of_another_account_is_refused(org: SalesforceOrg) -> None:
    mine, other = org.create("Account", Name="Mine"), org.create("Account", Name="Other")
    contact = org.create("Contact", LastName="Alt", AccountId=mine)
    with pytest.raises(PersonError, match="another account"):
        act(org, "convert", org.lead(), contactId=contact, accountId=other)


def test_only_leads_are_converted_and_not_deleted_ones(org: SalesforceOrg) -> None:
    with pytest.raises(PersonError, match="not convert a Contact"):
        act(org, "convert", org.create("Contact", LastName="Alt"), "Contact")
    lead = org.lead()
    act(org, "delete", lead)
    with pytest.raises(PersonError, match="entity is deleted"):
        act(org, "convert", lead)


# --- merging --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Lead", "Contact", "Account"])
def test_losers_are_deleted_with_the_winner_as_master(org: SalesforceOrg, kind: str) -> None:
    name = {"Lead": {"LastName": "V", "Company": "A"}, "Contact": {"LastName": "V"}, "Account": {"Name": "A"}}
    winner, *losers = (org.create(kind, **name[kind], Phone=str(n)) for n in range(3))
    org.clock.advance(60)
    after = act(org, "merge", winner, kind, recordToMergeIds=losers, masterRecord={"Phone": "2"})
    assert (after["Id"], after["Phone"], after["IsDeleted"], after["MasterRecordId"]) == (
        winner,
        "2",
        False,
        None,
    )
    for loser in losers:
        row = org.record(kind, loser)
        assert (row["IsDeleted"], row["MasterRecordId"]) == (True, winner)
        assert (row["SystemModstamp"], row["LastModifiedById"]) == (after["SystemModstamp"], ada(org))
    gone = f"SELECT Id, MasterRecordId FROM {kind} WHERE IsDeleted = true"
    assert {row["MasterRecordId"] for row in org.query(gone, deleted=True)} == {winner}
    assert org.query(f"SELECT Id FROM {kind} WHERE Id IN ('{losers[0]}', '{losers[1]}')") == []
    refused = org.refusal("PATCH", f"/sobjects/{kind}/{losers[0]}", {"Phone": "3"}, status=404)
    assert refused[0] == "ENTITY_IS_DELETED"
    span = "?start=2026-03-02T12:00:00Z&end=2026-03-02T12:03:00Z"
    deleted = org.get(f"/sobjects/{kind}/deleted/{span}")["deletedRecords"]
    assert {row["id"] for row in deleted} == set(losers)


def test_the_winner_may_take_a_losers_unique_key(org: SalesforceOrg) -> None:
    winner, loser = org.lead(), org.lead(Legacy_Key__c="K-9")
    after = act(org, "merge", winner, recordToMergeIds=[loser], masterRecord={"Legacy_Key__c": "K-9"})
    assert after["Legacy_Key__c"] == "K-9"
    with pytest.raises(PersonError, match="DUPLICATE_VALUE"):
        act(org, "undelete", loser)


def test_what_referred_to_a_loser_refers_to_the_winner(org: SalesforceOrg) -> None:
    winner, loser = (org.create("Contact", LastName=name) for name in ("Sieger", "Verlierer"))
    task = org.create("Task", WhoId=loser)
    report = org.create("Contact", LastName="Drei", ReportsToId=loser)
    lead = org.lead()
    act(org, "convert", lead, contactId=loser)
    org.clock.advance(60)
    stamp = act(org, "merge", winner, "Contact", recordToMergeIds=[loser])["SystemModstamp"]
    assert (org.record("Task", task)["WhoId"], org.record("Task", task)["SystemModstamp"]) == (winner, stamp)
    assert org.record("Contact", report)["ReportsToId"] == winner
    assert org.record("Lead", lead)["ConvertedContactId"] == loser


@pytest.mark.parametrize("losers", [0, 3])
def test_a_merge_takes_one_or_two_losers(org: SalesforceOrg, losers: int) -> None:
    winner, *others = (org.lead() for _ in range(losers + 1))
    with pytest.raises(PersonError, match="one or two"):
        act(org, "merge", winner, recordToMergeIds=others)


def test_what_cannot_be_merged_is_refused(org: SalesforceOrg) -> None:
    winner, gone, converted = org.lead(), org.lead(), org.lead()
    act(org, "delete", gone)
    act(org, "convert", converted)
    deal = org.create("Opportunity", Name="D", StageName="Prospecting", CloseDate="2026-04-01")
    before = org.dump()
    for loser in (winner, gone, converted, deal):
        with pytest.raises(PersonError):
            act(org, "merge", winner, recordToMergeIds=[loser])
    with pytest.raises(PersonError, match="cannot be merged"):
        act(org, "merge", deal, "Opportunity", recordToMergeIds=[deal])
    assert org.dump() == before


# --- back, and gone for good ----------------------------------------------------------------------------------


def test_a_loser_that_is_brought_back_has_no_master_any_more(org: SalesforceOrg) -> None:
    winner, loser = org.lead(), org.lead()
    act(org, "merge", winner, recordToMergeIds=[loser])
    after = act(org, "undelete", loser)
    assert (after["Id"], after["IsDeleted"], after["MasterRecordId"]) == (loser, False, None)


def test_what_is_purged_is_nowhere_any_more(org: SalesforceOrg) -> None:
    lead = org.lead()
    with pytest.raises(PersonError, match="not in the recycle bin"):
        act(org, "purge", lead)
    act(org, "delete", lead)
    assert act(org, "purge", lead)["Id"] == lead
    assert org.query(f"SELECT Id FROM Lead WHERE Id = '{lead}'", deleted=True) == []
    org.send("GET", f"/sobjects/Lead/{lead}", status=404)
    with pytest.raises(PersonError):
        act(org, "undelete", lead)


def test_deletions_are_known_since_the_bin_was_emptied(org: SalesforceOrg) -> None:
    lead, other = org.lead(), org.lead()
    act(org, "delete", lead)
    act(org, "delete", other)
    org.clock.advance(120)
    act(org, "purge", lead)
    org.clock.advance(120)
    span = "?start=2026-03-02T12:00:00Z&end=2026-03-02T12:04:00Z"
    found = org.get(f"/sobjects/Lead/deleted/{span}")
    assert [row["id"] for row in found["deletedRecords"]] == [other]
    assert found["earliestDateAvailable"] == "2026-03-02T12:02:00.000+0000"


# --- in one go ------------------------------------------------------------------------------------------------


def test_several_orders_in_one_go_have_one_stamp(org: SalesforceOrg) -> None:
    leads = [org.lead() for _ in range(3)]
    org.clock.freeze(False)
    orders = [{"object": "Lead", "op": "edit", "id": lead, "values": {"Title": "CTO"}} for lead in leads]
    after = org.send_control("POST", "person", orders)
    assert [row["Id"] for row in after] == leads
    assert len({row["SystemModstamp"] for row in after}) == 1
    assert not org.clock.frozen


def test_a_refused_order_says_which_and_those_before_it_stay_done(org: SalesforceOrg) -> None:
    lead = org.lead()
    good = {"object": "Lead", "op": "edit", "id": lead, "values": {"Title": "CTO"}}
    bad = {"object": "Lead", "op": "edit", "id": lead, "values": {"LastName": ""}}
    answer = org.send_control("POST", "person", [good, bad], status=400)
    assert answer["message"].startswith("order 2: REQUIRED_FIELD_MISSING")
    assert org.record("Lead", lead)["Title"] == "CTO"


# --- rules ----------------------------------------------------------------------------------------------------


def test_rules_about_what_there_is_not_are_refused(org: SalesforceOrg) -> None:
    before = org.send_control("GET", "rules")
    for mapping in ({"Nonsense__c": "Contact.Title"}, {"Title": "Contact"}, {"Title": "Contact.Nonsense"}):
        org.send_control("POST", "rules", {"lead_mapping": mapping}, status=400)
    org.send_control("POST", "rules", {"nonsense": 1}, status=400)
    assert org.send_control("GET", "rules") == before


def test_rules_go_with_a_reset_and_when_they_are_taken_away(org: SalesforceOrg) -> None:
    start, rules = org.send_control("GET", "rules"), {"lead_mapping": {"Score__c": "Contact.Score__c"}}
    for take_away in ("DELETE rules", "POST reset"):
        assert org.send_control("POST", "rules", rules) == start | rules
        org.send_control(*take_away.split(" "))
        assert org.send_control("GET", "rules") == start
