"""*Try ten records*: a little of a plan is written, all else waits as it did, and the first run is still to come."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import CreationRule, Settings
from crosswalk.core.schedule import Every
from crosswalk.core.schedule import Schedule as Times

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

KINDS = ("activecampaign create", "activecampaign update", "crm create", "crm update")
ALL = Settings(creation=CreationRule.ALL, creation_object="contact")


class Killed(BaseException):
    """The process ends in the midst of something."""


def people(both: TwoSystems, each: int = 8) -> None:
    """Some that are only in the CRM, some only in ActiveCampaign, some on both sides with differences, some equal."""
    for number in range(each):
        both.crm_new(FirstName="Crm", Email=f"crm{number}@example.org")
        both.contact_new(f"ac{number}@example.org", firstName="Ac", lastName="Only")
        both.crm_new(FirstName="C", LastName="Both", Email=f"both{number}@example.org", Phone="+34 1")
        both.contact_new(f"both{number}@example.org", firstName="A", lastName="Both")
        both.crm_new(LastName="Filled", Email=f"filled{number}@example.org")
        both.contact_new(f"filled{number}@example.org", firstName="F", lastName="Filled")
        both.crm_new(FirstName="Same", LastName="Same", Email=f"same{number}@example.org")
        both.contact_new(f"same{number}@example.org", firstName="Same", lastName="Same")


def state(both: TwoSystems) -> dict[str, list[tuple[Any, ...]]]:
    """What both sides hold, without what tells when and by whom."""
    crm = [(row["Email"], row["FirstName"], row["LastName"], row["Phone"] or "") for row in both.crm_all()]
    contacts = [(row["email"], row["firstName"], row["lastName"], row["phone"]) for row in both.contacts()]
    return {"crm": sorted(crm, key=str), "activecampaign": sorted(contacts, key=str)}


@pytest.mark.every_crm
def test_ten_records_are_written_on_both_sides_and_the_first_run_does_the_rest(both: TwoSystems) -> None:
    people(both)
    both.connect(mapping_of(settings=ALL))
    plan = both.plan()
    waiting = both.waiting()

    result = both.try_records(plan, 10)

    assert (result.state, sum(result.counts.values())) == ("tried", 10)
    assert min(result.counts[name] for name in KINDS) >= 2
    assert len(both.journal()) == 10
    assert result.waiting < waiting
    assert len(both.links(state="open")) <= 10
    assert [row["kind"] for row in both.rows("run")] == ["trial"]

    rest = both.sync(plan=plan)

    assert rest.state == "done"
    planned = sum(row["op"] in ("create", "update") for row in both.rows("plan_row"))
    assert sum(rest.counts.values()) == planned - 10
    assert Counter(row[0] for row in state(both)["crm"]).most_common(1)[0][1] == 1
    assert Counter(row[0] for row in state(both)["activecampaign"]).most_common(1)[0][1] == 1
    both.assert_quiet()


def test_what_is_not_tried_waits_exactly_as_it_did(both: TwoSystems) -> None:
    people(both, each=4)
    both.connect(mapping_of(settings=ALL))
    plan = both.plan()
    before = {(row["side"], row["record_id"]): row["packed"] for row in both.rows("inbox")}

    both.try_records(plan, 3)

    after = {(row["side"], row["record_id"]): row["packed"] for row in both.rows("inbox")}
    written = {(row["crm_id"], row["contact_id"]) for row in both.rows("plan_row") if row["run_id"]}
    ours = {("crm", crm) for crm, _ in written} | {("activecampaign", contact) for _, contact in written}
    assert {place: packed for place, packed in before.items() if place not in ours} == {
        place: packed for place, packed in after.items() if place in before
    }
    assert both.rows("outbox") == []
    assert both.plan().counts != {}


def test_a_trial_is_no_first_run(both: TwoSystems) -> None:
    from crosswalk.store import runs, schedules
    from crosswalk.store.models import Connection, Schedule

    for number in range(15):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    number = both.context().connection_id
    schedules.save(Connection.objects.get(id=number), Times(times=Every(minutes=60)), both.clock.now())
    set_at = Schedule.objects.get().set_at
    plan = both.plan()

    both.try_records(plan, 12)

    assert not runs.finished_before(number)
    assert Schedule.objects.get().set_at == set_at
    assert both.imports()[0]["exclude_automations"] == 12  # as the first run does
    both.wait(100)
    assert both.sync(plan=plan).counts == {"activecampaign create": 3}
    assert len(both.contacts()) == 15
    assert runs.finished_before(number)
    both.assert_quiet()


def test_after_a_trial_a_new_plan_shows_the_rest(both: TwoSystems) -> None:
    for number in range(5):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    both.try_records(both.plan(), 2)

    again = both.plan()

    assert again.counts == {"create activecampaign contact": 3}
    assert both.try_records(again, 2).counts == {"activecampaign create": 2}
    assert both.sync(plan=again).counts == {"activecampaign create": 1}
    both.assert_quiet()


def test_a_second_trial_of_a_plan_tries_others(both: TwoSystems) -> None:
    for number in range(5):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    plan = both.plan()
    both.try_records(plan, 2)

    assert both.try_records(plan, 2).counts == {"activecampaign create": 2}
    assert len(both.contacts()) == 4


@pytest.mark.every_crm
@pytest.mark.parametrize("at", [1, 2, 4])
def test_killed_in_the_midst_of_a_trial_it_goes_on_with_the_same_records(both: TwoSystems, at: int) -> None:
    people(both, each=6)
    both.connect(mapping_of(settings=ALL))
    plan = both.plan()

    def kill() -> None:
        raise Killed

    both.wire.once("POST /", kill, after=True, at=at)
    with pytest.raises(Killed):
        both.try_records(plan, 10)
    both.wire.allow()
    both.reopen()
    both.try_records(plan, 10)

    assert sum(row["op"] != "kept" for row in both.journal()) == 10
    assert both.sync(plan=plan).state == "done"
    assert Counter(row[0] for row in state(both)["crm"]).most_common(1)[0][1] == 1
    both.assert_quiet()


def test_killed_while_an_import_is_under_way_nobody_is_made_twice(both: TwoSystems) -> None:
    for number in range(30):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    plan = both.plan()

    def kill() -> None:
        raise Killed

    both.wire.once("POST /api/3/import/bulk_import", kill, after=True)
    with pytest.raises(Killed):
        both.try_records(plan, 12)
    both.reopen()

    assert both.sync(plan=plan).state == "done"
    assert len(both.contacts()) == 30
    both.assert_quiet()


def test_opt_outs_of_the_tried_records_travel(both: TwoSystems) -> None:
    for number in range(6):
        both.crm_new(FirstName="C", Email=f"p{number}@example.org", HasOptedOutOfEmail=True)
        both.contact_new(f"p{number}@example.org", firstName="A", lists={"1": 1})
    both.connect(mapping_of(fields=NAMES))
    plan = both.plan()

    both.try_records(plan, 2)

    tried = {link.activecampaign_id for link in both.links(state="open")}
    assert len(tried) == 2
    assert {row["record_id"] for row in both.journal() if row["op"] == "opt_out"} == tried
    both.sync(plan=plan)
    assert sum(row["op"] == "opt_out" for row in both.journal()) == 6
    both.assert_quiet()


def test_what_existed_is_left_when_somebody_decides_so_after_a_trial(both: TwoSystems) -> None:
    from crosswalk.store import switches
    from crosswalk.store.models import Connection

    for number in range(5):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    both.try_records(both.plan(), 2)
    switches.turn(Connection.objects.get(), initial_sync=False)
    both.reopen()

    assert both.sync().counts == {}
    assert len(both.contacts()) == 2


@pytest.mark.parametrize("change", ["mapping", "newer"])
def test_a_plan_that_is_not_true_any_more_is_refused(both: TwoSystems, change: str) -> None:
    both.crm_new(Email="ana@example.org")
    both.connect()
    plan = both.plan()
    if change == "mapping":
        both.set_mapping(mapping_of(fields=NAMES[:2]))
    else:
        both.plan()

    with pytest.raises(UserError) as refused:
        both.try_records(plan, 1)

    assert refused.value.entry == ("plan_overtaken" if change == "mapping" else "plan_outdated")
    assert both.contacts() == []
    assert both.rows("run") == []


@pytest.mark.parametrize("seed", range(4))
def test_a_trial_of_any_size_and_the_run_after_it_write_what_the_run_alone_would(
    make_both: Callable[..., TwoSystems], seed: int
) -> None:
    chance = random.Random(seed)
    both = make_both(contacts=12, leads=8, subscribers=15)
    settings = Settings(creation=CreationRule.ALL, creation_object="lead")
    both.connect(mapping_of(*both_objects(), settings=settings))
    plan = both.plan()
    rows = [row for row in both.rows("plan_row") if row["op"] in ("create", "update")]
    planned = Counter((row["side"], row["op"], after(json.loads(bytes(row["fields"])))) for row in rows)
    size = chance.randint(1, len(rows) + 3)

    tried = both.try_records(plan, size)

    assert sum(tried.counts.get(name, 0) for name in KINDS) <= size
    assert both.sync(plan=plan if seed % 2 else both.plan()).state == "done"
    journal = [row for row in both.journal() if row["op"] in ("create", "update")]
    assert Counter((row["side"], row["op"], after(row["fields"])) for row in journal) == planned
    both.assert_quiet()


def after(fields: dict[str, Any]) -> str:
    """What a write leaves behind."""
    return json.dumps({name: values[1] for name, values in sorted(fields.items())}, default=list)
