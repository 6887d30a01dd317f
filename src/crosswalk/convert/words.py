"""Types of fields in words, for messages and lists."""

from __future__ import annotations

from ..core.language import gettext_noop
from ..core.schema import Field, Nature
from ..core.values import Kind, Value
from ..core.words import joined, together
from ..core.words import keepable as _

_KINDS: dict[Kind, str] = {
    Kind.TEXT: gettext_noop("text"),
    Kind.LONG_TEXT: gettext_noop("long text"),
    Kind.EMAIL: gettext_noop("e-mail"),
    Kind.PHONE: gettext_noop("phone"),
    Kind.URL: gettext_noop("web address"),
    Kind.NUMBER: gettext_noop("number"),
    Kind.CURRENCY: gettext_noop("currency"),
    Kind.PERCENT: gettext_noop("percent"),
    Kind.BOOLEAN: gettext_noop("yes or no"),
    Kind.DATE: gettext_noop("date"),
    Kind.DATETIME: gettext_noop("date and time"),
    Kind.TIME: gettext_noop("time"),
    Kind.CHOICE: gettext_noop("one choice"),
    Kind.CHOICES: gettext_noop("several choices"),
    Kind.REFERENCE: gettext_noop("lookup"),
}
_NATURES: dict[Nature, str] = {
    Nature.FORMULA: gettext_noop("formula"),
    Nature.SUMMARY: gettext_noop("summary"),
    Nature.AUTO_NUMBER: gettext_noop("auto-number"),
    Nature.ENCRYPTED: gettext_noop("encrypted"),
    Nature.RICH_TEXT: gettext_noop("rich text"),
    Nature.SECURED: gettext_noop("under column security"),
}
# What a field for such values is called in ActiveCampaign, where one can be made.
_ACTIVECAMPAIGN: dict[Kind, str] = {
    Kind.TEXT: gettext_noop("text or hidden"),
    Kind.LONG_TEXT: gettext_noop("text area"),
    Kind.NUMBER: gettext_noop("number"),
    Kind.CURRENCY: gettext_noop("currency"),
    Kind.DATE: gettext_noop("date"),
    Kind.DATETIME: gettext_noop("date and time"),
    Kind.CHOICE: gettext_noop("dropdown or radio"),
    Kind.CHOICES: gettext_noop("list box or checkboxes"),
}


def kind_words(field: Field) -> str:
    """Return what a field holds, such as `number (formula)`; a type without a name of ours in the vendor's words."""
    words = _(_KINDS[field.kind]) if field.kind in _KINDS else field.vendor_type or _("unknown type")
    if field.nature not in _NATURES:
        return words
    return together("{words} ({nature})", words=words, nature=_(_NATURES[field.nature]))


def activecampaign_words(kinds: frozenset[Kind]) -> str:
    """Return the ActiveCampaign types that hold these kinds, as a list in words; "" when there is none."""
    return joined(*(_(words) for kind, words in _ACTIVECAMPAIGN.items() if kind in kinds), by=", ")


def value_words(field: Field, value: Value) -> str | None:
    """Return a value as people read it, options by their labels; None when it is empty."""
    if value is None:
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    labels = {option.value: option.label for option in field.options}
    if isinstance(value, tuple):
        return ", ".join(labels.get(each, each) for each in value)
    return labels.get(value, value)
