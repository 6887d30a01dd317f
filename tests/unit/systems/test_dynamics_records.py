from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.dataverse_rows import environment, guid, row, rows

from crosswalk.core.consent import Standing
from crosswalk.core.schema import OPT_OUT
from crosswalk.core.system import Record
from crosswalk.core.values import Value
from crosswalk.systems.dynamics.columns import Column
from crosswalk.systems.dynamics.records import to_json


def read(*fields: str, object: str = "contact", **values: Any) -> Record:
    key = f"{object}id"
    given = environment(rows(row(1, key, **values)))
    (found,) = given.open().fetch(object, [guid(1)], fields).records
    return found


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("lastname", " Ruiz ", "Ruiz"),
        ("lastname", None, None),
        ("vip", True, True),
        ("vip", None, False),
        ("birthdate", "1990-02-03", "1990-02-03"),
        ("birthdate", "1990-02-03T00:00:00Z", "1990-02-03"),
        ("meeting", "2026-05-04T10:11:12Z", "2026-05-04T10:11:12Z"),
        ("score", 12.50, "12.5"),
        ("income", 5000000.0000, "5000000"),
        ("source", 2, "Fair"),
        ("source", 77, "77"),
        ("interests", "3,1", ("Boats", "Tea")),
        ("interests", None, None),
        ("statecode", 1, "1"),
        ("createdon", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
    ],
)
def test_values_come_in_their_canonical_form(field: str, raw: Any, value: Value) -> None:
    assert read(field, **{field: raw}).values[field] == value


def test_a_lookup_is_the_id_of_what_it_points_to() -> None:
    assert read("territoryid", _territoryid_value=guid(9).upper()).values["territoryid"] == guid(9)


def test_what_is_hidden_or_left_out_is_unknown() -> None:
    assert dict(read("secret", "lastname", secret=None).values) == {}
    assert dict(read("secret", secret="told").values) == {"secret": "told"}


def test_what_cannot_be_read_is_unknown() -> None:
    assert dict(read("meeting", meeting="some day").values) == {}


def test_a_record_says_when_and_by_whom_it_was_changed() -> None:
    found = read(_modifiedby_value=guid(7), _modifiedonbehalfby_value=guid(8).upper())
    assert found.stamp == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert found.created == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert found.modified_by == guid(8)
    assert found.key == "a1@example.org"


@pytest.mark.parametrize(
    ("values", "contact"),
    [
        ({"statecode": 1, "_parentcontactid_value": guid(5)}, guid(5)),
        ({"statecode": 1, "_parentcontactid_value": None}, ""),
        ({"statecode": 0, "_parentcontactid_value": guid(5)}, None),
        ({"statecode": 2, "_parentcontactid_value": None}, None),
    ],
)
def test_a_qualified_lead_became_its_contact(values: dict[str, Any], contact: str | None) -> None:
    assert read(object="lead", **values).converted_to == contact


def test_a_contact_is_never_converted() -> None:
    assert read(statecode=1).converted_to is None


@pytest.mark.parametrize(
    ("bulk", "all_mail", "standing"),
    [
        (True, False, Standing.OUT),
        (False, True, Standing.OUT),
        (False, False, Standing.NONE),
        (None, None, Standing.NONE),
    ],
)
def test_either_box_keeps_mail_away(bulk: bool | None, all_mail: bool | None, standing: Standing) -> None:
    found = read(OPT_OUT, donotbulkemail=bulk, donotemail=all_mail).consent
    assert found is not None
    assert found.standing is standing
    assert [place.where for place in found.places] == ["donotbulkemail", "donotemail"]


def test_consent_is_unknown_where_a_box_is_not_told() -> None:
    assert read(OPT_OUT, donotbulkemail=False).consent is None
    assert read(donotbulkemail=True, donotemail=True).consent is None


def columns() -> dict[str, Column]:
    return dict(environment().open()._known("contact").columns)


COLUMNS = columns()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "Radio"),
        ("interests", ("Tea", "Radio")),
        ("vip", "yes"),
        ("score", "many"),
        ("lastname", True),
    ],
)
def test_what_does_not_fit_a_column_is_not_written(field: str, value: Value) -> None:
    with pytest.raises(ValueError, match=r"."):
        to_json(COLUMNS[field], value)


def test_an_option_is_found_whatever_its_letter_case() -> None:
    assert to_json(COLUMNS["source"], "FAIR") == 2


@given(st.sets(st.sampled_from(["Tea", "Chess", "Boats"]), min_size=1))
def test_options_that_are_written_read_as_the_same_options(chosen: set[str]) -> None:
    written = to_json(COLUMNS["interests"], tuple(sorted(chosen)))
    assert read("interests", interests=written).values["interests"] == tuple(sorted(chosen))
