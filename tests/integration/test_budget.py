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
