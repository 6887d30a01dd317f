from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx2
import pytest
from tests.helpers.salesforce import DATA, FIELDS, NOON, PERSON, Org, Row, contact, error, field, stamp

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Page
from crosswalk.systems.salesforce import Salesforce


def unseen(_moment: datetime) -> int:
    return 0


def read(system: Salesforce, cursor: str | None = None, fields: Sequence[str] = ("LastName",)) -> list[Page]:
    return list(system.feed("contact", fields, cursor, unseen))


def ids(pages: Sequence[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def spread(count: int, *, a_second: int = 1) -> list[Row]:
    """Rows of which `a_second` share each stamp."""
    return [contact(number, at=NOON + timedelta(seconds=number // a_second)) for number in range(count)]


def test_it_works() -> None:
    org = Org([contact(1, LastName=" Vogel "), contact(2, LastName=None, Email=None)])

    (page,) = read(org.open())

    first, second = page.records
    assert (first.id, first.key, first.values) == (
        "0035g0000000001AAA",
        "c1@example.org",
        {"LastName": "Vogel"},
    )
    assert (first.stamp, first.modified_by, first.deleted) == (NOON, PERSON, False)
    assert first.created == NOON - timedelta(days=30)
    assert (second.key, second.values) == (None, {"LastName": None})
    assert (page.last, page.total) == (True, 2)


def test_every_type_becomes_its_canonical_value() -> None:
    row: Row = {
        "Notes__c": "one\r\ntwo ",
        "Score__c": 0.10,
        "Birthdate": "1990-02-28",
        "Seen__c": "2026-03-01T10:15:30.000+0000",
        "Wakes__c": "07:30:00.000Z",
        "Vip__c": False,
        "Topics__c": "b;a",
        "MailingAddress": {"city": "Graz"},
    }
    org = Org([contact(1, **row)])

    (page,) = read(org.open(), fields=[*row, "FirstName"])

    assert page.records[0].values == {
        "Notes__c": "one\ntwo",
        "Score__c": "0.1",
        "Birthdate": "1990-02-28",
        "Seen__c": "2026-03-01T10:15:30Z",
        "Wakes__c": "07:30:00",
        "Vip__c": False,
        "Topics__c": ("a", "b"),
        "FirstName": None,
    }


def test_a_large_number_keeps_every_digit() -> None:
    org = Org([contact(1, Score__c=123454321)])

    def exact(request: httpx2.Request) -> httpx2.Response | None:
        if "q" not in request.url.params:
            return None
        answer = org.query(request.url.params["q"], deleted=True)
        return httpx2.Response(200, text=answer.text.replace("123454321", "1234567890123456.78"))

    org.before = exact

    (page,) = read(org.open(), fields=["Score__c"])

    assert page.records[0].values["Score__c"] == "1234567890123456.78"


def test_a_value_that_cannot_be_read_is_unknown_and_sinks_nothing() -> None:
    org = Org([contact(1, Birthdate="30.2.1990", LastName="Vogel")])

    (page,) = read(org.open(), fields=["Birthdate", "LastName"])

    assert page.records[0].values == {"LastName": "Vogel"}


def test_an_idle_pass_is_one_call_and_ends_five_minutes_before_the_vendors_time() -> None:
    org = Org([contact(1)])
    system = org.open()
    (first,) = read(system)
    org.requests.clear()

    (idle,) = read(system, first.cursor)

    assert org.paths() == [f"GET {DATA}/queryAll"]
    assert (idle.records, idle.last) == ([], True)
    since = stamp(org.now - timedelta(minutes=5)).replace(".000+0000", "Z")
    assert f"SystemModstamp >= {since}" in org.statements()[0]


def test_changes_deletes_and_merges_arrive_in_the_next_pass() -> None:
    org = Org([contact(1), contact(2), contact(3), contact(4)])
    system = org.open()
    (first,) = read(system)
    later = org.now + timedelta(minutes=1)
    master = contact(4)["Id"]
    org.rows[0] = contact(1, at=later, LastName="New")
    org.rows[1] = contact(2, at=later, IsDeleted=True)
    org.rows[2] = contact(3, at=later, IsDeleted=True, MasterRecordId=master)

    (page,) = read(system, first.cursor)

    assert [(record.deleted, record.master_id) for record in page.records] == [
        (False, None),
        (True, None),
        (True, master),
    ]


def test_a_first_reading_leaves_out_what_is_deleted_already() -> None:
    org = Org([contact(1), contact(2, IsDeleted=True)])

    assert ids(read(org.open())) == [contact(1)["Id"]]


@pytest.mark.parametrize("a_second", [1, 7, 30, 199, 200, 201, 900, 2000])
@pytest.mark.parametrize("page_size", [200, 130])
@pytest.mark.parametrize("snapshots", [True, False])
def test_every_row_comes_once_however_many_share_a_second(
    a_second: int, page_size: int, snapshots: bool
) -> None:
    org = Org(spread(901, a_second=a_second))
    org.page_size, org.snapshots = page_size, snapshots

    pages = read(org.open())

    assert sorted(ids(pages)) == sorted(row["Id"] for row in org.rows)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[0].total == 901


def test_twenty_thousand_contacts_cost_eleven_calls() -> None:
    org = Org(spread(20_000, a_second=3))

    pages = read(org.open())

    assert len(ids(pages)) == 20_000
    assert len(org.paths()) <= 11


def test_a_mass_change_within_seconds_costs_hardly_more() -> None:
    org = Org(spread(20_000, a_second=1500))

    assert len(ids(read(org.open()))) == 20_000
    assert len(org.paths()) <= 12


def test_more_rows_in_a_second_than_a_statement_may_find_are_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crosswalk.systems.salesforce.feed.STRETCH", 40)
    org = Org([*spread(30), *(contact(number, at=NOON + timedelta(hours=2)) for number in range(30, 200))])
    org.page_size = 20

    assert sorted(ids(read(org.open()))) == sorted(row["Id"] for row in org.rows)


def test_a_pass_goes_on_after_a_crash_from_any_page() -> None:
    org = Org(spread(900, a_second=4))
    org.page_size = 200
    everything = {row["Id"] for row in org.rows}
    pages = read(org.open())

    for done in range(1, len(pages)):
        rest = read(org.open(), pages[done - 1].cursor)
        assert set(ids(pages[:done])) | set(ids(rest)) == everything
        assert len(ids(rest)) <= 900 - len(ids(pages[:done])) + 4


def test_a_delete_between_a_crash_of_the_first_reading_and_its_end_is_seen() -> None:
    org = Org(spread(900))
    org.page_size = 500
    first_page = next(iter(org.open().feed("contact", ["LastName"], None, unseen)))
    org.rows[0] = contact(0, at=org.now + timedelta(minutes=30), IsDeleted=True)
    org.now += timedelta(hours=2)

    system = org.open()
    rest = read(system, first_page.cursor)
    following = read(system, rest[-1].cursor)

    assert [record.id for page in following for record in page.records if record.deleted] == [
        contact(0)["Id"]
    ]


def test_rows_that_change_while_a_pass_is_read_are_not_lost() -> None:
    org = Org(spread(300))
    org.page_size, org.snapshots = 100, False
    system = org.open()
    seen: dict[str, object] = {}
    for number, page in enumerate(system.feed("contact", ["LastName"], None, unseen)):
        seen |= {record.id: record.values["LastName"] for record in page.records}
        for place in range(number * 10, number * 10 + 10):
            org.rows[place] = contact(place, at=org.now, LastName="Changed")
        cursor = page.cursor

    for page in read(system, cursor):
        seen |= {record.id: record.values["LastName"] for record in page.records}

    assert seen == {row["Id"]: row.get("LastName") for row in org.rows}


def test_an_expired_next_page_is_read_again_from_the_last_stamp() -> None:
    org = Org(spread(300, a_second=300))
    org.page_size = 100
    refusals = [error("INVALID_QUERY_LOCATOR", "invalid query locator")]
    org.before = lambda request: (
        refusals.pop() if refusals and request.url.path.startswith(f"{DATA}/query/") else None
    )

    assert sorted(ids(read(org.open()))) == sorted(row["Id"] for row in org.rows)


def test_a_next_page_that_expires_again_and_again_ends_in_a_failure() -> None:
    org = Org(spread(300, a_second=300))
    org.page_size = 100
    org.before = lambda request: (
        error("INVALID_QUERY_LOCATOR", "invalid query locator")
        if request.url.path.startswith(f"{DATA}/query/")
        else None
    )

    with pytest.raises(SystemFailure) as caught:
        read(org.open())
    assert caught.value.kind is FailureKind.TRANSIENT


def test_a_token_that_expires_in_the_middle_is_renewed_once() -> None:
    org = Org(spread(500))
    org.page_size = 200
    expired = [False]

    def expire(request: httpx2.Request) -> httpx2.Response | None:
        if "q" in request.url.params and len(org.statements()) == 2 and not expired[0]:
            expired[0] = True
            return error("INVALID_SESSION_ID", "Session expired or invalid", 401)
        return None

    org.before = expire

    assert len(ids(read(org.open()))) == 500
    assert org.tokens == 2
    assert org.requests[-1].headers["Authorization"] == "Bearer 00D!token-2"


def test_more_fields_than_an_address_holds_are_fetched_by_id() -> None:
    wide = [f"Attribute_number_{number:03d}_of_the_person__c" for number in range(300)]
    values: Row = dict.fromkeys(wide, "x")
    row = contact(1, **values)
    org = Org([row, contact(2)], fields=[*FIELDS, *(field(name) for name in wide)])

    (page,) = read(org.open(), fields=wide)

    assert page.records[0].values == values
    assert max(len(str(request.url)) for request in org.requests) < 12_500
    assert org.paths() == [f"GET {DATA}/queryAll", f"POST {DATA}/composite/sobjects/Contact"]


def test_person_accounts_stay_out_where_the_org_has_them() -> None:
    org = Org([contact(1)], fields=[*FIELDS, field("IsPersonAccount", "boolean")])

    read(org.open())

    assert "IsPersonAccount = false" in org.statements()[0]


def test_a_field_that_describe_does_not_have_is_named() -> None:
    with pytest.raises(SystemFailure, match="Gone__c") as caught:
        read(Org().open(), fields=["Gone__c"])

    assert caught.value.kind is FailureKind.MAPPING
    assert "mapping" in caught.value.cure


def test_a_field_that_vanishes_after_describe_is_named() -> None:
    org = Org([contact(1)])
    message = (
        "\nSELECT LastName\n  ^\nERROR at Row:1:Column:8\nNo such column 'LastName' on entity 'Contact'."
    )
    org.before = lambda request: error("INVALID_FIELD", message) if "q" in request.url.params else None

    with pytest.raises(SystemFailure, match="LastName") as caught:
        read(org.open())

    assert caught.value.kind is FailureKind.MAPPING
    assert "mapping" in caught.value.cure


def test_without_a_date_header_the_cursor_follows_the_last_stamp() -> None:
    org = Org([contact(1)])

    def undated(request: httpx2.Request) -> httpx2.Response | None:
        if "q" not in request.url.params:
            return None
        answer = org.query(request.url.params["q"], deleted=True)
        answer.headers["Date"] = "some time"
        return answer

    org.before = undated
    system = org.open()
    (first,) = read(system)
    org.rows.clear()
    (second,) = read(system, first.cursor)
    (third,) = read(system, second.cursor)

    assert "SystemModstamp >= 2026-03-01T11:55:00Z" in org.statements()[1]
    assert first.cursor == second.cursor == third.cursor


def test_an_unknown_object_is_refused() -> None:
    with pytest.raises(SystemFailure, match="opportunity") as caught:
        list(Org().open().feed("opportunity", [], None, unseen))
    assert caught.value.kind is FailureKind.MAPPING
