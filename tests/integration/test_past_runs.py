"""Runs and their writes, page by page, however long the journal is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def acme(django_database: str) -> Any:
    from crosswalk.store import models

    def tenant(system: str) -> Any:
        return models.Tenant.objects.create(system=system, identity="acme", credentials=b"", created_at=NOW)

    both = {"crm": tenant("salesforce"), "activecampaign": tenant("activecampaign")}
    return models.Connection.objects.create(name="acme", settings={}, created_at=NOW, **both)


def run(connection: Any, hour: int, **values: Any) -> Any:
    from crosswalk.store import models

    began = NOW + timedelta(hours=hour)
    made = {"kind": "manual", "state": "done", "ended_at": began + timedelta(minutes=10), **values}
    return models.Run.objects.create(connection=connection, started_at=began, **made)


def written(run: Any, minute: int, op: str = "update") -> int:
    from crosswalk.store import models

    row = models.Journal.objects.create(
        connection=run.connection,
        run=run,
        link_id=1,
        side="crm",
        op=op,
        record_id=f"r{minute}",
        fields=b'{"Name": [null, "x", "filled"]}',
        at=run.started_at + timedelta(minutes=minute),
    )
    return int(row.id)


def test_a_runs_writes_are_found_page_by_page_among_those_of_others(acme: Any) -> None:
    from crosswalk.store import models, past_runs

    runs = [run(acme, hour) for hour in range(30)]
    expected: dict[int, list[int]] = {each.id: [] for each in runs}
    for each, other in zip(runs, runs[1:] + runs[:1], strict=True):
        for minute in range(1, 4):
            expected[each.id].append(written(each, minute))
            written(each, minute, "kept")
        if other.started_at > each.started_at:
            late = models.Journal.objects.get(id=written(each, 5))
            models.Journal.objects.filter(id=late.id).update(run=runs[0])  # of another that went on meanwhile
    models.Journal.objects.filter(run=runs[3]).delete()  # what was removed leaves gaps
    expected[runs[3].id] = []

    for each in runs[1:]:
        first = past_runs.writes_of(each, size=2)
        rest = past_runs.writes_of(each, after=first[-1].id if first else 0, size=9)
        assert [found.id for found in [*first, *rest]] == expected[each.id]
    found = past_runs.writes_of(runs[7], size=1)[0]
    assert (found.side, found.op, found.fields) == ("crm", "update", {"Name": [None, "x", "filled"]})
    still = run(acme, 40, state="running", ended_at=None)
    assert past_runs.writes_of(still, size=5) == []
    last = written(still, 0)
    assert [each.id for each in past_runs.writes_of(still, size=5)] == [last]


def test_runs_are_listed_newest_first_by_state_and_by_what_they_wrote(acme: Any) -> None:
    from crosswalk.store import past_runs

    idle, wrote, failed = run(acme, 1), run(acme, 2, counts={"crm update": 3}), run(acme, 3, state="failed")
    assert list(past_runs.page(acme.id, size=2)) == [failed, wrote]
    assert list(past_runs.page(acme.id, before=wrote.id, size=2)) == [idle]
    assert list(past_runs.page(acme.id, state="failed", size=9)) == [failed]
    assert list(past_runs.page(acme.id, wrote=True, size=9)) == [wrote]
    assert list(past_runs.page(acme.id + 1, size=9)) == []


def test_no_journal_is_no_obstacle(acme: Any) -> None:
    from crosswalk.store import past_runs

    assert past_runs.writes_of(run(acme, 0), size=5) == []
