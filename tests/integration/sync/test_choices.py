"""What a person decides about holds is written by the next run, for the values that she saw and no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of

from crosswalk.core.mapping import Direction, FieldMapping, ObjectMapping, Policy, Settings, Side, UpdateRule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.store.holds import Held

FIELDS = (
    *NAMES,
    FieldMapping(crm="Title", activecampaign="Job title"),
    FieldMapping(crm="Score__c", activecampaign="Company"),  # a number and a text
)
ASK = Settings(policy=Policy.ASK)


def conflicting(both: TwoSystems, *, fields: tuple[FieldMapping, ...] = FIELDS) -> tuple[str, str]:
    """Both sides changed the first name."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss")
    both.connect(mapping_of(fields=fields, settings=ASK))
    both.sync()
    both.wait(60)
    contact_id = both.contact("ana@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.contact_edit(contact_id, firstName="Contact's")
    both.sync()
    assert [hold["code"] for hold in both.holds()] == ["CW-4001"]
    return crm_id, contact_id


def names(both: TwoSystems, crm_id: str) -> tuple[Any, Any]:
    return both.crm("contact", crm_id)["FirstName"], both.contact("ana@example.org")["firstName"]


@pytest.mark.parametrize(
    ("answer", "name"), [(Side.CRM, "CRM's"), (Side.ACTIVECAMPAIGN, "Contact's"), ("Anna", "Anna")]
)
def test_a_choice_is_written_by_the_next_run(both: TwoSystems, answer: Side | str, name: str) -> None:
    crm_id, _ = conflicting(both)
    written = len(both.journal())

    outcome = both.choose(answer)

    assert (len(outcome.chosen), outcome.refused) == (1, [])
    assert names(both, crm_id) == ("CRM's", "Contact's")
    both.sync()
    assert names(both, crm_id) == (name, name)
    reasons = [reason for row in both.journal()[written:] for _, _, reason in row["fields"].values()]
    assert reasons == ["chosen"] * (2 if answer == "Anna" else 1)
    assert both.holds() == []
    assert both.assert_quiet().excused == {}


def test_an_empty_value_may_be_chosen(both: TwoSystems) -> None:
    crm_id, _ = conflicting(both)
    both.choose("")
    both.sync()
    assert names(both, crm_id) == (None, "")
    both.assert_quiet()


@pytest.mark.parametrize("side", Side)
def test_a_choice_is_refused_when_a_value_has_changed_since(both: TwoSystems, side: Side) -> None:
    crm_id, contact_id = conflicting(both)
    if side is Side.CRM:
        both.crm_edit("contact", crm_id, FirstName="Newer")
    else:
        both.contact_edit(contact_id, firstName="Newer")

    outcome = both.choose(Side.CRM)

    assert outcome.chosen == []
    (refusal,) = outcome.refused
    assert refusal.said.code == "CW-6007"
    assert "Newer" in refusal.said.message
    both.sync()
    (hold,) = both.holds()
    assert hold["values"][side.value] == "Newer"
    assert hold["chosen"] == {}
    both.assert_quiet()


@pytest.mark.parametrize("always", [False, True])
def test_of_two_who_decide_at_the_same_time_the_second_is_told_and_the_first_stands(
    both: TwoSystems, always: bool
) -> None:
    from crosswalk.store import connections

    crm_id, _ = conflicting(both)
    firsts: list[Any] = []
    both.wire.once("GET /api/3/contacts", lambda: firsts.append(both.choose("Anna")), after=True)

    second = both.choose(Side.CRM, always=always)

    (first,) = firsts
    assert (len(first.chosen), first.refused) == (1, [])
    assert second.chosen == []
    (refusal,) = second.refused
    assert refusal.said.code == "CW-6007"
    assert "ana@example.org: somebody else decided this meanwhile" in refusal.said.message
    fields = connections.mapping_of(connections.get("demo")).objects[0].fields
    assert not [pair.crm for pair in fields if pair.policy]
    both.sync()
    assert names(both, crm_id) == ("Anna", "Anna")


def test_a_value_that_changes_after_the_choice_is_not_overwritten(both: TwoSystems) -> None:
    crm_id, contact_id = conflicting(both)
    both.choose(Side.CRM)
    both.wait(60)
    both.contact_edit(contact_id, firstName="Newer")

    both.sync()

    assert names(both, crm_id) == ("CRM's", "Newer")
    (hold,) = both.holds()
    assert (hold["code"], hold["chosen"]) == ("CW-4001", {})
    both.assert_quiet()


def test_a_value_that_changes_between_the_last_look_and_the_write_is_not_overwritten(
    both: TwoSystems,
) -> None:
    crm_id, contact_id = conflicting(both)
    both.choose(Side.CRM)
    both.wait(60)
    both.wire.once(
        "GET /api/3/contacts", lambda: both.contact_edit(contact_id, firstName="Newer"), after=True
    )

    both.sync()

    assert names(both, crm_id) == ("CRM's", "Newer")
    assert [hold["code"] for hold in both.holds()] == ["CW-4001"]
    both.assert_quiet()


def test_always_this_way_settles_the_other_conflicts_of_the_field_too(both: TwoSystems) -> None:
    crm_id, _ = conflicting(both)
    other = both.crm_new(FirstName="Ben", LastName="B", Email="ben@example.org")
    both.sync()
    both.wait(60)
    both.crm_edit("contact", other, FirstName="CRM's")
    both.contact_edit(both.contact("ben@example.org")["id"], firstName="Contact's", lastName="C")
    both.crm_edit("contact", other, LastName="D")
    both.sync()
    assert sorted(hold["field"] for hold in both.holds()) == ["FirstName", "FirstName", "LastName"]
    held = next(hold for hold in both.held_now() if hold.crm_id == crm_id)

    from crosswalk.sync.choosing import choose_value

    choose_value(both.context(), [held], Side.ACTIVECAMPAIGN, always=True)
    both.reopen()
    both.sync()

    assert names(both, crm_id) == ("Contact's", "Contact's")
    assert both.crm("contact", other)["FirstName"] == "Contact's"
    assert [hold["field"] for hold in both.holds()] == ["LastName"]
    both.assert_quiet()


def test_a_refused_value_is_replaced_by_a_typed_one(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Score__c=7)
    both.connect(mapping_of(fields=FIELDS))
    both.sync()
    both.wait(60)
    both.contact_edit(both.contact("ana@example.org")["id"], Company="eight")
    both.sync()
    assert [hold["code"] for hold in both.holds()] == ["CW-2012"]

    assert both.choose("eight").refused[0].said.code == "CW-2012"
    assert len(both.choose("8").chosen) == 1
    both.sync()

    assert both.crm("contact", crm_id)["Score__c"] == 8
    assert both.held("ana@example.org", "Company") == "8"
    assert both.holds() == []
    both.assert_quiet()


def test_a_value_that_does_not_fit_is_not_chosen(both: TwoSystems) -> None:
    crm_id, _ = conflicting(both)

    outcome = both.choose("x" * 41)

    assert outcome.chosen == []
    assert outcome.refused[0].said.code == "CW-2003"
    assert names(both, crm_id) == ("CRM's", "Contact's")


def test_a_rule_is_not_overridden_by_a_choice(both: TwoSystems) -> None:
    """The address cannot go to the CRM, and the rule forbids the other direction."""
    name = FieldMapping(crm="FirstName", activecampaign="firstName", to_activecampaign=UpdateRule.NEVER)
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect(mapping_of(fields=(EMAIL, name)))
    both.sync()
    both.contact_edit(both.contact("ana@example.org")["id"], firstName="x" * 41)
    both.sync()
    assert [hold["code"] for hold in both.holds()] == ["CW-2003"]

    (refusal,) = both.choose(Side.CRM).refused

    assert refusal.said.code == "CW-6009"
    assert both.crm("contact", crm_id)["FirstName"] == "Ana"


def test_what_leaves_nothing_to_choose_is_refused(both: TwoSystems) -> None:
    _, contact_id = conflicting(both)
    both.hide_field("contact", "Title")
    both.reopen()
    both.sync()

    outcome = both.choose(Side.CRM)

    assert [refusal.said.code for refusal in outcome.refused] == ["CW-6008"]
    assert len(outcome.chosen) == 1
    assert contact_id


def test_a_retry_forgets_the_choice(both: TwoSystems) -> None:
    crm_id, _ = conflicting(both)
    both.choose(Side.CRM)
    both.retry()

    both.sync()

    assert names(both, crm_id) == ("CRM's", "Contact's")
    assert [hold["code"] for hold in both.holds()] == ["CW-4001"]
    both.assert_quiet()


# --- ambiguous matches --------------------------------------------------------------------------------------------


def ambiguous(both: TwoSystems) -> tuple[str, list[str]]:
    """A CRM record whose address two contacts have: the first was given the other's behind everybody's back."""
    ids = [both.contact_new(email, firstName=email[:3]) for email in ("ana@example.org", "boss@example.org")]
    both.readdress("boss@example.org", "ana@example.org")
    crm_id = both.crm_new(LastName="Ruiz", Email="ana@example.org", Title="Boss")
    both.connect(mapping_of(ObjectMapping(object="contact", direction=Direction.BOTH, fields=FIELDS)))
    both.sync()
    (hold,) = both.holds()
    assert (hold["code"], hold["record_id"]) == ("CW-4002", crm_id)
    return crm_id, ids


def choose_record(both: TwoSystems, contact_id: str | None) -> list[str]:
    """The codes of what was refused."""
    from crosswalk.sync import choosing

    found = choosing.choose_record(both.context(), both.held_now(), contact_id)
    return [refusal.said.code for refusal in found.refused]


def test_a_person_says_which_contact_a_record_is(both: TwoSystems) -> None:
    crm_id, ids = ambiguous(both)
    assert choose_record(both, "4711") == ["CW-6011"]

    assert choose_record(both, ids[1]) == []
    both.sync()

    (link,) = both.links()
    assert (link.crm_id, link.activecampaign_id, link.state) == (crm_id, ids[1], "open")
    assert both.crm("contact", crm_id)["FirstName"] == "bos"
    assert both.holds() == []


def test_a_person_says_that_a_record_is_none_of_them(both: TwoSystems) -> None:
    crm_id, _ = ambiguous(both)
    assert choose_record(both, None) == []
    both.sync()
    both.crm_edit("contact", crm_id, Title="Chair")

    both.sync()

    assert both.links() == []
    assert both.holds() == []
    assert both.verify().excused == {"ambiguous": 1}


def test_of_two_who_say_who_a_record_is_the_second_is_told(
    both: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.sync import choosing

    crm_id, ids = ambiguous(both)
    held, meanwhile = both.held_now(), choosing._meanwhile

    def first_comes_another(found: Sequence[Held]) -> dict[int, choosing.Refusal]:
        monkeypatch.undo()
        assert not choosing.choose_record(both.context(), held, ids[1]).refused
        return meanwhile(found)

    monkeypatch.setattr(choosing, "_meanwhile", first_comes_another)
    (refusal,) = choosing.choose_record(both.context(), held, ids[0]).refused
    assert refusal.said.code == "CW-6007"
    both.sync()
    assert [(each.crm_id, each.activecampaign_id) for each in both.links()] == [(crm_id, ids[1])]


def test_a_conflict_has_no_candidates(both: TwoSystems) -> None:
    conflicting(both)
    assert choose_record(both, "1") == ["CW-6008"]
