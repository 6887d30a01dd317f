"""What pages of a demo show beside what they always show."""

from __future__ import annotations

from typing import Any

from django import template

from crosswalk.web import demo

ACTIVECAMPAIGN = "activecampaign"
register = template.Library()


@register.inclusion_tag("web/demo/systems.html")
def demo_systems(crm: str = "") -> dict[str, Any]:
    """Show what a visitor may copy to try a set-up, of one CRM or all; nothing where this is no demo."""
    return {"systems": [each for each in demo.offered() if not crm or each.name in {crm, ACTIVECAMPAIGN}]}
