"""The demo on somebody's own exports, whatever they consist of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.helpers.command_line import Installation

LAST_LINE = re.compile(
    r"equal: (\d+) links, (\d+) field pairs, 0 unexcused, (\d+\.\d)% by value;"
    r" calls activecampaign (\d+), salesforce (\d+)"
)
PEOPLE = 14


@pytest.fixture
def crosswalk(tmp_path: Path) -> Installation:
    return Installation(home=tmp_path / "home", database_url=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


def contacts_csv() -> str:
    """With an address that two share, none, and a row that is refused."""
    header = (
        "Id;LastName;FirstName;Email;Phone;Birthdate;Shoe_Size__c;Budget__c;Member__c;Colours__c;Level__c"
    )
    rows = [
        f"0035f0000{n:06d};Ruiz {n};Zoë;person{n}@example.org;+49 30 5550 {n:04d};{n % 28 + 1}.03.1980;{36 + n % 8},5;"
        f"1.{n:03d},50;{'true' if n % 2 else 'false'};{'red;blue' if n % 3 else 'blue'};{'gold' if n % 2 else 'tin'}"
        for n in range(1, PEOPLE)
    ]
    quoted = [row.replace("red;blue", '"red;blue"') for row in rows]
    odd = [";Nobody;;;;;;;;;", ";Twin;;person1@example.org;;;;;;;", ";Wrong;;no address;;;;;;;"]
    return "\n".join([header, *quoted, *odd]) + "\n"


def subscribers_csv() -> str:
    header = "Email,First Name,Last Name,Phone,Shoe size,Budget,Member,Colours,Level,Date of birth"
    rows = []
    for n in range(5, PEOPLE + 9):
        member, level = ("Yes", "tin") if n % 2 else ("No", "gold")
        rows.append(f'Person{n}@Example.org,,Ruiz,,{36 + n % 8}.5,,{member},"red,blue",{level},')
    return "\n".join([header, *rows]) + "\n"


def played(crosswalk: Installation, folder: Path) -> tuple[dict[str, float], str]:
    """Links and percent of a demo that ended equal, and what it said."""
    done = crosswalk.program("demo", "--once", "--load", str(folder))
    assert done.code == 0, done.err + done.out
    found = LAST_LINE.fullmatch(done.out.splitlines()[-1])
    assert found is not None, done.out
    assert "Job title" in done.out
    assert [str(file) for file in crosswalk.home.rglob("*")] == []
    return {"links": float(found[1]), "percent": float(found[3])}, done.err


def test_exports_of_both_systems_become_equal(crosswalk: Installation, folder: Path) -> None:
    (folder / "Contact.csv").write_bytes(contacts_csv().encode("cp1252"))
    (folder / "activecampaign-export.csv").write_text(subscribers_csv(), encoding="utf-16")
    done = crosswalk.program("demo", "--once", "--json", "--load", str(folder))
    assert done.code == 0, done.err
    assert LAST_LINE.fullmatch(done.data["summary"])
    assert done.data["links"] > PEOPLE
    assert done.data["percent_by_value"] >= 95
    assert "Contact.csv, line 17: Email: invalid email address: no address" in done.err
    (refused,) = done.data["load"]["refused"]
    assert (refused["file"], refused["line"]) == ("Contact.csv", 17)
    mapped = next(step["what"] for step in done.data["steps"] if step["title"] == "Connect")
    assert mapped["contact"] > 10
    people = next(step["what"] for step in done.data["steps"] if step["title"] == "People")
    assert people["edited in the CRM"] > 0
    assert people["tagged"] > 0


def test_one_tree_of_the_salesforce_cli_is_enough(crosswalk: Installation, folder: Path) -> None:
    records = [
        {"attributes": {"type": "Lead", "referenceId": f"LeadRef{n}"}, "lastname": f"Ōe {n}", "COMPANY": "Fjord AS",
         "Email": f"lead{n}@example.com", "Tier__c": "A" if n % 2 else "B"}
        for n in range(8)
    ]  # fmt: skip
    (folder / "leads.json").write_text(json.dumps({"records": records}), encoding="utf-8")
    found, said = played(crosswalk, folder)
    assert found["links"] >= 8
    assert found["percent"] >= 95
    assert "without a partner of a like name: Tier__c" in said


def test_one_record_without_address_and_contacts_whom_the_crm_does_not_know(
    crosswalk: Installation, folder: Path
) -> None:
    (folder / "Leads.csv").write_text("Last Name\tCompany\tEmail\nAlone\tNowhere\t\n", encoding="utf-8")
    (folder / "ActiveCampaign.csv").write_text(
        "Email\nbea@example.org\nodd!one@example.org\n", encoding="utf-8"
    )
    assert played(crosswalk, folder)[0]["links"] >= 1


@pytest.mark.parametrize("name", ["", "Lead.xlsx"])
def test_a_folder_without_exports_is_an_error_in_words(
    crosswalk: Installation, folder: Path, name: str
) -> None:
    if name:
        (folder / name).write_text("x", encoding="utf-8")
    done = crosswalk.program("demo", "--once", "--load", str(folder))
    assert done.code == 1
    assert "holds no export" in done.err
    assert "Traceback" not in done.err
