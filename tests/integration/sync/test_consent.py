"""Opt-outs on their way between the CRM's box and ActiveCampaign's lists: each row of what the vendor's own does."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import (
    CreationRule,
    Direction,
    FieldMapping,
    ObjectMapping,
    Selection,
    SelectionKind,
    Settings,
    Side,
)

if TYPE_CHECKING:
    import httpx2
    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"
BOX = "HasOptedOutOfEmail"
NEWS, PRODUCT = "Newsletter", "Product updates"
COUNTED = 301  # seconds after which a change of lists is looked for


def linked(
    both: TwoSystems, *, opted_out: bool = False, settings: Settings | None = None, **lists: int
) -> tuple[str, str]:
    """One linked pair; the ids of both records. `lists` says in which state the contact is on lists 1 and 2."""
    crm_id = both.crm_new(Email=ANA, **{BOX: opted_out})
    contact_id = both.contact_new(
        ANA, lastName="Ruiz", lists={name[-1]: state for name, state in lists.items()}
    )
    both.wire.may_uncheck = settings is not None and settings.uncheck_opt_out
    both.connect(mapping_of(settings=settings))
    both.sync()
    return crm_id, contact_id


def box(both: TwoSystems, crm_id: str, object: str = "contact") -> bool:
    return bool(both.crm(object, crm_id)[BOX])


def lists(both: TwoSystems, email: str = ANA) -> dict[str, str]:
    found: dict[str, str] = both.contact(email)["lists"]
    return found


def sync_later(both: TwoSystems) -> dict[str, int]:
    """Run when changes of lists are looked for; what was written."""
    both.wait(COUNTED)
    return dict(both.sync().counts)


def explained(both: TwoSystems, crm_id: str) -> dict[str, Any]:
    from crosswalk.sync.explain import explain

    found: dict[str, Any] = explain(both.context(), Side.CRM, crm_id).links[0].consent
    return found


def evidence(both: TwoSystems, crm_id: str) -> list[tuple[str, str, str]]:
    return [(row["side"], row["standing"], row["kind"]) for row in explained(both, crm_id)["evidence"]]


def last_write(both: TwoSystems) -> tuple[str, str, dict[str, Any]]:
    row = both.journal()[-1]
    return row["side"], row["op"], row["fields"]


# --- the CRM's box ------------------------------------------------------------------------------------------------


def test_a_checked_box_takes_the_contact_off_every_list(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1, list2=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    marks = both.marks()

    assert both.sync().counts == {"activecampaign opt_out": 1}

    assert lists(both) == {"1": "2", "2": "2"}
    assert both.routes_since(marks).count("POST /contactLists") == 2
    change = ["active", "unsubscribed", "opted_out"]
    assert last_write(both) == ("activecampaign", "opt_out", {"list 1": change, "list 2": change})
    assert evidence(both, crm_id) == [("crm", "out", "changed"), ("activecampaign", "out", "written")]
    both.assert_quiet()


def test_evidence_says_when_where_and_who(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    row = both.crm("contact", crm_id)
    both.sync()

    changed, written = explained(both, crm_id)["evidence"]
    at = datetime.fromisoformat(row["SystemModstamp"])
    assert changed["places"] == [{"where": BOX, "state": "true", "at": at}]
    assert changed["by"] == row["LastModifiedById"]
    assert written["places"] == [{"where": "list 1", "state": "unsubscribed", "at": None}]


def test_lists_that_the_contact_is_not_active_on_are_left_alone(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=2, list2=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    marks = both.marks()
    both.sync()
    assert lists(both) == {"1": "2", "2": "2"}
    assert both.routes_since(marks).count("POST /contactLists") == 1


def test_who_joined_a_list_before_the_box_was_checked_is_taken_off(both: TwoSystems) -> None:
    """Nobody has told us of the list when the box is read: this is no new subscription."""
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, lists={NEWS: 1})
    both.wait(60)
    both.crm_edit("contact", crm_id, **{BOX: True})

    assert both.sync().counts == {"activecampaign opt_out": 1}

    assert lists(both) == {"1": "2"}
    both.assert_quiet()


def test_a_contact_that_is_out_of_the_selection_keeps_to_opt_outs(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1)
    item = ObjectMapping(object="contact", fields=NAMES, selection=Selection(kind=SelectionKind.NONE))
    both.set_mapping(mapping_of(item))
    both.contact_edit(contact_id, lists={NEWS: 2})
    assert sync_later(both) == {"crm opt_out": 1}
    assert box(both, crm_id) is True


def test_an_unchecked_box_subscribes_nobody(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.sync()
    both.crm_edit("contact", crm_id, **{BOX: False})

    assert both.sync().counts == {}

    assert lists(both) == {"1": "2"}
    assert box(both, crm_id) is False
    assert evidence(both, crm_id)[-1] == ("crm", "none", "changed")
    assert both.assert_quiet().excused == {"consent differs": 1}


# --- ActiveCampaign's lists ---------------------------------------------------------------------------------------


def test_who_leaves_every_list_has_the_box_checked(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1, list2=1)
    both.contact_edit(contact_id, lists={NEWS: 2, PRODUCT: 2})  # which does not move the contact's stamp
    assert both.sync().counts == {}

    assert sync_later(both) == {"crm opt_out": 1}

    assert box(both, crm_id) is True
    assert last_write(both) == ("crm", "opt_out", {BOX: [False, True, "opted_out"]})
    assert evidence(both, crm_id) == [("activecampaign", "out", "changed"), ("crm", "out", "written")]
    both.assert_quiet()


def test_an_unsubscription_that_the_feed_shows_travels_at_once(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1)
    both.contact_edit(contact_id, lists={NEWS: 2}, phone="+34 1")
    both.sync()
    assert box(both, crm_id) is True
    both.assert_quiet()


def test_who_leaves_one_of_two_lists_has_not_opted_out(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1, list2=1)
    both.contact_edit(contact_id, lists={NEWS: 2})
    assert sync_later(both) == {}
    assert box(both, crm_id) is False
    both.contact_edit(contact_id, lists={PRODUCT: 2})
    assert sync_later(both) == {"crm opt_out": 1}
    assert box(both, crm_id) is True
    both.assert_quiet()


def test_a_hard_bounce_checks_the_box(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1)
    both.contact_bounce(contact_id)
    assert sync_later(both) == {"crm opt_out": 1}
    assert box(both, crm_id) is True
    assert explained(both, crm_id)["evidence"][0]["places"][-1]["state"] == "hard bounce"
    both.assert_quiet()


def test_a_contact_on_no_list_has_not_opted_out(both: TwoSystems) -> None:
    crm_id, _ = linked(both)
    assert sync_later(both) == {}
    assert box(both, crm_id) is False


def test_who_comes_and_who_goes_in_the_same_minutes_are_found_within_the_hour(both: TwoSystems) -> None:
    """No count tells: as many are on lists as before."""
    crm_id, contact_id = linked(both, list1=1)
    other = both.contact_new("other@example.org", lists={NEWS: 2})
    both.sync()
    both.contact_edit(contact_id, lists={NEWS: 2})
    both.contact_edit(other, lists={NEWS: 1})
    assert sync_later(both) == {}

    both.wait(3600)
    assert both.sync().counts == {"crm opt_out": 1}
    assert box(both, crm_id) is True


# --- who subscribes again -----------------------------------------------------------------------------------------


def opted_out_and_back(both: TwoSystems, settings: Settings | None = None) -> str:
    """A person whose box is checked, who then subscribes again herself."""
    crm_id, contact_id = linked(both, settings=settings, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.sync()
    both.contact_edit(contact_id, lists={NEWS: 1})
    return crm_id


def test_who_subscribes_again_herself_is_not_thrown_out_by_the_old_box(both: TwoSystems) -> None:
    crm_id = opted_out_and_back(both)

    assert sync_later(both) == {}
    both.crm_edit("contact", crm_id, Phone="+34 1")  # the box is read once more
    assert sync_later(both) == {"activecampaign update": 1}

    assert lists(both) == {"1": "1"}
    assert box(both, crm_id) is True
    assert evidence(both, crm_id)[-1] == ("activecampaign", "in", "changed")
    assert both.assert_quiet().excused == {"consent differs": 1}


def test_the_admin_may_have_the_box_unchecked_for_who_subscribes_again(both: TwoSystems) -> None:
    crm_id = opted_out_and_back(both, Settings(uncheck_opt_out=True))

    assert sync_later(both) == {"crm lift_opt_out": 1}

    assert lists(both) == {"1": "1"}
    assert box(both, crm_id) is False
    assert last_write(both) == ("crm", "lift_opt_out", {BOX: [True, False, "subscribed_again"]})
    assert evidence(both, crm_id)[-2:] == [("activecampaign", "in", "changed"), ("crm", "none", "written")]
    both.assert_quiet()


def test_who_left_again_meanwhile_keeps_the_box(both: TwoSystems) -> None:
    crm_id = opted_out_and_back(both, Settings(uncheck_opt_out=True))
    contact_id = both.contact(ANA)["id"]
    # the first reading shows her back, the second is made before the box is unchecked
    both.wire.once(
        f"GET /api/3/contacts/{contact_id}", lambda: both.contact_edit(contact_id, lists={NEWS: 2}), at=2
    )
    assert sync_later(both) == {}
    assert box(both, crm_id) is True
    both.assert_quiet()


def test_who_leaves_just_after_the_box_was_unchecked_has_it_checked_again(both: TwoSystems) -> None:
    crm_id = opted_out_and_back(both, Settings(uncheck_opt_out=True))
    contact_id = both.contact(ANA)["id"]
    both.wire.once("PATCH", lambda: both.contact_edit(contact_id, lists={NEWS: 2}, phone="+34 1"), after=True)
    assert sync_later(both) == {"crm lift_opt_out": 1}
    both.sync()
    assert box(both, crm_id) is True
    both.assert_quiet()


def test_who_opts_out_once_more_is_taken_off_once_more(both: TwoSystems) -> None:
    crm_id = opted_out_and_back(both)
    sync_later(both)
    both.crm_edit("contact", crm_id, **{BOX: False})
    both.sync()
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.sync()
    assert lists(both) == {"1": "2"}
    both.assert_quiet()


# --- first links and new records ----------------------------------------------------------------------------------


def test_at_a_first_link_a_checked_box_wins(both: TwoSystems) -> None:
    crm_id, _ = linked(both, opted_out=True, list1=1)
    assert lists(both) == {"1": "2"}
    assert evidence(both, crm_id) == [("crm", "out", "first_link"), ("activecampaign", "out", "written")]
    both.assert_quiet()


def test_at_a_first_link_an_opted_out_contact_wins(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=2)
    assert box(both, crm_id) is True
    assert last_write(both) == ("crm", "opt_out", {BOX: [False, True, "opted_out_at_first_link"]})
    both.assert_quiet()


def test_new_contacts_are_on_no_list(both: TwoSystems) -> None:
    for number in range(12):
        both.crm_new(Email=f"p{number}@example.org", **{BOX: number == 0})
    both.connect()
    bodies = written_bodies(both)
    both.sync()
    assert [row["lists"] for row in both.contacts()] == [{}] * 12
    assert not any(b"subscribe" in body or b"list" in body for body in bodies)
    both.assert_quiet()


def test_a_crm_record_made_of_an_opted_out_contact_has_its_box_checked_from_the_start(
    both: TwoSystems,
) -> None:
    both.contact_new(ANA, lastName="Ruiz", lists={NEWS: 2})
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    both.connect(mapping_of(settings=settings))
    seen: list[bool] = []
    both.wire.once(
        "POST /services/data/v60.0/composite/sobjects",
        lambda: seen.append(both.crm_all()[0][BOX]),
        after=True,
    )
    assert both.sync().counts == {"crm create": 1}
    assert seen == [True]  # nothing in the CRM can mail the new record before
    assert both.journal()[0]["fields"][BOX] == [None, True, "opted_out"]
    both.assert_quiet()


def test_a_crm_record_that_was_made_unchecked_is_checked_by_the_next_run(both: TwoSystems) -> None:
    """The contact leaves its list between the reading and the creation."""
    contact_id = both.contact_new(ANA, lastName="Ruiz", lists={NEWS: 1})
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    both.connect(mapping_of(settings=settings))
    both.wire.once(
        "POST /services/data/v60.0/composite/sobjects",
        lambda: both.contact_edit(contact_id, lists={NEWS: 2}, phone="+34 1"),
    )
    both.sync()
    both.sync()
    (row,) = both.crm_all()
    assert row[BOX] is True
    both.assert_quiet()


# --- several records of one person --------------------------------------------------------------------------------


def shared(both: TwoSystems, **lists: int) -> tuple[str, str]:
    """A contact and a lead of one person, who is one contact in ActiveCampaign."""
    contact = both.crm_new(Email=ANA)
    lead = both.crm_new("lead", Email=ANA)
    if lists:
        both.contact_new(ANA, lastName="Ruiz", lists={name[-1]: state for name, state in lists.items()})
    both.connect(mapping_of(*both_objects()))
    both.sync()
    return contact, lead


@pytest.mark.parametrize("on_a_list", [True, False])
def test_an_opt_out_of_a_record_that_is_not_primary_reaches_everybody(
    both: TwoSystems, on_a_list: bool
) -> None:
    contact, lead = shared(both, **({"list1": 1} if on_a_list else {}))
    both.crm_edit("lead", lead, **{BOX: True})

    both.sync()

    assert lists(both) == ({"1": "2"} if on_a_list else {})
    assert (box(both, contact), box(both, lead, "lead")) == (True, True)
    both.assert_quiet()


def test_an_opt_out_of_the_contact_reaches_all_its_records(both: TwoSystems) -> None:
    contact, lead = shared(both, list1=1)
    both.contact_edit(both.contact(ANA)["id"], lists={NEWS: 2})
    assert sync_later(both) == {"crm opt_out": 2}
    assert (box(both, contact), box(both, lead, "lead")) == (True, True)
    both.assert_quiet()


# --- nothing holds it back ----------------------------------------------------------------------------------------


def test_opt_outs_travel_in_a_run_that_is_braked(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    plan = both.plan()
    both.crm_edit("contact", crm_id, Phone="+34 1", **{BOX: True})

    result = both.sync(plan=plan)

    assert result.state == "braked"
    assert lists(both) == {"1": "2"}
    assert both.contact(ANA)["phone"] == ""


def test_first_links_of_a_braked_run_carry_opt_outs_too(both: TwoSystems) -> None:
    both.crm_new(Email=ANA, Phone="+34 1", **{BOX: True})
    both.connect()
    plan = both.plan()
    both.contact_new(ANA, lastName="Ruiz", lists={NEWS: 1})
    assert both.sync(plan=plan).state == "braked"
    assert lists(both) == {"1": "2"}


def test_opt_outs_go_before_everything_else(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, Phone="+34 1", **{BOX: True})
    marks = both.marks()
    both.sync()
    writes = [
        route for route in both.routes_since(marks) if not route.startswith("GET") and "contact" in route
    ]
    assert writes == ["POST /contactLists", "PUT /contacts/{id}"]


def test_an_opt_out_does_not_heed_the_direction_of_other_fields(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email=ANA)
    both.contact_new(ANA, lastName="Ruiz", lists={NEWS: 2})
    item = ObjectMapping(object="contact", fields=NAMES, direction=Direction.TO_ACTIVECAMPAIGN)
    both.connect(mapping_of(item))
    both.sync()
    assert box(both, crm_id) is True


def test_a_plan_shows_opt_outs_and_writes_none(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email=ANA)
    both.contact_new(ANA, lastName="Ruiz", lists={NEWS: 2})
    both.connect()
    plan = both.plan()
    assert plan.counts["opt_out crm contact"] == 1
    row = plan.planrow_set.get(op="opt_out")
    assert (row.record_id, msgspec.json.decode(row.fields)) == (
        crm_id,
        {BOX: ["false", "opt_out", "opted_out_at_first_link"]},
    )
    assert box(both, crm_id) is False
    assert both.rows("consent_write") == []


# --- crashes and refusals -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_between_intent_and_receipt_of_an_unsubscription(both: TwoSystems, after: bool) -> None:
    crm_id, _ = linked(both, list1=1, list2=1)
    both.crm_edit("contact", crm_id, **{BOX: True})

    def die() -> None:
        raise Killed

    both.wire.once("POST /api/3/contactLists", die, after=after)
    with pytest.raises(Killed):
        both.sync()
    assert [row["state"] for row in both.rows("consent_write")] == ["sending"]

    both.reopen()
    both.sync()

    assert lists(both) == {"1": "2", "2": "2"}
    assert sum(row["op"] == "opt_out" for row in both.journal()) == 1
    assert both.rows("consent_write") == []
    both.assert_quiet()


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_between_intent_and_receipt_of_a_checked_box(both: TwoSystems, after: bool) -> None:
    crm_id, contact_id = linked(both, list1=1)
    both.contact_edit(contact_id, lists={NEWS: 2})
    both.wait(COUNTED)

    def die() -> None:
        raise Killed

    both.wire.once("PATCH", die, after=after)
    with pytest.raises(Killed):
        both.sync()

    both.reopen()
    both.sync()

    assert box(both, crm_id) is True
    writes = [row["fields"] for row in both.journal() if row["op"] == "opt_out"]
    assert writes == [{BOX: [False, True, "opted_out"]}]
    assert evidence(both, crm_id)[-1] == ("crm", "out", "written")
    both.assert_quiet()


@pytest.mark.parametrize("part", ["POST /api/3/contactLists", "PATCH"])
def test_a_system_that_is_down_gets_the_opt_out_with_the_next_run(both: TwoSystems, part: str) -> None:
    crm_id, contact_id = linked(both, list1=1)
    if part == "PATCH":
        both.contact_edit(contact_id, lists={NEWS: 2}, phone="+34 1")
    else:
        both.crm_edit("contact", crm_id, **{BOX: True})
    both.wire.refuse(part, 503, {})
    with pytest.raises(SystemFailure):
        both.sync()
    assert both.journal()[-1:] == []
    both.wire.allow()

    both.wait(60)
    both.sync()

    assert (box(both, crm_id), lists(both)) == (True, {"1": "2"})
    assert [row["op"] for row in both.journal()].count("opt_out") == 1
    both.assert_quiet()


def test_an_answer_that_is_lost_makes_no_second_journal_row(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.wire.lose_answer("POST /api/3/contactLists")
    both.sync()
    assert lists(both) == {"1": "2"}
    assert [row["op"] for row in both.journal()] == ["opt_out"]
    both.assert_quiet()


@pytest.mark.parametrize("by", ["box", "list"])
def test_the_stamp_of_an_opt_out_makes_an_edit_before_it_no_newer(both: TwoSystems, by: str) -> None:
    """A person edits one side while its opt-out is on its way, then another one the other side: nobody can tell."""
    written = Side.ACTIVECAMPAIGN if by == "box" else Side.CRM
    crm_id, contact_id = linked(both, settings=Settings(winner=written.other), list1=1)

    def edit() -> None:
        for side in (written, written.other):
            if side is Side.CRM:
                both.crm_edit("contact", crm_id, Phone="+34 1")
            else:
                both.contact_edit(contact_id, phone="+34 2")
            both.wait(20)

    if by == "box":
        both.crm_edit("contact", crm_id, **{BOX: True})
        both.wire.once("POST /api/3/contactLists", edit)
    else:
        both.contact_edit(contact_id, lists={NEWS: 2})
        both.wait(COUNTED)
        both.wire.once("PATCH", edit)
    both.sync()
    both.sync()

    phone = "+34 1" if by == "box" else "+34 2"
    assert (both.crm("contact", crm_id)["Phone"], both.contact(ANA)["phone"]) == (phone, phone)
    both.assert_quiet()


@pytest.mark.parametrize("by", ["box", "list"])
def test_what_a_person_emptied_before_an_opt_out_is_not_taken_for_emptied_by_the_vendor(
    both: TwoSystems, by: str
) -> None:
    """The opt-out is written before anybody read what became of the value that we wrote to that record."""
    crm_id, contact_id = linked(both, list1=1)
    both.sync()
    if by == "box":
        both.crm_edit("contact", crm_id, Phone="+34 1")
    else:
        both.contact_edit(contact_id, phone="+34 1")
    both.sync()
    both.wait(COUNTED)
    if by == "box":
        both.crm_edit("contact", crm_id, **{BOX: True})
        both.contact_edit(contact_id, phone="")
    else:
        both.contact_edit(contact_id, lists={NEWS: 2})
        both.crm_edit("contact", crm_id, Phone=None)
    both.sync()
    both.sync()
    assert (both.crm("contact", crm_id)["Phone"], both.contact(ANA)["phone"]) == (None, "")
    assert both.holds() == []
    both.assert_quiet()


LOCKED = {"errors": [{"title": "The list is locked.", "detail": "", "code": "locked"}]}


def test_a_refused_opt_out_is_held_and_tried_again_by_the_next_run(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, Phone="+34 1", **{BOX: True})
    both.wire.refuse("POST /api/3/contactLists", 422, LOCKED)

    assert both.sync().counts == {"activecampaign update": 1}
    (hold,) = both.holds()
    assert (hold["kind"], hold["side"], hold["field"]) == ("consent", "activecampaign", BOX)
    assert "The list is locked." in hold["reason"]
    assert both.verify().excused == {"held": 1}

    both.wire.allow()
    assert both.sync().counts == {"activecampaign opt_out": 1}
    assert both.holds() == []
    assert lists(both) == {"1": "2"}
    both.assert_quiet()


def refused_again_and_again(both: TwoSystems, hours: int) -> tuple[str, list[int]]:
    """Have an opt-out refused by a run in each of so many hours; the record's id, and the hours of the tries."""
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.wire.refuse("POST /api/3/contactLists", 422, LOCKED)
    tried: list[int] = []
    began = both.clock.now()

    def hear(route: str, request: httpx2.Request) -> None:
        if route == "POST /api/3/contactLists":
            tried.append((both.clock.now() - began) // timedelta(hours=1))

    both.wire.before.insert(0, hear)
    for _ in range(hours):
        both.sync()
        both.wait(3600)
    return crm_id, tried


def test_what_is_refused_again_and_again_is_tried_more_and_more_rarely(both: TwoSystems) -> None:
    _crm_id, tried = refused_again_and_again(both, 100)
    distances = [after - before for before, after in pairwise(tried)]
    assert distances[:2] == [1, 2]
    assert distances == sorted(distances)
    assert 24 <= distances[-1] <= 25  # a day at most
    assert len(both.holds()) == 1
    both.wire.allow()

    both.wait(25 * 3600)
    both.sync()

    assert lists(both) == {"1": "2"}
    both.assert_quiet()


def test_a_person_may_have_a_refused_opt_out_tried_at_once(both: TwoSystems) -> None:
    _crm_id, tried = refused_again_and_again(both, 10)
    assert (tried[:3], len(tried)) == ([0, 1, 3], 4)
    both.wire.allow()
    both.retry()
    assert both.sync().counts == {"activecampaign opt_out": 1}
    both.assert_quiet()


def test_the_hold_of_a_refused_opt_out_ends_when_people_carry_it_themselves(both: TwoSystems) -> None:
    refused_again_and_again(both, 10)
    both.contact_edit(both.contact(ANA)["id"], lists={NEWS: 2})
    both.sync()
    assert both.holds() == []
    both.assert_quiet()


def test_an_answer_that_keeps_the_contact_on_the_list_is_no_receipt(both: TwoSystems) -> None:
    crm_id, _ = linked(both, list1=1)
    both.crm_edit("contact", crm_id, **{BOX: True})
    both.wire.refuse("POST /api/3/contactLists", 200, {"contactList": {"status": "1"}})
    both.sync()
    assert [hold["kind"] for hold in both.holds()] == ["consent"]
    both.wire.allow()
    both.sync()
    assert lists(both) == {"1": "2"}
    both.assert_quiet()


# --- settings, cost, proof ----------------------------------------------------------------------------------------


def test_consent_that_is_turned_off_is_neither_read_nor_written(both: TwoSystems) -> None:
    marks = both.marks()
    crm_id, _ = linked(both, opted_out=True, settings=Settings(consent=False), list1=1)
    assert lists(both) == {"1": "1"}
    assert box(both, crm_id) is True
    assert not [query for query in both.queries_since(marks) if "contactLists" in query or BOX in query]
    assert both.verify().unexcused == 0


def test_consent_that_is_turned_on_later_reads_everybody(both: TwoSystems) -> None:
    crm_id, _ = linked(both, settings=Settings(consent=False), list1=2)
    both.set_mapping(mapping_of())
    both.sync()
    assert box(both, crm_id) is True
    both.assert_quiet()


def test_the_box_is_not_mapped_like_other_fields(both: TwoSystems) -> None:
    pair = FieldMapping(crm=BOX, activecampaign="Partner")
    with pytest.raises(UserError, match=r"opt-outs travel by rules of their own"):
        both.connect(mapping_of(fields=(*NAMES, pair)))


def test_an_idle_run_asks_for_lists_once_in_five_minutes(both: TwoSystems) -> None:
    linked(both, list1=1)
    both.sync()
    assert both.calls_of(both.sync)["activecampaign"] == 1
    marks = both.marks()
    sync_later(both)
    assert [query for query in both.queries_since(marks) if "status=" in query] == ["status=1&limit=1"]
    marks = both.marks()
    sync_later(both)
    assert [query for query in both.queries_since(marks) if "status=" in query] == ["status=2&limit=1"]
    marks = both.marks()
    both.sync()
    assert [query for query in both.queries_since(marks) if "status=" in query] == []


def test_a_difference_without_evidence_is_not_excused(both: TwoSystems) -> None:
    from crosswalk.store import models

    opted_out_and_back(both)
    sync_later(both)
    assert both.verify().unexcused == 0
    models.ConsentEvidence.objects.all().delete()
    found = both.verify()
    assert found.unexcused == 1
    (sample,) = [each for each in found.samples if each["excuse"] is None]
    assert (sample["kind"], sample["crm"], sample["activecampaign"]) == ("consent", "out", "in")


def test_what_verify_finds_changed_is_read_by_the_next_run(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, list1=1)
    both.contact_edit(contact_id, lists={NEWS: 2})
    assert both.verify().excused == {"changed after the cursor": 1}
    assert both.sync().counts == {"crm opt_out": 1}
    assert box(both, crm_id) is True


def test_status_counts_consent(both: TwoSystems) -> None:
    from crosswalk.store import connections, history

    opted_out_and_back(both)
    sync_later(both)
    found = history.figures(connections.get("demo"))["consent"]
    assert found == {"opted_out": 0, "differs": 1, "waiting": 0, "evidence": 3}


def written_bodies(both: TwoSystems) -> list[bytes]:
    """Collects the bodies of all further writes to contacts."""
    bodies: list[bytes] = []

    def hook(route: str, request: httpx2.Request) -> None:
        if route.startswith(("POST /api/3", "PUT /api/3")):
            bodies.append(request.content)

    both.wire.before.append(hook)
    return bodies
