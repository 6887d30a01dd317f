"""Pages about errors: each says whether data is safe and what to do next."""

from __future__ import annotations

import html
import re
from string import Formatter

import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor

from crosswalk.core.catalogue import CATALOGUE, Entry
from crosswalk.core.language import speaking
from crosswalk.core.words import kept

SAFE = "Nothing was changed."
COMMAND = re.compile(r"\bcrosswalk [a-z]+|(?<!\w)--[a-z]+")


def test_a_page_that_is_not_there_and_one_that_is_not_for_somebody_say_so(site: Site) -> None:
    user = site.visitor("user")
    for address, status, said in (
        ("/nowhere", 404, "Look for it from the overview."),
        ("/connections/999999/", 404, "may have been removed"),
        ("/settings", 403, "Ask an administrator"),
    ):
        answer = user.get(address)
        assert answer.status_code == status, address
        assert SAFE in answer.text
        assert said in answer.text
        assert f"<code>{answer.headers['X-Request-Id']}</code>" in answer.text
        assert 'href="/"' in answer.text


def test_what_cannot_be_done_is_told_with_its_cure(site: Site) -> None:
    answer = site.visitor().fill_in("/settings/receivers/remove", name="unknown")
    assert answer.status_code == 400
    said = html.unescape(answer.text)
    assert "There is no receiver of notices called unknown." in said
    assert SAFE in said
    assert "it lists those that there are" in said


def test_no_entry_names_a_command_and_each_door_leads_to_a_page(site: Site) -> None:
    number = site.add("doors")
    visitor = site.visitor()
    found = {
        name: _of_task(visitor, number, *_task(site, number, entry)) for name, entry in CATALOGUE.items()
    }
    assert {name for name, (main, _doors) in found.items() if COMMAND.search(main)} == set()
    doors = {address for _main, addresses in found.values() for address in addresses}
    assert {f"/connections/{number}/plans", f"/connections/{number}/set-up/connect", "/settings"} < doors
    assert {visitor.get(each, follow_redirects=True).status_code for each in doors} == {200}
    assert found["auth"][1] == [f"/connections/{number}/set-up/connect"]
    manager = site.visitor("manager")
    for name in ("auth", "stopped"):  # what an administrator alone does
        assert _of_task(manager, number, *_task(site, number, CATALOGUE[name]))[1] == []


def _task(site: Site, number: int, entry: Entry) -> tuple[str, int]:
    """Store what a worker that speaks English stores of a task that failed so."""
    names = {field for _, field, *_ in Formatter().parse(entry.message + entry.cure) if field}
    with speaking("en"):
        said = entry.said(**dict.fromkeys(names, "7"))
    row = [number, *said, kept(said.message, said.cure)]
    return said.message, site.one(
        "INSERT INTO task (connection_id, kind, asked_by, asked_at, state, ended_at, code, message, cure, said)"
        " VALUES (%s, 'plan', 'ada', now(), 'failed', now(), %s, %s, %s, %s) RETURNING id",
        *row,
    )


def _of_task(visitor: Visitor, number: int, message: str, task: int) -> tuple[str, list[str]]:
    """Return what a page says of a task that failed, and the doors that it shows."""
    main = html.unescape(visitor.get(f"/connections/{number}/tasks/{task}").text.partition("<main")[2])
    assert message in main
    alert = main.partition('<div class="alert')[2].partition("</div>")[0]
    return main, re.findall(r'<a class="btn" href="([^"]+)"', alert)


def test_a_form_from_before_is_refused_and_nothing_is_lost(site: Site) -> None:
    answer = site.visitor().post("/settings/halt", data={"to": "stop"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.text
    assert SAFE in answer.text
    assert site.one("SELECT count(*) FROM halt WHERE connection_id IS NULL") == 0


@pytest.mark.parametrize(("language", "said"), [("de", '<html lang="de"'), ("es", '<html lang="es"')])
def test_they_speak_the_readers_language(site: Site, language: str, said: str) -> None:
    answer = Visitor(site.served, **{"Accept-Language": language}).get("/nowhere")
    assert answer.status_code == 404
    assert said in answer.text
    assert SAFE not in answer.text


@pytest.mark.parametrize(("language", "heading"), [("en", "Why"), ("de", "Warum"), ("es", "Por qué")])
def test_help_is_in_the_readers_language(site: Site, language: str, heading: str) -> None:
    page = site.visitor("user").get("/help/CW-4001", headers={"Accept-Language": language}).text
    assert f'lang="{language}"><h2>{heading}</h2>' in page
    assert "<code>" in page.partition(heading)[2]


def test_a_wrong_entry_is_summed_up_above_the_form_and_gets_the_focus(site: Site) -> None:
    page = site.visitor().fill_in("/account/password", old="wrong", password="short").text
    summary = page.partition('role="alert"')[2].partition("</div>")[0]
    assert "autofocus" in summary.partition(">")[0]
    assert 'href="#id_old"' in summary
    assert 'href="#id_password"' in summary


def test_titles_name_the_page_then_the_connection(site: Site) -> None:
    number = site.add("titled")
    page = site.visitor().get(f"/connections/{number}/").text
    assert "<title>How it stands · titled · Crosswalk</title>" in page


def test_pages_are_sent_without_the_indentation_of_their_templates(site: Site) -> None:
    visitor = site.visitor()
    for path in ("/", "/settings"):
        assert "\n  " not in visitor.get(path).text
