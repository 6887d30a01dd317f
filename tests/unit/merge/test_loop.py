"""What counts as going to and fro: values that come back, on whichever side."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.mapping import Side
from crosswalk.core.values import Kind
from crosswalk.merge import Written, times_set_back

from .build import field, plan

CRM, CONTACT = Side.CRM, Side.ACTIVECAMPAIGN
TEXT = plan()
sides = st.sampled_from(Side)


def test_each_answer_that_undoes_the_write_before_counts() -> None:
    writes = [
        Written(CRM, "Warm", "Hot"),
        Written(CONTACT, "Hot", "Warm"),
        Written(CRM, "Warm", "Hot"),
        Written(CONTACT, "Hot", "Warm"),
        Written(CRM, "Warm", "Hot"),
    ]
    assert [times_set_back(TEXT, writes[:length]) for length in range(6)] == [0, 0, 1, 2, 3, 4]


def test_values_that_go_round_in_a_circle_count_too() -> None:
    circle = ["a", "b", "c", "a", "b", "c"]
    assert times_set_back(TEXT, [Written(CRM, *pair) for pair in pairwise(circle)]) == 3


@pytest.mark.parametrize(("back", "count"), [("10", 1), ("10.00", 1), ("11", 0)])
def test_a_value_is_recognised_in_the_other_sides_form(back: str, count: int) -> None:
    numbers = plan(field(Kind.NUMBER), field(Kind.TEXT))
    assert times_set_back(numbers, [Written(CRM, "10", "12"), Written(CONTACT, "12", back)]) == count


@given(st.lists(sides, max_size=12))
def test_values_that_were_never_there_bring_nothing_back(order: list[Side]) -> None:
    """Whoever writes in turns, however often."""
    values = [f"v{n}" for n in range(len(order) + 1)]
    writes = [Written(side, *pair) for side, pair in zip(order, pairwise(values), strict=True)]
    assert times_set_back(TEXT, writes) == 0


@given(st.lists(st.tuples(sides, st.sampled_from("abc"), st.sampled_from("abc")), max_size=8))
def test_a_longer_history_never_counts_less(rows: list[tuple[Side, str, str]]) -> None:
    writes = [Written(*row) for row in rows]
    counts = [times_set_back(TEXT, writes[:length]) for length in range(len(writes) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] <= max(0, len(writes) - 1)
