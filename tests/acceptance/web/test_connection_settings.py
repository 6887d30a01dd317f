"""A connection's settings in the browser, and its end."""

from __future__ import annotations

import re

import pytest
from tests.acceptance.web.conftest import Site
from tests.acceptance.web.test_connecting import words
from tests.helpers.served import Visitor


def form_of(visitor: Visitor, page: str) -> dict[str, str]:
    """The form as it is shown."""
    text = visitor.get(page).text
    fields = dict(re.findall(r'<input type="(?:text|number|hidden)" name="(\w+)" value="([^"]*)"', text))
    boxes = re.findall(r'<input type="checkbox" name="(\w+)"[^>]* checked', text)
    choices = re.findall(r'<select name="(\w+)".*?<option value="(\w+)" selected', text, re.DOTALL)
    return {**fields, **dict.fromkeys(boxes, "on"), **dict(choices)}


def settings_of(site: Site, name: str) -> dict[str, object]:
    found: dict[str, object] = site.crosswalk("mapping", "show", name, "--json").data["settings"]
    return found


@pytest.mark.parametrize("role", ["administrator", "manager"])
def test_what_is_kept_is_what_the_command_line_shows(site: Site, role: str) -> None:
    name = f"settings-{role}"
    page, visitor = f"/connections/{site.add(name)}/settings", site.visitor(role)
    before = settings_of(site, name)
    form = form_of(visitor, page)
    assert form["policy"] == "newest"
    assert form["journal_days"] == "400"
    changed = {
        **form,
        "policy": "crm",
        "sweep_percent": "5",
        "changes_number": "900",
        "changes_percent": "30",
    }
    changed.pop("consent")
    kept = visitor.post(page, data=changed)
    assert kept.status_code == 302, words(kept)
    after = settings_of(site, name)
    assert after["policy"] == "crm"
    assert after["sweep_share"] == 0.05
    assert after["consent"] is False
    assert after["brakes"] == {**before["brakes"], "changes": {"number": 900, "percent": 30.0}}  # type: ignore[dict-item] # it is a dict
    untouched = set(before) - {"policy", "sweep_share", "consent", "brakes"}
    assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}


def test_what_cannot_be_is_told_beside_the_field_and_nothing_is_kept(site: Site) -> None:
    page, visitor = f"/connections/{site.add('settings-wrong')}/settings", site.visitor()
    form = form_of(visitor, page)
    wrong = visitor.post(page, data={**form, "journal_days": "3", "sweep_percent": "90"})
    assert "greater than or equal to 7" in wrong.text
    assert "less than or equal to 50" in wrong.text
    assert 'value="3"' in wrong.text
    assert settings_of(site, "settings-wrong")["journal_days"] == 400


def test_of_two_people_the_second_is_told_and_nothing_is_lost(site: Site) -> None:
    page = f"/connections/{site.add('settings-two')}/settings"
    first, second = site.visitor(), site.visitor("manager")
    early, late = form_of(first, page), form_of(second, page)
    assert first.post(page, data={**early, "runs_days": "120"}).status_code == 302
    told = second.post(page, data={**late, "journal_days": "500"})
    assert told.status_code == 409
    assert "Days for which plans and runs that wrote nothing are kept: 120" in words(told)
    assert 'value="500"' in told.text
    assert settings_of(site, "settings-two")["journal_days"] == 400


def test_a_connection_goes_when_its_name_is_typed_and_no_record_is_touched(site: Site) -> None:
    number = site.add("to-remove")
    page, visitor = f"/connections/{number}/remove", site.visitor()
    refused = visitor.fill_in(page, name="something-else")
    assert "This is not its name." in refused.text
    gone = visitor.fill_in(page, name="to-remove")
    assert gone.headers["Location"] == "/"
    assert "to-remove is removed. No record was touched." in words(visitor.get("/"))
    assert visitor.get(f"/connections/{number}/").status_code == 404
    assert (
        site.one("SELECT count(*) FROM act WHERE what = 'connection.removed' AND connection_id = %s", number)
        == 1
    )
    assert site.visitor("manager").get(page).status_code == 403
