"""What a field may be paired with: every field of the other side, those that fit first, the others with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from crosswalk.convert import kind_words, pairable, types_for
from crosswalk.core.mapping import FieldMapping, Side
from crosswalk.core.schema import Field, Schema

from .rows import tag_of

MOST = 60  # fields that a page lists; more are found by searching


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A field that somebody may choose, or why not."""

    name: str
    label: str
    words: str
    tag: str  # its name as people know it
    is_required: bool
    reason: str  # why it cannot be chosen; empty: it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """A list of fields to choose from, as far as the page shows it."""

    shown: Sequence[Candidate]
    more: int  # not shown
    found: int  # that can be chosen


def candidates(
    side: Side,
    schemas: Mapping[Side, Schema],
    pairs: Iterable[FieldMapping],
    partner: Field | None,
    search: str,
) -> Candidates:
    """Return the fields of a side that `search` finds in label or name; with `partner`, what fits that comes first."""
    schema, other = schemas[side], schemas[side.other]
    taken = {pair.name(side): _label(other, pair.name(side.other)) for pair in pairs}
    wanted = search.strip().casefold()
    listed = [
        _candidate(side, schema, each, taken, partner)
        for each in schema.fields.values()
        if wanted in f"{each.label} {each.name} {' '.join(each.aliases)}".casefold()
    ]
    listed.sort(key=lambda each: (bool(each.reason), each.label.casefold()))
    return Candidates(
        shown=listed[:MOST],
        more=max(0, len(listed) - MOST),
        found=sum(not each.reason for each in listed),
    )


def _label(schema: Schema, name: str) -> str:
    return schema.fields[name].label if name in schema.fields else name


def _candidate(
    side: Side, schema: Schema, field: Field, taken: Mapping[str, str], partner: Field | None
) -> Candidate:
    return Candidate(
        name=field.name,
        label=field.label,
        words=kind_words(field),
        tag=tag_of(field),
        is_required=field.required and field.creatable,
        reason=_reason(side, schema, field, taken, partner),
    )


def _reason(side: Side, schema: Schema, field: Field, taken: Mapping[str, str], partner: Field | None) -> str:
    if field.name in taken:
        return _("Paired with {partner} already.").format(partner=taken[field.name])
    if schema.holds_consent(field.name):
        return _("Opt-outs travel by rules of their own, without a pair.")
    if partner is not None:
        crm, contact = (field, partner) if side is Side.CRM else (partner, field)
        return pairable(crm, contact) or ""
    if side is Side.CRM and not types_for(field):
        return _("Values of this type cannot be synced.")
    return ""
