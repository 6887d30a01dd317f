"""docs/benchmarks.md: page.md with the figures filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .figures import Figure, commit, machine

_TEMPLATE = Path(__file__).with_suffix(".md")


def page(figures: Sequence[Figure]) -> str:
    """Return the page."""
    return _TEMPLATE.read_text(encoding="utf-8").format(
        commit=commit()[:12], machine=machine(), rows="\n".join(_rows(figures))
    )


def _rows(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        limit = f"{figure.bound} {_number(figure.limit)}" if figure.limit is not None else ""
        mark = "" if figure.limit is None else "ok" if figure.ok else "**missed**"
        yield f"| {figure.name} | {_number(figure.value)} {figure.unit} | {limit} | {mark} |"


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,.4g}"
