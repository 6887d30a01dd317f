"""Time zones to choose from, those of a continent together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from zoneinfo import available_timezones

_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@cache
def zones() -> Mapping[str, Sequence[str]]:
    """Return the names of all zones that belong to a place, by continent, and UTC before them."""
    found: dict[str, list[str]] = {"UTC": ["UTC"]}
    for name in sorted(available_timezones()):
        continent, slash, _place = name.partition("/")
        if slash and continent in _CONTINENTS:
            found.setdefault(continent, []).append(name)
    return found
