"""Texts in a reader's language: English as it stands in the code, others from `crosswalk/locale`."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "de", "es")
_DOMAIN = "crosswalk"
_FOLDER = Path(__file__).parents[1] / "locale"

Translate = Callable[[str], str]


@lru_cache
def translator(language: str | None = None) -> Translate:
    """Return what puts texts into a language; None: the one of the process's surroundings (`LANG` and the like).

    A text without translation stays English.
    """
    chosen = None if language is None else [language]
    return gettext.translation(_DOMAIN, _FOLDER, languages=chosen, fallback=True).gettext
