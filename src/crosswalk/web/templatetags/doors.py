"""From what is wrong to the page on which something is done about it."""

from __future__ import annotations

from typing import Any

from django import template

from crosswalk.web import cures
from crosswalk.web.next_steps import Shown

register = template.Library()


@register.simple_tag(takes_context=True)
def door(context: dict[str, Any], code: str) -> Shown | None:
    """Return the way to the page on which the reader does what a code asks for, unless this is that page."""
    person = context.get("person")
    found = cures.door(code, context.get("connection"), person) if code and person else None
    return None if found is None or found.address == context["request"].path else found
