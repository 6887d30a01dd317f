"""`python -m benchmarks`: measure, write docs/benchmarks.md and benchmarks/results.json; 1 when a limit is missed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .figures import Figure, results
from .page import page
from .place import place

_ROOT = Path(__file__).parent.parent
CONTACTS = 20_000


def main() -> int:
    """Measure everything. Returns the exit code."""
    options = _options()
    figures: list[Figure] = []
    with place() as session:
        from .scenarios import Sizes, all_figures

        for figure in all_figures(session, Sizes.of(options.contacts), _say):
            figures.append(figure)
            _say(f"   {'' if figure.ok else 'MISSED '}{figure.name}: {figure.value:,} {figure.unit}")
    options.results.write_bytes(results(figures))
    options.page.write_text(page(figures), encoding="utf-8")
    missed = [figure for figure in figures if not figure.ok]
    _say(f"{len(figures)} figures, {len(missed)} beyond their limit")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="size of the first load")
    parser.add_argument("--results", type=Path, default=_ROOT / "benchmarks" / "results.json")
    parser.add_argument("--page", type=Path, default=_ROOT / "docs" / "benchmarks.md")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
