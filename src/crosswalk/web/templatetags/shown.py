"""Moments and numbers as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django import template
from django.utils import formats
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from crosswalk.web import words

register = template.Library()
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC")


@register.filter
def number(value: float) -> str:
    """Return a number with the reader's own separators."""
    return formats.number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """Return a moment as a `time` element; a script turns it to the reader's own zone, until then it is UTC."""
    if moment is None:
        return "–"
    shown = formats.date_format(moment, "DATETIME_FORMAT")
    return format_html('<time datetime="{}">{} UTC</time>', moment.isoformat(), shown)


@register.filter
def timed(sentence: str) -> SafeString:
    """Return a sentence with its moments as `time` elements; a script turns them to the reader's own zone."""

    def element(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        return f'<time datetime="{at.isoformat()}">{found[0]}</time>'

    return mark_safe(_MOMENT.sub(element, conditional_escape(sentence)))


@register.filter
def system(vendor: str) -> str:
    """Return a system's name as its vendor writes it."""
    return words.SYSTEMS.get(vendor, vendor)


@register.filter
def lasting(seconds: float | None) -> str:
    """Return a length of time."""
    return "–" if seconds is None else words.lasting(seconds)
