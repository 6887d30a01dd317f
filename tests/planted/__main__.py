"""`python -m tests.planted [NAME ...]`: plants bugs, one after the other, and shows what finds them.

Each is applied to a private copy of this folder, never to the checkout. What does not find it does not protect against
it: the command fails when one survives, when one no longer applies, and when its tests fail without it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.planted.bugs import Bug, all_bugs, apply, copy_source
from tests.planted.finding import Finding, failing, find_by_seeds, find_by_tests

TITLES = ("bug", "what is planted", "found by", "after")


def main() -> int:
    """Plant what was asked for; 0 when all of it was found."""
    asked = _asked()
    bugs = [bug for bug in all_bugs() if not asked.names or bug.name in asked.names]
    if unknown := set(asked.names) - {bug.name for bug in bugs}:
        print(f"no such bug: {', '.join(sorted(unknown))}")
        return 1
    with tempfile.TemporaryDirectory(prefix="crosswalk-planted-") as folder:
        unreliable = _fail_without(Path(folder) / "sound", bugs) if asked.control else []
        found = {bug: _find(bug, Path(folder), asked.seeds, asked.all_by_seeds) for bug in bugs}
    print("\n".join(table(found)))
    survived = [bug.name for bug, finding in found.items() if not finding.by]
    for name in unreliable:
        print(f"its tests fail without it: {name}")
    for name in survived:
        print(f"survived or does not apply: {name}")
    return 1 if survived or unreliable else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make planted", description=__doc__)
    parser.add_argument("names", nargs="*", help="which; without names all")
    parser.add_argument(
        "--seeds", type=int, default=100, help="histories to play for what the tests do not find"
    )
    parser.add_argument("--all-by-seeds", action="store_true", help="look for every bug by histories alone")
    parser.add_argument(
        "--no-control", dest="control", action="store_false", help="do not run the tests without a bug first"
    )
    return parser.parse_args()


def _fail_without(sound: Path, bugs: Sequence[Bug]) -> list[str]:
    """Return the bugs whose tests find something in the source as it is; all tests are one run."""
    copy_source(sound)
    failed = failing(sound, sorted({test for bug in bugs for test in bug.tests}))
    print(f"without a bug: {len(failed)} of the tests fail", flush=True)
    return [bug.name for bug in bugs if failed.intersection(bug.tests)]


def _find(bug: Bug, folder: Path, seeds: int, by_seeds: bool) -> Finding:
    copy = folder / bug.name
    copy_source(copy)
    if not apply(bug, copy):
        return Finding(by="", seconds=0.0)
    found = Finding(by="", seconds=0.0) if by_seeds else find_by_tests(copy, bug.tests)
    if not found.by:
        played = find_by_seeds(copy, seeds)
        found = Finding(by=played.by, seconds=found.seconds + played.seconds)
    shutil.rmtree(copy)
    print(f"{bug.name}: {found.by or 'nothing'} ({found.seconds:.0f} s)", flush=True)
    return found


def table(found: dict[Bug, Finding]) -> Iterator[str]:
    """The outcome in Markdown."""
    yield f"| {' | '.join(TITLES)} |"
    yield f"|{'---|' * len(TITLES)}"
    for bug, finding in found.items():
        yield f"| `{bug.name}` | {bug.text} | {finding.by or '**nothing**'} | {finding.seconds:.0f} s |"


if __name__ == "__main__":
    raise SystemExit(main())
