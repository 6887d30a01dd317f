from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_account import ActiveCampaign

Opening = Callable[..., ActiveCampaign]


def test_a_page_is_20_unless_asked_and_never_more_than_100(opening: Opening) -> None:
    account = opening(subscribers=130)
    assert len(account.get("/contacts")["contacts"]) == 20
    assert len(account.get("/contacts", "limit=7")["contacts"]) == 7
    assert len(account.get("/contacts", "limit=5000")["contacts"]) == 100
    assert len(account.get("/contacts", "limit=nonsense&offset=-3")["contacts"]) == 20


def test_offsets_walk_through_everybody(account: ActiveCampaign) -> None:
    pages = [account.get("/contacts", f"limit=7&offset={offset}") for offset in range(0, 35, 7)]
    ids = [each["id"] for page in pages for each in page["contacts"]]
    assert [int(each) for each in ids] == list(range(1, 31))
    assert {page["meta"]["total"] for page in pages} == {"30"}


def test_ids_walk_through_everybody(account: ActiveCampaign) -> None:
    seen: list[str] = []
    while page := account.found(f"id_greater={seen[-1] if seen else 0}&orders[id]=ASC&limit=8"):
        seen += page
    assert seen == [str(number) for number in range(1, 31)]


def test_id_bounds_and_ids_choose(account: ActiveCampaign) -> None:
    assert account.found("id_greater=27") == ["28", "29", "30"]
    assert account.found("id_greater=3&id_less=6") == ["4", "5"]
    assert account.found("ids[]=9&ids[]=4&ids[]=99&ids[]=9") == ["4", "9"]


def test_deleted_ids_are_skipped_by_bounds(account: ActiveCampaign) -> None:
    account.send("DELETE", "/contacts/28", status=200)
    assert account.found("id_greater=26") == ["27", "29", "30"]


def test_an_address_is_found_exactly_and_without_case(account: ActiveCampaign) -> None:
    contact_id = account.new_contact("li+news@example.org")
    assert account.found("email=" + quote("LI+news@example.org")) == [contact_id]
    assert account.found("email=li+news@example.org") == [], "a bare plus sign is a blank"
    assert account.found("email=news@example.org") == []


def test_parts_of_addresses_names_and_phones_are_found(account: ActiveCampaign) -> None:
    contact_id = account.new_contact(
        "li.wei@quarry.example", firstName="Ada", lastName="Quill", phone="+49 30 77"
    )
    assert account.found("email_like=QUARRY") == [contact_id]
    assert account.found("search=ada%20quill") == [contact_id]
    assert account.found("phone=" + quote("+49 30 77")) == [contact_id]
    assert account.found("phone=77") == [], "a phone is found by its beginning"


def test_changes_are_found_strictly_after_and_before_a_time(account: ActiveCampaign) -> None:
    account.advance(10)
    account.send("PUT", "/contacts/3", {"contact": {"firstName": "New"}}, status=200)
    assert account.found("filters[updated_after]=2026-03-02T06:00:09-06:00") == ["3"]
    assert account.found("filters[updated_after]=2026-03-02T12:00:09Z") == ["3"]
    assert account.found("filters[updated_after]=2026-03-02T06:00:10-06:00") == []
    before = account.found("filters[updated_before]=2026-03-02T06:00:10-06:00")
    assert (len(before), "3" in before) == (29, False)


def test_times_without_offset_are_the_accounts_own(account: ActiveCampaign) -> None:
    contact_id = account.new_contact()
    assert account.found("filters[created_after]=2026-03-02") == [contact_id]
    assert account.found("filters[created_after]=2026-03-02T05:59:59") == [contact_id]
    assert account.found("filters[created_after]=2026-03-02T06:00:01") == []
    assert contact_id not in account.found("filters[created_before]=2026-03-02")


def test_filters_that_it_does_not_know_are_ignored(account: ActiveCampaign) -> None:
    for query in (
        "filters[changed_after]=2026-01-01",
        "filters[updated_after]=soon",
        "updated_after=2026-03-02",
    ):
        assert len(account.found(query)) == 30, query


def test_a_plus_sign_that_became_a_blank_makes_no_time(account: ActiveCampaign) -> None:
    assert len(account.found("filters[updated_after]=2026-03-02T12:00:00+00:00")) == 30
    assert account.found("filters[updated_after]=2026-03-02T12:00:00%2B00:00") == []


def test_documented_filters_of_what_the_account_does_not_have_find_nobody(account: ActiveCampaign) -> None:
    for query in ("segmentid=1", "seriesid=1", "formid=1", "tagid=999", "listid=999"):
        assert account.found(query) == [], query


def test_contacts_are_found_by_tag_and_by_state_on_a_list(opening: Opening) -> None:
    account = opening(subscribers=90)
    contacts = account.control("GET", "dump")["contact"]
    tag = account.get("/tags", "search=vip")["tags"][0]
    assert account.found(f"tagid={tag['id']}") == [each["id"] for each in contacts if "vip" in each["tags"]]
    left = [each["id"] for each in contacts if each["lists"].get("1") == "2"]
    assert left
    assert account.found("listid=1&status=2") == left
    on_any = [each["id"] for each in contacts if "2" in each["lists"]]
    assert account.found("listid=2&status=-1") == on_any


@pytest.mark.parametrize(
    ("order", "key"),
    [("email", "email"), ("first_name", "firstName"), ("last_name", "lastName"), ("cdate", "cdate")],
)
def test_documented_orders_sort(account: ActiveCampaign, order: str, key: str) -> None:
    rising = account.get("/contacts", f"orders[{order}]=ASC&limit=100")["contacts"]
    falling = account.get("/contacts", f"orders[{order}]=DESC&limit=100")["contacts"]
    values = [each[key].lower() for each in rising]
    assert values == sorted(values)
    assert [each[key].lower() for each in falling] == values[::-1]


def test_orders_go_in_the_order_named(account: ActiveCampaign) -> None:
    for letter in "ab":
        account.new_contact(f"{letter}@zz.example", firstName="Zz")
    found = account.get("/contacts", "search=zz.example&orders[first_name]=ASC&orders[email]=DESC")[
        "contacts"
    ]
    assert [each["email"] for each in found] == ["b@zz.example", "a@zz.example"]


def test_an_order_that_is_not_documented_is_ignored(account: ActiveCampaign) -> None:
    assert account.found("orders[udate]=DESC") == [str(number) for number in range(1, 31)]


def test_side_loads_stand_at_the_top_and_their_ids_in_the_contacts(account: ActiveCampaign) -> None:
    answer = account.get("/contacts", "include=fieldValues,contactTags.tag,contactLists,nonsense&limit=30")
    for name in ("fieldValues", "contactTags", "contactLists"):
        owners = {row["id"]: row["contact"] for row in answer[name]}
        named = {row_id: each["id"] for each in answer["contacts"] for row_id in each[name]}
        assert owners == named
        assert owners, name
    assert {tag["id"] for tag in answer["tags"]} == {row["tag"] for row in answer["contactTags"]}
    assert "nonsense" not in answer


def test_without_include_there_are_no_side_loads(account: ActiveCampaign) -> None:
    answer = account.get("/contacts")
    assert set(answer) == {"scoreValues", "contacts", "meta"}
    assert "fieldValues" not in answer["contacts"][0]
