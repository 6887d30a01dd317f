"""Many rows in one call to a Dataverse environment, and the preferences that answers repeat."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
TYPE = {"@odata.type": f"{CRM}contact"}
NOBODY = "00000000-0000-0000-0000-00000000dead"


@pytest.fixture
def empty(opening: Any) -> DataverseEnvironment:
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    key = {"SchemaName": "acx_Key", "KeyAttributes": ["new_legacykey"]}
    environment.call("POST", "/EntityDefinitions(LogicalName='contact')/Keys", key)
    environment.clock.advance(1)
    return environment


def path(action: str) -> str:
    return f"/contacts/{CRM}{action}Multiple"


def many(environment: DataverseEnvironment, action: str, *targets: dict[str, Any]) -> Any:
    return environment.call("POST", path(action), {"Targets": [{**TYPE, **each} for each in targets]})


def made(environment: DataverseEnvironment, *targets: dict[str, Any]) -> list[str]:
    answer = many(environment, "Create", *targets)
    assert answer.status_code == 200, answer.text
    assert answer.json()["@odata.context"].endswith(f"$metadata#{CRM}CreateMultipleResponse")
    found: list[str] = answer.json()["Ids"]
    return found


def names(environment: DataverseEnvironment) -> list[str]:
    rows = environment.get("/contacts?$select=lastname&$orderby=lastname")["value"]
    return [row["lastname"] for row in rows]


def test_keys_come_in_the_order_of_the_targets(empty: DataverseEnvironment) -> None:
    keys = made(empty, {"lastname": "Ruiz"}, {"lastname": "Chen"})
    assert [empty.get(f"/contacts({key})")["lastname"] for key in keys] == ["Ruiz", "Chen"]


def test_an_update_changes_rows_by_their_keys(empty: DataverseEnvironment) -> None:
    one, two = made(empty, {"lastname": "Ruiz"}, {"lastname": "Chen"})
    answer = many(
        empty, "Update", {"contactid": one, "lastname": "A"}, {"contactid": two.upper(), "lastname": "B"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert names(empty) == ["A", "B"]


def test_one_row_that_is_not_there_stops_an_update(empty: DataverseEnvironment) -> None:
    (one,) = made(empty, {"lastname": "Ruiz"})
    answer = many(empty, "Update", {"contactid": one, "lastname": "A"}, {"contactid": NOBODY})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "0x80040217")
    assert f"With Ids = {NOBODY} Do Not Exist" in answer.json()["error"]["message"]
    assert names(empty) == ["Ruiz"]


@pytest.mark.parametrize("action", ["Create", "Upsert"])
def test_one_bad_row_takes_all_back(empty: DataverseEnvironment, action: str) -> None:
    key = {"contactid": NOBODY} if action == "Upsert" else {}
    bad = {"@odata.id": "contacts(new_legacykey='1')"} if action == "Upsert" else {}
    answer = many(empty, action, {**key, "lastname": "Ruiz"}, {**bad, "lastname": "x" * 51})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80044331")
    assert names(empty) == []


def test_an_upsert_by_key_and_by_alternate_key(empty: DataverseEnvironment) -> None:
    (one,) = made(empty, {"lastname": "Ruiz", "new_legacykey": "4711"})
    by_key = {"@odata.id": "contacts(new_legacykey='4711')", "lastname": "Chen"}
    new = {"@odata.id": "contacts(new_legacykey='4712')", "lastname": "Diaz"}
    answer = many(empty, "Upsert", by_key, new, {"contactid": NOBODY, "lastname": "Elm"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert names(empty) == ["Chen", "Diaz", "Elm"]
    assert empty.get(f"/contacts({one})")["lastname"] == "Chen"
    assert empty.get("/contacts(new_legacykey='4712')")["lastname"] == "Diaz"
    assert empty.get(f"/contacts({NOBODY})")["lastname"] == "Elm"


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("Create", {}, "0x80040203"),
        ("Create", {"Targets": []}, "0x80040203"),
        ("Create", {"Targets": [TYPE], "More": 1}, "0x80048d19"),
        ("Create", {"Targets": [{"lastname": "Ruiz"}]}, "0x80048d19"),
        ("Create", {"Targets": [{"@odata.type": f"{CRM}lead"}]}, "0x80048d19"),
        ("Update", {"Targets": [{**TYPE, "lastname": "Ruiz"}]}, "0x80040203"),
        ("Update", {"Targets": [{**TYPE, "contactid": NOBODY}] * 2}, "0x80040203"),
        ("Upsert", {"Targets": [TYPE]}, "0x80040203"),
        ("Upsert", {"Targets": [{**TYPE, "@odata.id": f"leads({NOBODY})"}]}, "0x80048d19"),
    ],
)
def test_targets_that_cannot_be(
    empty: DataverseEnvironment, action: str, body: dict[str, Any], code: str
) -> None:
    assert empty.refusal("POST", path(action), body)[0] == code


def test_deleting_many_is_for_other_kinds_of_tables(empty: DataverseEnvironment) -> None:
    assert empty.refusal("POST", path("Delete"), {"Targets": []}, status=405)[0] == "0x80040800"
    assert empty.refusal("GET", path("Create"), status=405)[0] == "0x8006088b"


def test_privileges_are_not_written(empty: DataverseEnvironment) -> None:
    body = {"Targets": [{"@odata.type": f"{CRM}privilege", "name": "x"}]}
    assert empty.refusal("POST", f"/privileges/{CRM}CreateMultiple", body, status=405)[0] == "0x8006088b"


def test_answers_repeat_the_preferences_that_counted(empty: DataverseEnvironment) -> None:
    prefer = 'return=representation, odata.include-annotations="*", odata.track-changes'
    answer = empty.call("POST", "/contacts", {"lastname": "Ruiz"}, headers={"Prefer": prefer})
    applied = 'return=representation, odata.include-annotations="*"'
    assert answer.headers["preference-applied"] == applied
    assert "createdon@OData.Community.Display.V1.FormattedValue" in answer.json()
    tracked = empty.call("GET", "/contacts", headers={"Prefer": "odata.maxpagesize=1,odata.track-changes"})
    assert tracked.headers["preference-applied"] == "odata.track-changes, odata.maxpagesize=1"


def test_errors_tell_more_to_who_asks_for_all_annotations(empty: DataverseEnvironment) -> None:
    prefer = {"Prefer": 'odata.include-annotations="*"'}
    error = empty.call("GET", f"/contacts({NOBODY})", headers=prefer).json()["error"]
    assert error["@Microsoft.PowerApps.CDS.InnerError.Message"] == error["message"]
    assert error["@Microsoft.PowerApps.CDS.HelpLink"].endswith("%3a80040217")
    assert empty.call("GET", f"/contacts({NOBODY})").json()["error"].keys() == {"code", "message"}


def test_a_job_deletes_what_a_query_finds(environment: DataverseEnvironment) -> None:
    made = environment.call("POST", "/contacts", {"lastname": "Bulk"}).headers["odata-entityid"][-37:-1]
    other = environment.call("POST", "/contacts", {"lastname": "Bulk", "jobtitle": "CEO"})
    condition = {"AttributeName": "lastname", "Operator": "Equal", "Values": [{"Value": "Bulk"}]}
    empty = {"AttributeName": "jobtitle", "Operator": "Null", "Values": []}
    query = {"EntityName": "contact", "Criteria": {"FilterOperator": "And", "Conditions": [condition, empty]}}
    body = {"QuerySet": [query], "JobName": "Tidy", "SendEmailNotification": False, "ToRecipients": []}
    answer = environment.call("POST", "/BulkDelete", body)
    assert answer.status_code == 200, answer.text
    job = environment.get(f"/asyncoperations({answer.json()['JobId']})?$select=name,statecode,statuscode")
    assert (job["name"], job["statecode"], job["statuscode"]) == ("Tidy", 3, 30)
    assert environment.refusal("GET", f"/contacts({made})", status=404)[0] == "0x80040217"
    assert environment.call("GET", f"/contacts({other.headers['odata-entityid'][-37:-1]})").status_code == 200
    assert environment.refusal("POST", "/BulkDelete", {"JobName": "None"})[0] == "0x80040203"


def test_which_messages_a_table_takes(environment: DataverseEnvironment) -> None:
    named = "sdkmessageid/name eq 'CreateMultiple' and primaryobjecttypecode eq"
    assert len(environment.get(f"/sdkmessagefilters?$filter={named} 'contact'")["value"]) == 1
    assert environment.get(f"/sdkmessagefilters?$filter={named} 'team'")["value"] == []
