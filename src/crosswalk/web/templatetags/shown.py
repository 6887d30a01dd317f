"""Moments and numbers as people read them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


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
