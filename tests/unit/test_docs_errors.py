"""docs/errors/ has a page for every code of the catalogue, and none besides; a page says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crosswalk.core import catalogue
from crosswalk.core.catalogue import CATALOGUE, Entry
from crosswalk.core.failures import FailureKind
from crosswalk.core.language import LANGUAGES, speaking
from crosswalk.core.language import gettext as _

FOLDER = Path(__file__).parents[2] / "docs" / "errors"
SOURCE = Path(catalogue.__file__).parents[1]
ENTRIES = sorted(CATALOGUE.values(), key=lambda entry: entry.code)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = {file.stem for file in FOLDER.glob("*.md")} - {"README"}
    assert pages == {entry.code for entry in ENTRIES}


def test_a_code_is_used_once() -> None:
    assert len({entry.code for entry in ENTRIES}) == len(CATALOGUE)
    assert all(re.fullmatch(r"CW-\d{4}", entry.code) for entry in ENTRIES)


# language → the headings of its pages
HEADINGS = {
    "en": ["## What happened", "## Why", "## What to do", "## Example"],
    "de": ["## Was geschah", "## Warum", "## Was zu tun ist", "## Beispiel"],
    "es": ["## Qué ocurrió", "## Por qué", "## Qué hacer", "## Ejemplo"],
}
TRANSLATED = [language for language in LANGUAGES if language != "en"]
# What no translation changes: commands, options, and where links lead.
EVERYWHERE = re.compile(r"`((?:crosswalk|--)[^`]*)`|\]\((?:\.\./)*([^)]+)\)")


def file_of(entry: Entry, language: str) -> Path:
    return FOLDER / ("" if language == "en" else language) / f"{entry.code}.md"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_page_is_there_in_every_language_and_none_besides(language: str) -> None:
    pages = {file.stem for file in (FOLDER / language).glob("*.md")}
    assert pages == {entry.code for entry in ENTRIES}


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_a_translated_page_names_the_same_commands_fields_and_links(entry: Entry, language: str) -> None:
    named, meant = (
        sorted(found[2] or " ".join(found[1].split()) for found in EVERYWHERE.finditer(page))
        for page in (file_of(entry, each).read_text(encoding="utf-8") for each in (language, "en"))
    )
    assert named == meant


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_a_page_says_what_happened_why_what_to_do_and_gives_an_example(entry: Entry, language: str) -> None:
    lines = file_of(entry, language).read_text(encoding="utf-8").splitlines()
    with speaking(language):
        assert lines[0] == f"# {entry.code}: {entry.headline}"
        quoted = [f"> {_(entry.message)}"] * bool(entry.message) + [f"> *{_(entry.cure)}*"] * bool(entry.cure)
    assert [line for line in lines if line.startswith("## ")] == HEADINGS[language]
    assert [line for line in lines if line.startswith("> ")] == quoted
    assert len(" ".join(lines).split()) > 40


def test_the_index_lists_every_page_with_its_title() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(CW-\d{4})\]\(\1\.md\) \| (.+) \|$", index, flags=re.MULTILINE)
    assert listed == [(entry.code, entry.title) for entry in ENTRIES]


@pytest.mark.parametrize("kind", FailureKind)
def test_every_class_of_failure_has_a_code(kind: FailureKind) -> None:
    assert catalogue.of_failure(kind).code.startswith("CW-1")
    assert catalogue.of_refusal(kind).code.startswith("CW-3")


def test_every_entry_that_the_code_names_exists() -> None:
    named = set()
    for file in SOURCE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:catalogue\.say|_refuse)\(\s*"(\w+)"', text))
        named |= set(re.findall(r'entry="(\w+)"', text))
    assert len(named) > 20
    assert named <= CATALOGUE.keys()


def test_an_entry_is_found_by_code_and_by_name() -> None:
    entry = catalogue.find("cw-4001")
    assert entry is not None
    assert entry is catalogue.find("conflict")
    assert catalogue.find("CW-0000") is None


def test_words_are_filled_in() -> None:
    said = catalogue.say("ambiguous", count=2, email="ana@example.org")
    assert said.message == "2 contacts have the e-mail ana@example.org."
    assert said.code == "CW-4002"
