"""Pages about errors: each says whether data is safe and what to do next."""

from __future__ import annotations

import html

import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor

SAFE = "Nothing was changed."


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
    assert "See which there are" in said


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
