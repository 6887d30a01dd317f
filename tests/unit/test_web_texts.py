"""What the web says is there in every language, and what it shows comes from here alone."""

from __future__ import annotations

import ast
import gettext
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import crosswalk.web
from crosswalk.core.state import State

WEB = Path(crosswalk.web.__file__).parent
MARKS = {"_", "gettext_noop", "gettext_lazy"}


def marked() -> Iterator[str]:
    """Every text that is marked for translation."""
    for file in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                yield from (str(text.value) for text in node.args if isinstance(text, ast.Constant))
    for file in WEB.rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        yield from (text for _, text in re.findall(r"""{% translate (["'])(.*?)\1""", page))
        for text in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", page):
            yield re.sub(r"{{ (\w+) }}", r"%(\1)s", text)


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_text_is_translated(language: str) -> None:
    file = Path(crosswalk.__file__).parent / "locale" / language / "LC_MESSAGES" / "django.mo"
    with file.open("rb") as compiled:
        translated = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]
    assert not [text for text in marked() if not translated.get(text)]


def test_no_page_and_no_style_loads_anything_from_elsewhere() -> None:
    for file in [*WEB.rglob("*.html"), *WEB.glob("static/**/*.css"), *WEB.glob("static/*.js")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), file
        assert not re.search(r"""@import|url\(["']?(?:https?:)?//""", text), file
        assert file.suffix != ".html" or not re.search(r"\sstyle=|\son\w+=|<style|<script>", text), file


def test_what_is_compressed_is_the_same() -> None:
    found = list(WEB.rglob("*.gz"))
    assert found
    for file in found:
        assert gzip.decompress(file.read_bytes()) == file.with_suffix("").read_bytes()


def test_every_state_has_its_look() -> None:
    overview = (WEB / "views" / "overview.py").read_text(encoding="utf-8")
    assert set(re.findall(r"State\.(\w+): \(", overview)) == set(State.__members__)


def test_every_icon_of_a_page_is_in_the_sprite() -> None:
    sprite = (WEB / "static" / "vendor" / "icons.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    pages = " ".join(file.read_text(encoding="utf-8") for file in WEB.rglob("*.html"))
    looks = re.findall(
        r'State\.\w+: \("([\w-]+)"', (WEB / "views" / "overview.py").read_text(encoding="utf-8")
    )
    assert {*re.findall(r'icon="([\w-]+)"', pages), *looks} == there
