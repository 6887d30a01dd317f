"""A live sample as a tab shows it: so much of each pair that the page stays small, changes before the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crosswalk.sync.sampled import Cell, Fate, RowSample

_CELLS = 180  # that a page shows: ten records of up to 18 pairs
_FEWEST = 3  # of each pair, however many there are
_QUIET = frozenset({Fate.EQUAL, Fate.LEFT, Fate.ASIDE})  # nothing would happen


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSample:
    """What the rules of one pair would do: counts of all records, and some records with their values."""

    counts: Sequence[tuple[Fate, int]]
    groups: Sequence[Sequence[Cell]]  # records with the same outcome for the same reason
    left: int  # records that are only counted


def cells_of_each(pairs: int) -> int:
    """Return how many records are shown of each pair of a page."""
    return max(_FEWEST, _CELLS // max(1, pairs))


def shown_sample(sample: RowSample | None, most: int) -> ShownSample | None:
    """Return what is shown of a pair's sample; None: there is nothing to show."""
    if sample is None or not sample.cells:
        return None
    cells = sample.cells
    if len(cells) > most:
        cells = sorted(cells, key=lambda cell: cell.fate in _QUIET)[:most]
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.fate, cell.winner, cell.why), []).append(cell)
    return ShownSample(
        counts=sample.counts, groups=list(groups.values()), left=len(sample.cells) - len(cells)
    )
