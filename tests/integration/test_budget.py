"""A tenant's call budget in PostgreSQL: everybody who calls for the tenant shares one pace."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from crosswalk.core.system import Paused

START = datetime(2026, 3, 1, tzinfo=UTC)
EVEN = timedelta(microseconds=10)  # PostgreSQL counts in microseconds


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def new_id(self) -> str:
        return ""


@pytest.fixture
def tenant(django_database: str) -> int:
    from crosswalk.store.models import Tenant

    return int(Tenant.objects.create(system="x", identity="y", credentials=b"", created_at=START).id)


def _slots(tenant: int, number: int, per_second: float | None) -> list[datetime]:
    """When each of so many calls goes whose caller does nothing but call."""
    from crosswalk.store.budget import TenantBudget

    clock = Clock()
    budget = TenantBudget(tenant, clock, per_second=per_second)
    slots = []
    for _ in range(number):
        budget.wait()
        slots.append(clock.now())
    return slots


def test_a_budget_never_starts_full(tenant: int) -> None:
    slots = _slots(tenant, 11, 5.0)
    gaps = [later - earlier for earlier, later in pairwise(slots)]
    assert min(gaps) >= timedelta(seconds=0.2)
    assert slots[-1] - slots[0] <= timedelta(seconds=2.1), "slower than the vendor demands"


def test_calls_without_a_known_limit_do_not_wait(tenant: int) -> None:
    assert _slots(tenant, 5, None) == [START] * 5


def test_workers_share_one_pace(tenant: int) -> None:
    """Four of them, on frozen clocks: each is given slots of its own."""
    found: list[datetime] = []

    def work() -> None:
        from django.db import connection

        from crosswalk.store.budget import TenantBudget

        for _ in range(5):
            clock = Clock()
            TenantBudget(tenant, clock, per_second=5.0).wait()
            found.append(clock.now())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 20
    slots = sorted(found)
    assert min(later - earlier for earlier, later in pairwise(slots)) >= timedelta(seconds=0.2) - EVEN


def test_what_an_answer_says_moves_the_pace_of_everybody(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    TenantBudget(tenant, Clock(), per_second=5.0).learn(per_second=50.0)
    slots = _slots(tenant, 11, 5.0)
    assert timedelta(seconds=0.2) <= slots[-1] - slots[0] < timedelta(seconds=0.25)


def test_a_pause_holds_everybody_and_a_short_one_does_not_end_a_long_one(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    told = TenantBudget(tenant, Clock(), per_second=5.0)
    told.learn(pause=30.0)
    told.learn(pause=1.0)
    (slot,) = _slots(tenant, 1, 5.0)
    assert slot == START + timedelta(seconds=30)


def test_a_call_is_not_made_when_it_would_wait_for_longer_than_a_minute(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    TenantBudget(tenant, Clock(), per_second=5.0).learn(pause=3600.0)
    with pytest.raises(Paused) as paused:
        _slots(tenant, 1, 5.0)
    assert paused.value.seconds == pytest.approx(3600, abs=1)


def test_two_who_share_an_account_take_turns(tenant: int) -> None:
    """One asks as soon as it was served; the other is not kept waiting for longer than that."""
    from crosswalk.store.budget import TenantBudget

    first, second = Clock(), Clock()
    budgets = [TenantBudget(tenant, clock, per_second=5.0) for clock in (first, second)]
    turns = []
    for _ in range(13):
        number = 0 if first.now() <= second.now() else 1
        budgets[number].wait()
        turns.append(number)
    assert turns[1:] == [0, 1] * 6


def test_slots_of_a_process_that_died_are_over_when_their_time_is(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    for _ in range(5):
        TenantBudget(tenant, Clock(), per_second=5.0).wait()  # nobody is left who would use them
    later = Clock()
    later.sleep(2)
    TenantBudget(tenant, later, per_second=5.0).wait()
    assert later.now() == START + timedelta(seconds=2)


def test_without_a_pace_a_process_asks_once_a_second(tenant: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from crosswalk.store.budget import TenantBudget

    clock = Clock()
    budget = TenantBudget(tenant, clock, per_second=None)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(30):
            budget.wait()
            clock.sleep(0.1)
    assert len(asked) == 3


def test_a_pause_that_another_process_met_holds_within_a_second(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    clock = Clock()
    ours, theirs = (TenantBudget(tenant, clock, per_second=None) for _ in range(2))
    ours.wait()
    theirs.learn(pause=40.0)
    clock.sleep(1)
    ours.wait()
    assert clock.now() == START + timedelta(seconds=40)


def test_who_is_refused_at_the_right_pace_leaves_others_a_fifth_for_some_minutes(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget

    def gap(clock: Clock) -> float:
        budget = TenantBudget(tenant, clock, per_second=5.0)
        moments = []
        for _ in range(2):
            budget.wait()
            moments.append(clock.now())
        return (moments[1] - moments[0]).total_seconds()

    clock = Clock()
    alone = gap(clock)
    for _ in range(3):  # three workers are told at once: that is one refusal
        TenantBudget(tenant, clock, per_second=5.0).learn(crowded=True)
    clock.sleep(1)
    assert gap(clock) == pytest.approx(alone / 0.8, rel=0.01)
    clock.sleep(300)
    assert gap(clock) == pytest.approx(alone, rel=0.01)


def test_calls_are_counted_by_connection_and_hour_and_cease_to_count_after_a_day(tenant: int) -> None:
    from crosswalk.store.budget import TenantBudget, calls_by_hour, store_counts, usage
    from crosswalk.store.models import Connection, Tenant

    owner = Tenant.objects.get(id=tenant)
    ours, other = (
        Connection.objects.create(name=name, crm=owner, activecampaign=owner, settings={}, created_at=START)
        for name in ("ours", "other")
    )
    clock = Clock()

    def call(connection: Connection, times: int) -> TenantBudget:
        budget = TenantBudget(tenant, clock, per_second=None, connection_id=connection.id, share=50.0)
        for _ in range(times):
            budget.wait()
        budget.learn(used_today=900, limit_today=2000)
        store_counts([budget], clock.now())
        return budget

    call(ours, 45)
    call(other, 30)
    clock.sleep(7200)
    assert call(ours, 5).meter.ours == 50
    found = usage(ours.id, tenant, 50.0, clock.now())
    assert (found.meter.ours, found.tenant_calls, found.meter.cap, found.others) == (50, 80, 1000, 820)
    assert [calls for _hour, calls in calls_by_hour(ours.id, tenant, START - timedelta(hours=1))] == [45, 5]
    clock.sleep(23 * 3600)
    assert usage(ours.id, tenant, 50.0, clock.now()).meter.ours == 5


def test_a_pace_that_is_lifted_is_lifted_for_everybody_and_told_once(tenant: int) -> None:
    from math import inf

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from crosswalk.store.budget import TenantBudget

    TenantBudget(tenant, Clock(), per_second=None).learn(per_second=4.0)
    slow = _slots(tenant, 3, None)
    assert slow[2] - slow[0] >= timedelta(seconds=0.5)
    TenantBudget(tenant, Clock(), per_second=None).learn(per_second=inf)
    later = TenantBudget(tenant, Clock(), per_second=None)
    with CaptureQueriesContext(connection) as asked:
        later.learn(per_second=inf)
    assert len(asked) == 0
    assert len(set(_slots(tenant, 5, None))) == 1


def test_a_plan_neither_takes_back_its_calls_nor_keeps_others_waiting(tenant: int) -> None:
    from crosswalk.store import leases, plans
    from crosswalk.store.budget import TenantBudget

    moments = []

    def call() -> None:
        clock = Clock()
        TenantBudget(tenant, clock, per_second=5.0).wait()
        moments.append(clock.now())
        leases.end_session()

    planning = TenantBudget(tenant, Clock(), per_second=5.0)
    with plans.rehearsal():
        planning.wait()
        other = threading.Thread(target=call)
        other.start()
        other.join(20)
    assert moments
    call()
    assert moments[0] > START, "the plan's call was first"
    assert moments[1] > moments[0], "and is not forgotten"
