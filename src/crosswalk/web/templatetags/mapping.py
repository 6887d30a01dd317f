"""What would become of fields, in words."""

from __future__ import annotations

from django import template

from crosswalk.sync.sampled import Cell, Fate, cell_words, fate_words

register = template.Library()


@register.filter
def fate(given: Fate, crm: str) -> str:
    """Return what would become of a field; `crm` is what the CRM is called."""
    return fate_words(given, crm)


@register.filter
def told(cell: Cell, crm: str) -> str:
    """Return what would become of a field of one record, with the reason and the value that would be written."""
    return cell_words(cell, crm)
