"""What is old enough goes, a piece at a time, and what somebody relies on stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=401), NOW - timedelta(days=399)


@pytest.fixture
def connection_id(django_database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A connection with the usual settings; three rows are a piece."""
    from crosswalk.store import models, retention

    monkeypatch.setattr(retention, "PIECE", 3)
    tenants = [
        models.Tenant.objects.create(system=system, identity="a", credentials=b"", created_at=OLD)
        for system in ("salesforce", "activecampaign")
    ]
    made = models.Connection.objects.create(
        name="acme", crm=tenants[0], activecampaign=tenants[1], settings={}, created_at=OLD
    )
    return int(made.id)


def write(
    connection_id: int, link_id: int, at: datetime, op: str = "update", fields: Sequence[str] = ("Phone",)
) -> int:
    from crosswalk.store import models

    row = models.Journal.objects.create(
        connection_id=connection_id,
        run_id=1,
        link_id=link_id,
        side="activecampaign",
        op=op,
        record_id="7",
        fields=json.dumps({name: ["a", "b", "changed"] for name in fields}).encode(),
        at=at,
    )
    return int(row.id)


def run(connection_id: int, at: datetime, state: str = "done", **counts: int) -> int:
    from crosswalk.store import models

    row = models.Run.objects.create(
        connection_id=connection_id, kind="scheduled", state=state, started_at=at, ended_at=at, counts=counts
    )
    return int(row.id)


def kept(table: str) -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} ORDER BY id")
        return [number for (number,) in cursor.fetchall()]


def test_old_writes_go_but_for_the_last_ones_of_each_link(connection_id: int) -> None:
    from crosswalk.store import history, retention

    often = [write(connection_id, 1, OLD) for _ in range(14)]
    seldom = [write(connection_id, 2, OLD) for _ in range(10)]
    lately = [write(connection_id, 3, OLD), *(write(connection_id, 3, YOUNG) for _ in range(10))]
    shown = {link: history.journal_of(link) for link in (1, 2, 3)}

    assert retention.whole_round(NOW)["journal"] == 5
    assert kept("journal") == [*often[4:], *seldom, *lately[1:]]
    assert {link: history.journal_of(link) for link in (1, 2, 3)} == shown


def test_a_form_that_a_vendor_keeps_stays_until_another_takes_its_place(connection_id: int) -> None:
    from crosswalk.store import history, retention

    forms = [
        write(connection_id, 1, OLD, "kept", fields)
        for fields in (("Phone",), ("Phone", "City"), ("Phone",), ("City",), ("Name",))
    ]
    later = [write(connection_id, 1, OLD) for _ in range(10)]
    before = history.kept_forms([1])
    retention.whole_round(NOW)

    assert kept("journal") == [*forms[2:], *later]
    assert history.kept_forms([1]) == before


def test_idle_runs_go_before_those_that_wrote_and_the_last_ones_stay(connection_id: int) -> None:
    from crosswalk.store import retention, runs

    month = NOW - timedelta(days=91)
    wrote_long_ago, wrote = run(connection_id, OLD, crm_update=1), run(connection_id, month, crm_update=1)
    idle, last_done = run(connection_id, month), run(connection_id, month)
    failed = [run(connection_id, month, "failed") for _ in range(3)]

    assert retention.whole_round(NOW)["run"] == 4
    assert kept("run") == [wrote, last_done, failed[-1]]
    assert wrote_long_ago not in kept("run")
    assert idle not in kept("run")
    assert runs.finished_before(connection_id)


def test_plans_go_with_their_rows(connection_id: int) -> None:
    from crosswalk.store import models, retention

    for at in (OLD, NOW):
        plan = models.Plan.objects.create(connection_id=connection_id, created_at=at, counts={})
        for number in range(7):
            models.PlanRow.objects.create(
                plan=plan, side="crm", object="lead", op="update", record_id=str(number), fields=b"{}"
            )

    assert retention.whole_round(NOW)["plan"] == 8
    assert (len(kept("plan")), len(kept("plan_row"))) == (1, 7)


def test_a_setting_says_otherwise(connection_id: int) -> None:
    from crosswalk.store import models, retention

    rows = [write(connection_id, 1, NOW - timedelta(days=8)) for _ in range(11)]
    models.Connection.objects.update(settings={"journal_days": 7})
    retention.whole_round(NOW)

    assert kept("journal") == rows[1:]


def test_tables_do_not_grow_with_the_years(connection_id: int) -> None:
    from crosswalk.store import retention

    sizes: list[tuple[int, ...]] = []
    for year in range(4):
        for week in range(52):
            at = NOW + timedelta(days=365 * year + 7 * week)
            write(connection_id, week % 2, at)
            run(connection_id, at)
        retention.whole_round(at)
        sizes.append((len(kept("journal")), len(kept("run"))))

    assert sizes[1:] == [sizes[1]] * 3
    assert sizes[-1] == (400 // 7 + 1, 90 // 7 + 1)


def test_a_step_is_a_piece_and_a_round_is_followed_by_a_day_of_rest(
    connection_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.store import retention

    def looked_at() -> list[Any]:
        done = retention.step(NOW)
        return [done.rows["journal"], done.more]

    for _ in range(14):
        write(connection_id, 1, OLD)
    assert [looked_at() for _ in range(4)] == [[3, True], [1, True], [0, True], [0, True]]
    assert [looked_at() for _ in range(3)] == [[0, True], [0, False], [0, False]]
    write(connection_id, 1, OLD)
    assert looked_at() == [0, False]
    assert retention.step(NOW + retention.REST).rows["journal"] == 1


def test_the_audit_log_is_kept_as_long_as_the_longest_journal(connection_id: int) -> None:
    from crosswalk.store import models, retention

    def act(at: datetime) -> int:
        return int(models.Act.objects.create(at=at, person="ada", door="web", what="runs.paused").id)

    old, young = [act(OLD) for _ in range(4)], [act(YOUNG) for _ in range(2)]
    assert retention.whole_round(NOW)["act"] == 4
    assert kept("act") == young
    models.Connection.objects.filter(id=connection_id).update(settings={"journal_days": 500})
    kept_longer = act(OLD)
    retention.whole_round(NOW)
    assert kept("act") == [*young, kept_longer]
    models.Connection.objects.all().delete()
    retention.whole_round(NOW)
    assert kept("act") == young
    assert not set(old) & set(kept("act"))


def test_set_ups_that_nobody_went_on_with_go_after_a_month_with_their_secrets(connection_id: int) -> None:
    from crosswalk.store import drafts, models, retention

    old, young = (
        drafts.begin(name, "salesforce", "ada", NOW - timedelta(days=days))
        for name, days in (("old", 31), ("young", 29))
    )
    for number, (draft, hours) in enumerate(((old, 0), (young, 0), (young, 25))):
        models.BrowserSignIn.objects.create(
            key=str(number),
            draft=draft,
            holder="h",
            expires_at=NOW - timedelta(hours=hours),
            secrets=b"sealed",
        )
    assert retention.whole_round(NOW)["draft"] == 1
    assert kept("draft") == [young.id]
    assert list(models.BrowserSignIn.objects.values_list("key", flat=True)) == ["1"]


def test_what_was_asked_for_goes_with_its_run_or_when_it_is_old(connection_id: int) -> None:
    from crosswalk.store import models, retention

    def task(ended_at: datetime | None, run_id: int | None = None) -> int:
        asked = {"connection_id": connection_id, "kind": "run", "asked_by": "ada", "asked_at": OLD}
        return int(models.Task.objects.create(**asked, ended_at=ended_at, run_id=run_id).id)

    the_last = run(connection_id, OLD, writes=1)
    _old, of_kept, waiting, young = task(OLD), task(OLD, the_last), task(None), task(NOW)
    assert retention.whole_round(NOW)["task"] == 1
    assert kept("task") == [of_kept, waiting, young]
