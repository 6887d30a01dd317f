from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk_sandbox.load import moments
from crosswalk_sandbox.load.moments import Moment

LAST_DAY = date(2025, 12, 31)
FIRST, LAST = datetime(1914, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - bounds have no zone


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-31", "2025/12/31", "2025.12.31", "31.12.2025", "31.12.25", "12/31/2025", "12/31/25",
        "31-Dec-25", "31 December 2025", "Dec 31, 2025", "31. Dez. 2025", "46022",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_form(text: str) -> None:
    day_first = moments.order(text) is True
    assert moments.read(text, day_first) == Moment(LAST_DAY)


@pytest.mark.parametrize(
    ("text", "clock", "zone"),
    [
        ("2025-12-31T08:30:15.000Z", time(8, 30, 15), UTC),
        ("2025-12-31T08:30:15.000+0000", time(8, 30, 15), UTC),
        ("2025-12-31 08:30:15", time(8, 30, 15), None),
        ("2025-12-31T08:30:15+02:00", time(8, 30, 15), timezone(timedelta(hours=2))),
        ("2025-12-31 08:30:15 -0530", time(8, 30, 15), timezone(-timedelta(hours=5, minutes=30))),
        ("31.12.2025 08:30", time(8, 30), None),
        ("31.12.2025, 8:30 Uhr", None, None),
        ("12/31/2025 8:30 PM", time(20, 30), None),
        ("12/31/2025 12:05 a.m.", time(0, 5), None),
        ("31/12/2025 08:30 UTC", time(8, 30), UTC),
        ("31/12/2025 08:30 GMT+1", time(8, 30), timezone(timedelta(hours=1))),
        ("46022.5", time(12), None),
        ("46022,354166667", time(8, 30), None),
    ],
)
def test_a_time_is_read_with_its_zone(text: str, clock: time | None, zone: timezone | None) -> None:
    if clock is None:
        with pytest.raises(ValueError, match="is no date"):
            moments.read(text, day_first=True)
        return
    found = moments.read(text, day_first="/" not in text or text.startswith("31"))
    assert (found.day, found.time) == (LAST_DAY, clock)
    assert (found.zone.utcoffset(None) if found.zone else None) == (zone.utcoffset(None) if zone else None)


def test_the_reader_says_which_of_day_and_month_comes_first_where_the_text_does_not() -> None:
    assert moments.read("01/02/2025", day_first=True).day == date(2025, 2, 1)
    assert moments.read("01/02/2025", day_first=False).day == date(2025, 1, 2)
    assert [moments.order(text) for text in ("31/12/2025", "12/31/2025", "01/02/2025", "01.02.2025")] == [
        True, False, None, True,
    ]  # fmt: skip
    assert [moments.ambiguous(text) for text in ("01/02/2025", "05/05/2025", "31/12/2025")] == [
        True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2025",
        "30/30/2025",
        "2025-02-30",
        "31.12.2025 25:00",
        "12/31/2025 13:00 PM",
        "1.2",
        "999999",
    ],
)
def test_what_is_no_date_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moments.read(text, day_first=False)


def test_a_time_without_zone_is_of_the_zone_that_the_system_has() -> None:
    zone = timezone(timedelta(hours=-6))
    assert moments.read("2025-12-31 20:00", day_first=False).at(zone) == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert moments.read("2025-12-31T20:00Z", day_first=False).at(zone) == datetime(
        2025, 12, 31, 20, tzinfo=UTC
    )


@given(
    st.datetimes(FIRST, LAST, timezones=st.just(UTC), allow_imaginary=False).map(
        lambda at: at.replace(microsecond=0)
    )
)
def test_every_way_of_writing_a_time_says_the_same(at: datetime) -> None:
    forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d, %H:%M:%S"]
    days = (at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    for text in [*(at.strftime(form) for form in forms), f"{days:.9f}"]:
        assert moments.read(text, day_first=True).at(UTC) == at, text
