"""Holds as data and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import RenderableType

from crosswalk.core import catalogue
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side

from . import tables

if TYPE_CHECKING:
    from crosswalk.store.holds import Held


def by_cause(found: Sequence[Held]) -> dict[str, list[Held]]:
    """Group holds by code, the most frequent first."""
    groups: dict[str, list[Held]] = {}
    for hold in found:
        groups.setdefault(hold.code, []).append(hold)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def title_of(code: str) -> str:
    """Return what a code stands for."""
    entry = catalogue.find(code)
    return code if entry is None else entry.headline


def cause_data(code: str, group: Sequence[Held]) -> dict[str, Any]:
    """Return one cause for programs: code, title, count, cure and a sample."""
    sample = group[0]
    return {
        "code": code,
        "title": title_of(code),
        "count": len(group),
        "cure": sample.cure,
        "sample": msgspec.structs.asdict(sample),
    }


def cause_table(found: Sequence[Held]) -> RenderableType:
    """Return holds by cause for people."""
    columns = [_("Code"), _("Cause"), _("Holds"), _("For example"), _("What to do")]
    rows = [
        [
            code,
            tables.line(title_of(code)),
            len(group),
            tables.line(
                _("{id}: {record} {reason}").format(
                    id=group[0].id, record=_record(group[0]), reason=group[0].reason
                )
            ),
            tables.line(group[0].cure),
        ]
        for code, group in by_cause(found).items()
    ]
    return tables.table("", columns, rows)


def _record(hold: Held) -> str:
    """Say which record and field a hold is about."""
    who = hold.key or hold.record_id or _("all")
    return f"{hold.object} {tables.shown(who)} {hold.field}".strip()


def hold_table(found: Sequence[Held]) -> RenderableType:
    """Return holds one by one for people."""
    columns = [
        _("Hold"),
        _("Object"),
        _("Record"),
        _("Field"),
        _("CRM"),
        _("ActiveCampaign"),
        _("Reason"),
        _("Chosen"),
    ]
    rows = [
        [
            hold.id,
            hold.object,
            hold.key or hold.record_id or _("all"),
            hold.field,
            hold.values.get(Side.CRM.value),
            hold.values.get(Side.ACTIVECAMPAIGN.value),
            tables.line(hold.reason),
            hold.chosen,
        ]
        for hold in found
    ]
    return tables.table("", columns, rows)
