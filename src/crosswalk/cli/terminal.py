"""Where a command prints: data on stdout, talk on stderr; colour and motion only where a terminal is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from crosswalk.core.words import plain

from .outcome import VERSION

_WIDTH = 200  # columns, where no terminal says how many there are


def _console(*, stderr: bool) -> Console:
    """Rich honours NO_COLOR and COLUMNS itself; a table written to a file is wide rather than folded."""
    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, highlight=False, width=None if known else _WIDTH)


class Terminal:
    """Stdout and stderr of one command."""

    def __init__(self, *, as_json: bool, verbose: bool) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    @property
    def can_ask(self) -> bool:
        """Tell whether a person sits there who can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def say(self, text: str, *, style: str = "") -> None:
        """Tell people something that is no data."""
        self.err.print(Text(text, style=style), soft_wrap=True)

    def ask(self, question: str) -> bool:
        """Return whether the person agrees; silence is no."""
        self.err.print(Text(f"{question} [y/N] "), end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def show(self, tables: Iterable[RenderableType]) -> None:
        """Print data for people."""
        for table in tables:
            self.out.print(table, soft_wrap=isinstance(table, Text))

    def print_json(self, data: Mapping[str, Any]) -> None:
        """Print data for programs, in UTF-8 whatever the locale."""
        text = msgspec.json.format(
            msgspec.json.encode({"version": VERSION, **data}, enc_hook=plain), indent=2
        )
        sys.stdout.flush()
        sys.stdout.buffer.write(text + b"\n")
        sys.stdout.buffer.flush()
