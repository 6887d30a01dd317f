"""Rows of criteria as people write them."""

from __future__ import annotations

import pytest

from crosswalk.cli.where import criteria_of
from crosswalk.core.criteria import Criterion, Match, Operator
from crosswalk.core.failures import UserError


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("Rating one_of Hot, Warm", ("Rating", Operator.ONE_OF, "Hot", "Warm")),
        ('Title one_of "Head, Sales", Rep', ("Title", Operator.ONE_OF, "Head, Sales", "Rep")),
        ("'Last Meeting' last-days 30", ("Last Meeting", Operator.LAST_DAYS, "30")),
        ('"Created Date" TODAY', ("Created Date", Operator.TODAY)),
        ("Score__c >= 10", ("Score__c", Operator.AT_LEAST, "10")),
        ("Score__c between 1 and 5", ("Score__c", Operator.BETWEEN, "1", "5")),
        ("Score__c between 1, 5", ("Score__c", Operator.BETWEEN, "1", "5")),
        ("Title equals Head, Sales", ("Title", Operator.EQUALS, "Head, Sales")),
        ("Title starts_with 'van '", ("Title", Operator.STARTS_WITH, "van ")),
        ("Title contains O'Neil", ("Title", Operator.CONTAINS, "O'Neil")),
        ("  Company   is_empty  ", ("Company", Operator.IS_EMPTY)),
        ("Origin__c in a,b", ("Origin__c", Operator.ONE_OF, "a", "b")),
    ],
)
def test_a_row_is_a_field_an_operator_and_values(text: str, criterion: tuple[str, ...]) -> None:
    (row,) = criteria_of([text], Match.ALL, "UTC").rows

    field, operator, *values = criterion
    assert row == Criterion(field=field, operator=Operator(operator), values=tuple(values))


@pytest.mark.parametrize(
    ("text", "message", "cure"),
    [
        ("", "“” is no criterion", "Rating one_of"),
        ("Rating", "“Rating” is no criterion", "Field operator value"),
        ("Rating like Hot", "There is no operator “like”", "contains"),
    ],
)
def test_what_is_no_row_is_refused(text: str, message: str, cure: str) -> None:
    with pytest.raises(UserError) as refused:
        criteria_of([text], Match.ALL, "UTC")

    assert message in str(refused.value)
    assert cure in refused.value.cure
