"""Which CRM records take part: by criteria and by a flag; who leaves, who comes back, and what that costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Match, Operator
from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.mapping import (
    CreationRule,
    FieldMapping,
    MappingFile,
    ObjectMapping,
    Selection,
    SelectionKind,
    Settings,
    Side,
)

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

Both = Callable[..., "TwoSystems"]
STATUS = "ActiveCampaign_Sync_Status__c"


def where(*rows: tuple[str, Operator, *tuple[str, ...]], match: Match = Match.ALL) -> Selection:
    criteria = Criteria(
        match=match,
        rows=tuple(Criterion(field=name, operator=op, values=tuple(given)) for name, op, *given in rows),
    )
    return Selection(kind=SelectionKind.CRITERIA, criteria=criteria)


IN_BILBAO = where(("MailingCity", Operator.EQUALS, "Bilbao"))


def contacts(selection: Selection, *more: FieldMapping, settings: Settings | None = None) -> MappingFile:
    item = ObjectMapping(object="contact", selection=selection, fields=(*NAMES, *more))
    return mapping_of(item, settings=settings)


def person(both: TwoSystems, name: str, city: str | None = "Bilbao", **values: object) -> str:
    email = f"{name.lower()}@example.org"
    return both.crm_new(FirstName=name, Email=email, MailingCity=city, **values)


def emails(both: TwoSystems) -> list[str]:
    return sorted(row["email"] for row in both.contacts())


def directory(both: TwoSystems) -> set[str]:
    """The CRM records that were ever read."""
    return {row["record_id"] for row in both.rows("directory") if row["record_id"].startswith("003")}


# --- criteria ----------------------------------------------------------------------------------------------------


def test_records_that_meet_the_criteria_take_part_and_others_are_not_even_read(both: TwoSystems) -> None:
    ana = person(both, "Ana")
    person(both, "Bea", "Sevilla")
    both.connect(contacts(IN_BILBAO))

    both.sync()

    assert emails(both) == ["ana@example.org"]
    assert directory(both) == {ana}
    assert both.verify().excused == {"not selected": 1}
    both.assert_quiet()


def test_a_new_record_is_judged_when_it_is_read(both: TwoSystems) -> None:
    both.connect(contacts(IN_BILBAO))
    both.sync()
    person(both, "Ana")
    bea = person(both, "Bea", "Sevilla")

    both.sync()

    assert emails(both) == ["ana@example.org"]
    assert both.skipped(Side.CRM, bea) == "not_selected"
    both.assert_quiet()


def test_an_edit_takes_a_record_in(both: TwoSystems) -> None:
    bea = person(both, "Bea", "Sevilla")
    both.connect(contacts(IN_BILBAO))
    both.sync()

    both.crm_edit("contact", bea, MailingCity="BILBAO")
    both.sync()

    assert emails(both) == ["bea@example.org"]
    assert both.skipped(Side.CRM, bea) is None
    both.assert_quiet()


def test_a_record_that_leaves_rests_and_is_merged_when_it_comes_back(both: TwoSystems) -> None:
    ana = person(both, "Ana", Phone="1")
    both.connect(contacts(IN_BILBAO))
    both.sync()
    contact_id = both.contact("ana@example.org")["id"]

    both.crm_edit("contact", ana, MailingCity="Sevilla", FirstName="Anna")
    both.contact_edit(contact_id, phone="2")
    assert both.sync().counts == {}
    both.assert_quiet()
    (link,) = both.links()
    assert (link.state, link.selected) == ("open", False)
    assert both.skipped(Side.CRM, ana) == "not_selected"
    assert both.verify().excused == {"not selected": 2}

    both.crm_edit("contact", ana, MailingCity="Bilbao")
    assert both.sync().counts == {"crm update": 1, "activecampaign update": 1}
    assert both.crm("contact", ana)["Phone"] == "2"
    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.skipped(Side.CRM, ana) is None
    both.assert_quiet()


def test_what_was_held_is_forgotten_while_its_record_rests(both: TwoSystems) -> None:
    ana = person(both, "Ana", Title="Engineer")
    rating = FieldMapping(crm="Title", activecampaign="Rating")
    both.connect(contacts(IN_BILBAO, rating))
    both.sync()
    assert [hold["field"] for hold in both.holds()] == ["Title"]

    both.crm_edit("contact", ana, MailingCity="Sevilla")
    both.sync()
    assert both.holds() == []

    both.crm_edit("contact", ana, MailingCity="Bilbao")
    both.sync()
    assert [hold["field"] for hold in both.holds()] == ["Title"]


def test_a_contact_that_was_to_be_made_is_not_when_its_record_leaves_first(both: TwoSystems) -> None:
    ana = person(both, "Ana")
    both.connect(contacts(IN_BILBAO))
    both.wire.refuse("bulk_import", 403, {"message": "no"})
    both.wire.refuse("POST /api/3/contacts", 403, {"message": "no"})
    with pytest.raises(SystemFailure):
        both.sync()
    both.wire.allow()

    both.crm_edit("contact", ana, MailingCity="Sevilla")
    both.sync()

    assert both.contacts() == []
    assert both.links() == []
    both.assert_quiet()


def test_verify_finds_a_selected_record_that_the_first_reading_left_out(both: TwoSystems) -> None:
    person(both, "Ana", "Ma\u0301laga")  # stored in two signs, as some clients write it
    both.connect(contacts(where(("MailingCity", Operator.EQUALS, "Málaga"))))
    both.sync()
    assert both.contacts() == []

    assert both.verify().excused == {"changed after the cursor": 1}
    both.sync()

    assert emails(both) == ["ana@example.org"]
    both.assert_quiet()


# --- other criteria than before ----------------------------------------------------------------------------------


def test_a_wider_selection_reads_the_records_that_it_adds(both: TwoSystems) -> None:
    person(both, "Ana")
    bea = person(both, "Bea", "Sevilla")
    carl = person(both, "Carl", "Cádiz")
    contact_id = both.contact_new("bea@example.org", phone="3")
    both.wait(600)
    both.connect(contacts(IN_BILBAO))
    both.sync()

    both.set_mapping(contacts(where(("MailingCity", Operator.ONE_OF, "Bilbao", "Sevilla"))))
    marks = both.marks()
    both.sync()

    assert both.crm("contact", bea)["Phone"] == "3"
    assert both.contact("bea@example.org")["id"] == contact_id
    assert carl not in directory(both)
    listings = [route for route in both.routes_since(marks) if route == "GET /api/3/contacts"]
    assert (
        len(listings) <= 3
    )  # what changed, and the one contact that found its record: no new reading of all
    both.assert_quiet()


def test_a_narrower_selection_lets_linked_records_rest_without_an_edit(both: TwoSystems) -> None:
    person(both, "Ana")
    bea = person(both, "Bea", "Sevilla")
    both.connect(contacts(Selection()))
    both.sync()

    both.set_mapping(contacts(IN_BILBAO))
    assert both.sync().counts == {}
    assert {link.crm_id for link in both.links(selected=False)} == {bea}

    both.contact_edit(both.contact("bea@example.org")["id"], phone="9")
    assert both.sync().counts == {}
    both.set_mapping(contacts(Selection()))
    both.sync()
    assert both.crm("contact", bea)["Phone"] == "9"
    both.assert_quiet()


def test_a_reading_for_other_criteria_that_breaks_off_is_gone_on_with(both: TwoSystems) -> None:
    bea = person(both, "Bea", "Sevilla")
    both.connect(contacts(Selection()))
    both.sync()
    both.set_mapping(contacts(IN_BILBAO))
    both.wire.refuse("POST /services/data/v60.0/composite/sobjects/Contact", 403, [])
    with pytest.raises(SystemFailure):
        both.sync()  # the reading is through, the one linked record that it did not show is not yet read
    both.wire.allow()
    both.reopen()

    both.sync()

    assert [link.crm_id for link in both.links(selected=False)] == [bea]
    both.assert_quiet()


def test_a_crash_before_the_linked_records_are_judged_loses_nothing(
    both: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.store import selection

    bea = person(both, "Bea", "Sevilla")
    both.connect(contacts(Selection()))
    both.sync()
    both.set_mapping(contacts(Selection(kind=SelectionKind.NONE)))

    def crash(*_arguments: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(selection, "close_reading", crash)
        with pytest.raises(RuntimeError, match="killed"):
            both.sync()
    assert both.links(selected=False) == []

    both.sync()
    assert [link.crm_id for link in both.links(selected=False)] == [bea]


def test_two_connections_of_one_org_have_criteria_of_their_own(both: TwoSystems) -> None:
    person(both, "Ana")
    person(both, "Bea", "Sevilla")
    both.connect(contacts(IN_BILBAO))
    both.sync()

    both.connect(contacts(where(("MailingCity", Operator.EQUALS, "Sevilla"))), name="other")
    both.sync("other")
    both.sync()

    assert [link.key for link in both.links()] == ["ana@example.org"]
    assert [link.key for link in both.links("other")] == ["bea@example.org"]
    both.assert_quiet()
    both.assert_quiet("other")


# --- time --------------------------------------------------------------------------------------------------------


def test_time_alone_takes_a_record_in_and_out_and_idle_runs_cost_nothing_more(both: TwoSystems) -> None:
    soon = person(both, "Ana", Birthday__c="2026-03-10")
    person(both, "Bea", Birthday__c="2026-02-01")
    both.connect(contacts(where(("Birthday__c", Operator.NEXT_DAYS, "5"))))
    both.sync()
    assert both.contacts() == []
    idle = both.calls_of(both.sync)

    both.wait(timedelta(days=3).total_seconds())  # 5 March: the tenth is five days ahead
    both.sync()
    assert emails(both) == ["ana@example.org"]
    both.assert_quiet()
    assert both.calls_of(both.sync) == idle

    both.wait(timedelta(days=5).total_seconds())  # 10 March: it is no longer ahead
    both.sync()
    assert [link.crm_id for link in both.links(selected=False)] == [soon]
    both.assert_quiet()
    assert both.calls_of(both.sync) == idle


def test_days_begin_in_the_zone_of_the_criteria(both: TwoSystems) -> None:
    person(both, "Ana", Birthday__c="2026-03-03")
    today = where(("Birthday__c", Operator.TODAY))
    assert today.criteria is not None
    auckland = Criteria(rows=today.criteria.rows, zone="Pacific/Auckland")  # there it is 3 March already
    both.connect(contacts(Selection(kind=SelectionKind.CRITERIA, criteria=auckland)))

    both.sync()

    assert emails(both) == ["ana@example.org"]


# --- several records with one e-mail -----------------------------------------------------------------------------


def test_a_primary_that_leaves_makes_room_for_one_that_takes_part(both: TwoSystems) -> None:
    in_bilbao = where(("City", Operator.EQUALS, "Bilbao"))
    contact, lead = both_objects()
    both.connect(
        mapping_of(
            ObjectMapping(object="contact", fields=NAMES, selection=IN_BILBAO),
            ObjectMapping(object="lead", fields=NAMES, selection=in_bilbao),
        )
    )
    first = person(both, "Ana")
    second = both.crm_new("lead", FirstName="Anna", Email="ana@example.org", City="Bilbao")
    both.sync()
    assert both.held("ana@example.org", "firstName") == "Ana"

    both.crm_edit("contact", first, MailingCity="Sevilla")
    both.sync()
    both.crm_edit("lead", second, FirstName="Annika")
    both.sync()

    assert both.held("ana@example.org", "firstName") == "Annika"
    assert [link.crm_id for link in both.links(is_primary=True)] == [second]
    both.assert_quiet()
    assert (contact.object, lead.object) == ("contact", "lead")


# --- creations from the other side -------------------------------------------------------------------------------


def test_a_contact_whose_record_is_out_of_the_selection_makes_no_second_one(both: TwoSystems) -> None:
    person(both, "Bea", "Sevilla")
    both.contact_new("bea@example.org")
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    both.connect(contacts(IN_BILBAO, settings=settings))

    both.sync()

    assert len(both.crm_all()) == 1
    assert [hold["kind"] for hold in both.holds()] == ["rejected"]


# --- the flag ----------------------------------------------------------------------------------------------------


def test_a_flagged_record_enters_and_stays_whatever_its_flag_says_then(make_both: Both) -> None:
    both = make_both(package=True)
    ana = person(both, "Ana", **{STATUS: "waiting"})
    bea = person(both, "Bea")
    both.connect(contacts(Selection(kind=SelectionKind.FLAGGED)))
    both.sync()
    assert emails(both) == ["ana@example.org"]
    assert directory(both) == {ana}
    assert both.crm("contact", ana)[STATUS] == "waiting"  # the flag is the people's: we leave it alone

    both.crm_edit("contact", ana, **{STATUS: "synced", "FirstName": "Anna"})
    both.crm_edit("contact", bea, Phone="1")
    both.sync()
    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.skipped(Side.CRM, bea) == "not_selected"

    both.crm_edit("contact", bea, **{STATUS: "waiting"})
    both.sync()
    assert emails(both) == ["ana@example.org", "bea@example.org"]
    both.assert_quiet()


def test_records_linked_before_stay_when_the_flag_begins_to_decide(make_both: Both) -> None:
    both = make_both(package=True)
    ana = person(both, "Ana")
    both.connect(contacts(Selection()))
    both.sync()

    both.set_mapping(contacts(Selection(kind=SelectionKind.FLAGGED)))
    both.crm_edit("contact", ana, FirstName="Anna")
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    both.assert_quiet()


def test_without_the_package_there_is_nothing_to_flag(both: TwoSystems) -> None:
    with pytest.raises(UserError, match="no field ActiveCampaign_Sync_Status__c") as refused:
        both.connect(contacts(Selection(kind=SelectionKind.FLAGGED)))

    assert "Install the package" in refused.value.cure


# --- set-up and looking ------------------------------------------------------------------------------------------


def test_a_field_of_the_criteria_that_is_gone_stops_the_run_by_name(both: TwoSystems) -> None:
    both.connect(contacts(where(("Nickname__c", Operator.IS_NOT_EMPTY))))
    both.hide_field("contact", "Nickname__c")

    with pytest.raises(SystemFailure, match="no field Nickname__c") as failure:
        both.reopen()

    assert failure.value.kind is FailureKind.MAPPING


def test_a_selection_is_counted_before_it_is_set(both: TwoSystems) -> None:
    from crosswalk.sync.selections import count_selection, set_selection

    person(both, "Ana")
    both.crm_new(FirstName="Nobody", MailingCity="Bilbao")
    person(both, "Bea", "Sevilla")
    both.connect(contacts(Selection()))

    checked, counted = count_selection("demo", "contact", IN_BILBAO, both.vault, both.clock, both.opener)
    assert (counted.records, counted.with_email, counted.exact) == (2, 1, True)
    assert count_selection("demo", "contact", None, both.vault, both.clock, both.opener)[1].records == 3

    saved, counted = set_selection("demo", "contact", IN_BILBAO, both.vault, both.clock, both.opener)
    assert (saved, counted.records) == (checked, 2)
    both.sync()
    assert emails(both) == ["ana@example.org"]


def test_created_from_now_counts_and_takes_what_is_created_later(both: TwoSystems) -> None:
    from crosswalk.sync.selections import set_selection

    person(both, "Ana")
    both.connect(contacts(Selection()))
    both.wait(60)
    now = Selection(kind=SelectionKind.CREATED_FROM_NOW)
    saved, counted = set_selection("demo", "contact", now, both.vault, both.clock, both.opener)
    assert saved.since is not None
    assert counted.records == 0

    both.wait(60)
    person(both, "Bea")
    both.sync()

    assert emails(both) == ["bea@example.org"]


def test_the_record_s_own_times_may_be_asked_for(both: TwoSystems) -> None:
    person(both, "Ana")
    both.wait(timedelta(days=10).total_seconds())
    person(both, "Bea")
    both.connect(contacts(where(("CreatedDate", Operator.LAST_DAYS, "3"))))

    both.sync()

    assert emails(both) == ["bea@example.org"]
    both.assert_quiet()


def test_an_object_without_mapping_has_no_selection(both: TwoSystems) -> None:
    from crosswalk.sync.selections import set_selection

    both.connect(contacts(Selection()))

    with pytest.raises(UserError, match="demo has no mapping of lead"):
        set_selection("demo", "lead", Selection(), both.vault, both.clock, both.opener)


def test_explain_names_the_rows_that_are_not_met(both: TwoSystems) -> None:
    from crosswalk.sync.explain import explain

    ana = person(both, "Ana")
    both.connect(contacts(IN_BILBAO))
    both.sync()
    both.crm_edit("contact", ana, MailingCity="Sevilla")
    both.sync()

    (link,) = explain(both.context(), Side.CRM, ana).links

    assert (link.selected, link.unmet) == (False, ["MailingCity equals Bilbao"])


def test_explain_knows_a_record_that_was_never_read(both: TwoSystems) -> None:
    from crosswalk.sync.explain import explain

    bea = person(both, "Bea", "Sevilla")
    both.connect(contacts(IN_BILBAO))
    both.sync()

    found = explain(both.context(), Side.CRM, bea)

    assert (found.links, found.unmet) == ([], ["MailingCity equals Bilbao"])
    assert [(row["key"], row["skipped"]) for row in found.directory] == [("bea@example.org", "not_selected")]
    with pytest.raises(UserError, match="was ever seen"):
        explain(both.context(), Side.CRM, "0035g00000Nobody00")
