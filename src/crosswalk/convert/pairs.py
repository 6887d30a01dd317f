"""Which field of a CRM may be paired with which field of ActiveCampaign.

The table follows ActiveCampaign's own Salesforce integration and adds pairs that lose nothing. A pair that
could lose something unseen (a date-time into a date, several choices into a text) is not in it.
"""

from __future__ import annotations

from ..core.language import gettext_noop
from ..core.schema import Field, Nature
from ..core.values import Kind
from ..core.words import joined
from ..core.words import keepable as _
from .words import activecampaign_words, kind_words

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
    Kind.BOOLEAN: _WORDS | {Kind.BOOLEAN, Kind.CHOICE, Kind.CHOICES},
    Kind.DATE: _WORDS | {Kind.DATE},
    Kind.DATETIME: _WORDS | {Kind.DATETIME},
    Kind.TIME: _WORDS | {Kind.TIME},
    Kind.CHOICE: _WORDS | {Kind.CHOICE, Kind.CHOICES},
    Kind.CHOICES: frozenset({Kind.CHOICES, Kind.CHOICE}),
    Kind.REFERENCE: _WORDS,
}

# ActiveCampaign's one-line text is not offered for longer texts by its own integration; hidden fields are.
ONE_LINE = 255

_LOST = gettext_noop("values would be lost")
# Why a pair is not in the table, where there is more to say than that values would be lost.
_WHY: dict[tuple[Kind, Kind], str] = {
    (Kind.DATETIME, Kind.DATE): gettext_noop(
        "the time of day would be lost, and which day it is depends on the time zone"
    ),
    (Kind.DATE, Kind.DATETIME): gettext_noop(
        "a date has no time of day and no time zone: both would be made up"
    ),
    **{
        (Kind.CHOICES, kind): gettext_noop("several choices in one text could not be told apart again")
        for kind in _WORDS
    },
    (Kind.TEXT, Kind.CHOICES): gettext_noop("a text may hold anything, not only the choices there"),
    (Kind.TEXT, Kind.NUMBER): gettext_noop("a text may hold more than a number"),
}
# Types that stand for several fields or for none: what to do instead.
_UNSUPPORTED: dict[str, str] = {
    "address": gettext_noop("it is put together from other fields: pair its parts, such as street and city"),
    "location": gettext_noop(
        "it is put together from other fields: pair its latitude and longitude with numbers"
    ),
    "base64": gettext_noop("it holds a file"),
}
_SPELLINGS = (("true", "false"), ("yes", "no"))


def checkbox_option(field: Field) -> str | None:
    """Return how `field` spells `true` if it is a checkbox: that is its only option, in any letter case."""
    if field.kind is Kind.CHOICES and len(field.options) == 1 and field.options[0].value.lower() == "true":
        return field.options[0].value
    return None


def is_checkbox_pair(crm: Field, activecampaign: Field) -> bool:
    """Tell whether a boolean meets a checkbox; such a pair is never empty: nothing ticked is false."""
    return crm.kind is Kind.BOOLEAN and checkbox_option(activecampaign) is not None


def truth_options(field: Field) -> tuple[str, str] | None:
    """Return how `field` spells yes and no if these are all its options: true/false or yes/no in any letter case."""
    spelled = {option.value.lower(): option.value for option in field.options}
    if len(spelled) != len(field.options):
        return None
    return next(((spelled[yes], spelled[no]) for yes, no in _SPELLINGS if spelled.keys() == {yes, no}), None)


def pairable(crm: Field, activecampaign: Field) -> str | None:
    """Return None when the two fields may be paired, else the reason in the user's words with what would work."""
    if activecampaign.kind not in PAIRS.get(crm.kind, ()):
        return _unpaired(crm, activecampaign)
    if crm.kind is Kind.BOOLEAN and activecampaign.kind in {Kind.CHOICE, Kind.CHOICES}:
        return _untrue(crm, activecampaign)
    if _too_long_for_one_line(crm, activecampaign):
        return _(
            "{crm} may hold more than {limit} characters; pair it with a text area instead of {other}."
        ).format(crm=crm.label, limit=ONE_LINE, other=activecampaign.label)
    return None


def read_only(field: Field) -> str | None:
    """Return None when somebody may write the field, else why it can only be read."""
    if field.writable or field.creatable:
        return None
    reasons = {
        Nature.FORMULA: _("{field} is a formula: it is calculated and cannot be written."),
        Nature.SUMMARY: _("{field} sums up other records: it is calculated and cannot be written."),
        Nature.AUTO_NUMBER: _("{field} is numbered automatically and cannot be written."),
    }
    reason = reasons.get(field.nature, _("{field} cannot be written by the connection's user."))
    return reason.format(field=field.label)


def _unpaired(crm: Field, activecampaign: Field) -> str:
    message = _("{crm} ({crm_kind}) cannot be paired with {other} ({other_kind}): {reason}.").format(
        crm=crm.label,
        crm_kind=kind_words(crm),
        other=activecampaign.label,
        other_kind=kind_words(activecampaign),
        reason=_reason(crm, activecampaign),
    )
    works = _what_works(crm)
    return joined(message, works) if works else message


def _reason(crm: Field, activecampaign: Field) -> str:
    for field in (crm, activecampaign):
        if field.kind is Kind.OTHER:
            return _(
                _UNSUPPORTED.get(field.vendor_type, gettext_noop("values of that type cannot be synced"))
            )
    return _(_WHY.get((crm.kind, activecampaign.kind), _LOST))


def types_for(crm: Field) -> str:
    """Return the ActiveCampaign types that a CRM field may be paired with, as a list in words; "" for none."""
    kinds = PAIRS.get(crm.kind, frozenset())
    if not _is_long(crm):
        return activecampaign_words(kinds)
    return joined(_("hidden"), activecampaign_words(kinds - {Kind.TEXT}), by=", ")


def _what_works(crm: Field) -> str:
    words = types_for(crm)
    return _("In ActiveCampaign these types work for it: {types}.").format(types=words) if words else ""


def _untrue(crm: Field, activecampaign: Field) -> str | None:
    """Refuse options that do not spell a boolean's two values."""
    if is_checkbox_pair(crm, activecampaign) or truth_options(activecampaign) is not None:
        return None
    if activecampaign.kind is Kind.CHOICES:
        return _(
            "{other} must have one single option with the value “true”, or the two options true and false"
            " or yes and no, to be paired with {crm}."
        ).format(other=activecampaign.label, crm=crm.label)
    return _(
        "{other} must have the two options true and false, or yes and no, to be paired with {crm}."
    ).format(other=activecampaign.label, crm=crm.label)


def _too_long_for_one_line(crm: Field, activecampaign: Field) -> bool:
    return _is_long(crm) and activecampaign.kind is Kind.TEXT and activecampaign.vendor_type != "hidden"


def _is_long(crm: Field) -> bool:
    """Tell whether a text may be longer than a line of ActiveCampaign."""
    return crm.kind is Kind.LONG_TEXT and (crm.length is None or crm.length > ONE_LINE)
