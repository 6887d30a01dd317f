"""Holds in the browser: by cause, one by one, decided in bulk; who looks and who decides."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor

from crosswalk.core import catalogue
from crosswalk.core.language import speaking

SYNC = ("sync", "--connection", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A connection on which both sides changed the first names of four people."""

    site: Site
    number: int
    crm_ids: dict[int, str]  # hold → the CRM record

    def path(self, more: str = "") -> str:
        return f"/connections/{self.number}/holds{more}"

    def ticks(self, visitor: Visitor) -> dict[int, str]:
        """What the boxes of the list would send, by hold."""
        page = visitor.get(self.path("?cause=CW-4001")).text
        return {
            int(each.partition("-")[0]): each for each in re.findall(r'name="hold" value="([^"]+)"', page)
        }

    def chosen(self) -> set[int]:
        rows = self.site.database.execute(
            "SELECT id FROM hold WHERE connection_id = %s AND chosen IS NOT NULL", [self.number]
        )
        return {number for (number,) in rows.fetchall()}


@pytest.fixture(scope="module")
def held(site: Site) -> Held:
    number = site.add("held", mapped=True)
    mapping = site.crosswalk("mapping", "show", "held", "--json").data
    for each in mapping["objects"]:
        each["fields"] = [pair for pair in each["fields"] if pair["crm"] in ("Email", "FirstName")]
    assert site.crosswalk("mapping", "set", "held", "-", stdin=json.dumps(mapping)).code == 0
    assert site.crosswalk(*SYNC, "--approve").code == 0
    mapping["settings"]["policy"] = "ask"
    assert site.crosswalk("mapping", "set", "held", "-", stdin=json.dumps(mapping)).code == 0
    links = site.database.execute(
        "SELECT object, crm_id, activecampaign_id FROM link WHERE connection_id = %s AND state = 'open'"
        " AND is_primary ORDER BY id LIMIT 4",
        [number],
    ).fetchall()
    for place, (object, crm_id, contact_id) in enumerate(links):
        site.sandbox.edit("salesforce", object.capitalize(), crm_id, FirstName=f"Crm{place}")
        site.sandbox.edit("activecampaign", "contact", contact_id, firstName=f"Campaign{place}")
    assert site.crosswalk(*SYNC).code == 0
    rows = site.database.execute(
        "SELECT h.id, l.crm_id FROM hold h JOIN link l ON l.id = h.link_id WHERE h.connection_id = %s ORDER BY h.id",
        [number],
    ).fetchall()
    assert len(rows) == 4
    site.show(number)
    return Held(site=site, number=number, crm_ids=dict(rows))


def test_a_hold_is_told_in_the_language_of_whoever_reads_it_and_without_commands_in_the_browser(
    held: Held,
) -> None:
    hold = min(held.crm_ids)
    with speaking("de"):
        german = catalogue.say("conflict")
    with speaking("de", browser=True):
        clicked = catalogue.say("conflict").cure
    page = held.site.visitor().get(held.path(f"/{hold}"), headers={"Accept-Language": "de"}).text
    assert german.message in page
    assert clicked in page
    assert "crosswalk " not in page.partition("<main")[2]
    shown = held.site.crosswalk(
        "holds", "show", str(hold), "--connection", "held", LANGUAGE="de", COLUMNS="300"
    )
    assert german.message in shown.out
    assert german.cure in shown.out


def test_causes_are_told_with_their_cure_and_the_holds_of_one_with_both_values(held: Held) -> None:
    visitor = held.site.visitor("user")
    causes = visitor.get(held.path()).text
    assert "Choose which value counts" in causes
    assert "/help/CW-4001" in causes
    listed = visitor.get(held.path("?cause=CW-4001")).text
    assert all(f"Crm{place}" in listed and f"Campaign{place}" in listed for place in range(4))
    assert "First Name" in listed
    assert 'name="hold"' not in listed
    one = visitor.get(held.path(f"/{min(held.crm_ids)}")).text
    assert "Both sides changed this field" in one
    assert 'name="answer"' not in one
    refused = visitor.post(held.path("/decide"), data={"csrfmiddlewaretoken": visitor.cookies["csrftoken"]})
    assert refused.status_code == 403
    assert visitor.get(held.path("?cause=CW-0000")).status_code == 404


def test_what_is_overtaken_is_refused_and_the_rest_is_kept_and_written(held: Held) -> None:
    manager = held.site.visitor("manager")
    first, second, third, fourth = sorted(held.crm_ids)
    nothing = manager.fill_in(held.path("/decide"), cause="CW-4001", answer="crm")
    assert "Tick what you decide about." in nothing.text

    ticks = held.ticks(manager)
    other = held.site.visitor("administrator")
    kept = other.fill_in(
        held.path("/decide"), cause="CW-4001", answer="typed", value="Typed", hold=ticks[second]
    )
    assert kept.status_code == 302
    object = held.site.database.execute("SELECT object FROM hold WHERE id = %s", [third]).fetchall()[0][0]
    held.site.sandbox.edit("salesforce", object.capitalize(), held.crm_ids[third], FirstName="Since")
    told = manager.fill_in(
        held.path("/decide"), cause="CW-4001", answer="crm", hold=[ticks[first], ticks[second], ticks[third]]
    ).text
    assert "2 were not decided" in told
    assert "somebody else decided this" in told
    assert "Since" in told
    assert held.chosen() == {first, second}

    everything = manager.fill_in(
        held.path("/decide"), cause="CW-4001", answer="activecampaign", everything="on"
    )
    assert held.chosen() == {first, second, fourth}
    assert "One was not decided" in everything.text

    assert held.site.crosswalk(*SYNC).code == 0
    page = manager.get(held.path("?cause=CW-4001")).text
    assert "Since" in page
    assert "Typed" not in page
    gone = manager.fill_in(held.path("/decide"), cause="CW-4001", answer="retry", hold=ticks[first])
    assert "This is not held any more." in gone.text
    names = {
        row["Id"]: row["FirstName"]
        for name in ("Lead", "Contact")
        for row in held.site.sandbox.get("salesforce", "dump")[name]
    }
    assert names[held.crm_ids[first]].startswith("Crm")
    assert names[held.crm_ids[second]] == "Typed"
    assert names[held.crm_ids[fourth]].startswith("Campaign")


def test_who_decided_what_is_in_the_audit_log(held: Held) -> None:
    rows = held.site.database.execute(
        "SELECT person, door, detail FROM act WHERE connection_id = %s AND what = 'holds.chosen' ORDER BY id",
        [held.number],
    ).fetchall()
    assert [(person, door, detail["count"]) for person, door, detail in rows] == [
        ("administrator", "web", 1),
        ("manager", "web", 1),
        ("manager", "web", 1),
    ]
    assert rows[0][2]["decided"][0]["after"] == {"crm": "Typed", "activecampaign": "Typed"}


def test_a_page_of_a_very_long_list_is_short_and_leads_on(held: Held) -> None:
    held.site.database.execute(
        "INSERT INTO hold (connection_id, side, object, record_id, field, kind, code, reason, cure, values,"
        " fingerprint, held_at) SELECT %s, 'crm', 'lead', 'r' || n, 'FirstName', 'rejected', 'CW-2003', 'too long',"
        " 'Shorten it.', '', '', now() FROM generate_series(1, 10000) n",
        [held.number],
    )
    visitor = held.site.visitor("manager")
    page = visitor.get(held.path("?cause=CW-2003"))
    assert len(page.content) < 200_000
    assert page.text.count('name="hold"') == 50
    assert "r10000<" in page.text
    older = re.findall(r'href="([^"]+before=[^"]+)"', page.text)[0].replace("&amp;", "&")
    assert "r9950<" in visitor.get(older).text
    again = visitor.fill_in(held.path("/decide"), cause="CW-2003", answer="retry", everything="on")
    assert again.status_code == 302
    wanted = "SELECT count(*) FROM inbox WHERE connection_id = %s AND to_fetch AND record_id LIKE 'r%%'"
    assert held.site.one(wanted, held.number) == 10000


def test_a_braked_run_leads_to_the_plan_that_alone_releases_it(site: Site) -> None:
    number = site.add("braked")
    hold = site.one(
        "INSERT INTO hold (connection_id, side, object, record_id, field, kind, code, reason, cure, values,"
        " fingerprint, held_at) VALUES (%s, 'crm', '', '', '', 'brake', 'CW-6012', '900 records would be changed.',"
        " 'Look at it: crosswalk plan.', '', '', now()) RETURNING id",
        number,
    )
    manager = site.visitor("manager")
    for path in ("?cause=CW-6012", f"/{hold}"):
        page = manager.get(f"/connections/{number}/holds{path}").text
        assert f'href="/connections/{number}/plans"' in page.partition("<main")[2]
        assert "Look at the plan, and apply it if it is right" in page
        assert "Try again as it is" not in page
        assert "crosswalk plan" not in page


def test_where_nothing_is_held_the_page_says_so(site: Site) -> None:
    number = site.add("unheld")
    assert (
        "Nothing is held: every value that should travel did."
        in site.visitor().get(f"/connections/{number}/holds").text
    )
