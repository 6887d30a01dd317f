"""Templates are sent without their indentation, so none of them may hold text whose lines matter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crosswalk import web

TEMPLATES = sorted((Path(web.__file__).parent / "templates").rglob("*.html"))
LOOSE = re.compile(r"{%\s*blocktranslate(?![^%]*trimmed)[^%]*%}((?!{%\s*endblocktranslate).)*\n", re.DOTALL)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_holds_text_whose_lines_matter(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "<pre" not in text
    assert not LOOSE.search(text), "its translation would not be found"
