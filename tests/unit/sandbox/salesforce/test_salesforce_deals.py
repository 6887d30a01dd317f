"""Opportunities, their contact roles and stages, and tasks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import SalesforceOrg


def deal(org: SalesforceOrg, **values: object) -> str:
    return org.create(
        "Opportunity",
        **{"Name": "Big deal", "StageName": "Prospecting", "CloseDate": "2026-05-31", **values},
    )


def fields(org: SalesforceOrg, object_name: str, record_id: str, *names: str) -> list[Any]:
    record = org.get(f"/sobjects/{object_name}/{record_id}?fields={','.join(names)}")
    return [record[name] for name in names]


def test_a_new_opportunity_gets_what_its_stage_says(org: SalesforceOrg) -> None:
    made = deal(org, Amount=1000, StageName="Value Proposition")
    assert fields(org, "Opportunity", made, "Probability", "ExpectedRevenue", "IsClosed", "IsWon") == [
        50.0, 500.0, False, False,
    ]  # fmt: skip
    forecast = fields(org, "Opportunity", made, "ForecastCategory", "ForecastCategoryName", "Fiscal")
    assert forecast == ["Pipeline", "Pipeline", "2026 2"]
    assert fields(org, "Opportunity", made, "OwnerId", "ContactId", "LastStageChangeDate") == [
        org.ready["user_id"], None, None,
    ]  # fmt: skip


def test_a_moved_stage_moves_probability_unless_it_is_sent(org: SalesforceOrg) -> None:
    made = deal(org)
    org.clock.advance(60)
    org.send("PATCH", f"/sobjects/Opportunity/{made}", {"StageName": "Closed Won"}, status=204)
    assert fields(
        org,
        "Opportunity",
        made,
        "Probability",
        "IsClosed",
        "IsWon",
        "ForecastCategory",
        "LastStageChangeDate",
    ) == [100.0, True, True, "Closed", "2026-03-02T12:01:00.000+0000"]
    sent = {"StageName": "Qualification", "Probability": 33, "ForecastCategoryName": "Best Case"}
    org.send("PATCH", f"/sobjects/Opportunity/{made}", sent, status=204)
    org.send("PATCH", f"/sobjects/Opportunity/{made}", {"NextStep": "Call"}, status=204)
    assert fields(org, "Opportunity", made, "Probability", "ForecastCategory", "IsClosed") == [
        33.0, "BestCase", False,
    ]  # fmt: skip


def test_a_stage_that_is_not_listed_is_accepted_and_tells_nothing(org: SalesforceOrg) -> None:
    made = deal(org, StageName="Almost there")
    assert fields(org, "Opportunity", made, "StageName", "Probability", "IsClosed", "ForecastCategory") == [
        "Almost there", None, False, "Pipeline",
    ]  # fmt: skip


def test_stages_and_statuses_can_be_read_and_not_changed(org: SalesforceOrg) -> None:
    stages = org.query(
        "SELECT MasterLabel, DefaultProbability, IsWon FROM OpportunityStage WHERE IsActive = true"
        " AND IsClosed = true ORDER BY SortOrder"
    )
    assert [tuple(stage.values()) for stage in stages] == [
        ("Closed Won", 100.0, True),
        ("Closed Lost", 0.0, False),
    ]
    listed = org.column("SELECT ApiName FROM OpportunityStage ORDER BY SortOrder")
    described = org.get("/sobjects/Opportunity/describe")["fields"]
    (names,) = [
        [value["value"] for value in each["picklistValues"]]
        for each in described
        if each["name"] == "StageName"
    ]
    assert listed == names
    assert org.query("SELECT ApiName FROM LeadStatus WHERE IsConverted = true") == [
        {"ApiName": "Closed - Converted"}
    ]
    (first,) = org.column("SELECT Id FROM LeadStatus WHERE IsDefault = true")
    code, _ = org.refusal("PATCH", f"/sobjects/LeadStatus/{first}", {}, status=403)
    assert code == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_required_fields_of_an_opportunity_are_told_together(org: SalesforceOrg) -> None:
    (error,) = org.send("POST", "/sobjects/Opportunity", {"Amount": 1}, status=400)
    assert sorted(error["fields"]) == ["CloseDate", "Name", "StageName"]


def test_the_contact_of_a_new_opportunity_is_its_primary_role(org: SalesforceOrg) -> None:
    contact, other = org.create("Contact", LastName="Vogel"), org.create("Contact", LastName="Weber")
    made = deal(org, ContactId=contact)
    before = fields(org, "Opportunity", made, "SystemModstamp")
    assert org.query(
        f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{made}'"
    ) == [{"ContactId": contact, "IsPrimary": True}]
    org.clock.advance(10)
    role = org.create(
        "OpportunityContactRole", OpportunityId=made, ContactId=other, IsPrimary=True, Role="Evaluator"
    )
    assert org.column("SELECT ContactId FROM OpportunityContactRole WHERE IsPrimary = true") == [other]
    assert fields(org, "Opportunity", made, "ContactId") == [other]
    assert fields(org, "Opportunity", made, "SystemModstamp") == before
    org.send("DELETE", f"/sobjects/OpportunityContactRole/{role}", status=204)
    assert fields(org, "Opportunity", made, "ContactId") == [None]


def test_the_contact_of_an_opportunity_cannot_be_changed_on_it(org: SalesforceOrg) -> None:
    made, contact = deal(org), org.create("Contact", LastName="Vogel")
    code, _ = org.refusal("PATCH", f"/sobjects/Opportunity/{made}", {"ContactId": contact})
    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_deals_go_and_come_back_with_their_account(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    contact = org.create("Contact", LastName="Vogel", AccountId=account)
    made = deal(org, AccountId=account, ContactId=contact)
    org.create("Task", Subject="Call", WhatId=made)
    org.send("DELETE", f"/sobjects/Account/{account}", status=204)
    for name in ("Opportunity", "OpportunityContactRole", "Task"):
        assert org.query(f"SELECT Id FROM {name}") == []
        assert len(org.query(f"SELECT Id FROM {name}", deleted=True)) == 1
    org.controlled.person("Account", "undelete", record_id=account)
    page = org.page("SELECT Id, (SELECT Id, ContactId FROM Opportunities), (SELECT Id FROM Contacts) FROM Account "
                    f"WHERE Id = '{account}'")  # fmt: skip
    (found,) = page["records"]
    assert found["Opportunities"]["records"][0]["ContactId"] == contact
    assert len(org.query("SELECT Id FROM OpportunityContactRole")) == 1


def test_roles_and_tasks_are_found_from_their_parents_and_by_semi_joins(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Vogel", Email="r.vogel@acme.example")
    made = deal(org, ContactId=contact)
    deal(org, Name="Without anybody")
    soql = (
        "SELECT Opportunity.Name, Contact.Email FROM OpportunityContactRole "
        "WHERE Opportunity.StageName = 'prospecting'"
    )
    (role,) = org.query(soql)
    assert (role["Opportunity"]["Name"], role["Contact"]["Email"]) == ("Big deal", "r.vogel@acme.example")
    by_role = "SELECT Id FROM Opportunity WHERE Id IN (SELECT OpportunityId FROM OpportunityContactRole)"
    assert org.column(by_role) == [made]
    (record,) = org.page(
        f"SELECT (SELECT Role FROM OpportunityContactRoles) FROM Contact WHERE Id = '{contact}'"
    )["records"]
    assert record["OpportunityContactRoles"]["totalSize"] == 1


def test_a_task_has_defaults_and_follows_its_status(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    contact = org.create("Contact", LastName="Vogel", AccountId=account)
    task = org.create("Task", Subject="Opened the newsletter", WhoId=contact, ActivityDate="2026-03-02")
    names = ("Status", "Priority", "IsClosed", "CompletedDateTime", "AccountId", "TaskSubtype", "OwnerId")
    assert fields(org, "Task", task, *names) == [
        "Not Started", "Normal", False, None, account, "Task", org.ready["user_id"],
    ]  # fmt: skip
    org.send("PATCH", f"/sobjects/Task/{task}", {"Status": "Completed", "Priority": "High"}, status=204)
    assert fields(org, "Task", task, "IsClosed", "CompletedDateTime", "IsHighPriority") == [
        True, "2026-03-02T12:00:00.000+0000", True,
    ]  # fmt: skip
    (found,) = org.query(f"SELECT Who.Name, Who.Type, What.Name FROM Task WHERE WhoId = '{contact}'")
    assert found["Who"]["Name"] == "Vogel"
    assert (found["Who"]["Type"], found["What"]) == ("Contact", None)


def test_a_task_takes_the_account_of_its_opportunity(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    task = org.create("Task", WhatId=deal(org, AccountId=account))
    assert fields(org, "Task", task, "AccountId") == [account]
    assert fields(org, "Task", org.create("Task", WhatId=account), "AccountId") == [account]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"WhoId": "00Q", "WhatId": "001"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"WhoId": "001"}, "MALFORMED_ID"),
        ({"TaskSubtype": "Letter"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_task_that_cannot_be_is_refused(org: SalesforceOrg, values: dict[str, object], code: str) -> None:
    ids = {"00Q": org.lead(), "001": org.create("Account", Name="Acme")}
    sent = {name: ids.get(str(value), value) for name, value in values.items()}
    assert org.refusal("POST", "/sobjects/Task", sent)[0] == code


def test_a_person_of_a_task_may_be_named_by_its_external_id(org: SalesforceOrg) -> None:
    lead = org.lead(Legacy_Key__c="L-77")
    contact = org.create("Contact", LastName="Vogel", Legacy_Key__c="C-77")
    for name, key, found in (("Lead", "L-77", lead), ("contact", "C-77", contact)):
        who = {"attributes": {"type": name}, "Legacy_Key__c": key}
        assert fields(org, "Task", org.create("Task", Who=who), "WhoId") == [found]


def test_there_are_no_deals_at_the_start_and_a_reset_takes_them_away(org: SalesforceOrg) -> None:
    start = org.dump()
    assert (start["Opportunity"], start["Task"], len(start["OpportunityStage"])) == ([], [], 10)
    deal(org)
    org.controlled.reset()
    assert org.dump() == start
