"""The pages about codes: what docs/errors says, which an installation brings along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_noop
from markdown_it import MarkdownIt
from markdown_it.token import Token

import crosswalk
from crosswalk.core import catalogue
from crosswalk.core.catalogue import CATALOGUE, Entry

_PACKAGE = Path(crosswalk.__file__).parent
# in an installed package, and in the sources
_FOLDERS = (_PACKAGE / "docs" / "errors", _PACKAGE.parents[1] / "docs" / "errors")
# first digit of the code → what these codes are about
GROUPS = {
    "1": gettext_noop("Reaching and using the systems"),
    "2": gettext_noop("Values that do not fit"),
    "3": gettext_noop("What a system refused"),
    "4": gettext_noop("What a person must decide or mend"),
    "5": gettext_noop("Fields at rest"),
    "6": gettext_noop("Commands and runs"),
    "9": gettext_noop("Crosswalk itself"),
}
ENGLISH = "en"
_INDEX = re.compile(r"\n\[[^\]]+\]\([./]*README\.md\)")  # the link that ends a file
_CODE_PAGE = re.compile(r"^(CW-\d{4})\.md$")


def groups() -> list[tuple[str, list[Entry]]]:
    """Return all entries of the catalogue by what they are about."""
    entries = sorted(CATALOGUE.values(), key=lambda entry: entry.code)
    return [
        (title, [each for each in entries if each.code.startswith(f"CW-{digit}")])
        for digit, title in GROUPS.items()
    ]


def entry_of(code: str) -> Entry | None:
    """Return the entry with a code."""
    found = catalogue.find(code)
    return found if found is not None and found.code == code.upper() else None


class Page(NamedTuple):
    """What is written about a code."""

    language: str
    sections: Sequence[tuple[str, SafeString]]  # heading and HTML


@cache
def page(code: str, language: str) -> Page:
    """Return what is written about a code in a language, or in English. No sections where no file came along."""
    for spoken, place in ((language, f"{language}/{code}.md"), (ENGLISH, f"{code}.md")):
        file = next((folder / place for folder in _FOLDERS if (folder / place).is_file()), None)
        if file is not None:
            return Page(spoken, _sections(file.read_text(encoding="utf-8")))
    return Page(ENGLISH, [])


def _sections(text: str) -> Sequence[tuple[str, SafeString]]:
    parts = _INDEX.split(text)[0].split("\n## ")[1:]
    return [(heading, _html(body)) for heading, _line, body in (part.partition("\n") for part in parts)]


def _html(text: str) -> SafeString:
    """Return Markdown of ours as HTML; links lead to other codes, or are plain text."""
    reader = MarkdownIt("commonmark", {"html": False})
    tokens = reader.parse(text)
    for token in tokens:
        if token.children:
            token.children = _linked(token.children)
    html: str = reader.renderer.render(tokens, reader.options, {})
    return mark_safe(html)


def _linked(tokens: Sequence[Token]) -> list[Token]:
    kept, inside = [], False
    for token in tokens:
        if token.type == "link_open":
            found = _CODE_PAGE.match(str(token.attrs.get("href", "")))
            inside = found is not None
            if found is not None:
                token.attrs["href"] = reverse("help", args=[found[1]])
        if token.type not in {"link_open", "link_close"} or inside:
            kept.append(token)
    return kept
