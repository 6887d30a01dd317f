"""The audit log: acts through both doors, in words, narrowed, paged, handed over; and who signed in."""

from __future__ import annotations

import csv
import getpass
import io
import re

import pytest
from tests.acceptance.web.conftest import PASSWORDS, Site
from tests.helpers.served import Visitor


def test_what_is_done_on_the_command_line_is_told_of_the_systems_user(site: Site) -> None:
    site.add("watched")
    done = (
        ("runs", "pause", "watched"),
        ("runs", "resume", "watched"),
        ("budget", "--connection", "watched", "--percent", "40"),
        ("connection", "remove", "watched", "--yes"),
    )
    for words in done:
        site.crosswalk(*words)
    found = site.crosswalk("audit", "--connection", "watched", "--json").data["acts"]
    assert {(each["person"], each["door"]) for each in found} == {(getpass.getuser(), "cli")}
    names = [each["what"] for each in found]
    assert {"connection.added", "budget.changed", "runs.paused", "runs.resumed", "connection.removed"} <= set(
        names
    )
    assert names[0] == "connection.removed"
    page = (
        site.visitor("manager").get("/audit", params={"connection": "watched"}).text.partition("acts-list")[2]
    )
    assert page.index("Connection removed") < page.index("Runs paused") < page.index("Connection added")
    assert "command line" in page
    assert "Connection added" in site.crosswalk("audit", "--connection", "watched").out


def test_who_signs_in_and_with_a_wrong_password_is_kept_and_names_of_nobody_are_not(site: Site) -> None:
    site.visitor("administrator").fill_in("/users", name="audited", role="user")
    Visitor(site.served).sign_in("audited", "wrong")
    Visitor(site.served).sign_in("a password in the wrong field", "wrong")
    visitor = site.visitor("manager")
    assert "Person added" in visitor.get("/audit", params={"person": "administrator"}).text
    page = visitor.get("/audit", params={"person": "audited"}).text
    assert "Wrong password" in page
    assert "Person added" not in page.partition("acts-list")[2]
    everything = visitor.get("/audit").text
    assert "a password in the wrong field" not in everything
    entered = visitor.get("/audit", params={"person": "manager", "what": "person.entered"}).text
    assert "Signed in" in entered.partition("acts-list")[2]
    assert PASSWORDS["manager"] not in everything
    assert site.visitor("user").get("/audit").status_code == 403


def test_rights_are_told_before_and_after(site: Site) -> None:
    administrator = site.visitor("administrator")
    administrator.fill_in("/users", name="risen", role="user")
    path = f"/users/{site.one('SELECT id FROM person WHERE name = %s', 'risen')}"
    version = administrator.get(path).text.partition('name="version" value="')[2].partition('"')[0]
    assert administrator.fill_in(path, role="manager", active="on", version=version).status_code == 302
    page = administrator.get("/audit", params={"what": "person.changed"}).text
    assert re.search(
        r"role: <del><span[^>]*>−</span> <bdi>user</bdi></del> <ins><span[^>]*>\+</span> <bdi>manager<", page
    )


def test_a_long_log_is_paged_and_handed_over_as_a_table(site: Site) -> None:
    site.database.execute(
        "INSERT INTO act (at, person, door, what, connection_name, detail)"
        " SELECT now(), 'busy', 'web', 'runs.paused', '=cmd', '{\"n\": 1}' FROM generate_series(1, 120)"
    )
    visitor = site.visitor("manager")
    seen, address = 0, "/audit?person=busy"
    while address:
        page = visitor.get(address)
        assert len(page.content) < 200_000
        seen += page.text.count("<strong>Runs paused")
        older = re.findall(r'href="([^"]+before=[^"]+)"', page.text)
        address = older[0].replace("&amp;", "&") if older else ""
    assert seen == 120
    answer = visitor.get("/audit/download?person=busy")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 120
    assert {row["connection"] for row in rows} == {"'=cmd"}


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nothing_in_it_can_be_changed(site: Site, method: str) -> None:
    visitor = site.visitor("administrator")
    visitor.get("/audit")
    before = site.one("SELECT count(*) FROM act")
    visitor.request(method, "/audit", headers={"X-CSRFToken": visitor.cookies["csrftoken"]})
    assert site.one("SELECT count(*) FROM act") == before
