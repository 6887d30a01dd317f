"""What a run over many seeds says: the table of faults and states, and the story of a seed that failed."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import zip_longest

import msgspec

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


def table(results: Iterable[Played], states: Iterable[str]) -> Iterator[str]:
    """Faults fired and states reached, one a line."""
    fired: Counter[str] = Counter()
    reached: Counter[str] = Counter(dict.fromkeys(states, 0))
    seeds, lost, simulated = 0, 0, 0.0
    for played in results:
        seeds += 1
        lost += played.lost_in_window
        simulated += played.simulated
        fired.update(played.fired)
        reached.update({name: number for name, number in played.states.items() if name in reached})
    yield f"{seeds} seeds, {simulated / DAY:.0f} simulated days"
    yield f"{lost:7} values overwritten in the stated window of ten seconds: counted apart, no pass"
    yield "faults fired"
    yield from (f"{number:7} {name}" for name, number in sorted(fired.items()))
    yield "states reached"
    yield from (f"{number:7} {name}" for name, number in sorted(reached.items()))


def missing(results: Iterable[Played], states: Iterable[str]) -> list[str]:
    """The listed states that no seed reached."""
    reached = {name for played in results for name in played.states}
    return [name for name in states if name not in reached]


def failure(played: Played) -> str:
    """A seed that failed: how to play it again, its options, what is wrong, and the story."""
    lines = [
        f"seed {played.seed} failed; play it again with: make simulate SEED={played.seed}",
        f"options: {played.options}",
        *played.wrong,
        "what happened:",
        *played.story,
    ]
    return "\n".join(lines)
