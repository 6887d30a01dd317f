"""The independent comparer: its own conversions, its own pairing."""

from __future__ import annotations

from typing import Any

import pytest

from crosswalk_sandbox import compare

FIELDS = [
    {"id": "1", "title": "Score", "perstag": "SCORE", "type": "number"},
    {"id": "2", "title": "Interests", "perstag": "INTERESTS", "type": "listbox"},
    {"id": "3", "title": "Partner", "perstag": "PARTNER", "type": "checkbox"},
    {"id": "4", "title": "Last meeting", "perstag": "LAST_MEETING", "type": "datetime"},
    {"id": "5", "title": "Notes", "perstag": "NOTES", "type": "textarea"},
]


def mapping(*pairs: tuple[str, str]) -> dict[str, Any]:
    fields = [{"crm": crm, "activecampaign": contact} for crm, contact in pairs]
    return {"objects": [{"object": "lead", "fields": fields}]}


def lead(email: str | None, **values: Any) -> dict[str, Any]:
    return {"Id": "00Q1", "IsDeleted": False, "IsConverted": False, "Email": email, **values}


def contact(email: str, **values: str) -> dict[str, Any]:
    rows = [
        {"field": each["id"], "value": values[each["perstag"]]}
        for each in FIELDS
        if each["perstag"] in values
    ]
    own = {"firstName": "", "lastName": "", "phone": values.get("phone", "")}
    return {"id": "7", "email": email, "deleted": "0", "fieldValues": rows, **own}


def result(
    leads: list[dict[str, Any]], contacts: list[dict[str, Any]], *pairs: tuple[str, str]
) -> compare.Result:
    return compare.compare({"Lead": leads}, {"contact": contacts, "field": FIELDS}, mapping(*pairs))


@pytest.mark.parametrize(
    ("crm", "name", "activecampaign"),
    [
        (12.5, "SCORE", "12.50"),
        (0.0, "SCORE", "0"),
        (None, "SCORE", ""),
        ("Email;Phone", "INTERESTS", "||Phone||Email||"),
        (None, "INTERESTS", ""),
        (True, "PARTNER", "||true||"),
        (False, "PARTNER", ""),
        ("2026-05-04T07:30:00.000+0000", "LAST_MEETING", "2026-05-04T01:30:00-06:00"),
        ("one\r\ntwo ", "NOTES", "one\ntwo"),
        ("Zoe\u0308", "NOTES", "Zoë"),
        (True, "NOTES", "yes"),
        (False, "NOTES", "No"),
        (False, "INTERESTS", "||FALSE||"),
        (1234.5, "NOTES", "1234.50"),
        ("18:30:00.000Z", "NOTES", "18:30:00"),
        ("2026-05-04T07:30:00.000+0000", "NOTES", "2026-05-04T07:30:00Z"),
    ],
)
def test_values_are_equal_in_either_form(crm: Any, name: str, activecampaign: str) -> None:
    found = result(
        [lead("A@x.example", F=crm)], [contact("a@X.example", **{name: activecampaign})], ("F", name)
    )
    assert (found.pairs, found.compared, found.equal, found.percent) == (1, 1, 1, 100.0)


@pytest.mark.parametrize(
    ("crm", "name", "activecampaign"),
    [
        (12.5, "SCORE", "12.51"),
        (0.0, "SCORE", ""),
        ("Email", "INTERESTS", "||Phone||Email||"),
        (True, "PARTNER", ""),
        ("2026-05-04T07:30:00.000+0000", "LAST_MEETING", "2026-05-04T07:30:00-06:00"),
        ("one two", "NOTES", "one\ntwo"),
        ("a", "NOTES", "A"),
        (True, "NOTES", "no"),
        (False, "INTERESTS", "||yes||"),
        (1234.5, "NOTES", "1234.51"),
        ("18:30:00.000Z", "NOTES", "18:31:00"),
    ],
)
def test_values_that_differ_are_counted_and_shown(crm: Any, name: str, activecampaign: str) -> None:
    found = result(
        [lead("a@x.example", F=crm)], [contact("a@x.example", **{name: activecampaign})], ("F", name)
    )
    assert (found.compared, found.equal, found.percent) == (1, 0, 0.0)
    assert found.samples[0]["crm"] == crm
    assert found.samples[0]["activecampaign"] == activecampaign


def test_an_address_that_several_crm_records_share_is_left_out() -> None:
    pair = ("Email", "email")
    assert result([lead("a@x.example"), lead("A@x.example")], [contact("a@x.example")], pair).pairs == 0


def test_deleted_and_converted_records_and_records_of_one_side_are_no_pairs() -> None:
    leads = [
        lead("a@x.example", IsDeleted=True),
        lead("b@x.example", IsConverted=True),
        lead("c@x.example"),
        lead(None),
    ]
    contacts = [contact("a@x.example"), contact("b@x.example"), contact("c@x.example") | {"deleted": "1"}]
    assert result(leads, contacts, ("Email", "email")).pairs == 0


def test_not_quite_all_is_never_rounded_to_all() -> None:
    assert compare.Result(compared=10_000, equal=9_999).percent == 99.9


@pytest.mark.parametrize("name", ["SCORE", "%SCORE%", "Score", "1", "field/1"])
def test_a_custom_field_may_be_named_in_every_way_that_a_mapping_file_allows(name: str) -> None:
    assert result([lead("a@x.example", F=1)], [contact("a@x.example", SCORE="1")], ("F", name)).equal == 1


def test_a_field_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="no field NOWHERE"):
        result([], [], ("F", "NOWHERE"))


def test_choices_that_a_crm_stores_by_number_are_compared_by_label() -> None:
    row = {"leadid": "1", "statecode": 0, "emailaddress1": "ana@example.org"}
    leads = [{**row, "new_interests": "2,1", "new_score": 2}]
    options = {"lead": {"new_interests": {"1": "Email", "2": "Phone"}}}
    contacts = [contact("ana@example.org", INTERESTS="||Email||Phone||", SCORE="2")]

    found = compare.compare(
        {"lead": leads},
        {"contact": contacts, "field": FIELDS},
        mapping(("new_interests", "INTERESTS"), ("new_score", "SCORE")),
        compare.DYNAMICS,
        options,
    )

    assert (found.pairs, found.compared, found.equal) == (1, 2, 2)


@pytest.mark.parametrize("gone", [{"statecode": 1}, {"statecode": 2}, {"statecode": 0, "masterid": "2"}])
def test_leads_that_nobody_can_write_are_left_out(gone: dict[str, Any]) -> None:
    leads = [{"leadid": "1", "emailaddress1": "ana@example.org", "lastname": "x", **gone}]

    found = compare.compare(
        {"lead": leads},
        {"contact": [contact("ana@example.org")], "field": FIELDS},
        mapping(("lastname", "lastName")),
        compare.DYNAMICS,
    )

    assert found.pairs == 0
