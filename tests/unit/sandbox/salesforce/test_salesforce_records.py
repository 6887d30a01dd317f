from __future__ import annotations

import gzip
from typing import Any

import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg

NO_ONE = "00Q5g00000zzzzz"
READ_ONLY = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is "
    "read/write for your profile or permission set."
)


def error(
    org: SalesforceOrg, method: str, path: str, body: object = None, status: int = 400
) -> dict[str, Any]:
    (found,) = org.send(method, path, body, status=status)
    return dict(found)


def test_a_created_record_has_defaults_and_stamps(org: SalesforceOrg) -> None:
    answer = org.call("POST", "/sobjects/Lead/", {"lastname": "Vogel", "COMPANY": "Acme"})
    assert answer.status_code == 201
    lead = answer.json()["id"]
    assert answer.json() == {"id": lead, "success": True, "errors": []}
    assert answer.headers["location"] == f"/services/data/v60.0/sobjects/Lead/{lead}"
    shown = org.get(f"/sobjects/lead/{lead}")
    stamp, caller = "2026-03-02T12:00:00.000+0000", org.ready["user_id"]
    assert shown["attributes"] == {"type": "Lead", "url": f"/services/data/v60.0/sobjects/Lead/{lead}"}
    assert (shown["Name"], shown["Status"], shown["IsDeleted"]) == ("Vogel", "Open - Not Contacted", False)
    assert shown["CreatedDate"] == shown["LastModifiedDate"] == shown["SystemModstamp"] == stamp
    assert shown["CreatedById"] == shown["LastModifiedById"] == caller
    assert (shown["IsUnreadByOwner"], shown["HasOptedOutOfEmail"], shown["Email"]) == (True, False, None)
    assert len(shown) == 1 + len(org.get("/sobjects/Lead/describe")["fields"])


def test_values_are_stored_in_the_form_of_their_field(org: SalesforceOrg) -> None:
    lead = org.lead(
        FirstName="  Rita ",
        Title="",
        City="   ",
        Score__c=12.345,
        Annual_Budget__c=10_000_000,
        Discount__c="7.5",
        NumberOfEmployees=0,
        Last_Meeting__c="2026-03-01T10:15:30.987+01:00",
        Birthday__c="2000-02-29",
        Partner__c="true",
        Interests__c="Webinars; Email;Email",
        Origin__c="anything goes",
        Notes__c="two\nlines 🎉",
    )
    shown = org.get(f"/sobjects/Lead/{lead}")
    expected = {
        "FirstName": "Rita", "Name": "Rita Vogel", "Title": None, "City": None, "Score__c": 12.35,
        "Annual_Budget__c": 1e7, "Discount__c": 7.5, "NumberOfEmployees": 0,
        "Last_Meeting__c": "2026-03-01T09:15:30.000+0000", "Birthday__c": "2000-02-29", "Partner__c": True,
        "Interests__c": "Email;Webinars", "Origin__c": "anything goes", "Notes__c": "two\nlines 🎉",
        "Full_Label__c": "Rita Vogel (Acme)",
    }  # fmt: skip
    assert {name: shown[name] for name in expected} == expected


def test_numbers_look_as_doubles_do(org: SalesforceOrg) -> None:
    lead = org.lead(Score__c=5, Annual_Budget__c=10_000_000)
    text = org.call("GET", f"/sobjects/Lead/{lead}?fields=Score__c,Annual_Budget__c").text
    assert '"Score__c":5.0' in text
    assert '"Annual_Budget__c":1E+7' in text


def test_exact_digits_survive(org: SalesforceOrg) -> None:
    body = b'{"LastName":"L","Company":"C","Score__c":1234567890123456.78}'
    answer = org.http.post(
        "/services/data/v60.0/sobjects/Lead", content=body, headers={"Content-Type": "application/json"}
    )
    assert '"Score__c":1234567890123456.78' in org.call("GET", f"/sobjects/Lead/{answer.json()['id']}").text


@pytest.mark.parametrize(
    ("values", "code", "message", "fields"),
    [
        ({"Company": None}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", ["Company"]),
        ({"LastName": " ", "Company": ""}, "REQUIRED_FIELD_MISSING",
         "Required fields are missing: [LastName, Company]", ["LastName", "Company"]),
        ({"FirstName": "x" * 41}, "STRING_TOO_LONG",
         "First Name: data value too large: " + "x" * 41 + " (max length=40)", ["FirstName"]),
        ({"Notes__c": "x" * 32_769}, "STRING_TOO_LONG",
         "Notes: data value too large: " + "x" * 32_769 + " (max length=32768)", ["Notes__c"]),
        ({"Email": "foo"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: foo", ["Email"]),
        ({"Email": "a@b"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: a@b", ["Email"]),
        ({"Email": "ü@b.example"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: ü@b.example", ["Email"]),
        ({"Region__c": "Mars"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Region: bad value for restricted picklist field: Mars", ["Region__c"]),
        ({"Interests__c": "Email;Golf"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Interests: bad value for restricted picklist field: Golf", ["Interests__c"]),
        ({"Discount__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE",
         "Discount: value outside of valid range on numeric field: 1000", ["Discount__c"]),
        ({"NumberOfEmployees": 100_000_000}, "NUMBER_OUTSIDE_VALID_RANGE",
         "Employees: value outside of valid range on numeric field: 100000000", ["NumberOfEmployees"]),
        ({"Birthday__c": "1300-01-01"}, "NUMBER_OUTSIDE_VALID_RANGE", "Birthday: invalid date: 1300-01-01",
         ["Birthday__c"]),
        ({"Partner__c": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", "Partner: value not of required type: ",
         ["Partner__c"]),
        ({"OwnerId": "nonsense"}, "MALFORMED_ID", "Owner ID: id value of incorrect type: nonsense", ["OwnerId"]),
        ({"OwnerId": "00Q000000000001"}, "MALFORMED_ID",
         "Owner ID: id value of incorrect type: 00Q000000000001EAA", ["OwnerId"]),
        ({"OwnerId": "005000000000001"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["OwnerId"]),
        ({"OwnerId": "0055g0000000005"}, "INACTIVE_OWNER_OR_USER", "operation performed with inactive user",
         ["OwnerId"]),
        ({"Name": "x", "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE",
         READ_ONLY.format("Name, CreatedDate"), ["Name", "CreatedDate"]),
        ({"Full_Label__c": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE",
         READ_ONLY.format("Full_Label__c"), ["Full_Label__c"]),
        ({"Id": NO_ONE}, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]),
    ],
)  # fmt: skip
def test_a_value_that_the_field_cannot_take_is_refused(
    org: SalesforceOrg, values: dict[str, object], code: str, message: str, fields: list[str]
) -> None:
    found = error(org, "POST", "/sobjects/Lead", {"LastName": "Vogel", "Company": "Acme", **values})
    assert found == {"message": message, "errorCode": code, "fields": fields}
    assert "Vogel" not in org.column("SELECT LastName FROM Lead")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Score__c", "abc", "Cannot deserialize instance of double from VALUE_STRING value abc"),
        ("Score__c", True, "Cannot deserialize instance of double from VALUE_TRUE value true"),
        ("Phone", 12345, "Cannot deserialize instance of phone from VALUE_NUMBER_INT value 12345"),
        ("Partner__c", "yes", "Cannot deserialize instance of boolean from VALUE_STRING value yes"),
        ("Partner__c", 1, "Cannot deserialize instance of boolean from VALUE_NUMBER_INT value 1"),
        ("NumberOfEmployees", 1.5, "Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5"),
        ("Birthday__c", "2026-02-30", "Cannot deserialize instance of date from VALUE_STRING value 2026-02-30"),
        ("Birthday__c", "02/03/2026", "Cannot deserialize instance of date from VALUE_STRING value 02/03/2026"),
        ("Last_Meeting__c", "2026-03-01 10:00:00",
         "Cannot deserialize instance of datetime from VALUE_STRING value 2026-03-01 10:00:00"),
        ("Title", ["x"], "Cannot deserialize instance of string from START_ARRAY value ["),
        ("Address", {"city": "x"}, "Cannot deserialize instance of address from START_OBJECT value {"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_json_kind_fails_the_request(
    org: SalesforceOrg, name: str, value: object, reason: str
) -> None:
    found = error(org, "POST", "/sobjects/Lead", {"LastName": "V", "Company": "A", name: value})
    assert set(found) == {"message", "errorCode"}
    assert found["errorCode"] == "JSON_PARSER_ERROR"
    tail = " or request may be missing a required field at [line:1, column:31]"
    assert found["message"] == reason + tail


@pytest.mark.parametrize("body", [b"", b"{", b'{"LastName": NaN}', b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(org: SalesforceOrg, body: bytes) -> None:
    answer = org.http.post(
        "/services/data/v60.0/sobjects/Lead", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'{"LastName": "\\ud83d"}', "JSON_PARSER_ERROR"), (b'{"\\ud83d": "x"}', "INVALID_FIELD")],
)
def test_half_a_character_is_refused(org: SalesforceOrg, body: bytes, code: str) -> None:
    answer = org.http.post(
        "/services/data/v60.0/sobjects/Lead", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_body_must_be_called_json(org: SalesforceOrg) -> None:
    answer = org.http.post("/services/data/v60.0/sobjects/Lead", data={"LastName": "V"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_unknown_field_is_no_such_column(org: SalesforceOrg) -> None:
    found = error(org, "POST", "/sobjects/Lead", {"LastName": "V", "Company": "A", "Shoe__c": 5})
    assert found == {
        "errorCode": "INVALID_FIELD",
        "message": "No such column 'Shoe__c' on sobject of type Lead",
    }


def test_an_update_changes_stamps_even_when_nothing_differs(org: SalesforceOrg) -> None:
    lead = org.column("SELECT Id FROM Lead LIMIT 1")[0]
    before = org.record("Lead", lead)
    assert before["LastModifiedById"] != org.ready["user_id"]
    assert org.send("PATCH", f"/sobjects/Lead/{lead}", {"LastName": before["LastName"]}, status=204) is None
    after = org.record("Lead", lead)
    assert after["SystemModstamp"] == after["LastModifiedDate"] == "2026-03-02T12:00:00.000+0000"
    assert after["LastModifiedById"] == org.ready["user_id"]
    assert after["CreatedDate"] == before["CreatedDate"]


def test_null_and_blank_text_empty_a_field(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CTO", Phone="1", Score__c=0)
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": None, "Phone": " ", "Score__c": None}, status=204)
    shown = org.get(f"/sobjects/Lead/{lead}?fields=Title,Phone,Score__c")
    assert (shown["Title"], shown["Phone"], shown["Score__c"]) == (None, None, None)
    assert list(shown) == ["attributes", "Title", "Phone", "Score__c", "Id"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"LastName": ""}, "REQUIRED_FIELD_MISSING"),
        ({"Status": None}, "REQUIRED_FIELD_MISSING"),
        ({"OwnerId": None}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Id": NO_ONE}, "INVALID_FIELD"),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_an_update_that_cannot_be_is_refused(
    org: SalesforceOrg, values: dict[str, object], code: str
) -> None:
    lead = org.lead()
    assert error(org, "PATCH", f"/sobjects/Lead/{lead}", values)["errorCode"] == code
    assert org.record("Lead", lead)["LastName"] == "Vogel"


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        (f"/sobjects/Lead/{NO_ONE}", "GET", 404, "NOT_FOUND"),
        (f"/sobjects/Lead/{NO_ONE}", "PATCH", 404, "INVALID_CROSS_REFERENCE_KEY"),
        (f"/sobjects/Lead/{NO_ONE}", "DELETE", 404, "INVALID_CROSS_REFERENCE_KEY"),
        ("/sobjects/Lead/0035g0000000001", "PATCH", 400, "MALFORMED_ID"),
        ("/sobjects/Lead/nonsense", "GET", 404, "NOT_FOUND"),
        ("/sobjects/Leed", "POST", 404, "NOT_FOUND"),
        ("/sobjects/Leed/describe", "GET", 404, "NOT_FOUND"),
        ("/nowhere", "GET", 404, "NOT_FOUND"),
        ("/sobjects/User", "POST", 403, "INSUFFICIENT_ACCESS_OR_READONLY"),
        (f"/sobjects/Lead/{NO_ONE}", "PUT", 405, "METHOD_NOT_ALLOWED"),
        ("/sobjects/Lead/describe", "DELETE", 404, "NOT_FOUND"),
    ],
)
def test_addresses_that_lead_nowhere(
    org: SalesforceOrg, path: str, method: str, status: int, code: str
) -> None:
    answer = org.call(method, path, {} if method in ("PATCH", "POST", "PUT") else None)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_a_deleted_record_stays_in_the_bin_for_fifteen_days(org: SalesforceOrg) -> None:
    lead = org.lead()
    org.clock.advance(60)
    assert org.send("DELETE", f"/sobjects/Lead/{lead}", status=204) is None
    for method in ("GET", "PATCH", "DELETE"):
        body = {"Title": "x"} if method == "PATCH" else None
        assert error(org, method, f"/sobjects/Lead/{lead}", body, 404)["errorCode"] == "ENTITY_IS_DELETED"
    binned = org.record("Lead", lead)
    assert (binned["IsDeleted"], binned["SystemModstamp"]) == (True, "2026-03-02T12:01:00.000+0000")
    org.clock.advance(15 * 24 * 3600 + 1)
    org.http.get("/services/data/")
    assert lead not in [each["Id"] for each in org.dump()["Lead"]]


def test_deleting_an_account_deletes_its_contacts(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    contact = org.create("Contact", LastName="Vogel", AccountId=account)
    org.send("DELETE", f"/sobjects/Account/{account}", status=204)
    assert org.record("Contact", contact)["IsDeleted"]
    org.controlled.person("Account", "undelete", record_id=account)
    assert not org.record("Contact", contact)["IsDeleted"]


def test_a_unique_value_is_taken_without_regard_to_case_until_its_record_is_deleted(
    org: SalesforceOrg,
) -> None:
    first = org.lead(Legacy_Key__c="Key-1")
    found = error(org, "POST", "/sobjects/Lead", {"LastName": "V", "Company": "A", "Legacy_Key__c": "KEY-1"})
    assert found["errorCode"] == "DUPLICATE_VALUE"
    text = f"duplicate value found: Legacy_Key__c duplicates value on record with id: {first[:15]}"
    assert found["message"] == text
    org.send("PATCH", f"/sobjects/Lead/{first}", {"Legacy_Key__c": "key-1"}, status=204)
    org.send("DELETE", f"/sobjects/Lead/{first}", status=204)
    org.lead(Legacy_Key__c="KEY-1")


def test_a_converted_lead_is_locked(opening: Opening) -> None:
    org = opening(converted_leads=1)
    (lead,) = org.query("SELECT Id, Status, ConvertedContactId FROM Lead WHERE IsConverted = true")
    assert lead["Status"] == "Closed - Converted"
    assert org.get(f"/sobjects/Contact/{lead['ConvertedContactId']}")
    found = error(org, "PATCH", f"/sobjects/Lead/{lead['Id']}", {"Title": "x"})
    assert found["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_parent_may_be_named_by_its_external_id(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme", Legacy_Key__c="88")
    contact = org.create("Contact", LastName="V", Account={"Legacy_Key__c": "88"})
    assert org.record("Contact", contact)["AccountId"] == account
    found = error(org, "POST", "/sobjects/Contact", {"LastName": "V", "Account": {"Legacy_Key__c": "89"}})
    text = "Foreign key external ID: 89 not found for field Legacy_Key__c in entity Account"
    assert (found["errorCode"], found["message"]) == ("INVALID_FIELD", text)
    for wrong in ({"Name": "Acme"}, {}, {"Legacy_Key__c": "88", "Id": account}):
        assert error(org, "POST", "/sobjects/Contact", {"LastName": "V", "Account": wrong})["errorCode"]


def test_upsert_by_external_id_creates_then_updates(org: SalesforceOrg) -> None:
    path = "/sobjects/Contact/Legacy_Key__c/a%2Fb"
    created = org.send("PATCH", path, {"LastName": "Vogel"}, status=201)
    assert created == {"id": created["id"], "success": True, "errors": [], "created": True}
    updated = org.send("PATCH", path, {"FirstName": "Rita"}, status=200)
    assert updated == {"id": created["id"], "success": True, "errors": [], "created": False}
    shown = org.get(path)
    assert (shown["Id"], shown["Legacy_Key__c"], shown["Name"]) == (created["id"], "a/b", "Rita Vogel")
    old = org.http.patch(f"/services/data/v45.0{path}", json={"FirstName": "R"})
    assert (old.status_code, old.content) == (204, b"")
    org.send("DELETE", path, status=204)
    assert org.refusal("GET", path, status=404)[0] == "NOT_FOUND"


def test_upsert_has_its_limits(org: SalesforceOrg) -> None:
    for number in (1, 2):
        org.create("Contact", LastName=f"Twin {number}", Email="twin@acme.example")
    several = org.send("PATCH", "/sobjects/Contact/Email/TWIN@acme.example", {"FirstName": "x"}, status=300)
    assert len(several) == 2
    assert all(path.startswith("/services/data/v60.0/sobjects/Contact/003") for path in several)
    key = "/sobjects/Contact/Legacy_Key__c/new"
    assert org.refusal("PATCH", key, {"LastName": "V", "Legacy_Key__c": "new"})[0] == "INVALID_FIELD"
    assert org.refusal("PATCH", f"{key}?updateOnly=true", {"LastName": "V"}, status=404)[0] == "NOT_FOUND"
    _, text = org.refusal("PATCH", "/sobjects/Contact/Title/x", {"LastName": "V"}, status=404)
    assert text == "Provided external ID field does not exist or is not accessible: Title"


def test_an_active_assignment_rule_moves_leads_unless_told_not_to(org: SalesforceOrg) -> None:
    queue = org.column("SELECT Id FROM Group")[0]
    assert queue.startswith("00G")
    lead = org.lead()
    assert org.record("Lead", lead)["OwnerId"] == queue
    off = {"Sforce-Auto-Assign": "FALSE"}
    kept = org.send("POST", "/sobjects/Lead", {"LastName": "V", "Company": "A"}, status=201, headers=off)[
        "id"
    ]
    assert org.record("Lead", kept)["OwnerId"] == org.ready["user_id"]
    org.send("PATCH", f"/sobjects/Lead/{kept}", {"Title": "x"}, status=204, headers=off)
    assert org.record("Lead", kept)["OwnerId"] == org.ready["user_id"]
    org.send("PATCH", f"/sobjects/Lead/{kept}", {"Title": "y"}, status=204)
    assert org.record("Lead", kept)["OwnerId"] == queue
    assert org.create("Contact", LastName="V") in org.column(
        f"SELECT Id FROM Contact WHERE OwnerId = '{org.ready['user_id']}'"
    )
    wrong = org.call("POST", "/sobjects/Lead", {"LastName": "V"}, headers={"Sforce-Auto-Assign": "MAYBE"})
    assert wrong.status_code == 400


def test_conditional_calls_look_at_the_date(org: SalesforceOrg) -> None:
    lead = org.lead()
    org.clock.advance(60)
    then, now = "Mon, 02 Mar 2026 12:00:00 GMT", "Mon, 02 Mar 2026 12:01:00 GMT"
    path = f"/sobjects/Lead/{lead}"
    assert org.call("GET", path, headers={"If-Modified-Since": then}).status_code == 304
    org.send("PATCH", path, {"Title": "x"}, status=204, headers={"If-Unmodified-Since": then})
    assert org.call("GET", path, headers={"If-Modified-Since": then}).status_code == 200
    refused = org.call("PATCH", path, {"Title": "y"}, headers={"If-Unmodified-Since": then})
    assert refused.status_code == 412
    org.send("PATCH", path, {"Title": "y"}, status=204, headers={"If-Unmodified-Since": now})


def test_a_post_may_stand_for_another_method(org: SalesforceOrg) -> None:
    lead = org.lead()
    org.send("POST", f"/sobjects/Lead/{lead}?_HttpMethod=PATCH", {"Title": "x"}, status=204)
    override = {"X-HTTP-Method-Override": "PATCH"}
    org.send("POST", f"/sobjects/Lead/{lead}", {"City": "y"}, status=204, headers=override)
    assert org.record("Lead", lead)["Title"] == "x"
    assert [each.route for each in org.controlled.log()][1:] == ["PATCH /sobjects/{object}/{id}"] * 2


def test_bodies_may_be_packed_and_answers_are_if_asked_for(org: SalesforceOrg) -> None:
    packed = gzip.compress(b'{"LastName":"Vogel","Company":"Acme"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = org.http.post("/services/data/v60.0/sobjects/Lead", content=packed, headers=headers)
    assert answer.status_code == 201
    broken = org.http.post("/services/data/v60.0/sobjects/Lead", content=b"no gzip", headers=headers)
    assert (broken.status_code, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert answer.headers["content-encoding"] == "gzip"
    plain = org.call("GET", "/limits", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


def test_json_may_be_asked_for_by_suffix_and_indented(org: SalesforceOrg) -> None:
    answer = org.call("GET", "/limits.json", headers={"X-PrettyPrint": "1"})
    assert answer.text.startswith('{\n  "DailyApiRequests": {')
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
