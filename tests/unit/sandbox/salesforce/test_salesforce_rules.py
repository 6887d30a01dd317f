"""Rules that an admin set up: validation, duplicates, assignment, flows, and records that somebody holds."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from tests.helpers.sandbox_org import DATA, Opening, SalesforceOrg

from crosswalk_sandbox.system import PersonError

Row = dict[str, Any]
NO_BOSS = {
    "object": "Lead",
    "when": [{"field": "Title", "is": "equal", "to": "Boss"}],
    "message": "Nobody is the boss here.",
    "fields": ["Title"],
}
ONE_EMAIL = {"object": "Lead", "match": ["Email"]}


def rules(org: SalesforceOrg, **given: Any) -> None:
    org.send_control("POST", "rules", given)


def typed(object_name: str, **values: Any) -> Row:
    return {"attributes": {"type": object_name}, **values}


def bulk_errors(org: SalesforceOrg, operation: str, content: str) -> list[str]:
    """What a bulk job says of the rows that it could not save."""
    job = org.send("POST", "/jobs/ingest", {"object": "Lead", "operation": operation})["id"]
    headers = {"Content-Type": "text/csv"}
    org.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=content, headers=headers)
    org.send("PATCH", f"/jobs/ingest/{job}", {"state": "UploadComplete"})
    org.clock.advance(1)
    failed = org.call("GET", f"/jobs/ingest/{job}/failedResults").text
    return [row["sf__Error"] for row in csv.DictReader(io.StringIO(failed, newline=""))]


# --- validation rules -----------------------------------------------------------------------------------------


def test_a_validation_rule_refuses_with_the_admins_words(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CTO")
    rules(org, validations=[NO_BOSS])
    (error,) = org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Boss"}, status=400)
    assert error == {
        "message": "Nobody is the boss here.",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Title"],
    }
    assert org.record("Lead", lead)["Title"] == "CTO"
    new = {"LastName": "V", "Company": "A", "Title": "Boss"}
    assert org.refusal("POST", "/sobjects/Lead", new)[0] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CFO"}, status=204)


def test_a_validation_rule_refuses_one_record_of_a_collection(org: SalesforceOrg) -> None:
    rules(org, validations=[NO_BOSS])
    records = [typed("Lead", LastName="V", Company="A", Title=title) for title in ("Boss", "CTO")]
    bad, good = org.send("POST", "/composite/sobjects", {"records": records})
    assert bad["errors"] == [
        {
            "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "message": "Nobody is the boss here.",
            "fields": ["Title"],
        }
    ]
    assert (bad["success"], good["success"]) == (False, True)


def test_a_validation_rule_refuses_a_part_of_a_composite_request(org: SalesforceOrg) -> None:
    rules(org, validations=[NO_BOSS])
    body = {"LastName": "V", "Company": "A", "Title": "Boss"}
    part = {
        "method": "POST",
        "url": "/services/data/v60.0/sobjects/Lead",
        "referenceId": "one",
        "body": body,
    }
    (result,) = org.send("POST", "/composite", {"compositeRequest": [part]})["compositeResponse"]
    assert result["httpStatusCode"] == 400
    assert result["body"][0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def test_a_validation_rule_refuses_a_row_of_a_bulk_job(org: SalesforceOrg) -> None:
    rules(org, validations=[NO_BOSS])
    refused = bulk_errors(org, "insert", "LastName,Company,Title\nV,A,Boss\nW,A,CTO\n")
    assert refused == ["FIELD_CUSTOM_VALIDATION_EXCEPTION:Nobody is the boss here.:Title --"]


def test_people_are_refused_with_the_same_words(org: SalesforceOrg) -> None:
    rules(org, validations=[NO_BOSS])
    with pytest.raises(PersonError, match=r"Nobody is the boss here\."):
        org.controlled.person("Lead", "edit", record_id=org.lead(), values={"Title": "Boss"})


def test_a_rule_may_be_about_the_api_or_about_people_alone(org: SalesforceOrg) -> None:
    lead = org.lead()
    for by, api, person in (("api", 400, True), ("people", 204, False)):
        rules(org, validations=[{**NO_BOSS, "by": by}])
        org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Boss"}, status=api)
        try:
            org.controlled.person("Lead", "edit", record_id=lead, values={"Title": "Boss"})
        except PersonError:
            assert not person
        else:
            assert person
        org.controlled.reset()
        lead = org.lead()


@pytest.mark.parametrize(
    ("condition", "refused", "accepted"),
    [
        ({"field": "Title", "is": "blank"}, None, "CTO"),
        ({"field": "Title", "is": "filled"}, "CTO", None),
        ({"field": "Title", "is": "different", "to": "CTO"}, "CFO", "CTO"),
        ({"field": "Title", "is": "changed"}, "CTO", "Old"),
        ({"field": "Title", "is": "longer", "to": 3}, "Boss", "CTO"),
        ({"field": "Title", "is": "like", "to": "^C.O$"}, "CFO", "Boss"),
        ({"field": "Title", "is": "unlike", "to": "^C.O$"}, "Boss", "CFO"),
    ],
)
def test_a_condition_is_about_one_field(
    org: SalesforceOrg, condition: Row, refused: Any, accepted: Any
) -> None:
    lead = org.lead(Title="Old")
    rules(org, validations=[{"object": "Lead", "when": [condition], "message": "no"}])
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": accepted}, status=204)
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": refused}, status=400)


def test_all_conditions_must_hold_and_the_kind_of_save_must_be_right(org: SalesforceOrg) -> None:
    lead = org.lead()
    conditions = [*NO_BOSS["when"], {"field": "Phone", "is": "blank"}]
    rules(org, validations=[{**NO_BOSS, "when": conditions, "on": ["update"]}])
    org.lead(Title="Boss")
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Boss", "Phone": "1"}, status=204)
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Phone": None}, status=400)


# --- duplicate rules ------------------------------------------------------------------------------------------


def test_a_duplicate_is_refused_with_the_record_that_it_is_like(org: SalesforceOrg) -> None:
    lead = org.lead(Email="R@Example.org")
    rules(org, duplicates=[ONE_EMAIL])
    body = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    (error,) = org.send("POST", "/sobjects/Lead", body, status=400)
    assert (error["errorCode"], error["message"]) == ("DUPLICATES_DETECTED", "Use one of these records?")
    assert "fields" not in error
    result = error["duplicateResult"]
    assert (result["allowSave"], result["duplicateRule"], result["duplicateRuleEntityType"]) == (
        False,
        "Standard_Lead_Duplicate_Rule",
        "Lead",
    )
    (found,) = result["matchResults"]
    assert (found["entityType"], found["size"], found["rule"]) == ("Lead", 1, "Standard_Lead_Match_Rule_v1_0")
    (match,) = found["matchRecords"]
    assert match["record"] == {
        "attributes": {"type": "Lead", "url": f"/services/data/v60.0/sobjects/Lead/{lead}"},
        "Id": lead,
    }


ALLOWING = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}


def test_an_alert_lets_a_call_pass_that_allows_it_and_a_block_does_not(org: SalesforceOrg) -> None:
    org.lead(Email="r@example.org")
    body = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    rules(org, duplicates=[{**ONE_EMAIL, "action": "alert"}])
    (error,) = org.send("POST", "/sobjects/Lead", body, status=400)
    assert error["duplicateResult"]["allowSave"] is True
    org.send("POST", "/sobjects/Lead", body, status=201, headers=ALLOWING)
    rules(org, duplicates=[ONE_EMAIL])
    (error,) = org.send("POST", "/sobjects/Lead", body, status=400, headers=ALLOWING)
    (found,) = error["duplicateResult"]["matchResults"]
    assert {row["record"]["Email"] for row in found["matchRecords"]} == {"r@example.org"}
    assert found["size"] == 2


def test_older_versions_do_not_know_the_header(org: SalesforceOrg) -> None:
    org.lead(Email="r@example.org")
    rules(org, duplicates=[{**ONE_EMAIL, "action": "alert"}])
    body = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    answer = org.http.post("/services/data/v51.0/sobjects/Lead", json=body, headers=ALLOWING)
    assert answer.status_code == 400


def test_a_duplicate_in_a_collection_has_its_code_alone(org: SalesforceOrg) -> None:
    org.lead(Email="r@example.org")
    rules(org, duplicates=[ONE_EMAIL])
    emails = ("r@example.org", "s@example.org", "s@example.org")
    records = [typed("Lead", LastName="V", Company="A", Email=email) for email in emails]
    results = org.send("POST", "/composite/sobjects", {"records": records})
    assert [result["success"] for result in results] == [False, True, False]
    assert results[0]["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    ]


def test_a_duplicate_may_be_of_another_object(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Alt", Email="r@example.org")
    rules(org, duplicates=[{**ONE_EMAIL, "against": ["Lead", "Contact"]}])
    body = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    (error,) = org.send("POST", "/sobjects/Lead", body, status=400)
    (found,) = error["duplicateResult"]["matchResults"]
    assert (found["entityType"], found["matchRecords"][0]["record"]["Id"]) == ("Contact", contact)


def test_a_change_is_looked_at_when_it_moves_what_is_matched(org: SalesforceOrg) -> None:
    first, second = org.lead(Email="r@example.org"), org.lead(Email="s@example.org")
    rules(org, duplicates=[ONE_EMAIL])
    path = f"/sobjects/Lead/{second}"
    assert org.refusal("PATCH", path, {"Email": "r@example.org"})[0] == "DUPLICATES_DETECTED"
    org.send("DELETE", f"/sobjects/Lead/{first}", status=204)
    org.send("PATCH", path, {"Email": "r@example.org"}, status=204)
    rules(org, duplicates=[])
    org.lead(Email="r@example.org")
    rules(org, duplicates=[ONE_EMAIL])
    org.send("PATCH", path, {"Title": "CTO", "Email": "r@example.org"}, status=204)


def test_converted_leads_and_empty_addresses_are_no_duplicates(org: SalesforceOrg) -> None:
    lead = org.lead(Email="r@example.org")
    org.controlled.person("Lead", "convert", record_id=lead)
    rules(org, duplicates=[ONE_EMAIL])
    org.lead(Email="r@example.org")
    org.lead()
    org.lead()


def test_what_was_just_saved_is_not_found_before_it_is_indexed(org: SalesforceOrg) -> None:
    rules(org, duplicates=[{**ONE_EMAIL, "index_seconds": 10}])
    org.lead(Email="r@example.org")
    org.clock.advance(5)
    org.lead(Email="r@example.org")
    org.clock.advance(10)
    body = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    assert org.refusal("POST", "/sobjects/Lead", body)[0] == "DUPLICATES_DETECTED"


def test_people_pass_an_alert_and_are_stopped_by_a_block(org: SalesforceOrg) -> None:
    org.lead(Email="r@example.org")
    values = {"LastName": "V", "Company": "A", "Email": "r@example.org"}
    rules(org, duplicates=[{**ONE_EMAIL, "action": "alert"}])
    org.controlled.person("Lead", "create", values=values)
    rules(org, duplicates=[ONE_EMAIL])
    with pytest.raises(PersonError, match="DUPLICATES_DETECTED"):
        org.controlled.person("Lead", "create", values=values)


# --- assignment -----------------------------------------------------------------------------------------------


def test_without_an_active_assignment_rule_the_owner_stays(org: SalesforceOrg) -> None:
    assert org.record("Lead", org.lead())["OwnerId"].startswith("00G")
    rules(org, assignment=False)
    assert org.record("Lead", org.lead())["OwnerId"] == org.ready["user_id"]


# --- locked records -------------------------------------------------------------------------------------------

LOCKED = "unable to obtain exclusive access to this record or 1 records: "


def test_a_locked_record_refuses_so_many_writes(org: SalesforceOrg) -> None:
    lead = org.lead()
    rules(org, locks={lead: 2})
    path = f"/sobjects/Lead/{lead}"
    assert org.refusal("PATCH", path, {"Title": "CTO"}) == ("UNABLE_TO_LOCK_ROW", LOCKED + lead)
    assert org.refusal("DELETE", path) == ("UNABLE_TO_LOCK_ROW", LOCKED + lead)
    org.send("PATCH", path, {"Title": "CTO"}, status=204)
    assert org.send_control("GET", "rules")["locks"] == {lead: 0}


def test_a_locked_record_refuses_alone_in_a_collection(org: SalesforceOrg) -> None:
    leads = [org.lead() for _ in range(3)]
    rules(org, locks={leads[1]: 1})
    sent = {"records": [typed("Lead", id=lead, Title="CTO") for lead in leads]}
    results = org.send("PATCH", "/composite/sobjects", sent)
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert all(result["success"] for result in org.send("PATCH", "/composite/sobjects", sent))


def test_a_locked_record_refuses_its_row_of_a_bulk_job(org: SalesforceOrg) -> None:
    lead = org.lead()
    rules(org, locks={lead: 1})
    refused = bulk_errors(org, "update", f"Id,Title\n{lead},CTO\n")
    assert refused == [f"UNABLE_TO_LOCK_ROW:{LOCKED}{lead}:--"]


def test_a_locked_account_stops_its_contacts(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Harbour")
    rules(org, locks={account[:15]: 0, account: 1})
    body = {"LastName": "V", "AccountId": account}
    assert org.refusal("POST", "/sobjects/Contact", body) == ("UNABLE_TO_LOCK_ROW", LOCKED + account)
    org.create("Contact", **body)


def test_any_record_of_an_object_may_be_locked_and_people_wait_for_it(org: SalesforceOrg) -> None:
    lead = org.lead()
    rules(org, locks={"Lead": 1})
    org.controlled.person("Lead", "edit", record_id=lead, values={"Title": "CTO"})
    assert org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CFO"})[0] == "UNABLE_TO_LOCK_ROW"


# --- flows ----------------------------------------------------------------------------------------------------


def flow(**more: Any) -> Row:
    shouted = {"Title": {"from": "Title", "as": "upper"}}
    return {"object": "Lead", "when": [{"field": "Title", "is": "changed"}], "set": shouted, **more}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_flow_rewrites_a_field_in_the_same_save_as_the_user_who_saves(
    org: SalesforceOrg, moment: str
) -> None:
    rules(org, flows=[flow(moment=moment)])
    lead = org.lead(Title="cto")
    row = org.record("Lead", lead)
    assert (row["Title"], row["LastModifiedById"]) == ("CTO", org.ready["user_id"])
    records = [typed("Lead", id=lead, Title="cfo")]
    org.send("PATCH", "/composite/sobjects", {"records": records})
    assert org.record("Lead", lead)["Title"] == "CFO"


def test_a_flow_edits_later_as_the_user_whose_save_started_it(org: SalesforceOrg) -> None:
    rules(org, flows=[flow(moment="later", seconds=30, set={"Phone": "1"})])
    lead = org.lead(Title="cto")
    org.clock.advance(29)
    assert org.record("Lead", lead)["Phone"] is None
    org.clock.advance(1)
    row = org.record("Lead", lead)
    assert (row["Phone"], row["LastModifiedById"]) == ("1", org.ready["user_id"])
    assert row["SystemModstamp"] == "2026-03-02T12:00:30.000+0000"
    org.clock.advance(100)
    assert org.record("Lead", lead)["SystemModstamp"] == row["SystemModstamp"]


def test_what_is_taken_back_starts_no_flow_later(org: SalesforceOrg) -> None:
    rules(org, flows=[flow(moment="later", set={"Phone": "1"})])
    lead = org.lead()
    records = [typed("Lead", id=lead, Title="cto"), typed("Lead", id=lead, Title="cfo")]
    org.send("PATCH", "/composite/sobjects", {"allOrNone": True, "records": records})
    org.clock.advance(100)
    assert org.record("Lead", lead)["Phone"] is None


def test_a_record_that_is_gone_is_edited_by_no_flow(org: SalesforceOrg) -> None:
    rules(org, flows=[flow(moment="later", set={"Phone": "1"})])
    lead = org.lead(Title="cto")
    org.send("DELETE", f"/sobjects/Lead/{lead}", status=204)
    org.clock.advance(100)
    assert org.record("Lead", lead)["Phone"] is None


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("digits", "+47001"),
        ("lower", "+47 (0) 01 x"),
        ("title", "+47 (0) 01 X"),
        ("tel {}", "tel +47 (0) 01 x"),
    ],
)
def test_a_flow_makes_one_field_of_another(org: SalesforceOrg, how: str, text: str) -> None:
    rules(org, flows=[{"object": "Lead", "set": {"Title": {"from": "Phone", "as": how}}}])
    assert org.record("Lead", org.lead(Phone="+47 (0) 01 x"))["Title"] == text


def test_a_flow_may_empty_a_field_and_count_without_text(org: SalesforceOrg) -> None:
    given = {"Title": None, "Annual_Budget__c": {"from": "Score__c"}}
    rules(org, flows=[{"object": "Lead", "set": given}])
    row = org.record("Lead", org.lead(Title="CTO", Score__c=5.5))
    assert (row["Title"], row["Annual_Budget__c"]) == (None, 5.5)


@pytest.mark.parametrize("broken", [{"fails": True}, {"set": {"Email": "none"}}, {"set": {"Score__c": "x"}}])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_flow_that_fails_refuses_the_save(org: SalesforceOrg, broken: Row, moment: str) -> None:
    lead = org.lead()
    rules(org, flows=[flow(name="Tidy", moment=moment, **broken)])
    code, text = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "cto"})
    assert code == "CANNOT_EXECUTE_FLOW_TRIGGER"
    assert text.startswith("We can't save this record because the “Tidy” process failed.")
    assert org.record("Lead", lead)["Title"] is None


def test_validation_rules_see_what_flows_made(org: SalesforceOrg) -> None:
    made = flow(set={"Title": "Boss"}, when=[{"field": "Phone", "is": "changed"}])
    rules(org, validations=[NO_BOSS], flows=[made])
    lead = org.lead()
    refused = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Phone": "1"})
    assert refused[0] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


# --- the rules themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"validations": [{**NO_BOSS, "object": "Nonsense"}]},
        {"validations": [{**NO_BOSS, "when": [{"field": "Nonsense"}]}]},
        {"validations": [{**NO_BOSS, "when": [{"field": "Title", "is": "nice"}]}]},
        {"validations": [{"object": "Lead"}]},
        {"duplicates": [{"object": "Lead", "against": ["Account"]}]},
        {"flows": [{"object": "Lead", "set": {"Nonsense": 1}}]},
        {"flows": [{"object": "Lead", "set": {"Title": {"from": "Nonsense"}}}]},
        {"flows": [{"object": "Lead", "set": {"Title": {"from": "Phone", "as": "nicer"}}}]},
        {"locks": {"Lead": "often"}},
        {"sharing": {"00Q": "none"}},
        {"page_rows": 0},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(org: SalesforceOrg, wrong: Row) -> None:
    before = org.send_control("GET", "rules")
    assert org.send_control("POST", "rules", wrong, status=400)["message"]
    assert org.send_control("GET", "rules") == before


def test_all_rules_together_come_back_as_they_were_sent(opening: Opening) -> None:
    org = opening()
    rules(org, validations=[NO_BOSS], duplicates=[ONE_EMAIL], flows=[flow()], locks={"Lead": 1})
    before = org.send_control("GET", "rules")
    rules(org, **before)
    assert org.send_control("GET", "rules") == before
    assert before["validations"][0]["when"] == [{"field": "Title", "is": "equal", "to": "Boss"}]


# --- other refusals, sharing, pages ---------------------------------------------------------------------------


def test_a_refusal_may_have_any_code(org: SalesforceOrg) -> None:
    full = {
        "object": "Lead",
        "on": ["create"],
        "code": "STORAGE_LIMIT_EXCEEDED",
        "message": "storage limit exceeded",
    }
    lead = org.lead()
    rules(org, validations=[full])
    refused = org.refusal("POST", "/sobjects/Lead", {"LastName": "V", "Company": "A"})
    assert refused == ("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CTO"}, status=204)


def test_a_record_that_the_user_may_not_see_is_nowhere(org: SalesforceOrg) -> None:
    lead, other = org.lead(Legacy_Key__c="K-9", Email="r@example.org"), org.lead()
    stamp = org.record("Lead", lead)["SystemModstamp"]
    rules(org, sharing={lead: "none"})
    assert org.column(f"SELECT Id FROM Lead WHERE Id IN ('{lead}', '{other}')") == [other]
    assert org.query("SELECT Id FROM Lead WHERE Email = 'r@example.org'", deleted=True) == []
    for path in (f"/sobjects/Lead/{lead}", "/sobjects/Lead/Legacy_Key__c/K-9"):
        assert org.refusal("GET", path, status=404)[0] == "NOT_FOUND"
    assert org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CTO"}, status=404)[0] == "NOT_FOUND"
    assert org.get(f"/composite/sobjects/Lead?ids={lead},{other}&fields=Id")[0] is None
    span = "?start=2026-03-02T12:00:00Z&end=2026-03-02T12:01:00Z"
    assert org.get(f"/sobjects/Lead/updated/{span}")["ids"] == [other]
    sent = {"records": [typed("Lead", id=lead, Title="CTO")]}
    (result,) = org.send("PATCH", "/composite/sobjects", sent)
    assert result["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    taken = {"LastName": "V", "Company": "A"}
    assert org.refusal("PATCH", "/sobjects/Lead/Legacy_Key__c/K-9", taken)[0] == "DUPLICATE_VALUE"
    org.controlled.person("Lead", "delete", record_id=lead)
    assert org.get(f"/sobjects/Lead/deleted/{span}")["deletedRecords"] == []
    rules(org, sharing={})
    assert org.get(f"/sobjects/Lead/deleted/{span}")["deletedRecords"] == [{"id": lead, "deletedDate": stamp}]


def test_a_record_that_the_user_may_only_read_is_not_changed(org: SalesforceOrg) -> None:
    lead = org.lead()
    rules(org, sharing={lead: "read"})
    assert org.get(f"/sobjects/Lead/{lead}")["Id"] == lead
    for method, body in (("PATCH", {"Title": "CTO"}), ("DELETE", None)):
        refused = org.refusal(method, f"/sobjects/Lead/{lead}", body, status=403)
        assert refused[0] == "INSUFFICIENT_ACCESS_OR_READONLY"
    org.controlled.person("Lead", "edit", record_id=lead, values={"Title": "CTO"})


def test_pages_may_be_shorter_than_asked_for(org: SalesforceOrg) -> None:
    rules(org, page_rows=5)
    page = org.page("SELECT Id FROM Lead")
    assert (len(page["records"]), page["totalSize"], page["done"]) == (5, 12, False)
    assert len(org.query("SELECT Id FROM Lead")) == 12
