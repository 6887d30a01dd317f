"""Which field of a CRM may be paired with which field of ActiveCampaign.

The table follows ActiveCampaign's own Salesforce integration and adds pairs that lose nothing. A pair that
could lose something unseen (a date-time into a date, several choices into a text) is not in it.
"""

from __future__ import annotations

from gettext import gettext as _

from ..core.schema import Field
from ..core.values import Kind

_WORDS = frozenset({Kind.TEXT, Kind.LONG_TEXT})
_NUMBERS = frozenset({Kind.NUMBER, Kind.CURRENCY, Kind.PERCENT})

# CRM kind → ActiveCampaign kinds
PAIRS: dict[Kind, frozenset[Kind]] = {
    Kind.TEXT: _WORDS | {Kind.CHOICE, Kind.PHONE, Kind.URL, Kind.DATE},
    Kind.LONG_TEXT: _WORDS,
    Kind.EMAIL: _WORDS | {Kind.EMAIL, Kind.CHOICE},
    Kind.PHONE: _WORDS | {Kind.PHONE},
    Kind.URL: _WORDS | {Kind.URL, Kind.CHOICE},
    Kind.NUMBER: _WORDS | _NUMBERS | {Kind.CHOICE},
    Kind.CURRENCY: _WORDS | _NUMBERS,
    Kind.PERCENT: _WORDS | _NUMBERS,
    Kind.BOOLEAN: _WORDS | {Kind.BOOLEAN, Kind.CHOICES},
    Kind.DATE: _WORDS | {Kind.DATE},
    Kind.DATETIME: _WORDS | {Kind.DATETIME},
    Kind.TIME: _WORDS | {Kind.TIME},
    Kind.CHOICE: _WORDS | {Kind.CHOICE, Kind.CHOICES},
    Kind.CHOICES: frozenset({Kind.CHOICES, Kind.CHOICE}),
}

# ActiveCampaign's one-line text is not offered for longer texts by its own integration; hidden fields are.
ONE_LINE = 255


def checkbox_option(field: Field) -> str | None:
    """Return how `field` spells `true` if it is a checkbox: that is its only option, in any letter case."""
    if field.kind is Kind.CHOICES and len(field.options) == 1 and field.options[0].value.lower() == "true":
        return field.options[0].value
    return None


def is_checkbox_pair(crm: Field, activecampaign: Field) -> bool:
    """Tell whether a boolean meets a checkbox; such a pair is never empty: nothing ticked is false."""
    return crm.kind is Kind.BOOLEAN and checkbox_option(activecampaign) is not None


def pairable(crm: Field, activecampaign: Field) -> str | None:
    """Return None when the two fields may be paired, else the reason in the user's words."""
    if activecampaign.kind not in PAIRS.get(crm.kind, ()):
        return _(
            "{crm} ({crm_kind}) cannot be paired with {other} ({other_kind}): values would be lost."
        ).format(crm=crm.label, crm_kind=crm.kind, other=activecampaign.label, other_kind=activecampaign.kind)
    if (
        crm.kind is Kind.BOOLEAN
        and activecampaign.kind is Kind.CHOICES
        and not is_checkbox_pair(crm, activecampaign)
    ):
        return _("{other} must have one single option with the value “true” to be paired with {crm}.").format(
            other=activecampaign.label, crm=crm.label
        )
    if _too_long_for_one_line(crm, activecampaign):
        return _(
            "{crm} may hold more than {limit} characters; pair it with a text area instead of {other}."
        ).format(crm=crm.label, limit=ONE_LINE, other=activecampaign.label)
    return None


def _too_long_for_one_line(crm: Field, activecampaign: Field) -> bool:
    if crm.kind is not Kind.LONG_TEXT or activecampaign.kind is not Kind.TEXT:
        return False
    if activecampaign.vendor_type == "hidden":
        return False
    return crm.length is None or crm.length > ONE_LINE
