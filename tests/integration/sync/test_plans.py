"""A plan writes nothing but itself; a run that a plan released goes no further than the plan and a tenth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import CreationRule, FieldMapping, ObjectMapping, Policy, Settings

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

KEPT = ("link", "hold", "journal", "outbox", "run", "tombstone")


def test_a_plan_says_what_a_run_would_do_and_does_nothing(both: TwoSystems) -> None:
    for number in range(3):
        both.crm_new(FirstName=f"P{number}", Email=f"p{number}@example.org")
    both.crm_new(FirstName="Ana", Email="ana@example.org", Title="x" * 50)
    both.contact_new("ana@example.org", firstName="Contact's", phone="+34 1")
    both.contact_new("long@example.org", firstName="x" * 50)
    both.crm_new(Email="long@example.org", LastName="Long")
    both.connect()
    before = (both.systems["salesforce"].dump(), both.systems["activecampaign"].dump())

    plan = both.plan()

    assert plan.counts == {
        "create activecampaign contact": 3,
        "update activecampaign contact": 2,
        "update crm contact": 1,
        "first-link overwrite": 1,
        "links": 2,
        "held": 1,
    }
    rows = both.rows("plan_row")
    assert Counter(row["op"] for row in rows) == {"create": 3, "update": 3, "hold": 1}
    assert [row["key"] for row in rows if row["overwrites"]] == ["ana@example.org"]
    assert {row["key"] for row in rows} >= {"p0@example.org", "ana@example.org", "long@example.org"}
    assert (both.systems["salesforce"].dump(), both.systems["activecampaign"].dump()) == before
    assert {name: both.rows(name) for name in KEPT} == {name: [] for name in KEPT}


def test_planning_twice_is_the_same_and_costs_no_second_reading(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    first = both.plan()

    assert both.plan().counts == first.counts
    assert both.sync(plan=first).counts == {"activecampaign create": 1}
    assert both.plan().counts == {}


def test_a_plan_with_creations_in_the_crm_creates_nobody(both: TwoSystems) -> None:
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(mapping_of(settings=settings))

    assert both.plan().counts == {"create crm contact": 1}

    assert both.crm_all() == []
    assert both.rows("link") == []
    both.sync()
    assert [row["Email"] for row in both.crm_all()] == ["ana@example.org"]
    both.assert_quiet()


def test_a_run_may_go_a_tenth_beyond_its_plan(both: TwoSystems) -> None:
    for number in range(20):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    plan = both.plan()
    for number in range(2):
        both.crm_new(Email=f"late{number}@example.org")

    result = both.sync(plan=plan)

    assert (result.state, result.counts) == ("done", {"activecampaign create": 22})
    both.assert_quiet()


def test_a_run_that_would_go_further_is_braked_and_sends_nothing(both: TwoSystems) -> None:
    for number in range(20):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    plan = both.plan()
    for number in range(3):
        both.crm_new(Email=f"late{number}@example.org")
    marks = both.marks()

    result = both.sync(plan=plan)

    assert (result.state, result.counts) == ("braked", {})
    assert "23" in result.message
    assert result.waiting == 23
    assert both.contacts() == []
    assert all(route.startswith("GET") for route in both.routes_since(marks))
    assert both.rows("outbox") == []

    again = both.plan()
    assert again.counts == {"create activecampaign contact": 23}
    assert both.sync(plan=again).state == "done"
    assert both.imports()[0]["exclude_automations"] == 23  # still the first run
    both.assert_quiet()


def test_writes_of_a_kind_that_the_plan_does_not_have_are_braked(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email="ana@example.org")
    both.connect()
    plan = both.plan()
    both.contact_new("ana@example.org", firstName="Ana")

    result = both.sync(plan=plan)

    assert result.state == "braked"
    assert both.crm("contact", crm_id)["FirstName"] is None


def test_what_pushing_brings_to_light_is_not_written_beyond_the_plan(both: TwoSystems) -> None:
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(5)]
    both.connect()
    both.sync()
    both.wait(10)
    both.crm_edit("contact", ids[0], FirstName="CRM's")
    plan = both.plan()

    def edit() -> None:
        for row in both.contacts():
            both.contact_edit(row["id"], firstName="Contact's")

    both.wire.once("GET /api/3/contacts", edit, at=2)
    result = both.sync(plan=plan)

    assert (result.state, result.counts) == ("done", {})
    assert result.waiting > 0
    assert both.sync().counts == {"crm update": 5}
    both.assert_quiet()


def test_a_field_added_later_is_read_whole_and_linked_alone(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss", Phone="+34 0")
    other = both.crm_new(FirstName="Ben", Email="ben@example.org")
    both.connect(mapping_of(fields=NAMES))
    both.sync()
    both.contact_edit(both.contact("ben@example.org")["id"], **{"Job title": "Director"})
    both.sync()
    journal = len(both.journal())

    job = FieldMapping(crm="Title", activecampaign="Job title", policy=Policy.ACTIVECAMPAIGN)
    both.set_mapping(mapping_of(fields=(*NAMES, job)))
    assert both.plan().counts == {"update activecampaign contact": 1, "update crm contact": 1}
    both.sync()

    assert both.held("ana@example.org", "Job title") == "Boss"
    assert both.crm("contact", other)["Title"] == "Director"
    assert [set(row["fields"]) for row in both.journal()[journal:]] == [
        {"Title"},
        {both.field("Job title")},
    ]
    assert both.crm("contact", crm_id)["Title"] == "Boss"
    both.assert_quiet()


def test_a_field_that_another_object_reads_already_is_linked_too(both: TwoSystems) -> None:
    """Contacts of the CRM synced phones all along; now leads do."""
    both.crm_new("lead", LastName="Ruiz", Email="ana@example.org", Phone="+34 0")
    lead = ObjectMapping(object="lead", fields=(EMAIL,))
    contact = ObjectMapping(object="contact", fields=NAMES)
    both.connect(mapping_of(contact, lead))
    both.sync()
    assert both.contact("ana@example.org")["phone"] == ""

    both.set_mapping(mapping_of(contact, ObjectMapping(object="lead", fields=(EMAIL, NAMES[3]))))
    both.sync()

    assert both.contact("ana@example.org")["phone"] == "+34 0"
    both.assert_quiet()


def test_a_field_taken_out_and_put_back_misses_nothing(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Phone="+34 0")
    both.connect(mapping_of(fields=NAMES))
    both.sync()
    both.set_mapping(mapping_of(fields=NAMES[:3]))
    both.sync()
    both.crm_edit("contact", crm_id, Phone="+34 1")
    both.sync()
    assert both.contact("ana@example.org")["phone"] == "+34 0"
    both.wait(3600)
    both.sync()

    both.set_mapping(mapping_of(fields=NAMES))
    both.sync()

    assert both.contact("ana@example.org")["phone"] == "+34 1"
    both.assert_quiet()


def test_an_object_taken_out_rests_and_waits_in_no_inbox(both: TwoSystems) -> None:
    contact = ObjectMapping(object="contact", fields=NAMES)
    lead = ObjectMapping(object="lead", fields=NAMES)
    lead_id = both.crm_new("lead", FirstName="Ana", Email="ana@example.org")
    both.connect(mapping_of(contact, lead))
    both.sync()
    both.set_mapping(mapping_of(contact))
    both.crm_edit("lead", lead_id, FirstName="Anna")

    assert both.sync().waiting == 0
    assert both.contact("ana@example.org")["firstName"] == "Ana"

    both.set_mapping(mapping_of(contact, lead))
    both.sync()
    assert both.contact("ana@example.org")["firstName"] == "Anna"
    both.assert_quiet()


def test_two_runs_of_a_connection_exclude_each_other(both: TwoSystems) -> None:
    both.crm_new(Email="ana@example.org")
    both.connect()
    refused = []

    def second() -> None:
        with both.another_session(), pytest.raises(UserError, match="under way") as refusal:
            both.plan()
        refused.append(refusal)

    both.wire.once("POST /api/3/contacts", second)  # while no feed is read, for which a second run would wait
    assert both.sync().state == "done"
    assert len(refused) == 1


@contextmanager
def mapping_under_change() -> Iterator[Callable[[], None]]:
    """Somebody is about to save a mapping; gives what lets go of it."""
    from django.db import connection

    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT FROM connection FOR UPDATE")
    try:
        yield other.close
    finally:
        other.close()


def test_a_plan_does_not_wait_for_ever_for_somebody_who_changes_the_mapping(
    both: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.store import plans

    monkeypatch.setattr(plans, "LOCK_TIMEOUT", "200ms")
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    with mapping_under_change(), pytest.raises(UserError, match="changing the mapping of demo") as refusal:
        both.plan()
    assert refusal.value.entry == "mapping_changes"
    assert both.plan().counts == {"create activecampaign contact": 1}


def test_a_plan_tries_again_when_somebody_changed_the_mapping(
    both: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.store import plans

    monkeypatch.setattr(plans, "LOCK_TIMEOUT", "200ms")
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    tries: list[dict[str, int]] = []
    save = plans.save

    with mapping_under_change() as let_go:

        def saved(*arguments: Any, **named: Any) -> int:
            if tries:
                let_go()
            tries.append(both.marks())
            return save(*arguments, **named)

        monkeypatch.setattr(plans, "save", saved)
        assert both.plan().counts == {"create activecampaign contact": 1}

    assert len(tries) == 2
    assert both.routes_since(tries[0]) == []  # what was read is not read again
