"""A vendor that is down for a day is caught up with by itself: nothing twice, nothing lost, few calls meanwhile."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import httpx2
import psycopg
import pytest
from tests.helpers.mappings import mapping_of

from crosswalk.core.mapping import CreationRule, Settings
from crosswalk.core.schedule import Daily, Every, Quiet, Schedule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

PEOPLE = 6


def scheduled(both: TwoSystems, schedule: Schedule) -> None:
    """Some linked pairs whose runs start by themselves."""
    from crosswalk.store import connections, schedules

    for number in range(PEOPLE):
        both.crm_new(Email=f"p{number}@example.org", Phone="0")
    both.connect(
        mapping_of(settings=Settings(creation=CreationRule.ALL, creation_object="contact", sweep_share=0))
    )
    both.sync()
    schedules.save(connections.get("demo"), schedule, both.clock.now())


def live_until(both: TwoSystems, end: datetime) -> list[tuple[datetime, str]]:
    """A worker's time passes; when runs started, and how they ended."""
    from django.db import transaction

    from crosswalk.jobs.running import run_connection
    from crosswalk.store import connections, schedules

    ended = []
    while (kept := schedules.of(connections.get("demo"))) is not None and kept.next_at < end:
        both.wait((kept.next_at - both.clock.now()).total_seconds())
        with transaction.atomic():
            due = schedules.take_due(both.clock.now())
        for connection_id in due:
            began = both.clock.now()
            ended.append((began, run_connection(connection_id, both.vault, both.clock, both.opener)))
    both.wait((end - both.clock.now()).total_seconds())
    return ended


def down(both: TwoSystems, host: str, *, answers: bool) -> None:
    """From now on a system is away: it does not answer at all, or says that it is overloaded."""

    def away(route: str, request: httpx2.Request) -> httpx2.Response | None:
        if not request.url.host.startswith(host):
            return None
        if answers:
            return httpx2.Response(503, text="<html>Down for maintenance</html>")
        raise httpx2.ConnectError("no route")

    both.wire.before.append(away)


@pytest.mark.parametrize(("host", "answers"), [("salesforce", True), ("activecampaign", False)])
def test_a_day_is_caught_up_with_by_itself(both: TwoSystems, host: str, answers: bool) -> None:
    scheduled(both, Schedule(times=Every(minutes=5)))
    live_until(both, both.clock.now() + timedelta(minutes=20))
    down(both, host, answers=answers)
    both.wire.calls.clear()
    began = both.clock.now()

    runs = []
    for hour in range(24):
        email = f"p{hour % PEOPLE}@example.org"
        new = f"new{hour}@example.org"
        if host == "salesforce":
            both.contact_edit(both.contact(email)["id"], phone=f"4{hour}")
            both.contact_new(new, lastName="Weiss")
        else:
            both.crm_edit(
                "contact", next(r["Id"] for r in both.crm_all() if r["Email"] == email), Phone=f"4{hour}"
            )
            both.crm_new(Email=new, LastName="Weiss")
        runs += live_until(both, began + timedelta(hours=hour + 1))

    assert all("not available" in said or "cannot be reached" in said for _at, said in runs)
    pauses = [(later - earlier).total_seconds() / 60 for (earlier, _), (later, _) in pairwise(runs)]
    assert pauses[:5] == pytest.approx([1, 2, 4, 8, 15], abs=0.5)
    assert 90 <= len(runs) <= 105
    assert sum(both.wire.calls.values()) <= 8 * len(runs)

    both.wire.allow()
    back = live_until(both, both.clock.now() + timedelta(minutes=40))
    assert {said for _at, said in back} == {"done"}
    assert back[0][0] - runs[-1][0] <= timedelta(minutes=16)
    emails = [row["Email"] for row in both.crm_all()]
    assert len(emails) == len(set(emails)) == len(both.contacts()) == PEOPLE + 24
    assert {row["email"]: row["phone"] for row in both.contacts()} == {
        row["Email"]: row["Phone"] or "" for row in both.crm_all()
    }
    both.assert_quiet()


def test_refused_credentials_are_tried_a_few_times_a_day_and_what_was_missed_is_made_up_for(
    both: TwoSystems,
) -> None:
    scheduled(both, Schedule(times=Every(minutes=5)))

    def refused(route: str, request: httpx2.Request) -> httpx2.Response | None:
        away = request.url.host.startswith("activecampaign")
        return httpx2.Response(403, json={"message": "Invalid API key"}) if away else None

    both.wire.before.append(refused)
    person = both.crm_all()[0]
    both.crm_edit("contact", person["Id"], Phone="7")
    runs = live_until(both, both.clock.now() + timedelta(days=1))
    assert [round((later - earlier).total_seconds() / 60) for (earlier, _), (later, _) in pairwise(runs)] == [
        15, 30, 60, 120, 240, 360, 360
    ]  # fmt: skip

    both.wire.allow()
    back = live_until(both, runs[-1][0] + timedelta(hours=6, minutes=10))
    assert [said for _at, said in back] == ["done"] * 3
    assert [row["phone"] for row in both.contacts() if row["email"] == person["Email"]] == ["7"]


def test_a_daily_run_that_failed_does_not_wait_for_the_next_day_nor_break_quiet_hours(
    both: TwoSystems,
) -> None:
    """It is noon; the run of 13:00 fails until shortly before the quiet hours."""
    quiet = Quiet(start=datetime(2026, 3, 2, 13, 10).time(), end=datetime(2026, 3, 2, 14, 0).time())  # noqa: DTZ001
    scheduled(both, Schedule(times=Daily(at=datetime(2026, 3, 2, 13, 0).time()), quiet=quiet))  # noqa: DTZ001
    down(both, "salesforce", answers=True)
    failed = live_until(both, both.clock.now().replace(hour=13, minute=50))
    both.wire.allow()
    done = live_until(both, both.clock.now() + timedelta(days=1))
    assert [f"{at:%H:%M}" for at, _said in failed] == ["13:00", "13:01", "13:03", "13:07"]
    assert [(f"{at:%d %H:%M}", said) for at, said in done] == [("02 14:00", "done"), ("03 13:00", "done")]


def test_while_calls_run_short_a_failed_run_waits_for_its_schedule(both: TwoSystems) -> None:
    scheduled(both, Schedule(times=Every(minutes=60)))
    window = both.systems["salesforce"].system._calls  # type: ignore[attr-defined]
    window.limit = 1000
    window.restore([both.clock.now()] * 940)
    live_until(both, both.clock.now() + timedelta(minutes=30))
    down(both, "activecampaign", answers=True)
    began = both.clock.now()
    assert len(live_until(both, began + timedelta(hours=3))) == 3


def test_a_start_that_finds_a_run_under_way_is_made_up_for_after_it(
    both: TwoSystems, django_database: str
) -> None:
    from crosswalk.jobs.running import run_connection
    from crosswalk.store import connections, schedules

    scheduled(both, Schedule(times=Daily(at=time(3))))
    connection = connections.get("demo")
    both.crm_new(Email="new@example.org")
    with psycopg.connect(django_database) as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(hashtext('connection'), %s)", [connection.id])
        assert "under way" in run_connection(connection.id, both.vault, both.clock, both.opener)
    kept = schedules.of(connection)
    assert kept is not None
    assert kept.next_at - both.clock.now() <= timedelta(minutes=1)
    assert [end for _began, end in live_until(both, both.clock.now() + timedelta(minutes=2))] == ["done"]
    assert both.contacts("new@example.org")
