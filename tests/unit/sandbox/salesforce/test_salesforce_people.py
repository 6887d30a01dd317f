"""The seeded records, what people do to them, and what changed in a span of time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.system import PersonError


def test_records_are_the_same_for_a_seed(opening: Opening) -> None:
    first, again, other = opening(), opening(), opening(seed=2)
    assert first.dump() == again.dump()
    assert first.dump()["Lead"] != other.dump()["Lead"]


def test_the_start_has_people_of_all_kinds(opening: Opening) -> None:
    org = opening(leads=200, contacts=200)
    leads, contacts = org.dump()["Lead"], org.dump()["Contact"]
    assert (len(leads), len(contacts)) == (200, 200)
    assert all(each["Company"] and each["LastName"] for each in leads)
    assert any(not each["Email"] for each in leads)
    assert any(not each["Email"] for each in contacts)
    shared = {each["Email"] for each in leads if each["Email"]} & {each["Email"] for each in contacts}
    assert shared
    assert any(each["Company"].isascii() is False for each in leads)
    assert {each["Score__c"] for each in leads} >= {None, 0.0}
    assert any("\n" in (each["Notes__c"] or "") for each in leads)
    assert any(";" in (each["Interests__c"] or "") for each in contacts)
    assert {bool(each["AccountId"]) for each in contacts} == {True, False}
    assert {each["IsConverted"] for each in leads} == {False}
    assert {each["Legacy_Key__c"] is None for each in leads} == {True, False}


def test_nobody_at_the_start_was_made_by_the_api(org: SalesforceOrg) -> None:
    rows = org.dump()["Lead"] + org.dump()["Contact"]
    stamps = {each[name] for each in rows for name in ("CreatedById", "LastModifiedById", "OwnerId")}
    assert org.ready["user_id"] not in stamps
    assert all("2024-02" < each["CreatedDate"] <= each["SystemModstamp"] < "2026-03-02T12" for each in rows)


def test_ids_have_true_check_characters(org: SalesforceOrg) -> None:
    for rows in org.dump().values():
        assert all(ids.canonical(each["Id"][:15]) == each["Id"] for each in rows)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("00Q000000000001", "00Q000000000001EAA"),
        ("0035g00000AbCdE", "0035g00000AbCdEAAV"),
    ],
)
def test_check_characters_follow_the_rule(short: str, full: str) -> None:
    assert ids.canonical(short) == ids.canonical(full) == full
    assert ids.canonical(full[:-1] + "Z" if full[-1] != "Z" else full[:-1] + "A") is None


def test_a_reset_brings_the_start_back(org: SalesforceOrg) -> None:
    before = org.dump()
    made = org.lead()
    org.send("DELETE", f"/sobjects/Lead/{before['Lead'][0]['Id']}", status=204)
    org.controlled.reset()
    assert org.dump() == before
    assert org.lead() == made  # ids begin again as well


def test_people_change_records_under_their_own_names(org: SalesforceOrg) -> None:
    lead = org.lead()
    org.clock.advance(5)
    after = org.controlled.person(
        "lead", "edit", user="Ada Lindqvist", record_id=lead[:15], values={"title": "CTO"}
    )
    assert (after["Id"], after["Title"], after["SystemModstamp"]) == (
        lead,
        "CTO",
        "2026-03-02T12:00:05.000+0000",
    )
    (ada,) = org.column("SELECT Id FROM User WHERE Name = 'Ada Lindqvist'")
    assert after["LastModifiedById"] == ada
    assert org.record("Lead", lead) == after


def test_people_create_without_the_assignment_rule(org: SalesforceOrg) -> None:
    made = org.controlled.person("Contact", "create", values={"LastName": "Vogel", "Score__c": 1.5})
    users = {each["Id"]: each for each in org.dump()["User"]}
    assert made["CreatedById"] == made["OwnerId"] != org.ready["user_id"]
    assert users[made["OwnerId"]]["IsActive"]
    assert org.get(f"/sobjects/Contact/{made['Id']}")["Score__c"] == 1.5
    lead = org.controlled.person("Lead", "create", user="bruno", values={"LastName": "V", "Company": "A"})
    assert users[lead["OwnerId"]]["Alias"] == "bruno"


def test_people_delete_and_bring_back(org: SalesforceOrg) -> None:
    lead = org.lead(Legacy_Key__c="1")
    assert org.controlled.person("Lead", "delete", record_id=lead)["IsDeleted"] is True
    assert org.query(f"SELECT Id FROM Lead WHERE Id = '{lead}'") == []
    assert org.controlled.person("Lead", "undelete", record_id=lead)["IsDeleted"] is False
    assert org.column(f"SELECT Id FROM Lead WHERE Id = '{lead}'") == [lead]


ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"object_name": "Leed", "op": "edit"}, "there is no object Leed"),
    (
        {"object_name": "Lead", "op": "tag"},
        "people can create, edit, delete, undelete, purge, merge and convert",
    ),
    ({"object_name": "Lead", "op": "edit"}, "edit needs the id"),
    ({"object_name": "Lead", "op": "edit", "record_id": "00Q5g00000zzzzz"}, "invalid cross reference id"),
    ({"object_name": "Lead", "op": "create", "values": {"LastName": "x"}}, "REQUIRED_FIELD_MISSING"),
    ({"object_name": "Lead", "op": "create", "values": {"Shoe__c": "x"}}, "No such column 'Shoe__c'"),
    ({"object_name": "Lead", "op": "create", "user": "Nobody"}, "there is no user Nobody"),
    ({"object_name": "Lead", "op": "create", "user": "dora"}, "not active"),
    (
        {"object_name": "FieldPermissions", "op": "edit", "values": {"Field": "Lead.Id"}},
        "FieldPermissions takes",
    ),
]


@pytest.mark.parametrize(("order", "reason"), ORDERS)
def test_what_a_person_cannot_do_is_said(org: SalesforceOrg, order: dict[str, Any], reason: str) -> None:
    with pytest.raises(PersonError, match=reason):
        org.controlled.person(**order)


def test_two_records_cannot_have_one_key_after_undelete(org: SalesforceOrg) -> None:
    first = org.lead(Legacy_Key__c="1")
    org.controlled.person("Lead", "delete", record_id=first)
    org.lead(Legacy_Key__c="1")
    with pytest.raises(PersonError, match="DUPLICATE_VALUE"):
        org.controlled.person("Lead", "undelete", record_id=first)
    assert org.record("Lead", first)["IsDeleted"]


def test_the_control_api_shows_all_fields(org: SalesforceOrg) -> None:
    answer = org.http.get("/_sandbox/dump").json()
    assert answer == org.dump()
    described = {each["name"] for each in org.get("/sobjects/Lead/describe")["fields"]}
    assert set(answer["Lead"][0]) == described


def span(org: SalesforceOrg, resource: str, start: str, end: str) -> Any:
    return org.send("GET", f"/sobjects/Lead/{resource}/?start={start}Z&end={end}Z")


def test_updated_and_deleted_tell_a_span(org: SalesforceOrg) -> None:
    org.clock.advance(600)
    changed, gone = org.lead(), org.lead()
    org.send("DELETE", f"/sobjects/Lead/{gone}", status=204)
    org.clock.advance(600)
    updated = span(org, "updated", "2026-03-02T12:10:59", "2026-03-02T12:11:30")
    assert updated == {"ids": [changed], "latestDateCovered": "2026-03-02T12:11:00.000+0000"}
    deleted = span(org, "deleted", "2026-03-02T12:00:00", "2026-03-02T12:30:00")
    assert deleted == {
        "deletedRecords": [{"id": gone, "deletedDate": "2026-03-02T12:10:00.000+0000"}],
        "earliestDateAvailable": "2026-02-15T12:20:00.000+0000",
        "latestDateCovered": "2026-03-02T12:20:00.000+0000",
    }
    assert span(org, "updated", "2026-03-02T12:11:00", "2026-03-02T12:12:00")["ids"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("start=2026-03-02T12:00:00Z&end=2026-03-02T12:00:59Z", "INVALID_REPLICATION_DATE"),
        ("start=2026-01-02T12:00:00Z&end=2026-03-02T12:00:00Z", "INVALID_REPLICATION_DATE"),
        ("start=yesterday&end=2026-03-02T12:00:00Z", "INVALID_REPLICATION_DATE"),
        ("start=2026-03-02T12:00:00+00:00&end=2026-03-02T12:30:00%2B00:00", "INVALID_REPLICATION_DATE"),
        ("end=2026-03-02T12:00:00Z", "MISSING_ARGUMENT"),
    ],
)
def test_a_wrong_span_is_refused(org: SalesforceOrg, query: str, code: str) -> None:
    assert org.refusal("GET", f"/sobjects/Lead/updated?{query}")[0] == code


def test_objects_that_do_not_replicate_have_no_span(org: SalesforceOrg) -> None:
    path = "/sobjects/Group/updated?start=2026-03-02T12:00:00Z&end=2026-03-02T12:30:00Z"
    assert org.refusal("GET", path)[0] == "INVALID_TYPE_FOR_OPERATION"


@pytest.mark.parametrize(
    ("status", "content_type", "text"),
    [
        (503, "application/json;charset=UTF-8", "SERVER_UNAVAILABLE"),
        (500, "application/json;charset=UTF-8", "UNKNOWN_EXCEPTION"),
        (401, "application/json;charset=UTF-8", "INVALID_SESSION_ID"),
        (502, "text/html;charset=UTF-8", "<html>"),
    ],
)
def test_faults_answer_as_the_vendor_does(
    org: SalesforceOrg, status: int, content_type: str, text: str
) -> None:
    order = {"route": "GET /limits", "at_request": 1, "kind": "status", "status": status}
    assert org.http.post("/_sandbox/faults", json=order).status_code == 200
    answer = org.call("GET", "/limits")
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert text in answer.text


def test_a_throttled_call_is_refused_for_a_moment(org: SalesforceOrg) -> None:
    order = {"route": "GET /limits", "at_request": 1, "kind": "throttle"}
    assert org.http.post("/_sandbox/faults", json=order).status_code == 200
    code, text = org.refusal("GET", "/limits", status=403)
    assert (code, text) == (
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    )
