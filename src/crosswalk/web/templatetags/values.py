"""Values of fields as people read them."""

from __future__ import annotations

import unicodedata

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crosswalk.sync.explained import UNKNOWN

register = template.Library()
_LONGEST = 300  # characters shown of one value
_JOINERS = "\u200c\u200d"  # hold letters and emoji of one sign together
_WITHOUT_HARMLESS = str.maketrans("", "", f"{_JOINERS}\n\t")


@register.filter
def value(given: object, longest: int = _LONGEST) -> SafeString | str:
    """Return a value of a field, cut where it is long; that there is none is said."""
    if given is None or given in ((), ""):
        return format_html('<span class="text-secondary">{}</span>', _("empty"))
    if given == UNKNOWN:
        return format_html('<span class="text-secondary">{}</span>', _("not known"))
    if isinstance(given, bool):
        return _("yes") if given else _("no")
    text = "; ".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
    return format_html("<bdi>{}</bdi>", _plain(text, longest))


_STANDINGS = {
    "out": gettext_noop("opted out"),
    "in": gettext_noop("may be mailed"),
    "none": gettext_noop("nothing said"),
}


@register.filter
def consent(standing: str | None) -> str:
    """Return what a side says about mail to a person."""
    return _(_STANDINGS[standing]) if standing in _STANDINGS else _("not known")


def _plain(text: str, longest: int) -> str:
    """Keep a record's text from turning the direction of writing, or filling the page."""
    safe = text[: longest + 1]
    if not safe.translate(_WITHOUT_HARMLESS).isprintable():  # told at once of most texts
        safe = "".join(sign if _harmless(sign) else "\ufffd" for sign in safe)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def _harmless(sign: str) -> bool:
    return ord(sign) in _WITHOUT_HARMLESS or not unicodedata.category(sign).startswith("C")
