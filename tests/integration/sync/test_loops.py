"""A field over which automations fight is held, and only that field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of

from crosswalk.core.mapping import FieldMapping, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2
    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"
TITLE = FieldMapping(crm="Title", activecampaign="Job title")


def fighting(both: TwoSystems) -> tuple[str, str]:
    """A flow of the CRM answers each edit of ours with “Warm”, an automation answers each with “Hot”."""
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, Title="Warm")
    both.connect(mapping_of(fields=(*NAMES, TITLE)))
    both.sync()
    contact_id = both.contact(ANA)["id"]
    both.wait(60)
    answer(both, "PATCH /services/data", lambda: both.crm_edit("contact", crm_id, Title="Warm"))
    answer(both, "PUT /api/3/contacts", lambda: both.contact_edit(contact_id, **{"Job title": "Hot"}))
    both.contact_edit(contact_id, **{"Job title": "Hot"})
    return crm_id, contact_id


def answer(both: TwoSystems, route: str, act: Callable[[], None]) -> None:
    """An automation acts three seconds after each such write."""

    def hook(seen: str, request: httpx2.Request) -> None:
        if route in seen and (b"Warm" in request.content or b"Hot" in request.content):
            both.wait(3)
            act()

    both.wire.after.append(hook)


def writes(both: TwoSystems) -> int:
    names = {"Title", both.field("Job title")}
    return sum(row["op"] == "update" and bool(names & set(row["fields"])) for row in both.journal())


def test_two_automations_are_stopped_after_four_turns_and_the_rest_goes_on(both: TwoSystems) -> None:
    crm_id, contact_id = fighting(both)
    for _turn in range(8):
        both.sync()

    assert writes(both) == 4
    (hold,) = both.holds()
    assert (hold["kind"], hold["code"], hold["field"]) == ("loop", "CW-4009", "Title")
    assert hold["values"] == {"crm": "Warm", "activecampaign": "Hot"}
    assert "set back 4 times" in hold["reason"]
    (field,) = [each for each in both.explain(Side.CRM, crm_id).links[0].fields if each.crm_field == "Title"]
    assert field.hold is not None
    assert field.hold.startswith("CW-4009")

    both.contact_edit(contact_id, firstName="Anna")
    both.sync()
    assert both.crm("contact", crm_id)["FirstName"] == "Anna"
    both.wire.calm()
    assert both.assert_quiet().excused == {"held": 1}
    both.wait(7200)
    assert both.assert_quiet().excused == {"held": 1}


def test_the_hold_stays_the_same_over_many_runs_and_goes_when_both_agree(both: TwoSystems) -> None:
    crm_id, _contact_id = fighting(both)
    for _turn in range(8):
        both.sync()
    (before,) = both.holds()
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    assert both.holds() == [before]

    both.wire.calm()
    both.crm_edit("contact", crm_id, Title="Hot")
    both.sync()
    assert both.holds() == []
    both.assert_quiet()


def test_retrying_sends_it_once_and_a_fight_that_goes_on_is_held_again(both: TwoSystems) -> None:
    fighting(both)
    for _turn in range(8):
        both.sync()
    both.retry()
    for _turn in range(4):
        both.sync()
    assert writes(both) == 5
    assert [hold["kind"] for hold in both.holds()] == ["loop"]

    both.wire.calm()
    both.retry()
    both.sync()
    assert both.holds() == []
    assert both.assert_quiet().excused == {}


def test_a_chosen_side_ends_it(both: TwoSystems) -> None:
    crm_id, _contact_id = fighting(both)
    for _turn in range(8):
        both.sync()
    both.wire.calm()

    (chosen,) = both.choose(Side.CRM).chosen
    assert chosen
    both.sync()

    assert both.held(ANA, "Job title") == both.crm("contact", crm_id)["Title"] == "Warm"
    assert both.holds() == []
    assert both.assert_quiet().excused == {}


def test_people_who_type_new_values_in_turns_are_not_stopped(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email=ANA)
    both.connect()
    both.sync()
    both.wait(60)
    contact_id = both.contact(ANA)["id"]
    for turn in range(5):
        both.crm_edit("contact", crm_id, FirstName=f"Crm{turn}")
        both.sync()
        both.contact_edit(contact_id, firstName=f"Contact{turn}")
        both.sync()
    assert both.holds() == []
    assert both.crm("contact", crm_id)["FirstName"] == "Contact4"
    both.assert_quiet()


@pytest.mark.parametrize(("pause", "held"), [(60, True), (1200, False)], ids=["at once", "over hours"])
def test_one_side_that_changes_its_mind_again_and_again(both: TwoSystems, pause: int, *, held: bool) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email=ANA)
    both.connect(mapping_of(fields=(EMAIL, NAMES[1])))
    both.sync()
    for turn in range(7):
        both.wait(pause)
        both.crm_edit("contact", crm_id, FirstName=("Anna", "Ana")[turn % 2])
        both.sync()
    assert [hold["kind"] for hold in both.holds()] == ["loop"] * held


def test_two_connections_that_fight_over_a_contact_are_stopped(both: TwoSystems) -> None:
    """Each org's flow sets the title of every record that the sync edits to its own."""
    org = both.second_org()
    mapping = mapping_of(fields=(*NAMES, TITLE))
    first = both.crm_new(Email=ANA, Title="Boss")
    second = str(
        org.person("Contact", "create", values={"LastName": "Ruiz", "Email": ANA, "Title": "Boss"})["Id"]
    )
    both.connect(mapping, name="one")
    both.connect(mapping, name="two", org="second")
    both.sync("one")
    both.sync("two")
    both.wait(60)

    def flows(route: str, request: httpx2.Request) -> None:
        if route.startswith("PATCH /services/data"):
            both.wait(2)
            if request.url.host.startswith("second"):
                org.person("Contact", "edit", record_id=second, values={"Title": "Director"})
            else:
                both.crm_edit("contact", first, Title="Manager")

    both.wire.after.append(flows)
    both.contact_edit(both.contact(ANA)["id"], **{"Job title": "Chair"})
    for _turn in range(10):
        both.sync("one")
        both.sync("two")

    assert {hold["kind"] for name in ("one", "two") for hold in both.holds(name)} == {"loop"}
    marks = both.marks()
    both.sync("one")
    both.sync("two")
    assert not [route for route in both.routes_since(marks) if route.startswith(("PUT", "PATCH"))]


def journal_looks(both: TwoSystems) -> int:
    """How many statements of a run look into the journal; one counts what the run wrote."""
    from django.db import connection  # needs a configured Django
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        both.sync()
    return sum("FROM journal WHERE" in query["sql"] for query in captured.captured_queries)


def test_it_is_looked_for_only_where_a_link_written_lately_is_to_be_written(both: TwoSystems) -> None:
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(3)]
    both.connect()
    both.sync()
    both.sync()
    assert journal_looks(both) == 1
    both.wait(7200)
    both.crm_edit("contact", ids[0], FirstName="New")
    assert journal_looks(both) == 1
    for crm_id in ids:
        both.crm_edit("contact", crm_id, FirstName="Newer")
    assert journal_looks(both) == 2
