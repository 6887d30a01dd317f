"""What is said is said for the reader's door: the browser names no command."""

from __future__ import annotations

import re

import pytest

from crosswalk.core import language
from crosswalk.core.catalogue import CATALOGUE, Entry
from crosswalk.core.language import gettext, speaking

COMMAND = re.compile(r"\bcrosswalk [a-z]+|(?<!\w)--[a-z]+")


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.code)
def test_no_entry_names_a_command_in_the_browser(entry: Entry) -> None:
    with speaking("en", browser=True):
        assert not COMMAND.search(gettext(entry.message)), entry.message
        assert not COMMAND.search(gettext(entry.cure)), entry.cure
        assert bool(gettext(entry.cure)) == bool(entry.cure)


def test_what_the_browser_says_instead_asks_for_nothing_that_the_text_does_not_have() -> None:
    for text, instead in language._INSTEAD.items():
        assert set(re.findall(r"\{\w+\}", instead)) <= set(re.findall(r"\{\w+\}", text)), text


def test_the_command_line_still_names_commands() -> None:
    assert "crosswalk holds choose" in CATALOGUE["conflict"].said().cure
    with speaking("en", browser=True):
        assert CATALOGUE["conflict"].said().cure.startswith("Choose a side or type a value")
