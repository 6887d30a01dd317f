"""QualifyLead and Merge, as calls and as people do them; rows that are deactivated and come back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

QUALIFY = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": False, "Status": 3}
NOBODY = "00000000-0000-0000-0000-00000000dead"


def add(environment: DataverseEnvironment, set_name: str, body: dict[str, Any]) -> str:
    """Make a row; its GUID."""
    answer = environment.call("POST", f"/{set_name}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"][-37:-1]


def add_lead(environment: DataverseEnvironment, **changed: object) -> str:
    body = {
        "subject": "Wants a pump", "firstname": "Ana", "lastname": "Ruiz", "companyname": "Contoso",
        "emailaddress1": "ana@example.org", "mobilephone": "+34 600 000", "address1_city": "Sevilla",
        "donotbulkemail": True, "revenue": 5, "estimatedamount": 1200, "address1_latitude": 37.5,
    }  # fmt: skip
    return add(environment, "leads", {**body, **changed})


def qualify(environment: DataverseEnvironment, lead: str, **changed: object) -> list[dict[str, Any]]:
    path = f"/leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"
    answer = environment.call("POST", path, {**QUALIFY, **changed})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def test_a_qualified_lead_becomes_a_contact_of_an_account(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    made = qualify(environment, lead)
    account, contact = made[0]["accountid"], made[1]["contactid"]
    assert [each["@odata.type"] for each in made] == [
        "#Microsoft.Dynamics.CRM.account",
        "#Microsoft.Dynamics.CRM.contact",
    ]
    found = environment.get(f"/contacts({contact})")
    shown = {name: found[name] for name in ("fullname", "emailaddress1", "mobilephone", "address1_city")}
    assert shown == {
        "fullname": "Ana Ruiz",
        "emailaddress1": "ana@example.org",
        "mobilephone": "+34 600 000",
        "address1_city": "Sevilla",
    }
    assert (found["donotbulkemail"], found["address1_latitude"]) == (True, 37.5)
    assert (found["_originatingleadid_value"], found["_parentcustomerid_value"]) == (lead, account)
    company = environment.get(f"/accounts({account})")
    assert (company["name"], company["revenue"], company["_originatingleadid_value"]) == ("Contoso", 5, lead)
    assert company["_primarycontactid_value"] == contact
    old = environment.get(f"/leads({lead})")
    assert (old["statecode"], old["statuscode"]) == (1, 3)
    assert (old["_parentaccountid_value"], old["_parentcontactid_value"]) == (account, contact)


def test_an_opportunity_is_of_the_account_and_the_contact(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    deal = qualify(environment, lead, CreateOpportunity=True)[2]["opportunityid"]
    found = environment.get(f"/opportunities({deal})")
    old = environment.get(f"/leads({lead})")
    assert (found["name"], found["estimatedvalue"], found["statecode"]) == ("Wants a pump", 1200, 0)
    assert found["_parentcontactid_value"] == old["_parentcontactid_value"]
    assert found["_customerid_value"] == found["_parentaccountid_value"] == old["_parentaccountid_value"]
    assert old["_qualifyingopportunityid_value"] == deal


def test_an_opportunity_may_have_another_customer_and_currency(environment: DataverseEnvironment) -> None:
    lead, other = add_lead(environment), add(environment, "contacts", {"lastname": "Chen"})
    euro = environment.get("/transactioncurrencies")["value"][0]["transactioncurrencyid"]
    customer = {"contactid": other, "@odata.type": "Microsoft.Dynamics.CRM.contact"}
    currency = {
        "transactioncurrencyid": euro,
        "@odata.type": "Microsoft.Dynamics.CRM.transactioncurrency",
    }
    references = {"OpportunityCustomerId": customer, "OpportunityCurrencyId": currency}
    made = qualify(environment, lead, CreateOpportunity=True, CreateAccount=False, **references)
    deal = environment.get(f"/opportunities({made[1]['opportunityid']})")
    assert (deal["_customerid_value"], deal["_transactioncurrencyid_value"]) == (other, euro)


def test_a_lead_keeps_to_the_rows_that_it_names(environment: DataverseEnvironment) -> None:
    account = add(environment, "accounts", {"name": "Old"})
    contact = add(environment, "contacts", {"lastname": "Old"})
    ties = {
        "parentaccountid@odata.bind": f"/accounts({account})",
        "parentcontactid@odata.bind": f"/contacts({contact})",
    }
    lead = add_lead(environment, **ties)
    assert qualify(environment, lead) == []
    assert environment.get(f"/leads({lead})")["statecode"] == 1


def test_without_a_company_there_is_no_account(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment, companyname=None)
    assert [each["@odata.type"] for each in qualify(environment, lead)] == ["#Microsoft.Dynamics.CRM.contact"]


def test_custom_columns_stay_behind(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment, new_nickname="Anita")
    contact = qualify(environment, lead)[1]["contactid"]
    assert environment.get(f"/contacts({contact})")["new_nickname"] is None


def test_a_closed_lead_cannot_be_qualified(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    qualify(environment, lead)
    contacts = environment.get("/contacts?$count=true")["@odata.count"]
    path = f"/leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"
    assert environment.refusal("POST", path, QUALIFY)[0] == "0x80040519"
    assert environment.get("/contacts?$count=true")["@odata.count"] == contacts


def test_a_refused_qualification_makes_nothing(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    before = environment.get("/accounts?$count=true")["@odata.count"]
    path = f"/leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"
    assert environment.refusal("POST", path, {**QUALIFY, "Status": 4})[0] == "0x80048408"
    assert environment.get("/accounts?$count=true")["@odata.count"] == before
    assert environment.get(f"/leads({lead})")["statecode"] == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"CreateContact": None}, "0x80040203"),
        ({"CreateContact": "yes"}, "0x80048d19"),
        ({"Status": True}, "0x80048d19"),
        ({"Nonsense": 1}, "0x80048d19"),
        ({"OpportunityCustomerId": {"contactid": NOBODY}}, "0x80048d19"),
    ],
)
def test_wrong_parameters_are_refused(
    environment: DataverseEnvironment, changed: dict[str, object], code: str
) -> None:
    lead = add_lead(environment)
    path = f"/leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"
    assert environment.refusal("POST", path, {**QUALIFY, **changed})[0] == code


def test_an_action_is_found_by_its_full_name_of_a_row_and_posted(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    assert environment.refusal("POST", f"/leads({lead})/QualifyLead", QUALIFY, status=404)[0] == "0x8006088a"
    full = "Microsoft.Dynamics.CRM.QualifyLead"
    assert environment.refusal("POST", f"/leads({NOBODY})/{full}", QUALIFY, status=404)[0] == "0x80040217"
    assert environment.refusal("GET", f"/leads({lead})/{full}", status=405)[0] == "0x8006088b"


def two(environment: DataverseEnvironment) -> tuple[str, str]:
    """Two contacts: who stays, and who goes."""
    stays = add(environment, "contacts", {"firstname": "Ana", "lastname": "Ruiz", "jobtitle": "CEO"})
    goes = add(
        environment, "contacts", {"firstname": "Anna", "lastname": "Ruiz", "emailaddress1": "a@example.org"}
    )
    return stays, goes


def reference(key: str, **content: object) -> dict[str, object]:
    return {"contactid": key, "@odata.type": "Microsoft.Dynamics.CRM.contact", **content}


def test_a_merge_fills_the_gaps_of_who_stays_and_deactivates_who_goes(
    environment: DataverseEnvironment,
) -> None:
    stays, goes = two(environment)
    below = add(
        environment,
        "contacts",
        {"lastname": "Below", "parentcustomerid_contact@odata.bind": f"/contacts({goes})"},
    )
    body = {
        "Target": reference(stays),
        "Subordinate": reference(goes),
        "UpdateContent": {"@odata.type": "Microsoft.Dynamics.CRM.contact", "jobtitle": "CFO"},
        "PerformParentingChecks": False,
    }
    assert environment.call("POST", "/Merge", body).status_code == 204
    winner, loser = (environment.get(f"/contacts({key})") for key in (stays, goes))
    assert (winner["fullname"], winner["jobtitle"], winner["emailaddress1"]) == (
        "Ana Ruiz",
        "CFO",
        "a@example.org",
    )
    assert (loser["statecode"], loser["statuscode"], loser["merged"]) == (1, 2, True)
    assert (loser["_masterid_value"], winner["merged"], winner["statecode"]) == (stays, False, 0)
    assert environment.get(f"/contacts({below})")["_parentcustomerid_value"] == stays


def test_change_tracking_shows_both_rows_of_a_merge(environment: DataverseEnvironment) -> None:
    stays, goes = two(environment)
    link = environment.get("/contacts?$select=fullname", prefer="odata.track-changes")["@odata.deltaLink"]
    body = {"Target": reference(stays), "Subordinate": reference(goes), "PerformParentingChecks": False}
    assert environment.call("POST", "/Merge", body).status_code == 204
    changed = environment.http.get(link).json()["value"]
    assert [row["contactid"] for row in changed] == [stays, goes]


@pytest.mark.parametrize("wrong", ["same", "inactive", "other table", "nobody", "no checks"])
def test_what_cannot_be_merged(environment: DataverseEnvironment, wrong: str) -> None:
    stays, goes = two(environment)
    body: dict[str, Any] = {
        "Target": reference(stays), "Subordinate": reference(goes), "PerformParentingChecks": False
    }  # fmt: skip
    status = 400
    if wrong == "same":
        body["Subordinate"] = reference(stays)
    if wrong == "inactive":
        environment.call("PATCH", f"/contacts({goes})", {"statecode": 1})
    if wrong == "other table":
        lead = add_lead(environment)
        body["Subordinate"] = {"leadid": lead, "@odata.type": "Microsoft.Dynamics.CRM.lead"}
    if wrong == "nobody":
        body["Subordinate"], status = reference(NOBODY), 404
    if wrong == "no checks":
        del body["PerformParentingChecks"]
    environment.refusal("POST", "/Merge", body, status=status)
    assert environment.get(f"/contacts({stays})")["emailaddress1"] is None


def test_different_parents_stop_a_merge_that_looks_at_them(environment: DataverseEnvironment) -> None:
    stays, goes = two(environment)
    account = add(environment, "accounts", {"name": "Contoso"})
    tie = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    environment.call("PATCH", f"/contacts({goes})", tie)
    body = {"Target": reference(stays), "Subordinate": reference(goes), "PerformParentingChecks": True}
    assert "parentcustomerid" in environment.refusal("POST", "/Merge", body)[1]


def test_people_qualify_merge_deactivate_and_reactivate(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    after = environment.controlled.person("lead", "qualify", record_id=lead, values={"CreateAccount": False})
    assert (after["statecode"], "parentaccountid" in after) == (1, False)
    contact = after["parentcontactid"]
    assert environment.get(f"/contacts({contact})")["_createdby_value"] == after["modifiedby"]
    _, goes = two(environment)
    merged = environment.controlled.person(
        "contact", "merge", record_id=contact, values={"Subordinate": goes}
    )
    assert merged["contactid"] == contact
    gone = environment.controlled.person("contact", "deactivate", record_id=contact)
    assert (gone["statecode"], gone["statuscode"]) == (1, 2)
    assert environment.controlled.person("contact", "reactivate", record_id=contact)["statecode"] == 0


def test_people_disqualify_and_reactivate_leads(environment: DataverseEnvironment) -> None:
    lead = add_lead(environment)
    lost = environment.controlled.person("lead", "disqualify", record_id=lead, values={"statuscode": 6})
    assert (lost["statecode"], lost["statuscode"]) == (2, 6)
    assert environment.controlled.person("lead", "reactivate", record_id=lead)["statuscode"] == 1


@pytest.mark.parametrize(
    ("table", "op", "values"),
    [("contact", "qualify", {}), ("lead", "deactivate", {}), ("lead", "merge", {"Nonsense": 1})],
)
def test_what_people_cannot_do(
    environment: DataverseEnvironment, table: str, op: str, values: dict[str, object]
) -> None:
    key = environment.get(f"/{table}s")["value"][0][f"{table}id"]
    order = {"object": table, "op": op, "id": key, "values": values}
    environment.control("POST", "person", order, status=400)


def add_deal(environment: DataverseEnvironment) -> str:
    return add(environment, "opportunities", {"name": "Pump", "estimatedvalue": 1200})


def test_an_opportunity_is_won(environment: DataverseEnvironment) -> None:
    deal = add_deal(environment)
    activity = {"subject": "Won it", "opportunityid@odata.bind": f"/opportunities({deal})"}
    body = {"Status": 3, "OpportunityClose": activity}
    assert environment.call("POST", "/WinOpportunity", body).status_code == 204
    found = environment.get(f"/opportunities({deal})")
    assert (found["statecode"], found["statuscode"], found["actualvalue"]) == (1, 3, 1200)
    assert found["actualclosedate"] == "2026-03-02"
    done = environment.get("/opportunitycloses")["value"][0]
    assert (done["subject"], done["statecode"], done["_opportunityid_value"]) == ("Won it", 1, deal)
    assert environment.refusal("POST", "/WinOpportunity", body)[0] == "0x80040516"
    assert environment.refusal("PATCH", f"/opportunities({deal})", {"name": "x"})[0] == "0x80040516"


def test_an_opportunity_is_lost_for_a_reason(environment: DataverseEnvironment) -> None:
    deal = add_deal(environment)
    activity = {"opportunityid@odata.bind": f"/opportunities({deal})"}
    wrong = {"Status": 3, "OpportunityClose": activity}
    assert environment.refusal("POST", "/LoseOpportunity", wrong)[0] == "0x80048408"
    assert environment.get("/opportunitycloses")["value"] == []
    lost = {"Status": 5, "OpportunityClose": activity}
    assert environment.call("POST", "/LoseOpportunity", lost).status_code == 204
    found = environment.get(f"/opportunities({deal})")
    assert (found["statecode"], found["statuscode"], found["actualvalue"]) == (2, 5, None)


@pytest.mark.parametrize("activity", [None, {}, {"opportunityid@odata.bind": f"/contacts({NOBODY})"}])
def test_what_is_closed_must_be_said(environment: DataverseEnvironment, activity: object) -> None:
    body = {"Status": 3, "OpportunityClose": activity}
    answer = environment.call("POST", "/WinOpportunity", body)
    assert answer.status_code == 400


def test_people_win_and_lose_opportunities(environment: DataverseEnvironment) -> None:
    won = environment.controlled.person("opportunity", "win", record_id=add_deal(environment))
    assert (won["statecode"], won["statuscode"]) == (1, 3)
    lost = environment.controlled.person(
        "opportunity", "lose", record_id=add_deal(environment), values={"Status": 5, "subject": "Too dear"}
    )
    assert (lost["statecode"], lost["statuscode"]) == (2, 5)
