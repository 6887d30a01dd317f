"""When runs start: the laws that hold for every schedule, and what happens when clocks are put forward or back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.failures import UserError
from crosswalk.core.schedule import (
    HOURS,
    MINUTES,
    Cron,
    Daily,
    Every,
    Quiet,
    Schedule,
    check,
    next_start,
    starts,
)

BERLIN = "Europe/Berlin"  # 2026: forward on 29 March at 02:00, back on 25 October at 03:00
ZONES = (
    "UTC",
    BERLIN,
    "America/New_York",
    "Asia/Beirut",  # forward at midnight
    "Asia/Kathmandu",  # a quarter of an hour
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # twice more about a moving month
)
CRONS = (
    "*/5 * * * *",
    "30 * * * *",
    "15,45 2 * * *",
    "30 1 * * *",
    "0 */3 * * 1-5",
    "0 0 1 * *",
    "*/15 0-3 * * *",
)
SALESFORCE_ARTICLE, DYNAMICS_ARTICLE = (1, 2, 3, 4, 6, 8, 12), (1, 2, 4, 6, 8, 12)  # hours
ANCHOR = datetime(2026, 1, 7, 10, 20, 30, tzinfo=UTC)
times_of_day = st.times().map(lambda found: found.replace(second=0, microsecond=0))
times = st.one_of(
    st.sampled_from([*MINUTES, *(60 * hours for hours in HOURS)]).map(lambda found: Every(minutes=found)),
    times_of_day.map(lambda found: Daily(at=found)),
    st.sampled_from(CRONS).map(lambda found: Cron(text=found)),
)
quiet = st.tuples(times_of_day, times_of_day).filter(lambda found: found[0] != found[1])
schedules = st.builds(
    Schedule,
    times=times,
    zone=st.sampled_from(ZONES),
    quiet=st.none() | quiet.map(lambda found: Quiet(start=found[0], end=found[1])),
)
# Half of the moments are about the days on which clocks change.
changes = st.sampled_from(
    [
        datetime(2026, 3, 8, tzinfo=UTC),
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 4, 5, tzinfo=UTC),
        datetime(2026, 10, 25, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
    ]
)
near = st.builds(
    lambda day, minutes, more: day + timedelta(minutes=minutes, microseconds=more),
    changes,
    st.integers(-1500, 3000),
    st.sampled_from([0, 1, 30_000_000]),
)
moments = near | st.builds(
    lambda seconds, more: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=more),
    st.integers(0, 10 * 366 * 86400),
    st.integers(0, 999_999),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first(schedule: Schedule, after: str, count: int) -> list[str]:
    """The first starts, as clocks of the schedule's zone show them."""
    moment, found = utc(after), []
    for _ in range(count):
        moment = next_start(schedule, ANCHOR, moment)
        found.append(moment.astimezone(ZoneInfo(schedule.zone)).strftime("%d %H:%M %z"))
    return found


def between(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda moment: moment <= until, starts(schedule, ANCHOR, after)))


def is_quiet(schedule: Schedule, moment: datetime) -> bool:
    """What a person sees who looks at the clock."""
    if schedule.quiet is None:
        return False
    shown = moment.astimezone(ZoneInfo(schedule.zone)).time()
    start, end = schedule.quiet.start, schedule.quiet.end
    return start <= shown < end if start < end else shown >= start or shown < end


@given(schedules, moments)
def test_the_next_start_is_later_and_never_in_quiet_hours(schedule: Schedule, after: datetime) -> None:
    found = next_start(schedule, ANCHOR, after)
    assert found > after
    assert not is_quiet(schedule, found)


@given(schedules, moments, st.floats(0, 1, exclude_max=True))
def test_until_the_next_start_it_stays_the_same(schedule: Schedule, after: datetime, share: float) -> None:
    found = next_start(schedule, ANCHOR, after)
    meanwhile = after + share * (found - after)
    assert next_start(schedule, ANCHOR, min(meanwhile, found - timedelta(microseconds=1))) == found


@given(schedules, moments, moments)
def test_later_questions_have_later_answers(schedule: Schedule, one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    assert next_start(schedule, ANCHOR, early) <= next_start(schedule, ANCHOR, late)


@given(schedules, moments)
def test_quiet_hours_add_no_start(schedule: Schedule, after: datetime) -> None:
    until = after + timedelta(days=2)
    restless = msgspec.structs.replace(schedule, quiet=None)
    before = after - timedelta(days=2)  # what was due in quiet hours may start after them
    asked = set(between(restless, before, until))
    found = between(schedule, after, until)
    assert len(found) <= len(asked)
    assert all(early < late for early, late in pairwise(found))
    if schedule.quiet is None:
        assert asked.issuperset(found)


@given(times_of_day, st.sampled_from(ZONES), moments)
def test_a_daily_start_comes_once_a_day(at: time, zone: str, after: datetime) -> None:
    found = between(Schedule(times=Daily(at=at), zone=zone), after, after + timedelta(days=5))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in found]
    assert len(set(days)) == len(days)
    assert all(late - early == timedelta(days=1) for early, late in pairwise(days))
    assert 4 <= len(days) <= 6


@pytest.mark.parametrize("minutes", [*MINUTES, *(60 * hours for hours in HOURS)])
def test_equal_distances_begin_when_the_schedule_is_set(minutes: int) -> None:
    schedule, distance = Schedule(times=Every(minutes=minutes), zone=BERLIN), timedelta(minutes=minutes)
    assert next_start(schedule, ANCHOR, ANCHOR - timedelta(microseconds=1)) == ANCHOR
    assert next_start(schedule, ANCHOR, ANCHOR) == ANCHOR + distance
    assert next_start(schedule, ANCHOR, ANCHOR + 300.5 * distance) == ANCHOR + 301 * distance


@pytest.mark.parametrize("hours", sorted({*SALESFORCE_ARTICLE, *DYNAMICS_ARTICLE}))
def test_every_distance_of_the_vendors_articles_is_offered(hours: int) -> None:
    schedule = Schedule(times=Every(minutes=60 * hours))
    check(schedule)
    first, second = islice(starts(schedule, ANCHOR, ANCHOR - timedelta(seconds=1)), 2)
    assert (first, second - first) == (ANCHOR, timedelta(hours=hours))


def test_a_missed_start_is_made_up_for_once() -> None:
    hourly = Schedule(times=Every(minutes=60))
    down = ANCHOR + timedelta(days=9, minutes=10)
    assert next_start(hourly, ANCHOR, down) == ANCHOR + timedelta(days=9, hours=1)


CLOCKS: dict[str, tuple[Every | Daily | Cron, str, list[str]]] = {
    "a daily time that clocks skip comes right after the gap": (
        Daily(at=time(2, 30)), "2026-03-28T12:00", ["29 03:00 +0200", "30 02:30 +0200"]
    ),
    "a daily time that clocks show twice comes the first time": (
        Daily(at=time(2, 30)), "2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]
    ),
    "times of a cron text that clocks skip come right after the gap, once": (
        Cron(text="15,45 2 * * *"), "2026-03-28T12:00", ["29 03:00 +0200", "30 02:15 +0200", "30 02:45 +0200"]
    ),
    "steps of a cron text that clocks skip come right after the gap, once": (
        Cron(text="*/30 2 * * *"), "2026-03-28T12:00", ["29 03:00 +0200", "30 02:00 +0200"]
    ),
    "times of a cron text that clocks show twice come the first time": (
        Cron(text="15,45 2 * * *"), "2026-10-24T12:00", ["25 02:15 +0200", "25 02:45 +0200", "26 02:15 +0100"]
    ),
    "between two times alike, the second does not count": (
        Cron(text="15,45 2 * * *"), "2026-10-25T01:05", ["26 02:15 +0100"]
    ),
    "a cron text for every hour goes on while clocks repeat one": (
        Cron(text="30 * * * *"), "2026-10-24T23:45", ["25 02:30 +0200", "25 02:30 +0100", "25 03:30 +0100"]
    ),
    "a cron text for every hour has one start for an hour that clocks skip": (
        Cron(text="30 * * * *"), "2026-03-29T00:00", ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]
    ),
    "equal distances stay equal": (
        Every(minutes=60), "2026-10-24T23:30", ["25 02:20 +0200", "25 02:20 +0100", "25 03:20 +0100"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOCKS)
def test_clocks_put_forward_or_back(name: str) -> None:
    due, after, shown = CLOCKS[name]
    assert first(Schedule(times=due, zone=BERLIN), after, len(shown)) == shown


def test_what_falls_into_quiet_hours_starts_at_their_end_once() -> None:
    night = Quiet(start=time(22), end=time(6))
    often = Schedule(times=Cron(text="*/30 * * * *"), zone=BERLIN, quiet=night)
    assert first(often, "2026-06-01T19:00", 3) == ["01 21:30 +0200", "02 06:00 +0200", "02 06:30 +0200"]
    daily = Schedule(times=Daily(at=time(3)), zone=BERLIN, quiet=night)
    assert first(daily, "2026-06-01T19:00", 2) == ["02 06:00 +0200", "03 06:00 +0200"]
    assert first(daily, "2026-06-02T02:00", 1) == ["02 06:00 +0200"]


def test_quiet_hours_last_through_both_hours_that_clocks_show_alike() -> None:
    schedule = Schedule(times=Every(minutes=5), zone=BERLIN, quiet=Quiet(start=time(1), end=time(2, 30)))
    assert first(schedule, "2026-10-24T23:30", 1) == ["25 02:30 +0100"]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(times=Every(minutes=7)), "every 7 minutes"),
        (Schedule(times=Every(minutes=0)), "every 0 minutes"),
        (Schedule(times=Daily(at=time(3)), zone="Europe/Atlantis"), "Europe/Atlantis"),
        (Schedule(times=Daily(at=time(3)), zone="../etc/passwd"), "time zone"),
        (Schedule(times=Cron(text="0 3 * *")), "not five fields"),
        (Schedule(times=Cron(text="0 0 3 * * *")), "not five fields"),
        (Schedule(times=Cron(text="61 * * * *")), "cannot be read"),
        (Schedule(times=Cron(text="0 0 30 2 *")), "30 2"),
        (Schedule(times=Daily(at=time(3)), quiet=Quiet(start=time(3), end=time(3))), "whole day"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_with_a_cure(schedule: Schedule, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as refused:
        check(schedule)
    assert refused.value.cure


@given(schedules)
def test_good_schedules_are_accepted_and_kept_as_they_are(schedule: Schedule) -> None:
    check(schedule)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(schedule)), Schedule) == schedule
