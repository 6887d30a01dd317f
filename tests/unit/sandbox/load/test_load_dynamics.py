"""Exports of Dynamics as rows of an environment: CSV by logical or display name, and workbooks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.unit.sandbox.load.conftest import NOON, Loaded, write
from tests.unit.sandbox.load.workbook import workbook

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.load.folder import LoadError
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

ANA, BO, CONTOSO = (f"c0000000-0000-0000-0000-00000000000{n}" for n in "abc")
USER = "75c2dd85-0000-0000-0000-000000000002"
CONTACTS = (
    "contactid,firstname,lastname,emailaddress1,createdon,modifiedon,ownerid,_parentcustomerid_value,donotbulkemail\n"
    f"{{{ANA.upper()}}},Ana,Ruiz,ana@example.org,2024-01-05T10:00:00Z,2025-02-06T11:00:00Z,{USER},{CONTOSO},true\n"
)
ACCOUNTS = f"accountid,name,primarycontactid\n{CONTOSO},Contoso,{ANA}\n"
HIDDEN = ("(Do Not Modify) Contact", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On")


def at(*parts: int) -> datetime:
    """A time as a sheet has it: without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def loaded(folder: Path, files: dict[str, Any], *systems: str) -> Loaded:
    for name, content in files.items():
        write(folder / name, content)
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"), load=folder)
    named = systems or ("dynamics",)
    return Loaded(sandbox=Sandbox(named, options, clock=lambda: Clock.standing(NOON)))


def rows(found: Loaded, table: str) -> list[dict[str, Any]]:
    return found.sandbox.systems["dynamics"].dump()[table]


def row(found: Loaded, table: str = "contact") -> dict[str, Any]:
    (one,) = rows(found, table)
    return one


def api(found: Loaded, path: str) -> Any:
    """The answer of the Web API."""
    transport, ready = found.sandbox.transport()
    mine = ready["dynamics"]
    headers = {"Authorization": f"Bearer {mine['access_token']}", "Prefer": 'odata.include-annotations="*"'}
    with httpx2.Client(transport=transport, base_url=mine["url"], headers=headers) as client:
        answer = client.get(f"/api/data/v9.2{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_rows_keep_key_stamps_owner_and_company(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"contact.csv": CONTACTS, "account.csv": ACCOUNTS})
    ana = row(found)
    assert (ana["contactid"], ana["fullname"], ana["donotbulkemail"]) == (ANA, "Ana Ruiz", True)
    assert (ana["createdon"], ana["modifiedon"]) == ("2024-01-05T10:00:00Z", "2025-02-06T11:00:00Z")
    assert (ana["parentcustomerid"], ana["parentcustomeridtype"]) == (CONTOSO, "account")
    assert row(found, "account")["primarycontactid"] == ANA
    assert (ana["ownerid"], ana["owneridtype"], ana["statecode"], ana["statuscode"]) == (
        USER,
        "systemuser",
        0,
        1,
    )
    owner = next(each for each in rows(found, "systemuser") if each["systemuserid"] == USER)
    assert owner["fullname"] == "Unknown User 1"
    assert (found.refused, found.remarks) == ([], [])
    assert [len(rows(found, name)) for name in ("lead", "opportunity")] == [0, 0]


def test_the_web_api_shows_them(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"contact.csv": CONTACTS, "account.csv": ACCOUNTS})
    shown = api(found, f"/contacts({ANA})?$select=fullname&$expand=parentcustomerid_account($select=name)")
    assert (shown["fullname"], shown["parentcustomerid_account"]["name"]) == ("Ana Ruiz", "Contoso")


def test_display_names_with_labels_and_names_for_values(tmp_path: Path) -> None:
    contacts = (
        "First Name,Last Name,Email,Company Name,Preferred Method of Contact,Owner,Status,Birthday,"
        "Do not allow Bulk Emails\n"
        "Ana,Ruiz,ana@example.org,contoso,Phone,Zoe Bell,Inactive,31/12/1990,Do Not Allow\n"
    )
    found = loaded(tmp_path, {"My Contacts.csv": contacts, "Accounts.csv": "Account Name\nContoso\n"})
    ana = row(found)
    assert ana["parentcustomerid"] == row(found, "account")["accountid"]
    assert (ana["preferredcontactmethodcode"], ana["statecode"], ana["statuscode"]) == (3, 1, 2)
    assert (ana["birthdate"], ana["donotbulkemail"]) == ("1990-12-31", True)
    owner = next(each for each in rows(found, "systemuser") if each["systemuserid"] == ana["ownerid"])
    assert (owner["firstname"], owner["lastname"]) == ("Zoe", "Bell")
    assert found.refused == []


def test_names_beside_lookups_and_choices_say_nothing_new(tmp_path: Path) -> None:
    header = "lastname,preferredcontactmethodcode,preferredcontactmethodcodename,owneridname,@odata.etag,birthdate@x"
    found = loaded(tmp_path, {"contact.csv": f"{header}\nRuiz,2,Phone,Zoe Bell,1,1\n"})
    ana = row(found)
    assert ana["preferredcontactmethodcode"] == 2
    assert any(each["fullname"] == "Zoe Bell" for each in rows(found, "systemuser"))
    assert found.remarks == []


def test_a_workbook_with_its_hidden_columns(tmp_path: Path) -> None:
    content = workbook(
        (*HIDDEN, "Full Name", "Email", "No. of Children", "Anniversary", "Shoe Size", "VIP"),
        (
            ANA,
            "x1y2==",
            at(2025, 2, 6, 11),
            "Ana Ruiz",
            "ana@example.org",
            2,
            at(2020, 5, 1),
            38.5,
            True,
        ),
        (BO, "z", at(2025, 2, 7, 11, 30), "Bo", None, None, None, 41, False),
    )
    found = loaded(tmp_path, {"My Active View 3-2-2026 12-00-00 PM.xlsx": content})
    ana, bo = rows(found, "contact")
    assert (ana["contactid"], ana["firstname"], ana["lastname"]) == (ANA, "Ana", "Ruiz")
    assert (ana["modifiedon"], bo["modifiedon"]) == ("2025-02-06T11:00:00Z", "2025-02-07T11:30:00Z")
    assert (ana["numberofchildren"], ana["anniversary"]) == (2, "2020-05-01")
    assert (str(ana["new_ShoeSize".lower()]), ana["new_vip"], bo["new_vip"]) == ("38.50", True, False)
    assert found.kinds == {"new_shoesize": "number", "new_vip": "checkbox"}
    assert (found.report["files"][0]["form"], found.refused, found.remarks) == ("XLSX", [], [])


def test_columns_that_nobody_knows_become_custom_ones(tmp_path: Path) -> None:
    lines = "".join(f"P{n},{('Gold', 'Silver')[n % 2]},{n},K-{n}\n" for n in range(8))
    found = loaded(tmp_path, {"contact.csv": f"lastname,acx_Tier,acx_points,strange\n{lines}"})
    assert found.kinds == {"acx_tier": "picklist", "acx_points": "number"}
    assert found.remarks == ["column strange is not read: there is no such column"]
    shown = api(found, "/contacts?$select=acx_tier,acx_points&$orderby=acx_points&$top=2")["value"]
    note = "acx_tier@OData.Community.Display.V1.FormattedValue"
    assert [each[note] for each in shown] == ["Gold", "Silver"]
    definition = api(found, "/EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='acx_tier')")
    assert (definition["SchemaName"], definition["IsCustomAttribute"]) == ("acx_Tier", True)


def test_choices_take_new_labels(tmp_path: Path) -> None:
    content = "Last Name,Lead Source,Status Reason\nRuiz,Podcast,Contacted\nChen,web,New\nDiaz,10,Lost\n"
    found = loaded(tmp_path, {"Leads.csv": content})
    leads = {each["lastname"]: each for each in rows(found, "lead")}
    assert leads["Ruiz"]["leadsourcecode"] >= 100_000_000
    assert (leads["Chen"]["leadsourcecode"], leads["Diaz"]["leadsourcecode"]) == (8, 10)
    assert [(each["statecode"], each["statuscode"]) for each in leads.values()] == [(0, 2), (0, 1), (2, 4)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Ruiz,x,,", "'x' is no GUID"),
        (f"Ruiz,{ANA},,", "is the key of another row, contact.csv, line 2"),
        ("Ruiz,,yesterday,", "'yesterday' is no date"),
        ("Ruiz,,,9", "The value 9 of 'statuscode'"),
        (f"{'x' * 51},,,", "exceeded the maximum allowed length of '50'"),
    ],
)
def test_a_row_that_does_not_fit_is_left_out(tmp_path: Path, line: str, reason: str) -> None:
    content = f"lastname,contactid,birthdate,statuscode\nGood,{ANA},,\n{line}\n"
    found = loaded(tmp_path, {"contact.csv": content})
    ((file, number, told),) = found.refused
    assert (file, number, reason in told) == ("contact.csv", 3, True), told
    assert row(found)["lastname"] == "Good"


def test_lookups_that_lead_nowhere_are_left_empty(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"contact.csv": f"lastname,parentcustomerid\nRuiz,{CONTOSO}\nChen,Nobody Ltd\n"})
    assert found.remarks == ["parentcustomerid leads to a row that is in no file: left empty"]
    assert all("parentcustomerid" not in each for each in rows(found, "contact"))


def test_a_stamp_from_the_future_is_set_to_now(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"contact.csv": "lastname,modifiedon\nRuiz,2030-01-01T00:00:00Z\n"})
    assert row(found)["modifiedon"] == "2026-03-02T12:00:00Z"
    assert found.remarks == ["stamps that lie after the sandbox's own time are set to it"]


def test_rows_changed_last_have_the_highest_versions(tmp_path: Path) -> None:
    content = "lastname,modifiedon\nNew,2026-02-02\nOld,2020-01-01\n"
    found = loaded(tmp_path, {"contact.csv": content})
    versions = {each["lastname"]: each["versionnumber"] for each in rows(found, "contact")}
    assert versions["New"] > versions["Old"]


def test_a_folder_of_both_crms_is_told_apart(tmp_path: Path) -> None:
    files = {
        "Contact.csv": "Id,LastName,Email\n003000000000001AAA,Salt,s@example.org\n",
        "Contacts (2).csv": CONTACTS,
        "dynamics lead.csv": "Last Name\nDyn\n",
        "Lead.csv": "Last Name,Company\nForce,Acme\n",
        "active accounts.xlsx": workbook(("(Do Not Modify) Account", "Account Name"), (CONTOSO, "Contoso")),
    }
    found = loaded(tmp_path, files, "salesforce", "dynamics")
    assert [each["LastName"] for each in found.rows("Contact")] == ["Salt"]
    assert [each["LastName"] for each in found.rows("Lead")] == ["Force"]
    assert (row(found)["lastname"], row(found, "lead")["lastname"]) == ("Ruiz", "Dyn")
    assert row(found, "account")["name"] == "Contoso"


def test_a_table_of_nobody_in_particular_is_of_the_crm_that_is_served(tmp_path: Path) -> None:
    files = {"Lead.csv": "Last Name,Company\nForce,Acme\n"}
    assert row(loaded(tmp_path, files), "lead")["lastname"] == "Force"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    files = {
        "contact.csv": CONTACTS,
        "accounts.xlsx": b"PK",
        "cases.csv": "emailaddress1\nx\n",
        "lead.csv": "emailaddress7\nx\n",
    }
    skipped = {each["file"]: each["reason"] for each in loaded(tmp_path, files).report["skipped"]}
    assert skipped.keys() == {"accounts.xlsx", "cases.csv", "lead.csv"}
    assert "workbook" in skipped["accounts.xlsx"]


def test_a_folder_without_a_file_for_anybody_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "book.xlsx", b"PK")
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"), load=tmp_path)
    with pytest.raises(LoadError, match="holds no export"):
        Sandbox(["salesforce"], options)


def test_a_reset_leads_back_to_the_exports(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"contact.csv": "lastname,acx_Points\nRuiz,5\n"})
    system = found.sandbox.systems["dynamics"].system
    kept = system.save()
    system.person("", "contact", "create", None, {"lastname": "New", "acx_points": 7})
    assert len(rows(found, "contact")) == 2
    system.reset()
    assert row(found)["acx_points"] == 5
    system.restore(kept)
    assert row(found)["acx_points"] == 5
