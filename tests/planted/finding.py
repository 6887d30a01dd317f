"""Looking for a bug in a copy of the source: by the suite's tests, then by histories."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?::\S+.*?)(?: - .*)?$", re.MULTILINE)
_SEED_FAILED = re.compile(r"^seed (\d+) failed", re.MULTILINE)
FIRST, SLICE = 1, 10  # the first seed, and how many are played before the outcome is looked at
LIMIT = 900.0  # seconds after which what is run is taken to be endless
GRACE = 30.0  # seconds to end in, once interrupted
ENDLESS = "something that never ends"
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
    failed = _failures(copy, ["-x", *tests])
    by = ENDLESS if failed is None else next((f"`{each}`" for each in failed), "")
    return Finding(by=by, seconds=time.monotonic() - began)


def failing(copy: Path, tests: Sequence[str]) -> set[str]:
    """Run all tests in the copy; return those that fail, which are all of them when they never end.

    Raises RuntimeError when they cannot be run at all.
    """
    failed = _failures(copy, tests)
    return set(tests if failed is None else failed)


def _failures(copy: Path, arguments: Sequence[str]) -> list[str] | None:
    """Return the tests that fail; None when they never end."""
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *arguments)
    if done is None:
        return None
    if done.returncode not in OUTCOMES:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return _FAILED.findall(done.stdout) if OUTCOMES[done.returncode] else []


def find_by_seeds(copy: Path, seeds: int) -> Finding:
    """Play histories in the copy until one fails."""
    began = time.monotonic()
    by = ""
    for first in range(FIRST, FIRST + seeds, SLICE):
        part = min(SLICE, FIRST + seeds - first)
        done = run(copy, "-m", "tests.simulation", "--first", str(first), "--seeds", str(part))
        failed = _SEED_FAILED.search(done.stdout) if done is not None else None
        if failed is not None or done is None:
            by = f"seed {failed[1]}" if failed else ENDLESS
            break
    return Finding(by=by, seconds=time.monotonic() - began)


def run(copy: Path, *arguments: str, limit: float = LIMIT) -> subprocess.CompletedProcess[str] | None:
    """Run Python in the copy; None when it did not end within `limit` seconds, and then it is interrupted."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_interruptible,  # noqa: PLW1509 - there are no threads here
    )
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def _interruptible() -> None:
    """What is started in the background of a shell ignores interrupts, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupt the process, so that it stops its database server, and kill it if it does not end."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
