"""A mapping changed field by field, by several people at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of
from tests.integration.sync.conftest import Both

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import (
    FieldMapping,
    MappingFile,
    ObjectMapping,
    Policy,
    Selection,
    SelectionKind,
    UpdateRule,
)
from crosswalk.core.versions import version_of

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.sync.mapping_edit import MappingEditor


@pytest.fixture
def edited(make_both: Both) -> TwoSystems:
    return make_both().connect()


@pytest.fixture
def editor(edited: TwoSystems) -> MappingEditor:
    return editor_of(edited)


def editor_of(both: TwoSystems) -> MappingEditor:
    from crosswalk.sync.mapping_edit import MappingEditor

    return MappingEditor("demo", both.vault, both.clock, both.opener)


def fields(mapping: MappingFile, object: str = "contact") -> dict[str, FieldMapping]:
    return {pair.crm: pair for item in mapping.objects if item.object == object for pair in item.fields}


def test_a_pair_is_added_by_labels_and_used_by_the_next_run(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.sync.mapping_edit import Rules

    edited.crm_new(Email="ana@example.org", Nickname__c="Nan")
    pair = editor.add("contact", "Nickname", "%NICKNAME%", Rules(to_crm=UpdateRule.IF_EMPTY))
    assert (pair.crm, pair.to_crm, pair.to_activecampaign) == (
        "Nickname__c",
        UpdateRule.IF_EMPTY,
        UpdateRule.ALWAYS,
    )
    edited.reopen()
    edited.sync(plan=edited.plan())
    (contact,) = edited.systems["activecampaign"].dump()["contact"]
    assert contact["fields"]["NICKNAME"] == "Nan"


def test_a_formula_travels_out_only_unless_somebody_asks_for_what_cannot_be(editor: MappingEditor) -> None:
    from crosswalk.sync.mapping_edit import Rules

    assert editor.add("contact", "Full_Label__c", "NOTES", Rules()).to_crm is UpdateRule.NEVER
    with pytest.raises(UserError, match="is a formula") as caught:
        editor.change("contact", "Full_Label__c", Rules(to_crm=UpdateRule.ALWAYS))
    assert "to_crm" in (caught.value.cure or "")


def test_a_rule_is_changed_alone_and_taken_back(editor: MappingEditor) -> None:
    from crosswalk.sync.mapping_edit import Rules

    editor.change("contact", "Phone", Rules(blanks=False, policy=Policy.ASK))
    changed = editor.change("contact", "Phone", Rules(to_activecampaign=UpdateRule.NEVER))
    assert (changed.blanks, changed.policy, changed.to_activecampaign) == (
        False,
        Policy.ASK,
        UpdateRule.NEVER,
    )
    assert editor.change("contact", "Phone", Rules(connection_policy=True)).policy is None
    assert fields(editor.mapping())["Phone"].blanks is False


@pytest.mark.parametrize(
    ("crm", "contact", "words"),
    [
        ("Nowhere", "NOTES", "crm: no field of contact is called Nowhere"),
        ("Nickname__c", "Nowhere", "activecampaign: no field of contact is called Nowhere"),
        ("Phone", "NOTES", "Phone is mapped twice"),
        ("Nickname__c", "phone", "phone is mapped twice"),
        ("Last_Meeting__c", "BIRTHDAY", "depends on the time zone"),
        ("MailingAddress", "NOTES", "pair its parts"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_and_nothing_is_saved(
    editor: MappingEditor, crm: str, contact: str, words: str
) -> None:
    from crosswalk.sync.mapping_edit import Rules

    before = editor.mapping()
    with pytest.raises(UserError, match=words):
        editor.add("contact", crm, contact, Rules())
    assert editor.mapping() == before


def test_a_pair_is_taken_out_but_not_the_e_mails(editor: MappingEditor) -> None:
    editor.remove("contact", "Business Phone")
    assert set(fields(editor.mapping())) == {"Email", "FirstName", "LastName"}
    with pytest.raises(UserError, match="must be mapped"):
        editor.remove("contact", "Email")
    with pytest.raises(UserError, match="in no pair"):
        editor.remove("contact", "Phone")


def test_pairs_are_changed_and_taken_out_although_fields_of_others_are_gone(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.sync.mapping_edit import Rules

    more = (
        FieldMapping(crm="Title", activecampaign="JOB_TITLE"),
        FieldMapping(crm="Department", activecampaign="NOTES"),
    )
    edited.set_mapping(mapping_of(fields=(*NAMES, *more)))
    for name in ("Title", "Department"):
        edited.hide_field("contact", name)
    changed = editor.change("contact", "Phone", Rules(blanks=False))
    assert changed.blanks is False
    with pytest.raises(UserError, match="no field Department"):
        editor.change("contact", "Department", Rules(blanks=False))
    editor.remove("contact", "Title")
    editor.remove("contact", "Department")
    assert set(fields(editor.mapping())) == {pair.crm for pair in NAMES}


def test_a_pair_whose_field_got_another_type_goes_on_when_somebody_confirms_it(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.sync.mapping_edit import Rules

    crm_id = edited.crm_new(Email="ana@example.org", Nickname__c="12")
    editor.add("contact", "Nickname__c", "NICKNAME", Rules())
    edited.reopen()
    edited.sync(plan=edited.plan())
    edited.retype_field("contact", "Nickname__c", float, type="double", length=0, precision=18, scale=2)
    edited.reopen()
    edited.sync()
    assert [hold["field"] for hold in edited.holds()] == ["Nickname__c"]

    editor.change("contact", "Nickname__c", Rules())
    edited.crm_edit("contact", crm_id, Nickname__c=13.5)
    edited.reopen()
    edited.sync()
    assert edited.holds() == []
    assert edited.held("ana@example.org", "Nickname") == "13.5"


def test_the_first_pair_of_an_object_brings_the_e_mails_along(editor: MappingEditor) -> None:
    from crosswalk.sync.mapping_edit import Rules

    editor.add("lead", "Company", "COMPANY", Rules())
    assert list(fields(editor.mapping(), "lead")) == ["Email", "Company"]
    assert set(fields(editor.mapping(), "contact")) == {pair.crm for pair in NAMES}
    with pytest.raises(UserError, match="no object called deal"):
        editor.add("deal", "Company", "COMPANY", Rules())


def test_what_somebody_else_changed_in_the_meantime_is_kept(edited: TwoSystems) -> None:
    from crosswalk.core.system import System
    from crosswalk.sync.mapping_edit import MappingEditor, Rules

    others = [("Nickname__c", "NICKNAME"), ("Score__c", "SCORE")]

    def opener(vendor: str, credentials: Mapping[str, Any], **more: Any) -> System:
        """Between our reading of the fields and our change, others make theirs."""
        if others:
            editor_of(edited).add("contact", *others.pop(), Rules())
        return edited.opener(vendor, credentials, **more)

    slow = MappingEditor("demo", edited.vault, edited.clock, opener)
    slow.change("contact", "Phone", Rules(blanks=False))
    kept = fields(editor_of(edited).mapping())
    assert {"Nickname__c", "Score__c"} <= set(kept)
    assert kept["Phone"].blanks is False


def test_a_new_selection_leaves_pairs_that_were_made_in_the_meantime(edited: TwoSystems) -> None:
    from crosswalk.core.system import System
    from crosswalk.sync.mapping_edit import Rules
    from crosswalk.sync.selections import set_selection

    others = [("Nickname__c", "NICKNAME")]

    def opener(vendor: str, credentials: Mapping[str, Any], **more: Any) -> System:
        if others:
            editor_of(edited).add("contact", *others.pop(), Rules())
        return edited.opener(vendor, credentials, **more)

    none = Selection(kind=SelectionKind.NONE)
    set_selection("demo", "contact", none, edited.vault, edited.clock, opener)
    (saved,) = editor_of(edited).mapping().objects
    assert saved.selection == none
    assert "Nickname__c" in {pair.crm for pair in saved.fields}


def test_changes_wait_for_each_other(edited: TwoSystems) -> None:
    import psycopg
    from django.db import connection as database

    from crosswalk.store import connections

    ask = "SELECT id FROM connection WHERE name = 'demo' FOR UPDATE NOWAIT"
    with psycopg.connect(**database.get_connection_params() | {"cursor_factory": None}) as other:
        with connections.locked("demo"), pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(ask)
        other.rollback()
        assert other.execute(ask).fetchone() is not None


def test_proposals_are_added_but_not_where_a_field_was_mapped_meanwhile(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.sync.mapping_edit import Rules
    from crosswalk.sync.mapping_view import suggestions, with_suggestions

    edited.set_mapping(mapping_of(ObjectMapping(object="contact", fields=(EMAIL,))))
    before = editor.mapping()
    found = suggestions(editor.schemas(["contact"]), before)
    assert editor.mapping() == before
    proposed = fields(with_suggestions(before, found))
    assert {"Email", "FirstName", "LastName", "Phone", "Score__c", "Interests__c"} <= set(proposed)

    editor.add("contact", "FirstName", "lastName", Rules())
    saved = editor.extend("contact", [each.mapping for each in found["contact"].pairs])
    by_name = {pair.crm: pair.activecampaign for pair in saved.fields}
    assert by_name["FirstName"] == "lastName"
    assert "LastName" not in by_name
    assert by_name["Phone"] == "phone"


def test_several_pairs_change_at_once_or_not_at_all_with_one_reading_of_the_fields(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.sync.mapping_edit import Edit, Rules

    never = Rules(to_crm=UpdateRule.NEVER)
    edits = [
        Edit(crm="FirstName", rules=never),
        Edit(crm="LastName", rules=Rules(policy=Policy.ASK)),
        Edit(crm="Phone", remove=True),
    ]
    (before,) = editor.mapping().objects
    calls = edited.calls_of(lambda: editor.change_several("contact", edits, version_of(before.fields)))
    assert calls == {"salesforce": 1, "activecampaign": 1}
    kept = fields(editor.mapping())
    assert (kept["FirstName"].to_crm, kept["LastName"].policy) == (UpdateRule.NEVER, Policy.ASK)
    assert "Phone" not in kept

    wrong = [Edit(crm="FirstName", rules=Rules(blanks=False)), Edit(crm="Email", remove=True)]
    with pytest.raises(UserError, match="must be mapped"):
        editor.change_several("contact", wrong)
    assert fields(editor.mapping()) == kept


def test_who_changes_what_somebody_else_changed_meanwhile_is_told_and_nothing_is_saved(
    editor: MappingEditor,
) -> None:
    from crosswalk.sync.mapping_edit import Edit, MappingMovedError, Rules

    (seen,) = editor.mapping().objects
    editor.change("contact", "Phone", Rules(blanks=False))
    edits = [Edit(crm="FirstName", rules=Rules(to_crm=UpdateRule.NEVER))]
    with pytest.raises(MappingMovedError, match="somebody else") as caught:
        editor.change_several("contact", edits, version_of(seen.fields))
    (now,) = editor.mapping().objects
    assert caught.value.current == now
    assert fields(editor.mapping())["FirstName"].to_crm is UpdateRule.ALWAYS
    editor.change_several("contact", edits, version_of(now.fields))
    kept = fields(editor.mapping())
    assert (kept["FirstName"].to_crm, kept["Phone"].blanks) == (UpdateRule.NEVER, False)


def test_what_people_change_is_kept_in_the_audit_log_with_before_and_after(
    edited: TwoSystems, editor: MappingEditor
) -> None:
    from crosswalk.store import acts, connections
    from crosswalk.sync.mapping_edit import Edit, Rules

    began = edited.clock.now().replace(year=2000)
    with acts.acting("ada", "web"):
        editor.add("contact", "Nickname__c", "NICKNAME", Rules())
        editor.change_several(
            "contact", [Edit(crm="Phone", remove=True), Edit(crm="FirstName", rules=Rules(blanks=False))]
        )
        edited.set_mapping(mapping_of())
        edited.set_mapping(mapping_of())
    editor.change("contact", "Phone", Rules(blanks=False))  # nobody
    kept = acts.since(connections.get("demo"), "mapping.", began)
    assert [act.what for act in reversed(kept)] == [
        "mapping.added", "mapping.removed", "mapping.changed", "mapping.set",
    ]  # fmt: skip
    assert {act.person for act in kept} == {"ada"}
    changed = kept[1].detail
    assert [pair["blanks"] for pair in (*changed["before"], *changed["after"])] == [True, False]
