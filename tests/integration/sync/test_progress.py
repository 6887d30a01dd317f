"""How far a run or plan has come is seen from elsewhere while it goes on, and costs nothing where nothing goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"
Look = Callable[[], list[tuple[object, ...]]]


@pytest.fixture
def look(django_database: str) -> Look:
    """Look from another session."""

    def seen() -> list[tuple[object, ...]]:
        with psycopg.connect(django_database) as elsewhere:
            return elsewhere.execute("SELECT kind, phase, done, calls FROM progress").fetchall()

    return seen


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second."""
    from crosswalk.store import progress

    monkeypatch.setattr(progress, "EVERY", 0.0)


def begun(both: TwoSystems) -> TwoSystems:
    both.crm_new(FirstName="Ana", Email=ANA)
    return both.connect()


def test_a_plan_is_seen_from_another_session_while_it_is_made_and_not_after(
    both: TwoSystems, look: Look, at_once: None
) -> None:
    from crosswalk.store import progress

    begun(both)
    found: list[list[tuple[object, ...]]] = []
    inside: list[progress.Seen | None] = []

    def watch() -> None:
        found.append(look())
        inside.append(progress.of(both.context().connection_id))

    both.wire.once("GET /api/3/contacts", watch)
    both.plan()
    ((seen,),) = found
    assert seen[:3] == ("plan", "read crm contact", 1)
    assert int(str(seen[3])) > 0
    assert inside[0] is not None
    assert look() == []


def test_what_a_failed_run_left_is_removed(both: TwoSystems, look: Look, at_once: None) -> None:
    from crosswalk.core.failures import SystemFailure

    begun(both)
    found: list[list[tuple[object, ...]]] = []
    both.wire.once("GET /api/3/contacts", lambda: found.append(look()))
    both.wire.refuse("GET /api/3/contacts", 403, {"message": "no"})
    both.wire.before.reverse()  # look first
    both.wire.before.sort(key=lambda hook: hook.__qualname__.startswith("Wire.refuse"))
    with pytest.raises(SystemFailure):
        both.sync()
    assert found[0][0][0] == "run"
    assert look() == []


def test_a_row_of_a_process_that_died_is_not_shown_and_not_in_the_way(
    both: TwoSystems, look: Look, at_once: None
) -> None:
    from crosswalk.store import progress
    from crosswalk.store.models import Progress

    begun(both)
    connection, now = both.context().connection_id, both.clock.now()
    Progress.objects.create(
        connection_id=connection,
        kind="plan",
        began_at=now,
        phase="read crm lead",
        phase_at=now,
        done=5,
        seen_at=now,
    )
    assert progress.of(connection) is None
    both.wait(5)
    found: list[list[tuple[object, ...]]] = []
    both.wire.once("GET /api/3/contacts", lambda: found.append(look()))
    both.sync()
    assert found[0][0][:2] == ("run", "read crm contact")
    assert look() == []


def test_what_ends_within_a_second_writes_nothing(both: TwoSystems, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from crosswalk.store.progress import Keeper

    begun(both).sync()
    written: list[str] = []
    monkeypatch.setattr(Keeper, "_write", lambda keeper, *_: written.append(keeper._phase))
    monkeypatch.setattr("crosswalk.store.progress.EVERY", 60.0)  # this machine may be slow
    both.wait(30)
    with CaptureQueriesContext(connection) as idle:
        both.sync()
    assert written == []
    assert not [each for each in idle.captured_queries if "progress" in each["sql"]]


def test_it_is_written_once_a_second_with_what_tells_the_pace(both: TwoSystems) -> None:
    from crosswalk.store import leases, progress

    begun(both)
    moments = iter([0.0, 0.5, 1.5, 1.5, 2.0, 3.0, 3.0])
    number = both.context().connection_id
    keeper = progress.Keeper(number, "run", both.clock, lambda: 7, lambda: next(moments))
    with leases.of_connection(number):
        keeper.note("read crm contact", 10, 500)
        assert progress.of(number) is None  # within the first second
        both.wait(10)
        keeper.note("read crm contact", 100, 500)
        keeper.note("read crm contact", 150, 500)  # too soon
        seen = progress.of(number)
        assert seen is not None
        assert (seen.done, seen.total, seen.calls) == (100, 500, 7)
        assert (seen.rate, seen.left) == (10.0, 40.0)
        keeper.note("update crm", 3, None)
        after = progress.of(number)
        assert after is not None
        assert (after.phase, after.rate, after.left) == ("update crm", None, None)
        keeper.end()
        assert progress.of(number) is None


def test_it_gives_way_to_somebody_who_changes_the_connection(
    both: TwoSystems, look: Look, django_database: str, at_once: None
) -> None:
    from crosswalk.store.progress import Keeper

    begun(both)
    keeper = Keeper(both.context().connection_id, "run", both.clock, lambda: 0)
    with psycopg.connect(django_database) as elsewhere:
        elsewhere.execute("SELECT FROM connection FOR UPDATE")
        keeper.note("read crm contact", 1, None)
    assert look() == []
    keeper.note("read crm contact", 2, None)
    assert look() == [("run", "read crm contact", 2, 0)]
    keeper.end()
