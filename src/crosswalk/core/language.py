"""Texts in the reader's language, and for the reader's door.

The command line speaks the language of its environment, a page that of the person who reads it. A text that names a
command says something else in the browser, where there are buttons and links: `for_browser`. Translations lie in
`crosswalk/locale`; their files have the names that Django looks for, so that pages and everything else share them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations, translation  # noqa: TID251 - this is the one place
from pathlib import Path

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}  # English is what the code says
FOLDER = Path(__file__).parent.parent / "locale"
DOMAIN = "django"
# the first that is set counts, as for every program
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_in_browser: ContextVar[bool] = ContextVar("in_browser", default=False)
_INSTEAD: dict[str, str] = {}  # a text that names a command → what it says in the browser


def of_environment(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for, English where we do not speak it."""
    asked = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    codes = (code.split(".")[0].split("_")[0].split("-")[0].lower() for code in asked.split(":"))
    return next((code for code in codes if code in LANGUAGES), "en")


def language() -> str:
    """Return the language that is spoken now: a key of LANGUAGES."""
    return _chosen.get() or of_environment(os.environ)


@contextmanager
def speaking(code: str, *, browser: bool = False) -> Iterator[None]:
    """Speak a language of LANGUAGES inside, to somebody in the browser or to anybody else."""
    before, door = _chosen.set(code), _in_browser.set(browser)
    try:
        yield
    finally:
        _in_browser.reset(door)
        _chosen.reset(before)


def for_browser(instead: Mapping[str, str]) -> None:
    """Say other words in the browser than these texts, which name commands."""
    _INSTEAD.update(instead)


def gettext(message: str) -> str:
    """Translate a text; the empty one stays empty."""
    message = chosen(message)
    return _translations(language()).gettext(message) if message else ""


def chosen(message: str) -> str:
    """Return what is said of a text behind the reader's door, in English."""
    return _INSTEAD.get(message, message) if _in_browser.get() else message


def gettext_noop(message: str) -> str:
    """Mark a message for translation where it is defined; it is translated where it is shown."""
    return message


@cache
def _translations(code: str) -> NullTranslations:
    return NullTranslations() if code == "en" else translation(DOMAIN, FOLDER, [code])
