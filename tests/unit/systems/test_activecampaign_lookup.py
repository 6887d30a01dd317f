from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.helpers.activecampaign import Script, contact, reply

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Page

FIELDS = ["email", "field/7"]
NOT_FOUND = {"message": "No Result found for Subscriber with id 12"}


@pytest.fixture
def script() -> Script:
    script = Script()
    script.system.describe("contact")
    return script


def listed(
    script: Script, *ids: int, total: int | None = None, values: list[Any] | None = None
) -> httpx2.Response:
    contacts = [contact(id_, script.clock.now()) for id_ in ids]
    meta = {"total": str(len(ids) if total is None else total)}
    return reply(200, {"contacts": contacts, "fieldValues": values or [], "meta": meta})


def by_ids(script: Script, *existing: int) -> None:
    """Answer `ids[]` and single reads like an account that holds these contacts."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = {int(id_) for id_ in request.url.params.get_list("ids[]")}
        return listed(script, *(id_ for id_ in existing if id_ in asked))

    script.on("GET", "/contacts", answer)
    for id_ in range(1, 300):
        script.on("GET", f"/contacts/{id_}", reply(404, NOT_FOUND))


def test_contacts_are_fetched_a_hundred_a_call(script: Script) -> None:
    by_ids(script, *range(1, 251))

    fetched = script.system.fetch("contact", [str(n) for n in range(1, 251)], FIELDS)

    assert [record.id for record in fetched.records] == [str(n) for n in range(1, 251)]
    assert fetched.missing == []
    assert script.calls() == ["GET /contacts"] * 3


def test_an_id_is_missing_only_after_a_404_of_its_own(script: Script) -> None:
    by_ids(script, 1, 2)
    script.on(
        "GET", "/contacts/5", reply(200, {"contact": contact(5, script.clock.now()), "fieldValues": []})
    )

    fetched = script.system.fetch("contact", ["1", "4", "5", "2", "1"], FIELDS)

    assert [record.id for record in fetched.records] == ["1", "5", "2"]
    assert fetched.missing == ["4"]
    assert script.calls() == ["GET /contacts", "GET /contacts/4", "GET /contacts/5"]


def test_one_contact_costs_one_call(script: Script) -> None:
    value = {"contact": "5", "field": "7", "value": "Oslo"}
    answer = {"contact": contact(5, script.clock.now()), "fieldValues": [value]}
    script.on("GET", "/contacts/5", reply(200, answer))

    fetched = script.system.fetch("contact", ["5"], FIELDS)

    assert fetched.records[0].values == {"email": "p5@example.org", "field/7": "Oslo"}
    assert script.calls() == ["GET /contacts/5"]


def test_fetching_nothing_costs_nothing(script: Script) -> None:
    assert script.system.fetch("contact", [], FIELDS).records == []
    assert script.calls() == []


def test_a_404_that_does_not_speak_of_contacts_is_no_proof_of_absence(script: Script) -> None:
    script.on("GET", "/contacts/5", httpx2.Response(404, text="<html>no such site</html>"))

    with pytest.raises(SystemFailure) as caught:
        script.system.fetch("contact", ["5"], FIELDS)

    assert caught.value.kind is not FailureKind.CONFLICT


def test_contacts_are_found_by_address_whatever_its_case(script: Script) -> None:
    answers = {
        "a+b@example.org": [contact(1, script.clock.now(), email="A+B@example.org")],
        "c@example.org": [contact(2, script.clock.now(), email="cc@example.org")],
        "d@example.org": [contact(3, script.clock.now(), email="d@example.org", deleted="1")],
    }
    script.on(
        "GET",
        "/contacts",
        lambda request: reply(200, {"contacts": answers[request.url.params["email"]], "fieldValues": []}),
    )

    found = script.system.find(
        "contact", ["A+b@example.org", "a+B@example.org", "c@example.org", "", "d@example.org"], FIELDS
    )

    assert [record.id for record in found] == ["1"]
    assert len(script.calls()) == 3
    assert b"email=a%2Bb%40example.org" in script.requests[1].url.query


# --- tags


def tags(*names: str) -> httpx2.Response:
    rows = [{"id": str(20 + n), "tag": name, "tagType": "contact"} for n, name in enumerate(names)]
    return reply(200, {"tags": rows, "meta": {"total": str(len(rows))}})


def tagged(script: Script, cursor: str | None = None) -> list[Page]:
    return list(script.system.tagged("create lead", FIELDS, cursor))


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def test_all_holders_of_a_tag_are_read(script: Script) -> None:
    script.on("GET", "/tags", tags("create leads", "Create lead", "create lead"))
    script.on("GET", "/contacts", listed(script, *range(1, 101), total=130), listed(script, *range(101, 131)))

    pages = tagged(script)

    assert ids(pages) == [str(n) for n in range(1, 131)]
    assert [page.last for page in pages] == [False, True]
    assert script.requests[-1].url.params["tagid"] == "22"


def test_unchanged_holders_cost_one_call(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, *range(1, 101), total=130), listed(script, *range(101, 131)))
    cursor = tagged(script)[-1].cursor
    script.on("GET", "/contacts", listed(script, *range(1, 101), total=130))
    script.requests.clear()

    (page,) = tagged(script, cursor)

    assert (list(page.records), page.cursor, page.last) == ([], cursor, True)
    assert script.calls() == ["GET /contacts"]


def test_another_holder_reads_them_all_again(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, 1, 2))
    cursor = tagged(script)[-1].cursor
    script.on("GET", "/contacts", listed(script, 1, 3))

    assert ids(tagged(script, cursor)) == ["1", "3"]


def test_a_reading_that_broke_off_is_begun_again(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, *range(1, 101), total=130))
    cursor = next(iter(script.system.tagged("create lead", FIELDS, None))).cursor
    script.on("GET", "/contacts", listed(script, *range(1, 101), total=130), listed(script, *range(101, 131)))

    assert len(ids(tagged(script, cursor))) == 130


def test_a_tag_that_lost_its_last_holder_shows_an_empty_set(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, 1))
    cursor = tagged(script)[-1].cursor
    script.on("GET", "/contacts", listed(script))

    (page,) = tagged(script, cursor)

    assert ids([page]) == []
    assert page.cursor != cursor


def test_a_tag_that_does_not_exist_yet_is_looked_for_each_time(script: Script) -> None:
    script.on("GET", "/tags", tags("create leads"))
    cursor = tagged(script)[-1].cursor
    assert tagged(script, cursor)[-1].cursor == cursor
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, 9))

    assert ids(tagged(script, cursor)) == ["9"]


def test_a_tag_made_anew_is_found_under_its_new_id(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead"))
    script.on("GET", "/contacts", listed(script, 1))
    cursor = tagged(script)[-1].cursor
    script.on("GET", "/tags", tags("another", "create lead"))
    script.on(
        "GET",
        "/contacts",
        lambda request: listed(script, 8) if request.url.params["tagid"] == "21" else listed(script),
    )

    assert ids(tagged(script, cursor)) == ["8"]


def test_another_tag_does_not_use_the_cursor_of_the_first(script: Script) -> None:
    script.on("GET", "/tags", tags("create lead", "vip"))
    script.on("GET", "/contacts", listed(script, 1))
    cursor = tagged(script)[-1].cursor

    assert ids(list(script.system.tagged("vip", FIELDS, cursor))) == ["1"]
    assert script.requests[-1].url.params["tagid"] == "21"


def test_tags_are_searched_through_all_pages(script: Script) -> None:
    first = [{"id": str(n), "tag": f"create lead {n}"} for n in range(100)]
    script.on(
        "GET",
        "/tags",
        reply(200, {"tags": first, "meta": {"total": "101"}}),
        reply(200, {"tags": [{"id": "500", "tag": "create lead"}], "meta": {"total": "101"}}),
    )
    script.on("GET", "/contacts", listed(script, 1))

    assert ids(tagged(script)) == ["1"]
    assert script.requests[-1].url.params["tagid"] == "500"


@pytest.mark.parametrize(("total", "upto"), [(2, None), (5, "9")])
def test_a_range_says_where_it_ends_and_whether_there_is_more(
    script: Script, total: int, upto: str | None
) -> None:
    """A page may be shorter than asked: only the total tells that it is the last."""
    script.on("GET", "/contacts", listed(script, 8, 9, total=total))

    part = script.system.read_range("contact", FIELDS, "7")

    assert ([record.id for record in part.records], part.upto) == (["8", "9"], upto)
    assert script.requests[-1].url.params["id_greater"] == "7"


@pytest.mark.parametrize("order", [(9, 8), (5, 6)])
def test_contacts_out_of_order_are_no_range(script: Script, order: tuple[int, ...]) -> None:
    script.on("GET", "/contacts", listed(script, *order, total=9))

    with pytest.raises(SystemFailure, match="order of their ids") as caught:
        script.system.read_range("contact", FIELDS, "7")

    assert "sweep_share" in caught.value.cure
