"""What stops first when the calls of the day run short."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.lanes import Lane, Meter, current_lane, forecast, working_in

COUNTS = st.integers(min_value=0, max_value=200_000)


@pytest.mark.parametrize(
    ("ours", "stopped"),
    [
        (0, []),
        (34_999, []),
        (35_000, [Lane.BACK_FILL]),
        (42_500, [Lane.BACK_FILL, Lane.RETRY]),
        (47_500, [Lane.BACK_FILL, Lane.RETRY, Lane.SCHEDULED]),
        (50_000, [Lane.BACK_FILL, Lane.RETRY, Lane.SCHEDULED, Lane.LIVE]),
        (90_000, [Lane.BACK_FILL, Lane.RETRY, Lane.SCHEDULED, Lane.LIVE]),
    ],
)
def test_back_fill_stops_first_and_opt_outs_never(ours: int, stopped: list[Lane]) -> None:
    assert Meter(share=50, ours=ours, used=ours, limit=100_000).stopped() == stopped


def test_what_other_tools_use_up_is_not_there_for_us() -> None:
    meter = Meter(share=50, ours=100, used=99_000, limit=100_000)
    assert meter.left == 1_000
    assert not meter.affords(Lane.SCHEDULED)
    assert meter.affords(Lane.LIVE)


def test_a_vendor_that_counts_no_days_stops_nothing() -> None:
    assert Meter(share=50, ours=10**9).stopped() == []


@given(ours=COUNTS, used=COUNTS, more=COUNTS)
def test_whoever_uses_more_stops_no_less(ours: int, used: int, more: int) -> None:
    before = Meter(share=60, ours=ours, used=used, limit=100_000).stopped()
    for later in (
        Meter(share=60, ours=ours + more, used=used, limit=100_000),
        Meter(share=60, ours=ours, used=used + more, limit=100_000),
    ):
        assert later.stopped()[: len(before)] == before
        assert later.affords(Lane.OPT_OUT)


def test_work_belongs_to_the_lane_that_it_is_done_in() -> None:
    assert current_lane() is Lane.LIVE
    with working_in(Lane.BACK_FILL):
        with working_in(Lane.OPT_OUT):
            assert current_lane() is Lane.OPT_OUT
        assert current_lane() is Lane.BACK_FILL
    assert current_lane() is Lane.LIVE


def test_a_pace_that_leads_to_the_cap_says_when() -> None:
    meter = Meter(share=50, ours=400, used=500, limit=2_000)
    told = forecast(meter, calls_an_hour=100, runs=20, starts=96)
    assert told.per_hour == 100
    assert told.reached_in == timedelta(hours=6)
    assert (told.per_run, told.scheduled) == (20, 1_920)


def test_a_steady_pace_below_the_cap_never_reaches_it() -> None:
    meter = Meter(share=50, ours=400, used=500, limit=20_000)
    told = forecast(meter, calls_an_hour=100, runs=0, starts=None)
    assert (told.reached_in, told.per_run, told.scheduled) == (None, None, None)
