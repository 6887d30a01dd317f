from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crosswalk.core import catalogue, language

ROOT = Path(__file__).parent.parent.parent


def test_every_text_is_there_in_german_and_spanish_with_the_same_placeholders() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "translations"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "es-MX"}, "es"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "es_ES", "LANG": "de_DE"}, "es"),
        ({"LANGUAGE": "fr:de:es", "LANG": "es_ES"}, "de"),
        ({"LANGUAGE": "", "LANG": "es_ES"}, "es"),
        ({"LANG": "ja_JP.UTF-8"}, "en"),
    ],
)
def test_the_environment_says_which_language_is_spoken(environment: dict[str, str], code: str) -> None:
    assert language.of_environment(environment) == code


def test_the_catalogue_of_errors_speaks_the_readers_language() -> None:
    entry = catalogue.find("CW-1003")
    assert entry is not None
    told = {}
    for code in language.LANGUAGES:
        with language.speaking(code):
            told[code] = entry.headline
    assert told["en"] == entry.title
    assert len(set(told.values())) == len(language.LANGUAGES)


def test_a_language_is_spoken_only_where_it_was_asked_for() -> None:
    before = language.language()
    with language.speaking("es"):
        with language.speaking("de"):
            assert language.language() == "de"
        assert language.language() == "es"
    assert language.language() == before


def test_no_text_stays_no_text() -> None:
    with language.speaking("de"):
        assert language.gettext("") == ""
