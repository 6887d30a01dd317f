"""docs/benchmarks.md: the figures with what explains them."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import Figure, commit, machine

_HEAD = """\
# Benchmarks

Written by `make bench`; the same figures for programs are in `benchmarks/results.json`. The sandbox runs in a process
of its own, the database is the embedded one, the mapping is the demo's. What counts are calls and ratios: absolute
times depend on the machine and on what else runs on it.

"""

_TAIL = """
## How to read them

**Calls.** The vendors' limits bound the speed, not the processor. The floor for creating n contacts that ActiveCampaign
does not have is n / 250 imports, as many looks at their results, and n / 100 pages to read back the ids and what was
stored: 0.018 calls a contact. What is above it are looks at the import queue and the readings that guard each wave. An
idle run reads each feed once; the first run of a process also reads the definitions of the fields. Every five minutes
one more call counts whether a late change was missed, and with the rule *tagged* one more looks for the tag.

**Changes.** Above 200 waiting updates they travel in imports of 250, each target read before (100 a call) and once more
after it; those that empty a field or change an address go one by one, as everything does below that number.

**Against a plain loop.** The loop reads Salesforce page by page and sends one `POST /contact/sync` per record over one
kept connection. *At the vendors' limits* both are paced as ActiveCampaign demands, five calls a second: that is what a
user sees. *Without limits* the loop is as fast as the sandbox answers, and Crosswalk still stores intents, waits for
the import queue and confirms every record.

**Own work** is wall time less the time inside HTTP calls and less waiting (for the vendors' pace, and two seconds
before an import is confirmed, so that no stamp of that second is missed), in a process that has run before.
"""


def page(figures: Sequence[Figure]) -> str:
    """Return the page: a table of the figures between what explains them."""
    rows = "\n".join(_row(figure) for figure in figures)
    table = f"| figure | value | limit | |\n|---|---:|---:|---|\n{rows}\n"
    return f"{_HEAD}Measured on {machine()}, commit `{commit()[:12]}`.\n\n{table}{_TAIL}"


def _row(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{figure.bound.value} {figure.limit:,g}"
    verdict = "" if figure.limit is None else ("kept" if figure.ok else "**missed**")
    return f"| {figure.name} | {figure.value:,g} {figure.unit} | {limit} | {verdict} |"
