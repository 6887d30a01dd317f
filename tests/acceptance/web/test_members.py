"""Users of the CRM: found, let in, taken out."""

from __future__ import annotations

import re

import pytest
from tests.acceptance.web.conftest import Site, address_in
from tests.helpers.served import Visitor


def offered(page: str, name: str) -> dict[str, str]:
    """What the form beside a user who was found sends."""
    form = page.partition(f"<strong>{name}</strong>")[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(id|name|email)" value="([^"]*)"', form))


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_a_user_of_the_crm_is_found_and_let_in_and_sees_this_connection_alone(site: Site, crm: str) -> None:
    other, number = site.add(f"members-other-{crm}", crm), site.add(f"members-{crm}", crm)
    page = f"/connections/{number}/set-up/users"
    administrator = site.visitor()
    assert "Nobody yet" in administrator.get(page).text
    found = administrator.get(page, params={"q": "ada l"})
    assert "Ada Lindqvist" in found.text
    assert "Bruno Costa" not in found.text

    given = offered(found.text, "Ada Lindqvist")
    assert given["email"]
    added = administrator.fill_in(f"{page}/add", **given, role="user")
    assert added.status_code == 200, added.text
    link = address_in(added.text)
    ada = Visitor(site.served)
    assert ada.fill_in(link, password="a password like few").status_code == 302
    assert ada.get(f"/connections/{number}/").status_code == 200
    assert ada.get(f"/connections/{other}/").status_code == 404

    assert f"{crm}" in administrator.get("/users").text
    again = administrator.get(page, params={"q": "ada l"}, headers={"HX-Request": "true"}).text
    assert "<html" not in again
    assert offered(again, "Ada Lindqvist") == {}
    assert administrator.fill_in(f"{page}/add", **given, role="user").status_code == 409

    member = site.one("SELECT id FROM crm_member WHERE connection_id = %s", number)
    assert administrator.fill_in(f"{page}/{member}/remove").status_code == 302
    assert ada.get(f"/connections/{number}/").status_code == 404
    site.database.execute("DELETE FROM person WHERE name = %s", [given["email"]])


def test_who_is_here_by_that_name_keeps_their_role_and_nobody_becomes_an_administrator_here(
    site: Site,
) -> None:
    number = site.add("members-twice")
    path = f"/connections/{number}/set-up/users/add"
    administrator = site.visitor()
    administrator.fill_in("/users", name="twice@org.example", role="user")
    told = administrator.fill_in(
        path, id="0055g0000000009AAA", name="Twice", email="Twice@org.example", role="manager"
    )
    assert "was here already" in told.text
    administrator.fill_in(
        path, id="0055g0000000008AAA", name="Boss", email="boss@org.example", role="administrator"
    )
    roles = site.database.execute(
        "SELECT name, role FROM person WHERE name IN ('twice@org.example', 'boss@org.example') ORDER BY name"
    ).fetchall()
    assert roles == [("boss@org.example", "user"), ("twice@org.example", "user")]


def test_a_manager_sees_who_was_added_and_adds_nobody(site: Site) -> None:
    number = site.add("members-managed")
    manager = site.visitor("manager")
    page = manager.get(f"/connections/{number}/set-up/users", params={"q": "ada"}).text
    assert "Administrators add people." in page
    assert "Ada Lindqvist" not in page
    assert manager.fill_in(f"/connections/{number}/set-up/users/add", id="x", name="x").status_code == 403


def test_a_crm_that_cannot_be_asked_is_told_and_the_rest_of_the_page_stays(site: Site) -> None:
    number = site.add("members-away")
    said = [{"message": "sObject type 'User' is not supported.", "errorCode": "INVALID_TYPE"}]
    order = {"holding": "FROM User", "kind": "status", "status": 400, "body": said, "times": 1}
    site.sandbox.post("salesforce", "faults", order)
    page = site.visitor().get(f"/connections/{number}/set-up/users", params={"q": "ada"})
    assert page.status_code == 200
    assert "View All Users" in page.text
    assert "Nobody yet" in page.text
