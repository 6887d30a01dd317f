"""Field mapping: pairs, proposals, rules, a live sample, and two people at the same mapping."""

from __future__ import annotations

import html
import re

import httpx2
import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor

CONTACTS = "set-up/mapping/contact"


def page_of(site: Site, number: int, tab: str = f"{CONTACTS}/standard", role: str = "manager") -> str:
    return site.visitor(role).get(f"/connections/{number}/{tab}").text


def form_of(page: str) -> dict[str, str]:
    """What the form of the rules would send as it is."""
    form = page.partition('id="rules"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        (fields[name],) = re.findall(r'<option value="([^"]+)" selected', options)
    return {name: html.unescape(value) for name, value in fields.items()}


def row(form: dict[str, str], crm: str) -> str:
    """The beginning of the names of one pair's controls."""
    (found,) = [name for name, value in form.items() if name.endswith("-crm") and value == crm]
    return found.removesuffix("crm")


def rules(site: Site, name: str, crm: str, object: str = "contact") -> dict[str, object]:
    shown = site.crosswalk("mapping", "show", name, "--json").data
    (found,) = [each for each in shown["objects"] if each["object"] == object]
    pairs = {pair["crm"]: pair for pair in found["fields"]}
    return dict(pairs.get(crm, {}))


def send(visitor: Visitor, path: str, form: dict[str, str], **more: str) -> httpx2.Response:
    return visitor.post(path, data={**form, **more})


def test_the_step_leads_to_the_first_tab_and_each_object_has_two(site: Site) -> None:
    number = site.add("tabs")
    manager = site.visitor("manager")
    answer = manager.get(f"/connections/{number}/set-up/mapping")
    assert answer.headers["Location"].endswith("/set-up/mapping/lead/standard")
    page = manager.get(answer.headers["Location"]).text
    for title in ("Standard lead", "Custom lead", "Standard contact", "Custom contact"):
        assert title in page
    assert "Choose a field of Salesforce" in page
    assert "Fields as of" in page


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_proposed_pairs_are_added_only_when_somebody_says_so(site: Site, crm: str) -> None:
    number = site.add(f"proposed-{crm}", crm)
    path = f"/connections/{number}/{CONTACTS}/standard"
    manager = site.visitor("manager")
    proposed = manager.get(f"{path}/suggestions").text
    assert "Nothing is paired until you say so." in proposed
    assert "same name" in proposed
    assert "0 pairs" in manager.get(path).text
    keys = [html.unescape(key) for key in re.findall(r'name="pair" value="([^"]+)" checked', proposed)]
    assert len(keys) == 4
    added = manager.post(
        f"{path}/extend", data={"pair": keys, "csrfmiddlewaretoken": manager.cookies["csrftoken"]}
    )
    assert added.status_code == 302
    page = manager.get(path).text
    assert "4 pairs were added." in page
    title = "Field mapping" if crm == "salesforce" else "Data configuration"
    assert re.search(rf'aria-current="step"[^>]*>(?:(?!</a>).)*{title}', page, re.DOTALL)
    assert manager.get(f"{path}/suggestions").text.count('name="pair"') == 0


def test_a_partner_is_found_by_searching_and_what_does_not_fit_says_why(site: Site) -> None:
    number = site.add("paired", mapped=True)
    path = f"/connections/{number}/{CONTACTS}/custom"
    manager = site.visitor("manager")
    found = manager.get(f"{path}/pair?q=created", headers={"HX-Request": "true"}).text
    assert "<html" not in found
    assert 'name="crm" value="CreatedDate"' in found
    assert 'value="Department"' not in found
    manager.get(path)
    fields = manager.get(f"{path}/pair?crm=CreatedDate").text
    assert "depends on the time zone" in fields
    assert "Paired with Last Name already." in fields
    wedding = fields.partition("Wedding day")[0].rpartition("<li>")[2]
    assert "<button" not in wedding

    by_title = manager.get(f"{path}/pair?crm=CreatedDate&q=landing").text
    (name,) = re.findall(r'name="activecampaign" value="([^"]+)"', by_title)
    token = manager.cookies["csrftoken"]
    added = manager.post(
        f"{path}/add", data={"crm": "CreatedDate", "activecampaign": name, "csrfmiddlewaretoken": token}
    )
    assert added.status_code == 302
    page = manager.get(path).text
    assert "Paired: Landing page – Created Date." in page
    assert "cannot be written" in page  # that way is barred, with the reason
    assert rules(site, "paired", "CreatedDate")["to_crm"] == "never"

    refused = manager.post(
        f"{path}/add", data={"crm": "CreatedDate", "activecampaign": "email", "csrfmiddlewaretoken": token}
    )
    assert refused.status_code == 400
    assert "mapped twice" in refused.text


def test_only_what_was_changed_is_saved_and_the_audit_log_keeps_it(site: Site) -> None:
    number = site.add("saved", mapped=True)
    path = f"/connections/{number}/{CONTACTS}/standard"
    manager = site.visitor("manager")
    form = form_of(manager.get(path).text)
    first, phone = row(form, "FirstName"), row(form, "Phone")
    more = manager.get(f"{path}/more", params={**form, "csrfmiddlewaretoken": ""}).text
    assert 'name="r0-policy"' in more  # of the row that is sent
    opened = send(manager, f"{path}/save", form, open=first).text  # without scripts
    assert "When both sides changed" in opened
    assert form_of(opened)[f"{first}policy"] == "connection"
    assert f"{phone}policy" not in form_of(opened)
    changed = {f"{first}to_crm": "if_empty", f"{first}policy": "ask", f"{phone}remove": "on"}
    answer = send(manager, f"{path}/save", form, **changed)
    assert answer.status_code == 302, answer.text
    assert "2 pairs were saved." in manager.get(path).text
    assert rules(site, "saved", "FirstName") | {"activecampaign": ""} == {
        "crm": "FirstName", "activecampaign": "", "to_crm": "if_empty", "to_activecampaign": "always",
        "blanks": True, "policy": "ask",
    }  # fmt: skip
    assert rules(site, "saved", "Phone") == {}
    kept = site.database.execute(
        "SELECT what, person FROM act WHERE connection_id = %s AND what LIKE 'mapping.%%' ORDER BY id",
        [number],
    ).fetchall()
    assert kept[-2:] == [("mapping.removed", "manager"), ("mapping.changed", "manager")]

    wrong = send(manager, f"{path}/save", {**form, f"{first}to_crm": "sometimes"})
    assert wrong.status_code == 400


def test_of_two_people_at_one_mapping_the_second_is_told_and_nothing_is_lost(site: Site) -> None:
    number = site.add("both", mapped=True)
    path = f"/connections/{number}/{CONTACTS}/standard"
    manager, administrator = site.visitor("manager"), site.visitor("administrator")
    mine = form_of(manager.get(path).text)
    theirs = form_of(administrator.get(path).text)
    first, last, phone = (row(mine, crm) for crm in ("FirstName", "LastName", "Phone"))
    done = send(
        administrator, f"{path}/save", theirs,
        **{f"{first}to_crm": "never", f"{last}to_activecampaign": "if_empty", f"{phone}remove": "on"},
    )  # fmt: skip
    assert done.status_code == 302

    told = send(manager, f"{path}/save", mine, **{f"{first}to_crm": "if_empty", f"{phone}blanks": "no"})
    assert told.status_code == 409
    text = html.unescape(told.text)
    assert "administrator changed this mapping while you worked on it." in text
    assert "to Salesforce: always → never. Yours: only if empty." in text
    assert "to ActiveCampaign: always → only if empty." in text
    assert "Not there any more: Phone – " in text
    assert 'data-unsaved="yes"' in text  # leaving is asked about
    assert rules(site, "both", "FirstName")["to_crm"] == "never"
    again = form_of(told.text)
    assert again[f"{row(again, 'FirstName')}to_crm"] == "if_empty"  # their own
    assert again[f"{row(again, 'LastName')}to_activecampaign"] == "if_empty"  # the other's
    assert send(manager, f"{path}/save", again).status_code == 302
    assert rules(site, "both", "FirstName")["to_crm"] == "if_empty"
    assert rules(site, "both", "LastName")["to_activecampaign"] == "if_empty"


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_ten_real_records_show_what_unsaved_rules_would_do(site: Site, crm: str) -> None:
    number = site.add(f"sampled-{crm}", crm, mapped=True)
    path = f"/connections/{number}/{CONTACTS}/standard"
    manager = site.visitor("manager")
    form = form_of(manager.get(path).text)
    phone = row(form, "Phone" if crm == "salesforce" else "telephone1")
    never = {f"{phone}to_crm": "never", f"{phone}to_activecampaign": "never"}
    part = manager.post(f"{path}/sample", data={**form, **never}, headers={"HX-Request": "true"})
    assert part.status_code == 200, part.text
    assert "<html" not in part.text
    assert "10 real records, read just now" in part.text
    assert "What would happen" in part.text
    shown = form_of(part.text)
    assert shown[f"{phone}to_crm"] == "never"
    of_phone = part.text.partition(f'name="{phone}crm"')[2].partition("</li>")[0]
    assert "left alone" in of_phone
    assert "would be written" not in of_phone
    assert form_of(manager.get(path).text)[f"{phone}to_crm"] == "always"


def test_a_pair_that_rests_says_why_and_is_accepted_with_the_rules(site: Site) -> None:
    number = site.add("resting", mapped=True)
    path = f"/connections/{number}/{CONTACTS}/standard"
    site.database.execute(
        "INSERT INTO mapped_field (connection_id, object, crm, activecampaign, crm_label, activecampaign_label,"
        " crm_kind, activecampaign_kind, paused, filled, noted_at)"
        " VALUES (%s, 'contact', 'FirstName', 'firstName', 'First Name', 'First name', 'number', 'text', '', true,"
        " now())",
        [number],
    )
    manager = site.visitor("manager")
    page = manager.get(path).text
    assert "This pair rests." in page
    assert "was of the type number and is text now" in page
    form = form_of(page)
    saved = send(manager, f"{path}/save", form, **{f"{row(form, 'FirstName')}accept": "on"})
    assert saved.status_code == 302
    assert "This pair rests." not in manager.get(path).text


def test_a_lost_connection_loses_nothing_that_was_typed(site: Site) -> None:
    number = site.add("lost", mapped=True)
    path = f"/connections/{number}/{CONTACTS}/standard"
    manager = site.visitor("manager")
    form = form_of(manager.get(path).text)
    mine = {f"{row(form, 'Phone')}to_crm": "if_empty"}
    site.sandbox.post("activecampaign", "faults", {"kind": "status", "status": 403, "times": 1000})
    try:
        refused = send(manager, f"{path}/save", form, **mine)
        sampled = send(manager, f"{path}/sample", form, **mine)
        read = send(manager, f"{path}/read", form)
        looked = manager.get(path)
    finally:
        site.sandbox.delete("activecampaign", "faults")
    assert refused.status_code == read.status_code == 502
    for answer in (refused, sampled):
        assert form_of(answer.text)[f"{row(form, 'Phone')}to_crm"] == "if_empty"
        assert 'class="alert alert-danger"' in answer.text
    assert "Try again" in read.text
    assert looked.status_code == 200  # as both systems described themselves last
    assert rules(site, "lost", "Phone")["to_crm"] == "always"
    assert send(manager, f"{path}/save", form_of(refused.text)).status_code == 302
    assert rules(site, "lost", "Phone")["to_crm"] == "if_empty"


def test_users_look_and_nothing_more(site: Site) -> None:
    number = site.add("looked-at", mapped=True)
    site.show(number)
    user = site.visitor("user")
    page = user.get(f"/connections/{number}/{CONTACTS}/standard").text
    assert "always" in page
    assert "<select" not in page
    assert "Save" not in page
    token = user.cookies["csrftoken"]
    for act in ("save", "sample", "read", "extend", "add"):
        answer = user.post(
            f"/connections/{number}/{CONTACTS}/standard/{act}", data={"csrfmiddlewaretoken": token}
        )
        assert answer.status_code == 403, act


@pytest.mark.parametrize("tab", ["deal/standard", "contact/odd"])
def test_there_is_no_page_of_an_object_or_tab_that_is_not(site: Site, tab: str) -> None:
    number = site.one("SELECT min(id) FROM connection WHERE name = %s", "tabs")
    manager = site.visitor("manager")
    manager.get("/")
    assert manager.get(f"/connections/{number}/set-up/mapping/{tab}").status_code == 404
    token = {"csrfmiddlewaretoken": manager.cookies["csrftoken"]}
    assert manager.post(f"/connections/{number}/set-up/mapping/{tab}/save", data=token).status_code == 404


def test_fields_that_were_made_just_now_appear_after_the_fields_were_read_again(site: Site) -> None:
    number = site.add("read-again")
    path = f"/connections/{number}/{CONTACTS}/custom"
    manager = site.visitor("manager")
    manager.get(path)
    before = site.one("SELECT count(*) FROM described WHERE read_at > now() - interval '1 hour'")
    site.database.execute("UPDATE described SET read_at = now() - interval '50 minutes'")
    answer = manager.post(f"{path}/read", data={"csrfmiddlewaretoken": manager.cookies["csrftoken"]})
    assert answer.status_code == 302
    assert before > 0
    fresh = site.one("SELECT count(*) FROM described WHERE read_at > now() - interval '1 minute'")
    assert fresh == 2
    assert "The fields were read again." in manager.get(path).text
