"""`crosswalk schedule`: set, shown in its own zone, told by status, removed and set again, refused with a cure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.helpers.command_line import Installation


def test_a_schedule_is_set_shown_and_told_in_its_zone(mapped: Installation) -> None:
    assert mapped("schedule", "show", "acme", "--json").data["schedule"] is None

    daily = ("--daily", "03:30", "--zone", "Asia/Tokyo", "--quiet", "22:00-03:00")
    done = mapped("schedule", "set", "acme", *daily, "--json")
    assert done.code == 0, done.err
    starts = [datetime.fromisoformat(each).astimezone(ZoneInfo("Asia/Tokyo")) for each in done.data["next"]]
    assert [f"{each:%H:%M}" for each in starts] == ["03:30"] * 5
    assert starts[0] > datetime.now(UTC)
    assert {late - early for early, late in pairwise(starts)} == {timedelta(days=1)}

    shown = mapped("schedule", "show", "acme").out
    assert "daily at 03:30" in shown
    assert "22:00-03:00" in shown
    assert f"{starts[0]:%Y-%m-%d} 03:30:00 Asia/Tokyo" in shown
    assert f"{starts[0]:%Y-%m-%d} 03:30:00 Asia/Tokyo" in mapped("status").out
    (told,) = mapped("status", "--json").data["connections"]
    assert told["schedule"]["zone"] == "Asia/Tokyo"
    assert datetime.fromisoformat(told["schedule"]["next_at"]) == starts[0]


def test_equal_distances_begin_at_once_also_when_the_schedule_is_removed_and_set_again(
    mapped: Installation,
) -> None:
    for _again in range(2):
        before = datetime.now(UTC).replace(microsecond=0)
        done = mapped("schedule", "set", "acme", "--every", "2H", "--json")
        first, second, *_later = map(datetime.fromisoformat, done.data["next"])
        assert before <= first <= datetime.now(UTC)
        assert second - first == timedelta(hours=2)

        assert mapped("schedule", "remove", "acme").code == 0
        assert "by hand" in mapped("schedule", "show", "acme").out
    again = mapped("schedule", "remove", "acme")
    assert again.code == 1
    assert "schedule set acme" in " ".join(again.err.split())


def test_a_connection_is_removed_with_its_schedule(mapped: Installation) -> None:
    assert mapped("schedule", "set", "acme", "--cron", "0 6-20 * * 1-5").code == 0
    removed = mapped("connection", "remove", "acme", "--yes")
    assert removed.code == 0, removed.err


def test_what_cannot_be_kept_is_refused_with_its_cure(mapped: Installation) -> None:
    def refused(*given: str) -> str:
        done = mapped("schedule", "set", "acme", *given)
        assert done.code == 1
        return " ".join(done.err.split())

    assert "exactly one of --every, --daily and --cron" in refused()
    assert "exactly one of" in refused("--every", "5m", "--daily", "03:00")
    assert "Choose one of 1m, 5m, 15m, 30m, 1h" in refused("--every", "7m")
    assert "such as 15m or 2h" in refused("--every", "often")
    assert "such as 03:30" in refused("--daily", "3.30")
    assert "Europe/Berlin" in refused("--daily", "03:30", "--zone", "Mars/Base")
    assert "22:00-06:00" in refused("--daily", "03:30", "--quiet", "night")
    assert "has not five fields" in refused("--cron", "* * *")
