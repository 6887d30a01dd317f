"""Checks of a mapping that only people's changes to it need; what runs check themselves is in `setup`."""

from __future__ import annotations

from crosswalk.convert import read_only
from crosswalk.core.failures import UserError
from crosswalk.core.mapping import ObjectMapping, Side, UpdateRule
from crosswalk.core.schema import Field, Schema
from crosswalk.core.words import keepable as _


def check_doubles(mapping: ObjectMapping) -> None:
    """Raise UserError when a field stands in two pairs."""
    for side in Side:
        names = [pair.name(side) for pair in mapping.fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(
                _("{object}: the {side} field {name} is mapped twice.").format(
                    object=mapping.object, side=side.value, name=twice
                ),
                cure=_("Keep one of the pairs."),
            )


def check_writable(mapping: ObjectMapping, crm: Schema, contact: Schema) -> None:
    """Raise UserError when a pair would write a field that nobody can write, such as a formula.

    A run does not ask: a field that loses its edit permission later holds what should be written.
    """
    for pair in mapping.fields:
        for side, schema in ((Side.CRM, crm), (Side.ACTIVECAMPAIGN, contact)):
            if pair.rule(side) is UpdateRule.NEVER or not mapping.direction.allows(side):
                continue
            reason = read_only(schema.fields[pair.name(side)])
            if reason is not None:
                raise UserError(
                    f"{mapping.object}: {reason}",
                    cure=_(
                        "Set to_{side} of this pair to “never”: its values then travel the other way only."
                    ).format(side=side.value),
                )


def named(schema: Schema, given: str) -> str:
    """Return the name of the field that is called so by name, label or merge tag; `given` when none or several are."""
    if given in schema.fields:
        return given
    wanted = given.strip("%").casefold()
    found = [field.name for field in schema.fields.values() if wanted in _spellings(field)]
    return found[0] if len(found) == 1 else given


def _spellings(field: Field) -> set[str]:
    return {name.strip("%").casefold() for name in (field.name, field.label, *field.aliases)}
