"""Whether this is the web of a demo, and what its visitors may copy: addresses and credentials of invented systems."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VARIABLE = "CROSSWALK_DEMO"  # names the file that says so
Systems = Mapping[str, Mapping[str, str]]


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
