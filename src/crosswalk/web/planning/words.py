"""Plans in words: what would be done to how many, what it takes, and what a single row says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from crosswalk.core.mapping import Side
from crosswalk.store.models import Connection
from crosswalk.store.plans import Cost
from crosswalk.web.run_words import objects, system_of
from crosswalk.web.vendors import names_of

# operation → (word, icon, colour)
LOOKS: Mapping[str, tuple[str | Promise, str, str]] = {
    "create": (gettext_lazy("create"), "plus", "success"),
    "update": (gettext_lazy("change"), "pencil", "primary"),
    "opt_out": (gettext_lazy("opt out"), "hand", "warning"),
    "lift_opt_out": (gettext_lazy("lift opt-out"), "rotate-ccw", "warning"),
    "link": (gettext_lazy("join"), "link", "secondary"),
    "hold": (gettext_lazy("hold"), "circle-pause", "warning"),
    "conflict": (gettext_lazy("conflict"), "scale", "warning"),
}
# What would be done: operation and object → a sentence; an object that is not here is called by its name.
_SENTENCES = {
    ("create", "contact"): ngettext_lazy(
        "%(number)s contact would be created in %(system)s.",
        "%(number)s contacts would be created in %(system)s.",
        "count",
    ),
    ("create", "lead"): ngettext_lazy(
        "%(number)s lead would be created in %(system)s.",
        "%(number)s leads would be created in %(system)s.",
        "count",
    ),
    ("update", "contact"): ngettext_lazy(
        "%(number)s contact would be changed in %(system)s.",
        "%(number)s contacts would be changed in %(system)s.",
        "count",
    ),
    ("update", "lead"): ngettext_lazy(
        "%(number)s lead would be changed in %(system)s.",
        "%(number)s leads would be changed in %(system)s.",
        "count",
    ),
    ("opt_out", "contact"): ngettext_lazy(
        "%(number)s contact would be opted out in %(system)s.",
        "%(number)s contacts would be opted out in %(system)s.",
        "count",
    ),
    ("opt_out", "lead"): ngettext_lazy(
        "%(number)s lead would be opted out in %(system)s.",
        "%(number)s leads would be opted out in %(system)s.",
        "count",
    ),
    ("lift_opt_out", "contact"): ngettext_lazy(
        "The opt-out of %(number)s contact would be lifted in %(system)s.",
        "The opt-out of %(number)s contacts would be lifted in %(system)s.",
        "count",
    ),
    ("lift_opt_out", "lead"): ngettext_lazy(
        "The opt-out of %(number)s lead would be lifted in %(system)s.",
        "The opt-out of %(number)s leads would be lifted in %(system)s.",
        "count",
    ),
    ("link", ""): ngettext_lazy(
        "%(number)s pair of records would be joined without a change.",
        "%(number)s pairs of records would be joined without a change.",
        "count",
    ),
    ("hold", ""): ngettext_lazy(
        "%(number)s value or record would be held instead, until its cause is cured.",
        "%(number)s values or records would be held instead, until their causes are cured.",
        "count",
    ),
    ("conflict", ""): ngettext_lazy(
        "%(number)s conflict would wait for a person to decide.",
        "%(number)s conflicts would wait for a person to decide.",
        "count",
    ),
}
_CHIPS: Mapping[str, str | Promise] = {
    "create": gettext_lazy("New {objects} in {system}"),
    "update": gettext_lazy("Changed {objects} in {system}"),
    "opt_out": gettext_lazy("Opt-outs of {objects} in {system}"),
    "lift_opt_out": gettext_lazy("Lifted opt-outs of {objects} in {system}"),
    "link": gettext_lazy("Joined without a change"),
    "hold": gettext_lazy("Held instead"),
    "conflict": gettext_lazy("Conflicts"),
}
_ORDER = tuple(LOOKS)


def parts(kind: str) -> tuple[str, str, str]:
    """Return operation, side and object of a kind; a kind that writes nothing has the first alone."""
    op, side, object = [*kind.split(), "", ""][:3]
    return op, side, object


def in_order(kinds: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return kinds with their counts, those that write first."""
    return sorted(kinds.items(), key=lambda each: (_ORDER.index(parts(each[0])[0]), each[0]))


def localised(count: float) -> str:
    """Return a number with the reader's own separators."""
    return str(formats.number_format(count, use_l10n=True, force_grouping=True))


def sentence(connection: Connection, kind: str, count: int) -> str:
    """Say what would be done to how many."""
    op, side, object = parts(kind)
    system = system_of(connection, side) if side else ""
    said = _SENTENCES.get((op, object))
    if said is None:
        return f"{localised(count)}: {chip(connection, kind)}"
    return str(said % {"count": count, "number": localised(count), "system": system})


def chip(connection: Connection, kind: str) -> str:
    """Return what a filter is called."""
    op, side, object = parts(kind)
    system = system_of(connection, side) if side else ""
    return str(_CHIPS[op]).format(objects=objects(object), system=system)


def costs(connection: Connection, cost: Cost) -> Iterator[str]:
    """Say what it takes to do a plan."""
    names = names_of(connection)
    for side in Side:
        if calls := cost.calls.get(side.value):
            text = ngettext("about {number} call to {system}", "about {number} calls to {system}", calls)
            yield text.format(number=localised(calls), system=names[side])
    if cost.calls:
        yield lasting(cost.seconds)


def lasting(seconds: float) -> str:
    """Say how long something takes, about."""
    if seconds < 60:
        return _("less than a minute")
    minutes = ceil(seconds / 60)
    if minutes < 100:
        return ngettext("about {number} minute", "about {number} minutes", minutes).format(number=minutes)
    hours = round(seconds / 3600)
    return ngettext("about {number} hour", "about {number} hours", hours).format(number=localised(hours))
