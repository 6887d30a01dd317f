"""Tables and texts for people, from values that nobody checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from crosswalk.core.language import gettext as _

_LONGEST = 60  # characters shown of one value


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; cells are shown as `shown` or as they are when they are rich's own."""
    made = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*[cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row])
    return made


def facts(title: str, pairs: Mapping[str, Any]) -> Table:
    """Return a table of one fact a line."""
    made = Table(title=title or None, title_justify="left", title_style="bold", box=None, show_header=False)
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        made.add_row(Text(name), value if isinstance(value, Text) else Text(shown(value)))
    return made


def line(text: str, style: str = "") -> Text:
    """Return one line of text, free of markup."""
    return Text(text, style=style)


def shown(value: Any) -> str:
    """Return a value as one short line without control characters."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(item)}" for name, item in value.items()) or "–"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(shown(item) for item in value) or "–"
    return _plain(str(value))


_JOINERS = "\u200c\u200d"  # hold letters and emoji of one sign together


def _plain(text: str) -> str:
    """Keep a record's text from moving the cursor, breaking lines, or turning the direction of writing."""
    safe = "".join("⏎" if sign == "\n" else sign if _harmless(sign) else "�" for sign in text)
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"


def _harmless(sign: str) -> bool:
    return sign in _JOINERS or not unicodedata.category(sign).startswith("C")


def change(before: Any, after: Any) -> Text:
    """Return a value before and after, told apart by signs as well as colours."""
    text = Text()
    if before is not None:
        text.append(f"− {shown(before)}", style="red")
        text.append("  ")
    text.append(f"+ {shown(after)}", style="green")
    return text


def changes(fields: Mapping[str, Sequence[Any]], labels: Mapping[str, str]) -> Text:
    """Return a record's changes, `{field: [before, after, reason]}`, one line a field, by the fields' labels."""
    lines = [
        Text(f"{labels.get(name, name)}: ").append_text(change(before, after))
        for name, (before, after, *_why) in fields.items()
    ]
    return Text("\n").join(lines)
