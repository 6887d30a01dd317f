"""CSV of Salesforce as records of the org."""

from __future__ import annotations

import pytest
from tests.unit.sandbox.load.conftest import Loading

LEADS = (
    "Id,LastName,Company,Email,CreatedDate,LastModifiedDate,SystemModstamp,OwnerId\n"
    "00Q5f00000ABCDE,Ruiz,Acme,maria@example.org,2024-01-05T10:00:00.000Z,2025-02-06T11:00:00.000Z,"
    "2025-02-06T11:00:01.000Z,0055f000001XyZa\n"
)


def test_a_lead_keeps_its_id_stamps_and_owner(load: Loading) -> None:
    loaded = load({"Lead.csv": LEADS})
    lead = loaded.row("Lead")
    assert lead["Id"] == "00Q5f00000ABCDEEA5", "15 characters become 18"
    assert (lead["Name"], lead["Company"], lead["Email"]) == ("Ruiz", "Acme", "maria@example.org")
    assert [lead[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")] == [
        "2024-01-05T10:00:00.000+0000",
        "2025-02-06T11:00:00.000+0000",
        "2025-02-06T11:00:01.000+0000",
    ]
    assert lead["OwnerId"] == lead["CreatedById"]
    owner = next(user for user in loaded.rows("User") if user["Id"] == lead["OwnerId"])
    assert owner["Name"] == "Unknown User 1"
    assert (loaded.refused, loaded.remarks) == ([], [])


def test_nobody_is_invented_beside_the_files(load: Loading) -> None:
    loaded = load({"Lead.csv": LEADS})
    assert [len(loaded.rows(name)) for name in ("Lead", "Contact", "Account", "contact")] == [1, 0, 0, 0]


@pytest.mark.parametrize(
    "name", ["lead.CSV", "LEADS.csv", "Lead_2025.tsv", "leads (2).csv", "my-lead.txt", "extract Lead.csv"]
)
def test_the_object_is_told_by_a_word_of_the_files_name(load: Loading, name: str) -> None:
    assert load({name: LEADS}).row("Lead")["LastName"] == "Ruiz"


def test_other_files_are_said_not_to_be_read(load: Loading) -> None:
    files = {
        "Lead.csv": LEADS,
        "LeadStatus.csv": "Id\n1\n",
        "book.xlsx": b"PK",
        "Case.csv": "Id\n",
        ".hidden": "x",
    }
    skipped = {each["file"]: each["reason"] for each in load(files).report["skipped"]}
    assert set(skipped) == {"LeadStatus.csv", "book.xlsx", "Case.csv"}
    assert skipped["book.xlsx"] == "save it as CSV"


@pytest.mark.parametrize(
    "header",
    [
        "LastName,FirstName,Company,HasOptedOutOfEmail,Status",
        "LASTNAME,firstname,COMPANY,hasoptedoutofemail,STATUS",
        "Last Name,First Name,Company,Email Opt Out,Lead Status",
        "last name,FIRST NAME,Company / Account,email opt out,Status",
    ],
)
def test_headers_are_api_names_or_labels_in_any_case(load: Loading, header: str) -> None:
    loaded = load({"Lead.csv": f"{header}\nRuiz,Maria,Acme,1,Working - Contacted\n"})
    lead = loaded.row("Lead")
    assert (lead["Name"], lead["Company"], lead["HasOptedOutOfEmail"], lead["Status"]) == (
        "Maria Ruiz", "Acme", True, "Working - Contacted",
    )  # fmt: skip
    assert loaded.report["fields"] == []


def test_rows_that_do_not_fit_are_listed_and_the_rest_is_loaded(load: Loading) -> None:
    loaded = load(
        {
            "Contact.csv": "Id,LastName,Email,Birthdate,Salutation,AccountId\n"
            "0035f00000AAAAA,Good,good@example.org,1980-02-29,Ms.,\n"
            ",,nobody@example.org,,,\n"
            ",Bad,not-an-address,,,\n"
            ",Never,,1981-02-29,,\n"
            ",Odd,,,,12345\n"
            ",Other,,,,0035f00000AAAAA\n"
            "0035f00000AAAAA,Again,,,,\n"
            f",{'x' * 81},,,,\n"
            ",Fine,,,,\n"
        }
    )
    assert [(line, reason.partition(":")[0]) for _, line, reason in loaded.refused] == [
        (3, "Required fields are missing"),
        (4, "Email"),
        (5, "Birthdate"),
        (6, "Account ID"),
        (7, "Account ID"),
        (8, "Id"),
        (9, "Last Name"),
    ]
    assert all(file == "Contact.csv" for file, _, _ in loaded.refused)
    assert sorted(row["LastName"] for row in loaded.rows("Contact")) == ["Fine", "Good"]
    (told,) = loaded.report["files"]
    assert (told["rows"], told["loaded"], told["refused"]) == (9, 2, 7)


def test_an_id_that_is_none_is_replaced_and_still_ties_records(load: Loading) -> None:
    loaded = load(
        {
            "Account.csv": "Id,Name\nA-1,Acme\n,Beta\n",
            "Contact.csv": "Id,LastName,AccountId\nC-1,Ruiz,A-1\n",
        }
    )
    accounts = {row["Name"]: row["Id"] for row in loaded.rows("Account")}
    assert loaded.row("Contact")["AccountId"] == accounts["Acme"]
    assert all(len(each) == 18 and each.startswith("001") for each in accounts.values())
    assert [remark.partition(":")[0] for remark in loaded.remarks] == [
        "what stands in Id is no id of the object Account",
        "what stands in Id is no id of the object Contact",
    ]


def test_new_ids_are_never_those_of_the_files(load: Loading) -> None:
    """An export of a sandbox has ids that the sandbox would give out itself."""
    loaded = load({"Account.csv": "Id,Name\n0015g0000000001AAA,Acme\n0015g0000000007AAA,Gamma\n,Beta\n"})
    ids = {row["Name"]: row["Id"] for row in loaded.rows("Account")}
    assert ids["Acme"] == "0015g0000000001AAA"
    assert ids["Beta"] == "0015g0000000008AAA"


def test_parents_are_found_whatever_the_order_of_files_and_rows(load: Loading) -> None:
    loaded = load(
        {
            "Account.csv": "Id,Name,ParentId\n"
            "0015f00000AAAAA,Child,0015f00000BBBBB\n"
            "0015f00000BBBBB,Parent,\n",
            "Contact.csv": "LastName,AccountId\nRuiz,0015f00000AAAAAAA5\n",
            "Opportunity.csv": "Name,StageName,CloseDate,AccountId\n"
            "Deal,Prospecting,2026-05-01,0015f00000BBBBB\n",
        }
    )
    ids = {row["Name"]: row["Id"] for row in loaded.rows("Account")}
    child = next(row for row in loaded.rows("Account") if row["Name"] == "Child")
    assert child["ParentId"] == loaded.row("Opportunity")["AccountId"] == ids["Parent"]
    assert loaded.row("Contact")["AccountId"] == ids["Child"]


def test_a_parent_that_is_in_no_file_or_refused_is_left_out_and_said(load: Loading) -> None:
    loaded = load(
        {
            "Account.csv": "Id,Name\n0015f00000AAAAA,\n",
            "Contact.csv": "LastName,AccountId\nRuiz,0015f00000AAAAA\nLeaf,0015f00000BBBBB\n",
        }
    )
    assert [row["AccountId"] for row in loaded.rows("Contact")] == [None, None]
    (remark,) = loaded.report["remarks"]
    assert (remark["file"], remark["line"], remark["rows"]) == ("Contact.csv", 2, 2)


def test_a_parent_may_be_named_by_a_field_of_its_own(load: Loading) -> None:
    loaded = load(
        {
            "Account.csv": "Name,Legacy_Key__c\nAcme,K-1\nBeta,K-2\nBeta,K-3\n",
            "Contact.csv": "LastName,Account.Legacy_Key__c\nRuiz,k-1\n",
            "Contacts 2.csv": "Last Name,Account Name\nLeaf,acme\nRoot,Beta\n",
        }
    )
    acme = next(row["Id"] for row in loaded.rows("Account") if row["Name"] == "Acme")
    found = {row["LastName"]: row["AccountId"] for row in loaded.rows("Contact")}
    assert found == {"Ruiz": acme, "Leaf": acme, "Root": None}, "two accounts are called Beta"


def test_values_that_must_be_unique_are_in_one_record(load: Loading) -> None:
    loaded = load({"Account.csv": "Name,Legacy_Key__c\nAcme,K-1\nBeta,k-1\n"})
    assert loaded.row("Account")["Name"] == "Acme"
    assert loaded.refused == [
        ("Account.csv", 3, "duplicate value found: Legacy_Key__c duplicates Account.csv, line 2")
    ]


def test_a_name_without_last_name_is_taken_apart(load: Loading) -> None:
    loaded = load({"Lead.csv": "Full Name,Company\nMaria del Carmen Ruiz,Acme\nCher,Acme\n"})
    assert [(row["FirstName"], row["LastName"]) for row in loaded.rows("Lead")] == [
        ("Maria del Carmen", "Ruiz"),
        (None, "Cher"),
    ]


def test_leads_of_a_file_without_companies_are_loaded(load: Loading) -> None:
    loaded = load({"Lead.csv": "LastName,Email\nRuiz,maria@example.org\n"})
    assert loaded.row("Lead")["Company"] == "[not provided]"
    assert loaded.remarks == ["there is no column for Company: it becomes [not provided]"]


def test_stamps_come_from_each_other_and_never_lie_in_the_future(load: Loading) -> None:
    loaded = load(
        {
            "Lead.csv": "LastName,Company,CreatedDate,LastModifiedDate\n"
            "A,X,2025-01-01 08:00,\nB,X,,2025-01-02 08:00\nC,X,,\nD,X,2025-01-01,2030-01-01\n"
        }
    )
    stamps = [(row["CreatedDate"][:16], row["SystemModstamp"][:16]) for row in loaded.rows("Lead")]
    assert stamps == [
        ("2025-01-01T08:00", "2025-01-01T08:00"),
        ("2025-01-02T08:00", "2025-01-02T08:00"),
        ("2026-03-02T11:00", "2026-03-02T11:00"),
        ("2025-01-01T00:00", "2026-03-02T12:00"),
    ]


def test_converted_leads_stay_converted(load: Loading) -> None:
    loaded = load(
        {
            "Contact.csv": "Id,LastName\n0035f00000AAAAA,Ruiz\n",
            "Lead.csv": "LastName,Company,IsConverted,ConvertedContactId,ConvertedDate\n"
            "Ruiz,Acme,true,0035f00000AAAAA,2025-06-01\n",
        }
    )
    lead = loaded.row("Lead")
    assert lead["IsConverted"]
    assert lead["ConvertedContactId"] == loaded.row("Contact")["Id"]


def test_stages_that_the_org_does_not_know_are_added(load: Loading) -> None:
    loaded = load(
        {
            "Opportunity.csv": "Name,StageName,CloseDate,Amount,IsClosed,IsWon,Probability\n"
            "A,Signed,2026-01-31,100,true,true,100\nB,Signed,2026-01-31,,true,true,100\n"
            "C,Prospecting,2026-08-31,50,false,false,\n"
        }
    )
    signed = next(row for row in loaded.rows("OpportunityStage") if row["ApiName"] == "Signed")
    assert (signed["IsClosed"], signed["IsWon"], signed["ForecastCategoryName"]) == (True, True, "Closed")
    deals = {row["Name"]: row for row in loaded.rows("Opportunity")}
    won = deals["A"]
    assert (won["ExpectedRevenue"], won["IsWon"], won["FiscalQuarter"]) == (100.0, True, 1)
    assert deals["C"]["Probability"] == 10.0


def test_users_of_the_org_may_come_along(load: Loading) -> None:
    users = "Id,FirstName,LastName,Username,IsActive\n0055f000001XyZa,Eva,Berg,eva@org.example,false\n"
    loaded = load({"User.csv": users, "Lead.csv": LEADS})
    owner = next(user for user in loaded.rows("User") if user["Id"] == loaded.row("Lead")["OwnerId"])
    assert (owner["Name"], owner["IsActive"]) == ("Eva Berg", False)


def test_queues_may_own_leads(load: Loading) -> None:
    loaded = load({"Lead.csv": LEADS.replace("0055f000001XyZa", "00G5f000001XyZa")})
    assert loaded.row("Lead")["OwnerId"].startswith("00G5f000001XyZa")
    assert [group["Name"] for group in loaded.rows("Group")] == ["Inbound leads", "Queue 1"]


def test_a_file_without_any_field_is_not_read(load: Loading) -> None:
    loaded = load({"Lead.csv": "foo,bar\n1,2\n", "Contact.csv": ""})
    assert loaded.report["files"] == []
    assert {each["file"] for each in loaded.report["skipped"]} == {"Lead.csv", "Contact.csv"}


def test_a_header_that_comes_twice_is_read_once(load: Loading) -> None:
    loaded = load({"Lead.csv": "LastName,Company,Last Name\nRuiz,Acme,Other\n"})
    assert loaded.row("Lead")["LastName"] == "Ruiz"
    assert loaded.remarks == ["column Last Name is not read: another column is lastname, too"]


def test_what_is_loaded_comes_back_after_a_reset(load: Loading) -> None:
    loaded = load({"Lead.csv": LEADS, "activecampaign.csv": "Email\nmaria@example.org\n"})
    for name, key in (("salesforce", "Lead"), ("activecampaign", "contact")):
        system = loaded.sandbox.systems[name]
        before = system.dump()
        record = before[key][0]
        system.person(key, "delete", record_id=str(record.get("Id") or record["id"]))
        assert system.dump() != before
        system.reset()
        assert system.dump() == before
