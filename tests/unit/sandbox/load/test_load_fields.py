"""The custom fields that the org gets for columns, and how values are read into them."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.unit.sandbox.load.conftest import Loaded, Loading


def described(loaded: Loaded, object_name: str) -> dict[str, Any]:
    """The fields of an object by name, as the API describes them."""
    transport, ready = loaded.sandbox.transport()
    mine = ready["salesforce"]
    headers = {"Authorization": f"Bearer {mine['access_token']}"}
    with httpx2.Client(transport=transport, headers=headers) as client:
        url = f"{mine['instance_url']}/services/data/v62.0/sobjects/{object_name}/describe"
        return {field["name"]: field for field in client.get(url).json()["fields"]}


def test_unknown_custom_columns_become_fields_of_a_guessed_type(load: Loading) -> None:
    loaded = load(
        {
            "Lead.csv": "LastName,Company,Budget__c,Renewal__c,Called__c,VIP__c,Tier__c,Topics__c,Memo__c\n"
            'A,X,"1.234,50",31.12.2025,2025-12-31 08:30,TRUE,Gold,Red;Blue,"a\nb"\n'
            'B,X,"7,5",01.02.2026,2025-12-31T08:30:00+02:00,FALSE,Gold,Blue,c\n'
            "C,X,,,,TRUE,Silver,Red;Blue,\n"
        }
    )
    assert loaded.kinds == {
        "Budget__c": "number", "Renewal__c": "date", "Called__c": "date-time", "VIP__c": "checkbox",
        "Tier__c": "picklist", "Topics__c": "multi-picklist", "Memo__c": "long text",
    }  # fmt: skip
    first, second, third = sorted(loaded.rows("Lead"), key=lambda row: str(row["LastName"]))
    wanted = {
        "Budget__c": 1234.5, "Renewal__c": "2025-12-31", "Called__c": "2025-12-31T08:30:00.000+0000",
        "VIP__c": True, "Tier__c": "Gold", "Topics__c": "Red;Blue", "Memo__c": "a\nb",
    }  # fmt: skip
    assert {name: first[name] for name in wanted} == wanted
    assert (second["Budget__c"], second["Called__c"]) == (7.5, "2025-12-31T06:30:00.000+0000")
    assert (third["Budget__c"], third["VIP__c"], third["Memo__c"]) == (None, True, None)


def test_made_fields_are_described_like_an_orgs_own(load: Loading) -> None:
    loaded = load(
        {
            "Lead.csv": "LastName,Company,Tier__c,Memo__c,VIP__c,Budget__c,Industry\n"
            'A,X,Gold,"a\nb",true,1.234567,Space\nB,X,Gold,c,false,2,Space\nC,X,Silver,d,true,3,Banking\n'
        }
    )
    fields = described(loaded, "Lead")
    tier, memo, vip, budget = (fields[name] for name in ("Tier__c", "Memo__c", "VIP__c", "Budget__c"))
    assert (tier["type"], tier["label"], tier["restrictedPicklist"]) == ("picklist", "Tier", False)
    assert [value["value"] for value in tier["picklistValues"]] == ["Gold", "Silver"]
    assert (memo["type"], memo["length"], memo["custom"]) == ("textarea", 32768, True)
    assert (vip["type"], vip["nillable"], vip["defaultValue"]) == ("boolean", False, False)
    assert (budget["type"], budget["precision"], budget["scale"]) == ("double", 18, 6)
    assert fields["Industry"]["picklistValues"][-1]["value"] == "Space"


def test_names_all_in_capitals_are_written_as_an_admin_would(load: Loading) -> None:
    loaded = load({"Lead.csv": "LASTNAME,COMPANY,RENEWAL_DATE__C\nRuiz,Acme,2025-12-31\n"})
    assert loaded.kinds == {"Renewal_Date__c": "date"}


def test_unknown_labels_become_fields_and_unknown_names_do_not(load: Loading) -> None:
    loaded = load(
        {
            "Lead.csv": "Last Name,Company,Größe in cm,Lead Owner\nRuiz,Acme,180,Ada\n",
            "Contact.csv": "LastName,MiddleName,Foo__r.Name,MailingAddress\nRuiz,X,Y,Z\n",
        }
    )
    assert loaded.kinds == {"Grosse_in_cm__c": "number"}
    assert loaded.remarks == [
        "column MiddleName is not read: there is no such field",
        "column Foo__r.Name is not read: there is no such field",
    ]


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (("31/12/2025", "01/02/2025"), ("2025-12-31", "2025-02-01")),
        (("12/31/2025", "01/02/2025"), ("2025-12-31", "2025-01-02")),
        (("46022", "2025-02-01"), ("2025-12-31", "2025-02-01")),
        (("31.12.2025 00:00:00", "1.2.25"), ("2025-12-31", "2025-02-01")),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_column(
    load: Loading, days: tuple[str, str], found: tuple[str, str]
) -> None:
    rows = "".join(f"{number},{day}\n" for number, day in enumerate(days))
    loaded = load({"Contact.csv": f"LastName,Birthdate\n{rows}"})
    assert tuple(row["Birthdate"] for row in loaded.rows("Contact")) == found
    assert loaded.refused == []


def test_an_order_that_nothing_shows_is_said(load: Loading) -> None:
    loaded = load({"Contact.csv": "LastName,Birthdate\nRuiz,01/02/2025\n"})
    assert loaded.row("Contact")["Birthdate"] == "2025-01-02"
    assert loaded.remarks == ["column Birthdate: dates such as 1/2/2025 are read with the month first"]


def test_a_european_file_has_decimal_commas_and_days_first(load: Loading) -> None:
    rows = "Acme;1.234;01/02/2025\nBeta;0,6;03/04/2025\n"
    loaded = load({"Account.csv": f"Name;AnnualRevenue;Since__c\n{rows}"})
    found = {row["Name"]: (row["AnnualRevenue"], row["Since__c"]) for row in loaded.rows("Account")}
    assert found == {"Acme": (1234.0, "2025-02-01"), "Beta": (1.0, "2025-04-03")}


def test_ticks_are_one_and_zero_where_the_file_writes_known_ones_so(load: Loading) -> None:
    loaded = load({"Lead.csv": "LastName,Company,IsDeleted,VIP__c\nA,X,0,1\nB,X,1,0\n"})
    assert loaded.kinds == {"VIP__c": "checkbox"}
    assert [row["IsDeleted"] for row in loaded.rows("Lead")] == [False, True]


def test_a_field_of_the_sandbox_keeps_its_type_and_lists_grow(load: Loading) -> None:
    loaded = load({"Lead.csv": "LastName,Company,Score__c,Region__c,Industry\nA,X,5,Nordics,Space\n"})
    assert loaded.kinds == {}
    lead = loaded.row("Lead")
    assert (lead["Score__c"], lead["Region__c"], lead["Industry"]) == (5.0, "Nordics", "Space")


def test_a_field_of_the_sandbox_that_the_values_do_not_fit_is_made_anew(load: Loading) -> None:
    loaded = load({"Lead.csv": f"LastName,Company,Score__c,Nickname__c\nA,X,high,{'n' * 100}\n"})
    assert loaded.kinds == {"Score__c": "text"}
    lead = loaded.row("Lead")
    assert (lead["Score__c"], lead["Nickname__c"]) == ("high", "n" * 100)


def test_one_value_in_many_that_does_not_fit_a_field_of_the_sandbox_is_refused(load: Loading) -> None:
    rows = "".join(f"{number},X,{number}\n" for number in range(30))
    loaded = load({"Lead.csv": f"LastName,Company,Score__c\n{rows}Odd,X,high\n"})
    assert loaded.refused == [("Lead.csv", 32, "Score: 'high' is no number")]
    assert len(loaded.rows("Lead")) == 30


def test_currencies_and_percent_are_read_with_their_signs(load: Loading) -> None:
    loaded = load({"Lead.csv": 'LastName,Company,Annual_Budget__c,Discount__c\nA,X,"€ 1.200,50",12.5 %\n'})
    lead = loaded.row("Lead")
    assert (lead["Annual_Budget__c"], lead["Discount__c"]) == (1200.5, 12.5)
