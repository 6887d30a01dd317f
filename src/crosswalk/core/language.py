"""Texts in the reader's language.

The command line speaks the language of its environment, a page that of the person who reads it. Translations lie in
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


def of_environment(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for, English where we do not speak it."""
    asked = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    codes = (code.split(".")[0].split("_")[0].split("-")[0].lower() for code in asked.split(":"))
    return next((code for code in codes if code in LANGUAGES), "en")


def language() -> str:
    """Return the language that is spoken now: a key of LANGUAGES."""
    return _chosen.get() or of_environment(os.environ)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language of LANGUAGES inside."""
    before = _chosen.set(code)
    try:
        yield
    finally:
        _chosen.reset(before)


def gettext(message: str) -> str:
    """Translate a text; the empty one stays empty."""
    return _translations(language()).gettext(message) if message else ""


def gettext_noop(message: str) -> str:
    """Mark a message for translation where it is defined; it is translated where it is shown."""
    return message


@cache
def _translations(code: str) -> NullTranslations:
    return NullTranslations() if code == "en" else translation(DOMAIN, FOLDER, [code])
