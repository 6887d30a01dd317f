"""Looking for a bug in a copy of the source: by the suite's tests, then by histories."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?::\S+.*?)(?: - .*)?$", re.MULTILINE)
_SEED_FAILED = re.compile(r"^seed (\d+) failed", re.MULTILINE)
FIRST, SLICE = 1, 10  # the first seed, and how many are played before the outcome is looked at
OUTCOMES = {0: False, 1: True}  # of pytest: passed, failed; anything else says nothing about the bug


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What found a bug (nothing: it survived), and after how long."""

    by: str
    seconds: float


def find_by_tests(copy: Path, tests: Sequence[str]) -> Finding:
    """Run tests in the copy until one fails.

    Raises RuntimeError when they cannot be run at all.
    """
    began = time.monotonic()
    done = _python(copy, "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *tests)
    if done.returncode not in OUTCOMES:
        raise RuntimeError(f"{' '.join(tests)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = _FAILED.search(done.stdout) if OUTCOMES[done.returncode] else None
    return Finding(by=f"`{failed[1]}`" if failed else "", seconds=time.monotonic() - began)


def find_by_seeds(copy: Path, seeds: int) -> Finding:
    """Play histories in the copy until one fails."""
    began = time.monotonic()
    by = ""
    for first in range(FIRST, FIRST + seeds, SLICE):
        part = min(SLICE, FIRST + seeds - first)
        done = _python(copy, "tests.simulation", "--first", str(first), "--seeds", str(part))
        if failed := _SEED_FAILED.search(done.stdout):
            by = f"seed {failed[1]}"
            break
    return Finding(by=by, seconds=time.monotonic() - began)


def _python(copy: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the copy, in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
