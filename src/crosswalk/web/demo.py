"""Whether this is the web of a demo, and what its visitors may copy: addresses and credentials of invented systems."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .setup.ways import VENDORS

VARIABLE = "CROSSWALK_DEMO"  # names the file that says so
Systems = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A system to try a set-up with; its entries are those of the simplest way to sign in."""

    name: str
    title: str
    entries: Sequence[Mapping[str, Any]]


def is_demo() -> bool:
    """Tell whether all that pages show is invented."""
    return bool(os.environ.get(VARIABLE))


@cache
def systems() -> Systems:
    """Return what connects to each system that a visitor may try a set-up with; nothing where this is no demo."""
    if not is_demo():
        return {}
    found: Systems = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    return found


def offered() -> list[Offered]:
    """Return the same in the words of the pages that ask for it."""
    return [
        Offered(
            name=name,
            title=VENDORS[name].title,
            entries=[
                {"name": entry.name, "label": entry.label, "value": known[entry.name]}
                for entry in VENDORS[name].ways[0].entries
                if entry.name in known
            ],
        )
        for name, known in systems().items()
    ]
