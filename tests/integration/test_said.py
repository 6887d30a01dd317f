"""What is said to people: in the browser without commands."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import crosswalk
from crosswalk.core.language import gettext, speaking

SOURCE = Path(crosswalk.__file__).parent
COMMAND = re.compile(r"\bcrosswalk [a-z]+|(?<!\w)--[a-z]+")
ROOMS = ("core", "convert", "merge", "store", "sync", "systems", "jobs")
MARKS = {"_", "gettext", "gettext_noop", "mark"}
# What is done on the machine alone: where no page can be shown, or nobody may do it in the browser.
OF_THE_MACHINE = {
    "store/backup/file.py",
    "store/backup/restore.py",
    "store/tokens.py",
    "sync/doctor/stored.py",
    "core/state_words.py",  # the command line and mails say these; pages have `web.next_steps`
}


@pytest.mark.usefixtures("django_database")  # models are imported
def test_no_other_text_that_a_page_may_show_names_a_command_in_the_browser() -> None:
    with speaking("en", browser=True):
        told = [(where, gettext(text)) for room in ROOMS for where, text in _texts(room)]
    assert len(told) > 500
    assert [(where, text) for where, text in told if COMMAND.search(text)] == []


def _texts(room: str) -> Iterator[tuple[str, str]]:
    """Yield what the modules of a room mark for translation."""
    for path in sorted((SOURCE / room).rglob("*.py")):
        where = path.relative_to(SOURCE)
        if where.as_posix() in OF_THE_MACHINE or "migrations" in where.parts:
            continue
        marked = [
            str(call.args[0].value)
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS
            if call.args and isinstance(call.args[0], ast.Constant)
        ]
        if any(COMMAND.search(text) for text in marked):  # it says itself what the browser says instead
            importlib.import_module(".".join(("crosswalk", *where.with_suffix("").parts)))
        yield from ((where.as_posix(), text) for text in marked)
