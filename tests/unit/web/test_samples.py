"""A live sample within what a page shows of it."""

from __future__ import annotations

from crosswalk.sync.sampled import Cell, Fate, RowSample
from crosswalk.web.mapping.samples import cells_of_each, shown_sample


def sampled(*fates: Fate) -> RowSample:
    cells = [
        Cell(record=f"{place}@example.org", crm="A", activecampaign="B", fate=fate)
        for place, fate in enumerate(fates)
    ]
    return RowSample(
        crm="Name", crm_label="Name", activecampaign="name", activecampaign_label="Name", cells=cells
    )


def test_few_pairs_show_all_ten_records_and_many_show_some_of_each() -> None:
    assert cells_of_each(18) >= 10
    assert 3 <= cells_of_each(60) < 10
    assert cells_of_each(10_000) == 3


def test_what_would_change_is_shown_before_the_rest_which_is_counted() -> None:
    sample = sampled(Fate.EQUAL, Fate.LEFT, Fate.TO_CRM, Fate.EQUAL, Fate.ASK)
    shown = shown_sample(sample, 3)
    assert shown is not None
    assert [[cell.fate for cell in group] for group in shown.groups] == [
        [Fate.TO_CRM],
        [Fate.ASK],
        [Fate.EQUAL],
    ]
    assert shown.left == 2
    assert dict(shown.counts) == {Fate.EQUAL: 2, Fate.LEFT: 1, Fate.TO_CRM: 1, Fate.ASK: 1}


def test_records_of_the_same_outcome_stand_together_in_their_own_order() -> None:
    shown = shown_sample(sampled(Fate.EQUAL, Fate.TO_CRM, Fate.EQUAL), 10)
    assert shown is not None
    records = [[cell.record for cell in group] for group in shown.groups]
    assert records == [["0@example.org", "2@example.org"], ["1@example.org"]]
    assert shown.left == 0
    assert shown_sample(None, 10) is None
