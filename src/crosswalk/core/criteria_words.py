"""How operators and choices of records are called in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from .criteria import Match, Operator
from .language import gettext as _
from .language import gettext_noop
from .mapping import Direction, SelectionKind

_O = Operator
# read after the field's label: “Industry is one of …”
OPERATORS: Mapping[Operator, str] = {
    _O.EQUALS: gettext_noop("is"),
    _O.NOT_EQUALS: gettext_noop("is not"),
    _O.CONTAINS: gettext_noop("contains"),
    _O.NOT_CONTAINS: gettext_noop("does not contain"),
    _O.STARTS_WITH: gettext_noop("starts with"),
    _O.ONE_OF: gettext_noop("is one of"),
    _O.NONE_OF: gettext_noop("is none of"),
    _O.LESS: gettext_noop("is less than"),
    _O.AT_MOST: gettext_noop("is at most"),
    _O.GREATER: gettext_noop("is greater than"),
    _O.AT_LEAST: gettext_noop("is at least"),
    _O.BETWEEN: gettext_noop("is between"),
    _O.IS_TRUE: gettext_noop("is ticked"),
    _O.IS_FALSE: gettext_noop("is not ticked"),
    _O.ON: gettext_noop("is on"),
    _O.BEFORE: gettext_noop("is before"),
    _O.AFTER: gettext_noop("is after"),
    _O.TODAY: gettext_noop("is today"),
    _O.YESTERDAY: gettext_noop("is yesterday"),
    _O.TOMORROW: gettext_noop("is tomorrow"),
    _O.THIS_MONTH: gettext_noop("is in this month"),
    _O.LAST_MONTH: gettext_noop("is in last month"),
    _O.NEXT_MONTH: gettext_noop("is in next month"),
    _O.THIS_YEAR: gettext_noop("is in this year"),
    _O.LAST_YEAR: gettext_noop("is in last year"),
    _O.NEXT_YEAR: gettext_noop("is in next year"),
    _O.LAST_DAYS: gettext_noop("is in the last"),
    _O.NEXT_DAYS: gettext_noop("is in the next"),
    _O.DAYS_AGO: gettext_noop("is exactly"),
    _O.MORE_THAN_DAYS_AGO: gettext_noop("is more than"),
    _O.INCLUDES_ANY: gettext_noop("includes at least one of"),
    _O.INCLUDES_ALL: gettext_noop("includes all of"),
    _O.EXCLUDES: gettext_noop("includes none of"),
    _O.IS_EMPTY: gettext_noop("is empty"),
    _O.IS_NOT_EMPTY: gettext_noop("is filled"),
}
# behind the number that an operator counts by
UNITS: Mapping[Operator, str] = {
    _O.LAST_DAYS: gettext_noop("days, today included"),
    _O.NEXT_DAYS: gettext_noop("days, from tomorrow"),
    _O.DAYS_AGO: gettext_noop("days ago"),
    _O.MORE_THAN_DAYS_AGO: gettext_noop("days ago"),
}
MATCHES: Mapping[Match, str] = {
    Match.ALL: gettext_noop("all of them"),
    Match.ANY: gettext_noop("at least one of them"),
}
# kind → what it is called, and what it means
SELECTIONS: Mapping[SelectionKind, tuple[str, str]] = {
    SelectionKind.NONE: (
        gettext_noop("None"),
        gettext_noop("Nothing of these is synchronised. What was synchronised before stays on both sides."),
    ),
    SelectionKind.CREATED_FROM_NOW: (
        gettext_noop("All created from now on"),
        gettext_noop("Records that exist already are left alone."),
    ),
    SelectionKind.FLAGGED: (
        gettext_noop("Those that are flagged"),
        gettext_noop(
            "Whose field ActiveCampaign Sync Status says “Waiting for next sync”, set by a flow or by hand."
        ),
    ),
    SelectionKind.CRITERIA: (
        gettext_noop("Only those that meet criteria"),
        gettext_noop("Conditions on the CRM's fields, which you choose."),
    ),
    SelectionKind.ALL: (
        gettext_noop("All"),
        gettext_noop("Those that exist already, and all that are created or changed."),
    ),
}
DIRECTIONS: Mapping[Direction, str] = {
    Direction.BOTH: gettext_noop("Both ways"),
    Direction.TO_ACTIVECAMPAIGN: gettext_noop("Only from the CRM to ActiveCampaign"),
    Direction.TO_CRM: gettext_noop("Only from ActiveCampaign to the CRM"),
}


def operator_word(operator: Operator) -> str:
    """Return how an operator reads after a field's label."""
    return _(OPERATORS[operator])


def unit_word(operator: Operator) -> str:
    """Return what stands behind an operator's number; empty for all but those that count days."""
    return _(UNITS.get(operator, ""))
