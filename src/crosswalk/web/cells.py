"""Cells of a table that a spreadsheet may open."""

from __future__ import annotations

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would work out what begins so


def defused(*cells: str) -> list[str]:
    """Return cells of which none is a formula."""
    return [f"'{cell}" if cell.startswith(_FORMULAS) else cell for cell in cells]
