"""What a plan says beside its writes: what they cost, which brakes they would meet, what is joined and held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.mapping import Brake, Brakes, FieldMapping, Policy, Settings

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


@pytest.mark.every_crm
@pytest.mark.parametrize(("created", "updated"), [(60, 0), (3, 40), (0, 300)])
def test_the_calls_that_a_plan_tells_are_about_those_that_its_run_makes(
    both: TwoSystems, created: int, updated: int
) -> None:
    from crosswalk.store.plans import figures

    for number in range(created):
        both.crm_new(FirstName="New", Email=f"new{number}@example.org")
    for number in range(updated):
        both.crm_new(FirstName="C", Email=f"p{number}@example.org", Phone="+34 1")
        both.contact_new(f"p{number}@example.org", firstName="A", lastName="Ruiz")
    both.connect(mapping_of(settings=Settings(policy=Policy.NEWEST)))
    plan = both.plan()
    told = figures(plan).cost

    made = both.calls_of(lambda: both.sync(plan=plan))

    for side, system in (("activecampaign", "activecampaign"), ("crm", both.vendor)):
        assert made[system] / 1.5 <= told.calls[side] <= made[system] * 1.5 + 1, side


@pytest.mark.parametrize(("created", "updated"), [(600, 0), (0, 60)])
def test_the_time_that_a_plan_tells_is_about_that_of_its_run_at_the_vendors_pace(
    make_both: Callable[..., TwoSystems], created: int, updated: int
) -> None:
    from crosswalk.store.plans import figures
    from crosswalk.sync.estimating import OWN
    from crosswalk.sync.run import run

    both = make_both(limits="real")
    for number in range(created):
        both.crm_new(FirstName="New", Email=f"new{number}@example.org")
    for number in range(updated):
        both.crm_new(FirstName="C", Email=f"p{number}@example.org")
        both.contact_new(f"p{number}@example.org", firstName="A")
    both.connect(mapping_of(settings=Settings(policy=Policy.NEWEST)))
    plan = both.plan()
    own = OWN * (created + updated)  # this clock stands still meanwhile
    told, began = figures(plan).cost.seconds - own, both.clock.now()

    run(both.context(), plan=plan)

    took = (both.clock.now() - began).total_seconds()
    assert took / 1.5 <= told <= took * 1.5


def test_what_writes_nothing_costs_nothing(both: TwoSystems) -> None:
    from crosswalk.store.plans import Cost, figures

    both.connect(mapping_of())
    assert figures(both.plan()).cost == Cost()


def test_what_is_joined_or_held_without_a_write_is_listed_with_its_records(both: TwoSystems) -> None:
    from crosswalk.store.plan_rows import Asked, page
    from crosswalk.store.plans import figures

    same = both.crm_new(FirstName="Same", LastName="Same", Email="same@example.org")
    same_contact = both.contact_new("same@example.org", firstName="Same", lastName="Same")
    asked = both.crm_new(FirstName="C", LastName="Asked", Email="asked@example.org")
    both.contact_new("asked@example.org", firstName="A", lastName="Asked")
    fields = (
        NAMES[0],
        FieldMapping(crm="FirstName", activecampaign="firstName", policy=Policy.ASK),
        NAMES[2],
    )
    both.connect(mapping_of(fields=fields))

    plan = both.plan()

    assert figures(plan).kinds == {"link": 2, "conflict": 1}
    links = page(plan.id, Asked(kind="link"), 0, 10)
    assert {(row.crm_id, row.key) for row in links} == {
        (same, "same@example.org"),
        (asked, "asked@example.org"),
    }
    assert same_contact in {row.contact_id for row in links}
    (conflict,) = page(plan.id, Asked(kind="conflict"), 0, 10)
    assert conflict.crm_id == asked
    assert conflict.fields["FirstName"][:2] == ("C", "A")
    assert conflict.note is not None
    assert conflict.note.code == "CW-4001"


def test_brakes_that_a_run_by_schedule_would_meet_are_foreseen(both: TwoSystems) -> None:
    from crosswalk.store.models import Connection
    from crosswalk.sync.brakes import foreseen

    brakes = Brakes(changes=Brake(number=3, percent=10), emptied=Brake(number=3, percent=10))
    ids = [both.crm_new(FirstName="A", Phone="1", Email=f"p{number}@example.org") for number in range(5)]
    both.connect(mapping_of(settings=Settings(brakes=brakes)))
    both.sync(plan=both.plan())
    for crm_id in ids:
        both.crm_edit("contact", crm_id, Phone=None)
    plan = both.plan()

    said = foreseen(Connection.objects.get(), plan)

    assert [each.code for each in said] == ["CW-6012", "CW-6014"]
    assert "5 records" in said[0].message


def test_numbers_and_times_are_told_as_people_say_them(both: TwoSystems) -> None:
    from crosswalk.store.models import Connection
    from crosswalk.web.cells import defused
    from crosswalk.web.planning import words

    both.connect()
    connection = Connection.objects.get()
    assert (
        words.sentence(connection, "create activecampaign contact", 1203)
        == "1,203 contacts would be created in ActiveCampaign."
    )
    assert words.sentence(connection, "update crm lead", 1) == "1 lead would be changed in Salesforce."
    assert words.lasting(20) == "less than a minute"
    assert words.lasting(61) == "about 2 minutes"
    assert words.lasting(3 * 3600) == "about 3 hours"
    assert defused("=1+1", "+34 1", "-2", "@x", "plain", "") == [
        "'=1+1",
        "'+34 1",
        "'-2",
        "'@x",
        "plain",
        "",
    ]
