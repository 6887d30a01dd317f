"""`crosswalk schedule`: set, shown in its own zone, told by status, removed and set again, refused with a cure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
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
    (told,) = mapped("status", "--json").data["connections"]
    assert told["schedule"]["zone"] == "Asia/Tokyo"


def test_nothing_starts_by_itself_before_the_first_sync_was_approved_and_status_says_so(
    mapped: Installation,
) -> None:
    def told() -> dict[str, Any]:
        (found,) = mapped("status", "--json").data["connections"]
        return dict(found["schedule"])

    assert mapped("schedule", "set", "acme", "--daily", "03:30", "--zone", "Asia/Tokyo").code == 0
    assert (told()["next_at"], told()["waits_for_first_sync"]) == (None, True)
    assert "once the first sync is approved" in mapped("status").out
    assert "once the first sync is approved" in mapped("schedule", "show", "acme").out

    assert mapped("sync", "--approve").code == 0
    starts = mapped("schedule", "show", "acme", "--json").data["next"]
    assert (told()["next_at"], told()["waits_for_first_sync"]) == (starts[0], False)
    assert "03:30:00 Asia/Tokyo" in mapped("status").out


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


def test_the_orgs_own_jobs_are_listed_the_next_one_first(mapped: Installation) -> None:
    found = mapped("schedule", "jobs", "acme", "--json").data
    assert found["system"] == "salesforce"
    nexts = [datetime.fromisoformat(each["next_at"]) for each in found["jobs"]]
    assert nexts == sorted(nexts)
    assert {each["name"]: each["kind"] for each in found["jobs"]} == {
        "Nightly territory clean-up": "scheduled Apex",
        "Pipeline dashboard": "dashboard refresh",
        "Weekly Export Service": "weekly export",
    }
    shown = " ".join(mapped("schedule", "jobs", "acme").out.split())
    assert "Nightly territory" in shown
    assert "scheduled Apex" in shown


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


def test_switches_are_turned_and_told_by_status(mapped: Installation) -> None:
    off = mapped("connection", "global", "acme", "off", "--json").data
    assert (off["global_sync"], off["initial_sync"], off["initial_due"]) == (False, True, False)
    told = " ".join(mapped("status").out.split())
    assert "global synchronisation off: nothing but opt-outs goes to ActiveCampaign" in told
    assert "initial synchronisation when global synchronisation is on" in told

    assert mapped("connection", "initial", "acme", "off").code == 0
    assert mapped("connection", "global", "acme", "on", "--json").data["global_sync"]
    (status,) = mapped("status", "--json").data["connections"]
    shown = mapped("connection", "initial", "acme", "--json").data
    assert shown.items() >= status["switches"].items()
    assert not shown["initial_sync"]
