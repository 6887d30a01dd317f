"""Short ways to write fields, plans and cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crosswalk.core.mapping import Direction, FieldMapping, Policy, Side, UpdateRule
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import Kind, Value
from crosswalk.merge import FieldPlan, Stamp, compile_field

CRM, AC = Side.CRM, Side.ACTIVECAMPAIGN
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def field(kind: Kind, *options: str, **changes: Any) -> Field:
    """Return a field called after its kind."""
    return Field(
        **{
            "name": kind.value,
            "label": kind.value.capitalize(),
            "kind": kind,
            "vendor_type": kind.value,
            "options": tuple(Option(value=option, label=option.title()) for option in options),
            **changes,
        }
    )


CHECKBOX = field(Kind.CHOICES, "true", vendor_type="checkbox")


def plan(
    crm: Field | None = None,
    activecampaign: Field | None = None,
    *,
    to_crm: UpdateRule = UpdateRule.ALWAYS,
    to_activecampaign: UpdateRule = UpdateRule.ALWAYS,
    blanks: bool = True,
    direction: Direction = Direction.BOTH,
    policy: Policy = Policy.NEWEST,
    winner: Side = CRM,
) -> FieldPlan:
    """Compile the mapping of two fields, texts unless given."""
    return compile_field(
        FieldMapping(
            crm="c", activecampaign="a", to_crm=to_crm, to_activecampaign=to_activecampaign, blanks=blanks
        ),
        crm or field(Kind.TEXT),
        activecampaign or field(Kind.TEXT),
        direction=direction,
        policy=policy,
        winner=winner,
    )


def at(seconds: float, *, certain: bool = False) -> Stamp:
    """Return a stamp so many seconds after noon."""
    return Stamp(NOON + timedelta(seconds=seconds), certain)


def chosen(*options: str) -> Value:
    """Return a multi-select's value."""
    return tuple(sorted(options)) or None
