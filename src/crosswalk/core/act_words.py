"""What the audit log keeps of an act, as lines that people read: what was before, and what after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .language import gettext as _
from .language import gettext_noop

_NAMES = ("object", "crm", "field", "name")  # by which one of several things is told from the others
_MOST = 60  # lines of one act


# what the log calls a detail → how it is told; names of settings and fields are told as they are
_WORDS = {
    "name": gettext_noop("name"),
    "role": gettext_noop("role"),
    "connections": gettext_noop("connections"),
    "may_sign_in": gettext_noop("may sign in"),
    "count": gettext_noop("how many"),
    "codes": gettext_noop("causes"),
    "crm": gettext_noop("CRM"),
    "activecampaign": gettext_noop("ActiveCampaign"),
    "systems": gettext_noop("systems"),
    "addresses": gettext_noop("addresses"),
    "object": gettext_noop("object"),
    "percent": gettext_noop("percent"),
    "file": gettext_noop("file"),
    "encrypted": gettext_noop("encrypted"),
    "taken_at": gettext_noop("taken at"),
    "credentials": gettext_noop("credentials"),
    "added": gettext_noop("added"),
    "removed": gettext_noop("removed"),
    "kind": gettext_noop("kind"),
    "person": gettext_noop("person"),
    "always": gettext_noop("from now on"),
    "switch": gettext_noop("switch"),
    "to": gettext_noop("to"),
    "plan": gettext_noop("plan"),
    "records": gettext_noop("records"),
    "contact": gettext_noop("contact"),
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an act changed, or that belongs to it (with `after` alone)."""

    what: str
    before: str | None = None
    after: str | None = None


def lines(detail: Mapping[str, Any]) -> list[Line]:
    """Return what an act's detail says, changes first; what is the same before and after is left out."""
    found = [*_changes(detail.get("before"), detail.get("after"))]
    found += [line for each in detail.get("decided", ()) for line in [_decided(each)]]
    rest = {name: value for name, value in detail.items() if name not in ("before", "after", "decided")}
    found += [Line(what=name, after=text) for name, text in _flat(rest)]
    return found[:_MOST]


def _changes(before: Any, after: Any) -> Iterator[Line]:
    old, new = dict(_flat(before)), dict(_flat(after))
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            yield Line(what=name, before=old.get(name), after=new.get(name))


def _decided(entry: Mapping[str, Any]) -> Line:
    what = ", ".join(str(each) for each in (entry.get("record"), entry.get("field")) if each)
    return Line(what=what, before=_distinct(entry.get("before")), after=_distinct(entry.get("after")))


def _distinct(values: Any) -> str:
    """Return both sides' values, once where they are the same."""
    shown = [_text(each) for each in values.values()] if isinstance(values, Mapping) else []
    return " / ".join(dict.fromkeys(shown))


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return the plain values in something nested, each under the way to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            word = _(_WORDS[name]) if name in _WORDS else str(name)
            yield from _flat(inner, f"{place}, {word}" if place else word)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for number, inner in enumerate(value, 1):
            name = _name(inner, number)
            yield from _flat(inner, f"{place}, {name}" if place else name)
    elif value is not None:
        yield place, _text(value)


def _name(value: Any, number: int) -> str:
    names: Sequence[str] = (
        [str(value[name]) for name in _NAMES if name in value] if isinstance(value, Mapping) else []
    )
    return names[0] if names else str(number)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "–"
    if value is None or value == "":
        return "–"
    return str(value).lower() if isinstance(value, bool) else str(value)
