"""What a run over many seeds says: the table of faults and states, and the story of a seed that failed."""

from __future__ import annotations

import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import zip_longest

import msgspec
from tests.simulation.names import Listed

DAY = 86_400.0
TWICE_EVERY = 25
# what the database may not use for a second playing: rows come in other orders, and nothing may hang on that
PLANS = (
    ("hashjoin", "mergejoin"),
    ("nestloop",),
    ("seqscan",),
    ("hashagg", "sort"),
    ("indexscan", "bitmapscan"),
)
FIRST = "CROSSWALK_SIMULATION_FIRST"  # names the first seed of a run, to repeat it


class Played(msgspec.Struct, kw_only=True):
    """What came of one history."""

    seed: int
    crm: str
    wrong: list[str]
    lost_in_window: int  # values overwritten where the design says that they may be
    simulated: float  # seconds
    fired: dict[str, int]
    states: dict[str, int]
    trace: list[str] = []  # everything that happened, of seeds that are played twice
    story: list[str] = []
    options: str = ""


# The suite plays the same seeds each time, until thousands of new ones in a row find nothing; `make simulate` plays
# those.
OF_THE_SUITE = 12624877025


def first_seed() -> int:
    """New with every commit and every day; the environment may name another."""
    if given := os.environ.get(FIRST):
        return int(given)
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    text = f"{commit} {datetime.now(UTC).date()}"
    return int.from_bytes(blake2b(text.encode(), digest_size=3).digest()) * 1000


def is_played_twice(seed: int) -> bool:
    """Whether a seed is one of those that must be the same when they are played again."""
    return seed % TWICE_EVERY == 0


def other_plans(seed: int) -> tuple[str, ...]:
    """The second playing's settings of the database."""
    return tuple(f"enable_{name}" for name in PLANS[seed // TWICE_EVERY % len(PLANS)])


def difference(first: Played, again: Played) -> str:
    """Where two playings of one seed part; empty text: nowhere."""
    if first.trace == again.trace:
        return ""
    pairs = zip_longest(first.trace, again.trace, fillvalue="(the end)")
    number, (one, other) = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
    told = f"seed {first.seed} was not the same when it was played again with {other_plans(first.seed)} off"
    return f"{told}; line {number} of its trace:\n{one}\n{other}"


def table(results: Sequence[Played], listed: Iterable[Listed]) -> Iterator[str]:
    """Faults fired and states reached, one a line, and with which CRM."""
    fired: dict[str, Counter[str]] = defaultdict(Counter)
    reached: dict[str, Counter[str]] = defaultdict(Counter)
    for played in results:
        fired[played.crm].update(played.fired)
        reached[played.crm].update(played.states)
    crms = sorted(Counter(played.crm for played in results).items())
    yield f"{len(results)} seeds, {sum(played.simulated for played in results) / DAY:.0f} simulated days"
    lost = sum(played.lost_in_window for played in results)
    yield f"{lost:7} values overwritten in the stated window of ten seconds: counted apart, no pass"
    yield " ".join(f"{crm:>12}" for crm, _number in crms)
    yield f"{' '.join(f'{number:12}' for _crm, number in crms)} seeds"
    yield "faults fired"
    yield from _rows(
        [crm for crm, _number in crms], fired, {name for each in fired.values() for name in each}
    )
    yield "states reached"
    yield from _rows([crm for crm, _number in crms], reached, {each.name for each in listed})


def _rows(crms: Sequence[str], counted: Mapping[str, Counter[str]], names: Iterable[str]) -> Iterator[str]:
    for name in sorted(names):
        yield f"{' '.join(f'{counted[crm][name]:12}' for crm in crms)} {name}"


def missing(results: Sequence[Played], listed: Iterable[Listed]) -> list[str]:
    """The listed states that no seed reached; what both CRMs must show counts for each that was played."""
    reached = {(played.crm, name) for played in results for name in played.states}
    crms = sorted({played.crm for played in results})
    found = []
    for each in listed:
        unmet = [crm for crm in crms if crm in each.crms and (crm, each.name) not in reached]
        if each.either:
            found += [each.name] if len(unmet) == len(crms) else []
        else:
            found += [f"{each.name} (with {crm})" for crm in unmet]
    return found


def failure(played: Played) -> str:
    """A seed that failed: how to play it again, its options, what is wrong, and the story."""
    lines = [
        f"seed {played.seed} failed; play it again with: make simulate SEED={played.seed} CRM={played.crm}",
        f"options: {played.options}",
        *played.wrong,
        "what happened:",
        *played.story,
    ]
    return "\n".join(lines)
