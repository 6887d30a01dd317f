"""What the web shows comes from here alone."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import crosswalk.web
from crosswalk.core.state import State

WEB = Path(crosswalk.web.__file__).parent


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


def test_every_icon_of_a_page_is_in_the_sprite_and_no_other() -> None:
    sprite = (WEB / "static" / "vendor" / "icons.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    files = [*WEB.rglob("*.html"), *WEB.rglob("*.py")]
    pages = " ".join(file.read_text(encoding="utf-8") for file in files)
    asked = set(re.findall(r"""icon=["']([\w-]+)["']""", pages))
    quoted = set(re.findall(r"""["']([\w-]+)["']""", pages))
    assert asked <= there <= quoted
