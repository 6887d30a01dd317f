"""`python -m benchmarks`: measure, write docs/benchmarks.md and benchmarks/results.json; 1 when a limit is missed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from crosswalk.cli.session import Session

from .figures import Figure, Part, read, results, told
from .measure import fixed_work
from .page import page
from .place import place
from .systems import DYNAMICS, SALESFORCE

_ROOT = Path(__file__).parent.parent
CONTACTS, LARGE, FACTOR = 20_000, 100_000, 2
CREW = (6, 200)
AT_SIZE, WORKERS, WEB = "at-size", "workers", "web"


def main() -> int:
    """Measure everything. Returns the exit code."""
    options = _options()
    began = time.monotonic()
    parts = read(options.results)
    measured: list[Figure] = []
    with place() as session:
        for name in [options.only] if options.only else PARTS:
            figures = list(_shown(_between_fixed_work(PARTS[name](session, options))))
            parts.pop(name, None)
            parts[name] = Part.now(figures)
            measured += figures
    options.results.write_bytes(results(parts))
    options.page.write_text(page(parts), encoding="utf-8")
    missed = [figure for figure in measured if not figure.ok]
    minutes = (time.monotonic() - began) / 60
    _say(f"{len(measured)} figures, {len(missed)} beyond their limit, in {minutes:.0f} minutes")
    return 1 if missed else 0


def _shown(figures: Iterator[Figure]) -> Iterator[Figure]:
    for figure in figures:
        _say(f"   {'' if figure.ok else 'MISSED '}{figure.name}: {figure.value:,} {figure.unit}")
        yield figure


def _between_fixed_work(figures: Iterator[Figure]) -> Iterator[Figure]:
    """Tell how fast the machine was before and after: figures of days on which it was not are no comparison."""
    yield told("a fixed piece of Python work, before: processor time", 1000 * fixed_work(), "ms")
    yield from figures
    yield told("a fixed piece of Python work, after: processor time", 1000 * fixed_work(), "ms")


def _salesforce(session: Session, options: argparse.Namespace) -> Iterator[Figure]:
    from .scenarios import Sizes, all_figures

    yield from all_figures(session, Sizes.of(options.contacts), _say)


def _at_size(_session: Session, options: argparse.Namespace) -> Iterator[Figure]:
    from .at_size import Large, large_figures

    large = Large.of(options.large, options.factor, records=options.records, dlt=options.dlt)
    yield from large_figures(large, _say)


def _dynamics(_session: Session, options: argparse.Namespace) -> Iterator[Figure]:
    from .at_size import Large, dynamics_figures

    large = Large.of(options.large, options.factor, records=None, dlt=None)
    for figure in dynamics_figures(large, _say):
        yield replace(figure, name=f"Dynamics 365: {figure.name}")


def _workers(session: Session, options: argparse.Namespace) -> Iterator[Figure]:
    from .workers import ROUNDS, Crew, worker_figures

    connections, many = options.crew
    crew = Crew(connections=connections, many=many, rounds=options.rounds or ROUNDS)
    yield from worker_figures(session, crew, _say)


def _web(session: Session, options: argparse.Namespace) -> Iterator[Figure]:
    from .web import TIMES, web_figures

    yield from web_figures(session, options.large, options.rounds or TIMES, _say)


# The pipeline can be imported within `place` alone.
PARTS = {SALESFORCE: _salesforce, AT_SIZE: _at_size, DYNAMICS: _dynamics, WORKERS: _workers, WEB: _web}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure this part; what is kept of the others stays")
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="size of the first load")
    parser.add_argument("--large", type=int, default=LARGE, help="size of what is measured at size")
    parser.add_argument("--factor", type=int, default=FACTOR, help="how many times as wide scaled limits are")
    parser.add_argument(
        "--records", type=int, help="size of a further first load, for its memory alone (takes long)"
    )
    parser.add_argument(
        "--crew",
        type=int,
        nargs=2,
        default=CREW,
        metavar=("FEW", "MANY"),
        help="connections that workers run together, and that start by their schedules (0: that is left out)",
    )
    parser.add_argument(
        "--rounds", type=int, help="how often workers run and pages are asked for, instead of 5 and 20 times"
    )
    parser.add_argument(
        "--dlt",
        type=Path,
        metavar="PYTHON",
        help="a Python that has dlt; without it, nothing is compared with it",
    )
    parser.add_argument("--results", type=Path, default=_ROOT / "benchmarks" / "results.json")
    parser.add_argument("--page", type=Path, default=_ROOT / "docs" / "benchmarks.md")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
