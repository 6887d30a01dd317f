from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg

MARCH_1 = "2026-03-01T00:00:00.000+0000"


@pytest.fixture
def three(org: SalesforceOrg) -> SalesforceOrg:
    """An org with three known leads that carry the nicknames a, B and none."""
    org.lead(LastName="Alpha", Nickname__c="a", Score__c=1.5, Birthday__c="2000-02-29", Title="t")
    org.lead(
        LastName="Beta", Nickname__c="B", Score__c=-2, Partner__c=True, Interests__c="Email;Phone", Title="t"
    )
    org.lead(LastName="Gamma_%", Interests__c="Phone", Region__c="Europe", Title="t")
    return org


def names(org: SalesforceOrg, condition: str, order: str = "LastName") -> str:
    """The initials of the known leads that match."""
    soql = f"SELECT LastName FROM Lead WHERE Title = 't' AND ({condition}) ORDER BY {order}"
    return "".join(name[0] for name in org.column(soql))


def test_a_query_answers_with_attributes_and_canonical_names(org: SalesforceOrg) -> None:
    lead = org.lead(Email="R.Vogel@acme.example")
    page = org.page(f"select id, EMAIL, Title from LEAD where id = '{lead[:15]}'")
    assert page == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Lead", "url": f"/services/data/v60.0/sobjects/Lead/{lead}"},
                "Id": lead,
                "Email": "R.Vogel@acme.example",
                "Title": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (r"Nickname__c = 'a\\_b'", "B"),
        (r"Nickname__c = 'a\_b'", "A"),
        (r"Nickname__c IN ('a\\%b')", "G"),
        (r"Nickname__c LIKE 'a\\%'", "BG"),
        (r"Nickname__c LIKE 'a\\\%b'", "G"),
        (r"Nickname__c LIKE 'a\_b'", "A"),
    ],
)
def test_a_backslash_is_escaped_by_another_and_escapes_nothing_then(
    org: SalesforceOrg, condition: str, expected: str
) -> None:
    for name, nickname in (("Alpha", "a_b"), ("Beta", "a\\_b"), ("Gamma", "a\\%b")):
        org.lead(LastName=name, Nickname__c=nickname, Title="t")

    assert names(org, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Nickname__c = 'A'", "A"),
        ("Nickname__c != 'a'", "BG"),
        ("Nickname__c = ''", "G"),
        ("Nickname__c = null", "G"),
        ("Nickname__c <> null", "AB"),
        ("Nickname__c > 'a'", "B"),
        ("Nickname__c <= 'A'", "A"),
        ("Nickname__c IN ('b', 'x', null)", "BG"),
        ("Nickname__c NOT IN ('b')", "AG"),
        ("LastName LIKE '%A'", "AB"),
        ("LastName LIKE '_eta'", "B"),
        ("LastName LIKE '%\\_\\%'", "G"),
        ("LastName LIKE '_amma\\_%'", "G"),
        ("NOT LastName LIKE 'a%'", "BG"),
        ("Score__c > 0", "A"),
        ("Score__c < 1.5", "B"),
        ("Score__c = 1.50", "A"),
        ("Score__c = -2", "B"),
        ("Score__c = null", "G"),
        ("Partner__c = true", "B"),
        ("Partner__c != TRUE", "AG"),
        ("Birthday__c = 2000-02-29", "A"),
        ("Birthday__c < 2000-02-29", ""),
        ("Birthday__c < TODAY", "A"),
        ("CreatedDate = TODAY", "ABG"),
        ("CreatedDate = LAST_N_DAYS:3", "ABG"),
        ("CreatedDate > TODAY", ""),
        ("CreatedDate >= THIS_WEEK AND CreatedDate < NEXT_MONTH", "ABG"),
        ("CreatedDate = YESTERDAY", ""),
        ("CreatedDate != LAST_YEAR", "ABG"),
        ("CreatedDate = 2026-03-02T13:00:00+01:00", "ABG"),
        ("CreatedDate > 2026-03-02T12:00:00.000Z", ""),
        ("CreatedDate >= 2026-03-02T12:00:00Z", "ABG"),
        ("CALENDAR_YEAR(CreatedDate) = 2026 AND DAY_ONLY(CreatedDate) = 2026-03-02", "ABG"),
        ("HOUR_IN_DAY(CreatedDate) = 12 AND DAY_IN_WEEK(CreatedDate) = 2", "ABG"),
        ("Interests__c INCLUDES ('phone')", "BG"),
        ("Interests__c INCLUDES ('Email;Phone', 'Events')", "B"),
        ("Interests__c EXCLUDES ('Email')", "AG"),
        ("Interests__c = 'Email;Phone'", "B"),
        ("Region__c = 'europe'", "G"),
        ("Owner.Name = 'Inbound leads'", "ABG"),
        ("Owner.Type = 'Queue'", ""),
        ("OwnerId IN (SELECT Id FROM Group)", "ABG"),
        ("OwnerId NOT IN (SELECT Id FROM Group WHERE Type = 'Queue')", ""),
        ("(LastName = 'Alpha' OR Score__c = -2) AND NOT (Partner__c = true)", "A"),
        ("Lead.LastName = 'Alpha' AND (Nickname__c = 'a' AND Score__c > 1)", "A"),
    ],
)
def test_conditions_hold_for_the_right_records(three: SalesforceOrg, condition: str, expected: str) -> None:
    assert names(three, condition) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Nickname__c", "GAB"),
        ("Nickname__c DESC", "GBA"),
        ("Nickname__c NULLS LAST", "ABG"),
        ("Nickname__c DESC NULLS LAST", "BAG"),
        ("Score__c ASC NULLS FIRST", "GBA"),
        ("Partner__c DESC, LastName DESC", "BGA"),
        ("SystemModstamp, Id DESC", "GBA"),
    ],
)
def test_order_by_sorts_and_places_empty_values(three: SalesforceOrg, order: str, expected: str) -> None:
    assert names(three, "Id != null", order) == expected


NO_FIELD, NO_SOQL, NO_OPERATOR = "INVALID_FIELD", "MALFORMED_QUERY", "INVALID_QUERY_FILTER_OPERATOR"
WRONG_KIND = "value of filter criterion for field '{}' must be of type {} and should {}be enclosed in quotes"
REFUSED_QUERIES = [
    ("SELECT Foo FROM Lead", NO_FIELD, "No such column 'Foo' on entity 'Lead'."),
    ("SELECT Id FROM Leed", "INVALID_TYPE", "sObject type 'Leed' is not supported."),
    ("SELECT Individual.Name FROM Lead", NO_FIELD, "Didn't understand relationship 'Individual'"),
    ("SELECT Id", NO_SOQL, "unexpected token: '<EOF>'"),
    ("SELECT Id, FROM Lead", NO_SOQL, "unexpected token: 'Lead'"),
    ("SELECT * FROM Lead", NO_SOQL, "line 1:8 no viable alternative at character '*'"),
    ("SELECT Id FROM Lead LIMIT 5 WHERE Id = null", NO_SOQL, "unexpected token: 'WHERE'"),
    ("SELECT Id FROM Lead ALL ROWS", NO_SOQL, "unexpected token: 'ROWS'"),
    ("SELECT Id, Email, email FROM Lead", NO_SOQL, "duplicate field selected: Email"),
    ("SELECT Id FROM Lead ORDER BY Notes__c", NO_FIELD, "field 'Notes__c' can not be sorted in a query call"),
    ("SELECT COUNT(Id) FROM Lead GROUP BY Score__c", NO_FIELD, "field 'Score__c' can not be grouped in a"),
    ("SELECT LastName, COUNT(Id) FROM Lead", NO_SOQL, "Field must be grouped or aggregated: LastName"),
    ("SELECT SUM(LastName) FROM Lead", NO_SOQL, "field LastName does not support aggregate operator SUM"),
    ("SELECT MAX() FROM Lead", NO_SOQL, "the function MAX needs a field"),
    ("SELECT Id FROM Lead HAVING Id != null", NO_SOQL, "unexpected token: 'HAVING'"),
    ("SELECT CALENDAR_YEAR(CreatedDate) FROM Lead", NO_SOQL, "unknown or misplaced function: CALENDAR_YEAR"),
    ("SELECT FIELDS(ALL) FROM Lead", NO_SOQL, "The SOQL FIELDS function must have a LIMIT of at most 200"),
    ("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 201", NO_SOQL, "The SOQL FIELDS function must have a LIMIT"),
    ("SELECT Id FROM Lead LIMIT 5 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed"),
    (
        "SELECT Id, (SELECT Id FROM Contact) FROM Account",
        NO_FIELD,
        "Didn't understand relationship 'Contact'",
    ),
    ("SELECT COUNT(), Id FROM Lead", NO_SOQL, "COUNT() stands alone"),
]
REFUSED_CONDITIONS = [
    ("Acount.Name = 'x'", NO_FIELD, "Didn't understand relationship 'Acount' in field path."),
    ("LastName = 'O'Neill'", NO_SOQL, "unexpected token: 'Neill'"),
    ("LastName = 'a\\qb'", NO_SOQL, "Invalid string literal 'a\\qb'. Illegal character sequence '\\q'"),
    ("LastName = '\\ud83d'", NO_SOQL, "Invalid string literal"),
    ("Id = null AND Id = null OR Id = null", NO_SOQL, "unexpected token: 'OR'"),
    ("LastName = Company", NO_SOQL, "unexpected token: 'Company'"),
    ("LastName = :x", NO_SOQL, "line 1:38 no viable alternative at character ':'"),
    ("CreatedDate > '2026-03-01'", NO_FIELD, WRONG_KIND.format("CreatedDate", "dateTime", "not ")),
    ("CreatedDate > 2026-03-01", NO_FIELD, WRONG_KIND.format("CreatedDate", "dateTime", "not ")),
    ("Birthday__c = 2026-03-01T00:00:00Z", NO_FIELD, WRONG_KIND.format("Birthday__c", "date", "not ")),
    ("Birthday__c = 2026-02-30", NO_SOQL, "Invalid date: 2026-02-30"),
    ("CreatedDate = SOMEDAY", NO_SOQL, "unexpected token: 'SOMEDAY'"),
    ("LastName = 5", NO_FIELD, WRONG_KIND.format("LastName", "string", "")),
    ("Score__c = '5'", NO_FIELD, WRONG_KIND.format("Score__c", "double", "not ")),
    ("Score__c = USD5", NO_FIELD, WRONG_KIND.format("Score__c", "double", "not ")),
    ("Partner__c = 'true'", NO_FIELD, WRONG_KIND.format("Partner__c", "boolean", "not ")),
    ("Partner__c > true", NO_OPERATOR, "invalid operator on boolean field"),
    ("Id LIKE '00Q%'", NO_OPERATOR, "invalid operator on id field"),
    ("Interests__c LIKE 'E%'", NO_OPERATOR, "invalid operator on multipicklist field"),
    ("LastName INCLUDES ('x')", NO_OPERATOR, "invalid operator on string field"),
    ("Id = '00Q'", NO_OPERATOR, "invalid ID field: 00Q"),
    ("Description = 'x'", NO_FIELD, "field 'Description' can not be filtered in a query call"),
    ("Notes__c LIKE 'x'", NO_FIELD, "field 'Notes__c' can not be filtered in a query call"),
    ("Address = 'x'", NO_FIELD, "field 'Address' can not be filtered in a query call"),
    ("COUNT(Id) > 1", NO_SOQL, "unknown or misplaced function: COUNT"),
    ("CALENDAR_YEAR(LastName) = 1", NO_SOQL, "the function CALENDAR_YEAR is not valid on field 'LastName'"),
    ("Score__c > null", NO_SOQL, "unexpected token: 'null'"),
    ("LastName IN (SELECT Id FROM Lead)", NO_SOQL, "a semi-join needs an id field on its left"),
    ("Id IN (SELECT Name FROM Lead)", NO_SOQL, "a semi-join's query must select one id field"),
    ("NOT " * 1500 + "Id = null", "QUERY_TOO_COMPLICATED", "The query nests too deeply."),
    ("LastName = '" + "x" * 4001 + "'", NO_SOQL, "string literal is too long"),
]


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    REFUSED_QUERIES
    + [
        (f"SELECT Id FROM Lead WHERE {condition}", code, text) for condition, code, text in REFUSED_CONDITIONS
    ],
)
def test_what_is_no_soql_for_these_objects_is_refused(
    org: SalesforceOrg, soql: str, code: str, message: str
) -> None:
    refused, reason = org.bad_query(soql)
    assert refused == code
    assert reason.startswith(message)


def test_a_refusal_shows_the_place_with_row_and_column(org: SalesforceOrg) -> None:
    answer = org.http.get("/services/data/v60.0/query", params={"q": "SELECT Id,\n  Foo\nFROM Lead"})
    (error,) = answer.json()
    assert set(error) == {"message", "errorCode"}
    assert error["message"].startswith(
        "\n  Foo\n  ^\nERROR at Row:2:Column:3\nNo such column 'Foo' on entity 'Lead'."
    )


def test_a_query_without_text_is_refused(org: SalesforceOrg) -> None:
    assert org.refusal("GET", "/query")[0] == "MALFORMED_QUERY"
    assert org.refusal("POST", "/query", {"q": "SELECT Id FROM Lead"}, status=405)[0] == "METHOD_NOT_ALLOWED"


def test_parents_are_nested_and_missing_ones_are_null(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    inside = org.create("Contact", LastName="In", AccountId=account, Email="in@acme.example")
    outside = org.create("Contact", LastName="Out")
    fields = "LastName, Account.Name, Account.Owner.Username, Owner.Name"
    found = {each["LastName"]: each for each in org.query(
        f"SELECT {fields} FROM Contact WHERE Id IN ('{inside}', '{outside}')"
    )}  # fmt: skip
    assert found["Out"]["Account"] is None
    parent = found["In"]["Account"]
    assert parent["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v60.0/sobjects/Account/{account}",
    }
    assert parent["Name"] == "Acme"
    assert parent["Owner"]["Username"] == org.ready["username"]
    assert found["In"]["Owner"]["attributes"]["type"] == "User"


def test_children_are_nested_and_none_are_null(org: SalesforceOrg) -> None:
    account, empty = org.create("Account", Name="Acme"), org.create("Account", Name="Bare")
    for last in ("B", "A", "C"):
        org.create("Contact", LastName=last, AccountId=account)
    found = org.query(
        "SELECT Name, (SELECT LastName FROM Contacts WHERE LastName != 'C' ORDER BY LastName) "
        f"FROM Account WHERE Id IN ('{account}', '{empty}') ORDER BY Name"
    )
    assert found[1] == {"Name": "Bare", "Contacts": None}
    assert found[0]["Contacts"]["totalSize"] == 2
    assert [each["LastName"] for each in found[0]["Contacts"]["records"]] == ["A", "B"]


def test_the_formula_follows_its_parent_without_a_new_stamp(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Old")
    contact = org.create("Contact", FirstName="Rita", LastName="Vogel", AccountId=account)
    org.clock.advance(60)
    org.send("PATCH", f"/sobjects/Account/{account}", {"Name": "New"}, status=204)
    (found,) = org.query(f"SELECT Full_Label__c, SystemModstamp FROM Contact WHERE Id = '{contact}'")
    assert found == {"Full_Label__c": "Rita Vogel (New)", "SystemModstamp": "2026-03-02T12:00:00.000+0000"}


def test_count_gives_a_number_and_no_records(org: SalesforceOrg) -> None:
    assert org.page("SELECT COUNT() FROM Lead") == {"totalSize": 12, "done": True, "records": []}
    assert org.page("SELECT COUNT() FROM Lead LIMIT 5")["totalSize"] == 5


def test_aggregates_group_and_name_themselves(three: SalesforceOrg) -> None:
    page = three.page(
        "SELECT Partner__c, COUNT(Id) total, MAX(Score__c), MIN(LastName), COUNT(Score__c), AVG(Score__c) "
        "FROM Lead WHERE Title = 't' GROUP BY Partner__c HAVING COUNT(Id) > 0 ORDER BY COUNT(Id) DESC"
    )
    assert page["records"] == [
        {
            "attributes": {"type": "AggregateResult"},
            "Partner__c": False,
            "total": 2,
            "expr0": 1.5,
            "expr1": "Alpha",
            "expr2": 1,
            "expr3": 1.5,
        },
        {
            "attributes": {"type": "AggregateResult"},
            "Partner__c": True,
            "total": 1,
            "expr0": -2.0,
            "expr1": "Beta",
            "expr2": 1,
            "expr3": -2.0,
        },
    ]


def test_date_functions_group(three: SalesforceOrg) -> None:
    found = three.query(
        "SELECT CALENDAR_MONTH(CreatedDate) m, COUNT_DISTINCT(LastName) FROM Lead WHERE Title = 't' "
        "GROUP BY CALENDAR_MONTH(CreatedDate)"
    )
    assert found == [{"m": 3, "expr0": 3}]


def test_an_aggregate_of_nothing_is_one_row(org: SalesforceOrg) -> None:
    found = org.query("SELECT COUNT(Id), SUM(Score__c) FROM Lead WHERE LastName = 'nobody'")
    assert found == [{"expr0": 0, "expr1": None}]


def test_fields_of_a_kind_are_selected_together(org: SalesforceOrg) -> None:
    (custom,) = org.query("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 1")
    (standard,) = org.query("SELECT FIELDS(STANDARD) FROM Lead LIMIT 1")
    (all_of,) = org.query("SELECT FIELDS(ALL) FROM Lead LIMIT 1")
    assert all(name.endswith(("__c", "__s")) for name in custom)
    assert set(all_of) == set(custom) | set(standard)
    assert "Full_Label__c" in custom
    assert "Address" in standard


def test_limit_and_offset_cut_and_total_is_cut_too(org: SalesforceOrg) -> None:
    every = org.column("SELECT Id FROM Lead ORDER BY Id")
    page = org.page("SELECT Id FROM Lead ORDER BY Id LIMIT 5 OFFSET 3")
    assert [each["Id"] for each in page["records"]] == every[3:8]
    assert page["totalSize"] == 5


def test_birthdate_filters_ignore_the_year(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Born", Birthdate="1980-03-02")
    assert contact in org.column("SELECT Id FROM Contact WHERE Birthdate = TODAY OR Birthdate = 2001-03-02")
    assert contact not in org.column("SELECT Id FROM Contact WHERE Birthdate = 1980-03-03")


def test_deleted_records_are_for_query_all_alone(org: SalesforceOrg) -> None:
    lead = org.lead(Title="gone")
    org.send("DELETE", f"/sobjects/Lead/{lead}", status=204)
    soql = "SELECT Id, IsDeleted FROM Lead WHERE Title = 'gone'"
    assert org.query(soql) == []
    assert org.query(soql, deleted=True) == [{"Id": lead, "IsDeleted": True}]


def keyset(org: SalesforceOrg, size: int) -> list[str]:
    """All leads by pages of a size, the way a cursor over (SystemModstamp, Id) reads them."""
    found: list[dict[str, Any]] = []
    condition = "SystemModstamp > 2000-01-01T00:00:00Z"
    while True:
        page = org.query(
            f"SELECT Id, SystemModstamp FROM Lead WHERE ({condition}) "
            f"AND SystemModstamp <= 2026-03-02T12:00:00Z ORDER BY SystemModstamp, Id LIMIT {size}",
            deleted=True,
        )
        found += page
        if len(page) < size:
            return [each["Id"] for each in found]
        stamp = page[-1]["SystemModstamp"].replace("+0000", "Z")
        condition = f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{page[-1]['Id']}')"


def test_keyset_pages_give_every_record_once_in_order(org: SalesforceOrg) -> None:
    for number in range(9):  # nine records of one second
        org.lead(LastName=f"Same {number}")
    wanted = sorted((each["SystemModstamp"], each["Id"]) for each in org.dump()["Lead"])
    assert keyset(org, 4) == [each[1] for each in wanted]


def test_a_long_result_comes_in_pages_shorter_than_asked(opening: Opening) -> None:
    org = opening(leads=25, most_page=10)
    first = org.page("SELECT Id FROM Lead", batch=200)
    assert (first["totalSize"], first["done"], len(first["records"])) == (25, False, 10)
    last_part = first["nextRecordsUrl"].rpartition("/")[2]
    assert last_part.startswith("0r8")
    assert last_part.endswith("-10")
    assert len(org.column("SELECT Id FROM Lead")) == 25


def test_pages_follow_the_wish_within_bounds(opening: Opening) -> None:
    org = opening(leads=450)
    sizes = [len(org.page("SELECT Id FROM Lead", batch=batch)["records"]) for batch in (1, 300, 5000)]
    assert sizes == [200, 300, 450]


def test_much_long_text_makes_pages_short(opening: Opening) -> None:
    org = opening(leads=0)
    for _ in range(65):
        org.lead(Notes__c="x" * 32_000)
    page = org.page("SELECT Id, Notes__c FROM Lead")
    assert len(page["records"]) < 65
    assert len(org.query("SELECT Id, Notes__c FROM Lead")) == 65


def test_pages_show_the_records_as_they_were_when_the_query_ran(opening: Opening) -> None:
    org = opening(leads=12, most_page=10)
    first = org.page("SELECT Id, LastName FROM Lead ORDER BY Id")
    last = org.column("SELECT Id FROM Lead ORDER BY Id DESC LIMIT 1")[0]
    org.send("PATCH", f"/sobjects/Lead/{last}", {"LastName": "Changed"}, status=204)
    rest = org.http.get(first["nextRecordsUrl"]).json()
    assert rest["records"][-1]["Id"] == last
    assert rest["records"][-1]["LastName"] != "Changed"


@pytest.mark.parametrize("locator", ["0r8nonsense-2000", "nonsense", "{own}-999999", "{own}-x"])
def test_a_wrong_locator_is_refused(opening: Opening, locator: str) -> None:
    org = opening(leads=12, most_page=10)
    own = org.page("SELECT Id FROM Lead")["nextRecordsUrl"].rpartition("/")[2].rpartition("-")[0]
    code, _ = org.refusal("GET", f"/query/{locator.format(own=own)}")
    assert code == "INVALID_QUERY_LOCATOR"


def test_a_locator_lives_two_days(opening: Opening) -> None:
    org = opening(leads=12, most_page=10)
    url = org.page("SELECT Id FROM Lead")["nextRecordsUrl"]
    for _ in range(24):
        org.clock.advance(2 * 3600)
        org.get("/limits")
    assert org.http.get(url).status_code == 200
    org.clock.advance(1)
    assert org.http.get(url).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_addresses_beyond_16_kilobytes_are_refused(org: SalesforceOrg) -> None:
    def status(ids: int) -> int:
        wanted = "','".join(["00Q5g0000000001EAA"] * ids)
        soql = f"SELECT Id FROM Lead WHERE Id IN ('{wanted}')"
        return org.call("GET", "/query?q=" + soql.replace(" ", "+").replace("'", "%27")).status_code

    assert status(600) == 200
    assert status(700) == 414
    assert org.call("GET", "/limits", headers={"X-Long": "x" * 17_000}).status_code == 431


def test_spaces_may_come_as_plus_or_percent_20(org: SalesforceOrg) -> None:
    for space in ("+", "%20"):
        answer = org.call("GET", f"/query/?q=SELECT{space}COUNT(){space}FROM{space}Lead")
        assert answer.json()["totalSize"] == 12
