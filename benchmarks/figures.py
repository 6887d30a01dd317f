"""Figures with their limits, and the file that keeps them. Its parts are measured together or alone."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

VERSION = 1
_ROOT = Path(__file__).parent.parent
_MEASURED = ("src", "benchmarks/*.py")  # what the commit has to name exactly


class Bound(StrEnum):
    """Which side of its limit a figure has to stay on."""

    MOST = "≤"
    LEAST = "≥"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that was measured."""

    name: str
    value: int | float
    unit: str
    limit: int | float | None = None
    bound: Bound = Bound.NONE

    @property
    def ok(self) -> bool:
        """Whether it keeps its limit."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.bound is Bound.MOST else self.value >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was measured at one go."""

    machine: str
    commit: str
    figures: Sequence[Figure]

    @classmethod
    def now(cls, figures: Sequence[Figure]) -> Part:
        """Return figures that were measured just now."""
        return cls(machine=machine(), commit=commit(), figures=figures)


Parts = Mapping[str, Part]  # by name


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that may not be higher."""
    return Figure(name=name, value=_rounded(value), unit=unit, limit=limit, bound=Bound.MOST)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that may not be lower."""
    return Figure(name=name, value=_rounded(value), unit=unit, limit=limit, bound=Bound.LEAST)


def told(name: str, value: float, unit: str) -> Figure:
    """A figure without a limit."""
    return Figure(name=name, value=_rounded(value), unit=unit)


def _rounded(value: float) -> float:
    """Keep four significant digits, and whole numbers whole."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


def results(parts: Parts) -> bytes:
    """Return all figures as JSON, each with its part; machine and commit are told for each part.

    On top stand those of the part that was measured last.
    """
    latest = list(parts.values())[-1]
    given = {
        "version": VERSION,
        "machine": latest.machine,
        "commit": latest.commit,
        "parts": {name: {"machine": part.machine, "commit": part.commit} for name, part in parts.items()},
        "figures": [
            {**msgspec.to_builtins(each), "ok": each.ok, "part": name}
            for name, part in parts.items()
            for each in part.figures
        ],
    }
    return msgspec.json.format(msgspec.json.encode(given), indent=2) + b"\n"


def read(file: Path) -> dict[str, Part]:
    """Return the parts that a file keeps; none if it is not there."""
    if not file.exists():
        return {}
    kept = msgspec.json.decode(file.read_bytes())
    figures: dict[str, list[Figure]] = {name: [] for name in kept["parts"]}
    for each in kept["figures"]:
        figures[each["part"]].append(msgspec.convert(each, Figure))
    return {name: Part(**place, figures=figures[name]) for name, place in kept["parts"].items()}


def machine() -> str:
    """Describe the machine: processor, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} × {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return " ".join(names[0].split()) if names else platform.processor() or platform.machine()


def commit() -> str:
    """Name the commit, with `-dirty` behind it when what is measured differs from it."""
    if not (head := _git("rev-parse", "HEAD")):
        return "unknown"
    return head + ("-dirty" if _git("status", "--porcelain", "--", *_MEASURED) else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
