from __future__ import annotations

import pytest

from crosswalk_sandbox.load.columns import COUNTED, Column
from crosswalk_sandbox.load.guesses import Manner, guess, manner


def column(*values: str, name: str = "Thing__c", bits: bool = False) -> Column:
    found = Column(name)
    for value in values:
        found.see(value)
    found.close()
    found.bits = bits
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((), "text"),
        (("true", "false"), "checkbox"),
        (("WAHR", "FALSCH", "WAHR"), "checkbox"),
        (("1", "2.5", "-3"), "number"),
        (("1.234,50", "7"), "number"),
        (("0", "1"), "number"),
        (("01234", "99999"), "text"),
        (("+4930123456", "+4930999999"), "text"),
        (("1234567890123456789", "2"), "text"),
        (("12 %", "13 %"), "text"),
        (("2025-12-31", "2024-01-01"), "date"),
        (("31/12/2025", "01/02/2025"), "date"),
        (("31/12/2025", "12/31/2025"), "text"),
        (("2025-12-31 00:00:00", "2024-01-01 00:00:00"), "date"),
        (("2025-12-31", "2024-01-01T08:00:00Z"), "date-time"),
        (("2025-12-31", "45000"), "date"),
        (("45000", "46000"), "number"),
        (("2025-12-31", "soon"), "text"),
        (("Gold", "Silver", "Gold", "Bronze"), "picklist"),
        (("Oslo", "Rome", "Paris"), "text"),
        (("Red;Blue", "Blue", "Red;Green", "Green"), "multi-picklist"),
        (("||Red||Blue||",), "multi-picklist"),
        (("call back; urgent", "no answer; wait"), "text"),
        (("one\ntwo", "x"), "long text"),
        (("x" * 256,), "long text"),
        (("x" * 255,), "text"),
    ],
)
def test_a_kind_is_guessed_from_all_values(values: tuple[str, ...], kind: str) -> None:
    assert guess([column(*values)]).kind == kind


def test_numbers_of_days_are_dates_under_a_header_that_speaks_of_one() -> None:
    assert guess([column("45000", "46000.5", name="Renewal_Date__c")]).kind == "date-time"
    assert guess([column("45000", "46000", name="Geburtstag")]).kind == "date"


def test_digits_under_a_header_that_speaks_of_a_code_stay_text() -> None:
    assert guess([column("12345", "99999", name="Zip_Code__c")]).kind == "text"


def test_one_and_zero_are_ticks_in_a_file_that_writes_ticks_so() -> None:
    assert guess([column("0", "1", bits=True)]).kind == "checkbox"
    assert guess([column("0", "1", "2", bits=True)]).kind == "number"


def test_the_columns_of_all_files_count() -> None:
    assert guess([column("1"), column("x")]).kind == "text"
    assert guess([column("1"), column(), column("2")]).kind == "number"
    assert guess([column("A", "B", "A"), column("B", "C", "C")]).choices == ("A", "B", "C")


def test_commas_part_choices_only_when_some_stand_alone() -> None:
    hobbies = column("Chess, Golf", "Golf", "Chess", "Golf, Tennis", "Tennis", "Chess")
    places = column(*["Oslo, Norway"] * 5, *["Rome, Italy"] * 5)
    assert guess([hobbies], commas=True).choices == ("Chess", "Golf", "Tennis")
    assert guess([hobbies]).kind == "text"
    assert guess([places], commas=True).kind == "picklist"


def test_decimals_and_length_are_measured() -> None:
    assert guess([column("1.12345", "2")]).scale == 5
    assert guess([column("x" * 300, "y")]).longest == 300


def test_many_different_values_are_no_choices_but_are_all_looked_at() -> None:
    numbers = [str(number) for number in range(COUNTED + 10)]
    assert guess([column(*numbers)]).kind == "number"
    assert guess([column(*numbers, "x")]).kind == "text"
    assert guess([column(*(f"text {number}" for number in numbers), "long " * 60)]).kind == "long text"


def test_a_column_is_read_as_it_shows_itself_else_as_its_file_does() -> None:
    open_days, british, american = column("01/02/2025"), column("31/12/2025"), column("12/31/2025")
    german, english = column("1,5"), column("1.5")
    assert manner(british, [american], european=False).day_first
    assert manner(open_days, [british], european=False).day_first
    assert not manner(open_days, [american], european=True).day_first
    assert manner(open_days, [], european=True).day_first
    assert manner(column("1,234"), [german], european=False) == Manner(commas=True, points=True)
    assert manner(column("1,234"), [english], european=True) == Manner(day_first=True)
    assert manner(column("1,234"), [], european=True) == Manner(day_first=True, commas=True)
