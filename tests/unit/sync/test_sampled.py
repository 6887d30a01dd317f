"""What a live sample says about each field."""

from __future__ import annotations

import pytest

from crosswalk.core.mapping import Side
from crosswalk.sync.sampled import Cell, Fate, RowSample, cell_words, fate_words


def cell(fate: Fate, *, winner: Side | None = None, why: str = "") -> Cell:
    return Cell(record="ana@example.org", crm="1", activecampaign=None, fate=fate, winner=winner, why=why)


def test_every_fate_has_words_and_the_crm_is_called_by_its_name() -> None:
    said = {fate: fate_words(fate, "Salesforce") for fate in Fate}
    assert len(set(said.values())) == len(Fate)
    assert said[Fate.TO_CRM] == "would be written to Salesforce"


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (cell(Fate.EQUAL), "equal"),
        (cell(Fate.LEFT, why="Only if empty."), "left alone. Only if empty."),
        (
            cell(Fate.TO_CRM, winner=Side.ACTIVECAMPAIGN, why="The later change wins."),
            "conflict, ActiveCampaign wins: would be written to Salesforce. The later change wins.",
        ),
    ],
)
def test_a_field_is_told_with_who_wins_and_why(shown: Cell, words: str) -> None:
    assert cell_words(shown, "Salesforce") == words


def test_a_pair_is_summed_up_by_what_happens_most() -> None:
    cells = [cell(Fate.EQUAL), cell(Fate.LEFT), cell(Fate.EQUAL)]
    row = RowSample(crm="a", crm_label="A", activecampaign="b", activecampaign_label="B", cells=cells)
    assert row.counts == [(Fate.EQUAL, 2), (Fate.LEFT, 1)]
