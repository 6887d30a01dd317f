"""Plans in the browser: what would be written is shown before it is, and then applied or tried."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator

import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor
from tests.helpers.workers import wait_for, working

from crosswalk.core.language import gettext, speaking


@pytest.fixture(scope="module")
def planned(site: Site) -> tuple[int, int]:
    """A connection with a plan that nobody applies; numbers of both."""
    return planned_as(site, "plans")


def planned_as(site: Site, name: str) -> tuple[int, int]:
    """A connection with a plan that has something of everything: others may have made the sides equal before."""
    leads = [lead for lead in site.sandbox.leads() if lead["Email"] and not lead["IsConverted"]]
    for index, lead in enumerate(leads[:16]):
        changed = {"FirstName": f"Of {name}", "Phone": f"+34 {index}"}
        moved = {"Email": f"{index}.{name.replace(' ', '.')}@example.org"} if index % 2 else {}
        site.sandbox.edit("salesforce", "Lead", lead["Id"], **changed, **moved)
    number = site.add(name, mapped=True)
    site.show(number)
    done = site.crosswalk("plan", "--connection", name, "--json")
    assert done.code == 0, done.err
    return number, int(done.data["id"])


@pytest.fixture
def worker(site: Site) -> Iterator[None]:
    with working(site.crosswalk):
        yield
    site.database.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
    )


def text_of(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


def chips(page: str) -> dict[str, str]:
    """The filters: what they are called → where they lead."""
    found = re.findall(r'<li><a href="\?([^"]*)" [^>]*>([^<]+?) <span class="count">([^<]+)</span>', page)
    return {f"{html.unescape(text)} {count}": html.unescape(query) for query, text, count in found}


def press(visitor: Visitor, address: str, **given: str) -> str:
    """Press a button; return where it leads."""
    answer = visitor.post(address, data={"csrfmiddlewaretoken": visitor.cookies["csrftoken"], **given})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def outcome(visitor: Visitor, task: str) -> str:
    """Watch a task to its end; return where it leads on."""
    wait_for(lambda: visitor.get(task).status_code == 302, "the end of the task")
    return str(visitor.get(task).headers["Location"])


def test_without_a_plan_the_page_says_what_one_is_and_makes_one(site: Site, worker: None) -> None:
    number = site.add("no plan yet", mapped=True)
    manager = site.visitor("manager")
    page = manager.get(f"/connections/{number}/plans").text
    assert "Nothing is written while you look at it." in page

    task = press(manager, f"/connections/{number}/plans/make")
    plan = outcome(manager, task)

    assert re.fullmatch(rf"/connections/{number}/plans/\d+", plan)
    shown = text_of(manager.get(plan).text)
    assert re.search(r"\d+ contacts would be created in ActiveCampaign\.", shown)
    assert "about" in shown
    assert site.one("SELECT count(*) FROM run WHERE connection_id = %s", number) == 0


def test_a_user_looks_and_may_not_apply(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    user = site.visitor("user")
    page = user.get(f"/connections/{connection}/plans/{plan}").text
    assert "Record by record" in page
    assert "/apply" not in page
    assert "/make" not in user.get(f"/connections/{connection}/plans").text


def test_filters_count_and_lead_to_their_records(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    visitor = site.visitor("user")
    address = f"/connections/{connection}/plans/{plan}"
    found = chips(visitor.get(address).text)
    assert any(name.startswith("All ") for name in found)
    for name, query in found.items():
        page = visitor.get(f"{address}?{query}").text
        rows = page.count('<li><span class="state')
        count = int(name.rpartition(" ")[2].replace(",", ""))
        assert rows == min(count, 50), name
        assert re.search(r'aria-current="true">' + re.escape(html.escape(name.rpartition(" ")[0])), page), (
            name
        )


def test_pages_follow_each_other_until_all_rows_were_shown(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    visitor = site.visitor("user")
    address, query, seen = f"/connections/{connection}/plans/{plan}", "", 0
    while True:
        page = visitor.get(f"{address}?{query}").text
        seen += page.count('<li><span class="state')
        more = re.search(r'rel="next" href="\?([^"]+)"', page)
        if more is None:
            break
        query = html.unescape(more.group(1))
    assert seen == site.one("SELECT count(*) FROM plan_row WHERE plan_id = %s", plan)


def test_an_e_mail_finds_its_record(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    ((key,),) = site.database.execute(
        "SELECT key FROM plan_row WHERE plan_id = %s AND op = 'create' ORDER BY id LIMIT 1", [plan]
    ).fetchall()
    visitor = site.visitor("user")
    page = visitor.get(f"/connections/{connection}/plans/{plan}", params={"email": key.upper()}).text
    assert page.count('<li><span class="state') >= 1
    assert html.escape(key) in page
    assert "<ins>" in page
    nobody = visitor.get(f"/connections/{connection}/plans/{plan}?email=nobody%25").text
    assert "No record is like that" in nobody


def test_a_plan_is_downloaded_whole_and_no_cell_is_a_formula(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    visitor = site.visitor("user")
    address = f"/connections/{connection}/plans/{plan}/download"
    rows = visitor.get(f"{address}?format=json").json()
    assert len(rows) == site.one("SELECT count(*) FROM plan_row WHERE plan_id = %s", plan)
    assert {"op", "side", "fields", "key"} <= set(rows[0])
    text = visitor.get(f"{address}?format=csv").text
    table = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert len(table) == 1 + sum(max(1, len(row["fields"])) for row in rows)
    cells = [cell for line in table for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert [cell for cell in cells if cell.startswith("'+")]  # phone numbers
    assert visitor.get(f"{address}?format=exe").status_code == 404

    german = visitor.get(f"{address}?format=json", headers={"Accept-Language": "de"}).json()
    reasons, meant = (
        [row["fields"][0]["reason"] for row in told if row["fields"]] for told in (rows, german)
    )
    with speaking("de"):
        words = {one: gettext(one) for one in reasons}
    assert meant == [words[one] for one in reasons]
    assert set(meant) != set(reasons)


def test_ten_are_tried_then_the_plan_is_applied(site: Site, worker: None) -> None:
    connection, plan = planned_as(site, "tried then applied")
    manager = site.visitor("manager")
    address = f"/connections/{connection}/plans/{plan}"
    manager.get(address)

    run = outcome(manager, press(manager, f"{address}/apply", **{"try": "1"}))

    shown = text_of(manager.get(run).text)
    assert "tried" in shown
    assert "Trial of a plan" in shown
    assert (
        site.one("SELECT count(*) FROM journal WHERE connection_id = %s AND op <> 'kept'", connection) == 10
    )
    page = text_of(manager.get(address).text)
    assert "10 records were tried." in page
    planned = site.one("SELECT count(*) FROM plan_row WHERE plan_id = %s AND side <> ''", plan)
    assert f"Apply {planned - 10} change" in page

    done = outcome(manager, press(manager, f"{address}/apply", apply="1"))

    assert "First sync" in text_of(manager.get(done).text)
    assert "Applied" in text_of(manager.get(address).text)
    assert f"{address}/apply" not in manager.get(address).text

    again = outcome(manager, press(manager, f"/connections/{connection}/plans/make"))
    assert "Nothing would be written: both sides are equal." in text_of(manager.get(again).text)


@pytest.mark.parametrize("change", ["newer", "mapping"])
def test_a_plan_that_is_not_true_any_more_is_refused_and_says_why(site: Site, change: str) -> None:
    connection, plan = planned_as(site, f"overtaken by {change}")
    name = f"overtaken by {change}"
    manager = site.visitor("manager")
    address = f"/connections/{connection}/plans/{plan}"
    assert "/apply" in manager.get(address).text
    if change == "newer":
        assert site.crosswalk("plan", "--connection", name).code == 0
    else:
        assert site.crosswalk("connection", "initial", name, "off").code == 0

    answer = manager.post(f"{address}/apply", data={"csrfmiddlewaretoken": manager.cookies["csrftoken"]})

    assert answer.status_code == 409
    said = "is not its newest one" if change == "newer" else "were changed since plan"
    assert said in answer.text
    assert "/apply" not in manager.get(address).text
    assert site.one("SELECT count(*) FROM task WHERE connection_id = %s", connection) == 0


def test_what_is_replaced_is_said_before_anything_else(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    page = site.visitor("user").get(f"/connections/{connection}/plans/{plan}?overwrites=1").text
    assert "values that are there would be replaced" in page
    assert re.search(r"<del>.*?<ins>", page, flags=re.DOTALL)
    assert "both sides" in page.lower()


def test_a_page_stays_small(site: Site, planned: tuple[int, int]) -> None:
    connection, plan = planned
    page = site.visitor("user").get(f"/connections/{connection}/plans/{plan}")
    assert len(page.content) < 200_000
