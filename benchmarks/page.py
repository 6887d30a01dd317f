"""docs/benchmarks.md: page.md with the figures filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .figures import Figure, Parts

_TEMPLATE = Path(__file__).with_suffix(".md")


def page(parts: Parts) -> str:
    """Return the page."""
    shown = {
        name.replace("-", "_"): _part(parts, name)
        for name in ("salesforce", "at-size", "dynamics", "workers", "web")
    }
    return _TEMPLATE.read_text(encoding="utf-8").format(**shown)


def _part(parts: Parts, name: str) -> str:
    if name not in parts:
        return f"Not measured yet: `python -m benchmarks --only {name}` does it."
    part = parts[name]
    lines = [f"Measured at commit {part.commit[:12]} on {part.machine}.", ""]
    return "\n".join([*lines, "| figure | value | limit | |", "|---|---:|---:|---|", *_rows(part.figures)])


def _rows(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        limit = f"{figure.bound} {_number(figure.limit)}" if figure.limit is not None else ""
        mark = "" if figure.limit is None else "ok" if figure.ok else "**missed**"
        yield f"| {figure.name} | {_number(figure.value)} {figure.unit} | {limit} | {mark} |"


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,.4g}"
