"""What the environment's people set up: duplicate detection, plug-ins, required and secured columns."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment, Opening

DETECT = {"MSCRM.SuppressDuplicateDetection": "false"}
ADA = "ada.lindqvist@org.example"


def add(environment: DataverseEnvironment, set_name: str, **body: object) -> str:
    answer = environment.call("POST", f"/{set_name}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"][-37:-1]


def shown(environment: DataverseEnvironment, key: str) -> dict[str, Any]:
    found: dict[str, Any] = environment.get(f"/contacts({key})")
    return found


def detect(environment: DataverseEnvironment) -> None:
    """Turn duplicate detection on, as an admin does."""
    row = environment.controlled.dump()["organization"][0]
    environment.controlled.person(
        "organization",
        "edit",
        record_id=row["organizationid"],
        values={"isduplicatedetectionenabled": True},
    )


def test_a_duplicate_is_refused_when_it_is_asked_for(environment: DataverseEnvironment) -> None:
    detect(environment)
    first = add(environment, "contacts", lastname="Ruiz", emailaddress1="ana@example.org")
    body = {"lastname": "Other", "emailaddress1": "ANA@example.org"}
    code, message = environment.refusal("POST", "/contacts", body, status=412, headers=DETECT)
    assert code == "0x80040333"
    assert message.startswith("A record was not created or updated because a duplicate")
    other = add(environment, "contacts", lastname="Other", emailaddress1="other@example.org")
    refused = environment.refusal(
        "PATCH", f"/contacts({other})", {"emailaddress1": "ana@example.org"}, status=412, headers=DETECT
    )
    assert refused[0] == "0x80040333"
    answer = environment.call("PATCH", f"/contacts({first})", {"jobtitle": "CEO"}, headers=DETECT)
    assert answer.status_code == 204


@pytest.mark.parametrize("headers", [None, {"MSCRM.SuppressDuplicateDetection": "true"}])
def test_nobody_looks_for_duplicates_unasked(
    environment: DataverseEnvironment, headers: dict[str, str] | None
) -> None:
    detect(environment)
    body = {"lastname": "Ruiz", "emailaddress1": "ana@example.org"}
    for _ in range(2):
        assert environment.call("POST", "/contacts", body, headers=headers).status_code == 204


def test_nobody_looks_for_duplicates_while_the_organization_has_it_off(
    environment: DataverseEnvironment,
) -> None:
    body = {"lastname": "Ruiz", "emailaddress1": "ana@example.org"}
    for _ in range(2):
        assert environment.call("POST", "/contacts", body, headers=DETECT).status_code == 204


def test_a_lead_may_be_a_duplicate_of_a_contact(environment: DataverseEnvironment) -> None:
    detect(environment)
    rule = {"object": "lead", "match": ["emailaddress1"], "against": "contact"}
    environment.control("POST", "rules", {"duplicates": [rule], "duplicate_status": 500})
    add(environment, "contacts", lastname="Ruiz", emailaddress1="ana@example.org")
    body = {"subject": "x", "lastname": "Ruiz", "emailaddress1": "ana@example.org"}
    assert environment.refusal("POST", "/leads", body, status=500, headers=DETECT)[0] == "0x80040333"


def test_a_qualification_is_refused_for_a_duplicate_as_a_whole(environment: DataverseEnvironment) -> None:
    detect(environment)
    add(environment, "contacts", lastname="Ruiz", emailaddress1="ana@example.org")
    lead = add(
        environment, "leads", subject="x", lastname="Ruiz", companyname="C", emailaddress1="ana@example.org"
    )
    body = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": False, "Status": 3}
    path = f"/leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"
    accounts = len(environment.controlled.dump()["account"])
    assert environment.refusal("POST", path, body, status=412, headers=DETECT)[0] == "0x80040333"
    assert len(environment.controlled.dump()["account"]) == accounts
    assert environment.call("POST", path, body).status_code == 200


def test_a_plug_in_refuses_what_it_does_not_like(environment: DataverseEnvironment) -> None:
    when = [{"field": "telephone1", "is": "like", "to": "[A-Za-z]"}]
    refusal = {"object": "contact", "message": "A phone number has digits.", "when": when, "by": "api"}
    environment.control("POST", "rules", {"refusals": [refusal]})
    body = {"lastname": "Ruiz", "telephone1": "call me"}
    assert environment.refusal("POST", "/contacts", body) == ("0x80040265", "A phone number has digits.")
    assert environment.controlled.person("contact", "create", values=body)["telephone1"] == "call me"
    bypass = {"MSCRM.BypassCustomPluginExecution": "true"}
    assert environment.call("POST", "/contacts", body, headers=bypass).status_code == 204


def test_passing_over_plug_ins_needs_a_privilege(environment: DataverseEnvironment) -> None:
    refusal = {"object": "contact", "message": "No."}
    environment.control("POST", "rules", {"refusals": [refusal]})
    environment.control("POST", "roles", {"name": "System Administrator", "users": []})
    me = "crosswalk.application@org.example"
    environment.control("POST", "roles", {"name": "Salesperson", "users": [me]})
    bypass = {"MSCRM.BypassBusinessLogicExecution": "CustomSync"}
    refused = environment.refusal("POST", "/contacts", {"lastname": "R"}, status=403, headers=bypass)
    assert "prvBypassCustomBusinessLogic" in refused[1]


def test_a_flow_before_a_save_changes_what_is_saved(environment: DataverseEnvironment) -> None:
    flow = {
        "object": "contact",
        "when": [{"field": "telephone1", "is": "changed"}],
        "set": {"telephone1": {"from": "telephone1", "as": "digits"}, "new_score": 5},
    }
    environment.control("POST", "rules", {"flows": [flow]})
    row = shown(environment, add(environment, "contacts", lastname="Ruiz", telephone1="+34 600"))
    assert (row["telephone1"], row["new_score"]) == ("+34600", 5)


def test_a_flow_after_a_save_saves_again_as_whoever_it_runs_as(environment: DataverseEnvironment) -> None:
    flow = {"object": "contact", "moment": "after", "set": {"jobtitle": "Flowed"}, "user": ADA}
    environment.control("POST", "rules", {"flows": [flow]})
    row = shown(environment, add(environment, "contacts", lastname="Ruiz", jobtitle="CEO"))
    users = environment.controlled.dump()["systemuser"]
    ada = next(user["systemuserid"] for user in users if user["domainname"] == ADA)
    assert (row["jobtitle"], row["_modifiedby_value"]) == ("Flowed", ada)
    assert row["_createdby_value"] != ada


def test_a_flow_may_come_later_as_our_own_user(environment: DataverseEnvironment) -> None:
    me = "crosswalk.application@org.example"
    flow = {
        "object": "contact", "moment": "later", "seconds": 60, "set": {"jobtitle": "Later"}, "user": me,
        "by": "people",
    }  # fmt: skip
    environment.control("POST", "rules", {"flows": [flow]})
    made = environment.controlled.person("contact", "create", values={"lastname": "Ruiz"})
    link = environment.get("/contacts?$select=jobtitle", prefer="odata.track-changes")["@odata.deltaLink"]
    environment.clock.advance(59)
    assert environment.http.get(link).json()["value"] == []
    environment.clock.advance(31)
    changed = environment.http.get(link).json()["value"]
    assert [(row["contactid"], row["jobtitle"]) for row in changed] == [(made["contactid"], "Later")]
    row = shown(environment, made["contactid"])
    assert row["modifiedon"] == "2026-03-02T12:01:00Z"
    assert row["_modifiedby_value"] == environment.get("/WhoAmI")["UserId"]


def test_a_flow_that_fails_refuses_the_save(environment: DataverseEnvironment) -> None:
    flow = {"object": "contact", "moment": "after", "name": "Broken", "fails": True}
    environment.control("POST", "rules", {"flows": [flow]})
    before = len(environment.controlled.dump()["contact"])
    assert environment.refusal("POST", "/contacts", {"lastname": "R"}) == ("0x80040265", "Broken failed.")
    assert len(environment.controlled.dump()["contact"]) == before


def test_a_column_may_be_required(environment: DataverseEnvironment) -> None:
    environment.control("POST", "rules", {"required": ["contact.jobtitle"]})
    assert "jobtitle" in environment.refusal("POST", "/contacts", {"lastname": "Ruiz"})[1]
    key = add(environment, "contacts", lastname="Ruiz", jobtitle="CEO")
    assert environment.refusal("PATCH", f"/contacts({key})", {"jobtitle": None})[0] == "0x80040203"


def test_a_secured_column_is_not_written_and_maybe_not_seen(environment: DataverseEnvironment) -> None:
    key = add(environment, "contacts", lastname="Ruiz", jobtitle="CEO", mobilephone="1")
    rules = {"secured": {"contact.jobtitle": "none", "contact.mobilephone": "read"}}
    environment.control("POST", "rules", rules)
    row = shown(environment, key)
    assert (row["jobtitle"], row["mobilephone"]) == (None, "1")
    for name in ("jobtitle", "mobilephone"):
        refused = environment.refusal("PATCH", f"/contacts({key})", {name: "2"}, status=403)
        assert (refused[0], name in refused[1]) == ("0x8004F507", True)
    assert environment.call("PATCH", f"/contacts({key})", {"lastname": "R"}).status_code == 204


def test_the_schema_shows_which_columns_are_secured(environment: DataverseEnvironment) -> None:
    environment.control("POST", "rules", {"secured": {"contact.jobtitle": "read"}})

    path = "/EntityDefinitions(LogicalName='contact')/Attributes?$select=LogicalName,IsSecured"

    rows = environment.get(path)["value"]
    assert [row["LogicalName"] for row in rows if row["IsSecured"]] == ["jobtitle"]


def test_custom_columns_may_be_mapped_for_qualification(environment: DataverseEnvironment) -> None:
    environment.control("POST", "rules", {"lead_mapping": {"new_nickname": "contact.new_nickname"}})
    lead = add(environment, "leads", subject="x", lastname="Ruiz", new_nickname="Anita")
    row = environment.controlled.person("lead", "qualify", record_id=lead)
    assert shown(environment, row["parentcontactid"])["new_nickname"] == "Anita"


def test_pages_may_be_small(environment: DataverseEnvironment) -> None:
    environment.control("POST", "rules", {"page_rows": 5})
    page = environment.get("/contacts")
    assert (len(page["value"]), "@odata.nextLink" in page) == (5, True)


def test_work_may_cost_something_else(opening: Opening) -> None:
    environment = opening(limits="real")
    environment.control("POST", "rules", {"costs": {"request": 600_000}})
    statuses = [environment.call("GET", "/WhoAmI").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_rules_are_replaced_one_by_one_and_come_back_to_the_start(environment: DataverseEnvironment) -> None:
    start = environment.control("GET", "rules")
    assert [rule["object"] for rule in start["duplicates"]] == ["account", "contact", "lead"]
    environment.control("POST", "rules", {"page_rows": 5})
    changed = environment.control("POST", "rules", {"required": ["lead.subject"]})
    assert (changed["page_rows"], changed["required"]) == (5, ["lead.subject"])
    environment.control("DELETE", "rules")
    assert environment.control("GET", "rules") == start


@pytest.mark.parametrize(
    "wrong",
    [
        {"required": ["contact.nonsense"]},
        {"nonsense": 1},
        {"page_rows": 0},
        {"flows": [{"object": "contact", "set": {"jobtitle": {"from": "lastname", "as": "nonsense"}}}]},
    ],
)
def test_rules_about_what_there_is_not_are_refused(
    environment: DataverseEnvironment, wrong: dict[str, object]
) -> None:
    environment.control("POST", "rules", wrong, status=400)


def test_rules_and_what_is_to_come_are_kept(environment: DataverseEnvironment, opening: Opening) -> None:
    flow = {"object": "contact", "moment": "later", "set": {"jobtitle": "Later"}}
    environment.control("POST", "rules", {"flows": [flow]})
    key = add(environment, "contacts", lastname="Ruiz")
    later = opening()
    later.controlled.restore(environment.controlled.saved())
    later.clock.advance(61)
    assert shown(later, key)["jobtitle"] == "Later"


def test_duplicates_can_be_asked_for(environment: DataverseEnvironment) -> None:
    first = add(environment, "contacts", lastname="Ruiz", emailaddress1="ana@example.org")
    second = add(environment, "contacts", lastname="Other", emailaddress1="ANA@example.org")

    def found(entity: str) -> list[str]:
        path = (
            "/RetrieveDuplicates(BusinessEntity=@p1,MatchingEntityName=@p2,PagingInfo=@p3)"
            f"?@p1={{'@odata.type':'Microsoft.Dynamics.CRM.contact',{entity}}}"
            "&@p2='contact'&@p3={'PageNumber':1,'Count':10}&$select=fullname"
        )
        return [row["contactid"] for row in environment.get(path)["value"]]

    assert found(f"'contactid':'{first}'") == [second]
    assert found("'emailaddress1':'ana@example.org'") == [first, second]
    assert found("'emailaddress1':'nobody@example.org'") == []


def test_a_column_that_is_hidden_cannot_be_read_alone(environment: DataverseEnvironment) -> None:
    key = add(environment, "contacts", lastname="Ruiz", jobtitle="CEO")
    environment.control("POST", "rules", {"secured": {"contact.jobtitle": "none"}})
    assert environment.refusal("GET", f"/contacts({key})/jobtitle", status=403)[0] == "0x8004F504"


@pytest.mark.parametrize(("status", "code"), [(429, "0x80072322"), (503, "0x80040216")])
def test_faults_have_the_shape_of_the_vendors_refusals(
    environment: DataverseEnvironment, status: int, code: str
) -> None:
    environment.control("POST", "faults", {"kind": "status", "status": status})
    answer = environment.call("GET", "/WhoAmI")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 429)


def test_a_fault_of_signing_in_says_where_to_sign_in(environment: DataverseEnvironment) -> None:
    environment.control("POST", "faults", {"kind": "status", "status": 401})
    answer = environment.call("GET", "/WhoAmI")
    assert (answer.status_code, answer.text) == (401, "")
    assert "authorization_uri=" in answer.headers["www-authenticate"]


def test_every_answer_has_an_id_for_support(environment: DataverseEnvironment) -> None:
    ids = [environment.call("GET", "/WhoAmI").headers["req_id"] for _ in range(2)]
    assert len(set(ids)) == 2


def test_what_the_schema_requires_can_be_said_and_only_the_systems_level_is_enforced(
    environment: DataverseEnvironment,
) -> None:
    levels = {"contact.jobtitle": "ApplicationRequired", "contact.nickname": "SystemRequired"}
    environment.control("POST", "rules", {"levels": levels})
    for path, level in levels.items():
        attribute = f"Attributes(LogicalName='{path.partition('.')[2]}')"
        found = environment.get(f"/EntityDefinitions(LogicalName='contact')/{attribute}")
        assert found["RequiredLevel"]["Value"] == level
    assert environment.refusal("POST", "/contacts", {"lastname": "A", "jobtitle": "CEO"})[0] == "0x80040203"
    assert environment.call("POST", "/contacts", {"lastname": "A", "nickname": "B"}).status_code == 204
