"""The bugs to be planted: each a patch that says what it does and which tests are to find it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_TESTS = "Tests: "
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "*.egg-info")


@dataclass(frozen=True, kw_only=True)
class Bug:
    """One mistake that somebody might make."""

    name: str
    text: str  # what it does
    tests: tuple[str, ...]  # what pytest is given to find it
    patch: Path


def all_bugs() -> list[Bug]:
    """Every bug, by name."""
    return [read(path) for path in sorted(HERE.glob("*.patch"))]


def read(path: Path) -> Bug:
    """Read what stands before the patch: a sentence, and the tests."""
    head, _, _diff = path.read_text().partition("\n--- ")
    text, _, tests = head.strip().rpartition(_TESTS)
    return Bug(name=path.stem, text=" ".join(text.split()), tests=tuple(shlex.split(tests)), patch=path)


def copy_source(target: Path) -> None:
    """Copy everything that tests need to a folder that does not exist yet."""
    shutil.copytree(ROOT, target, ignore=_LEFT_OUT)


def apply(bug: Bug, copy: Path, *, only_check: bool = False) -> bool:
    """Apply a bug to a copy of the source; false when it no longer fits."""
    command = ["git", "apply", "-C1", *(["--check"] if only_check else []), str(bug.patch)]
    # A copy inside of a checkout is none of that checkout's business: git would leave its files alone.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{bug.name}: {done.stderr.strip()}")
    return done.returncode == 0
