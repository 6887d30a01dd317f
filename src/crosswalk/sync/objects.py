"""An object of a connection as a whole: turned on and off, and the direction in which it flows."""

from __future__ import annotations

from dataclasses import replace

from crosswalk.convert import default_rule
from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Direction, FieldMapping, ObjectMapping, Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.versions import require_version
from crosswalk.store import acts, connections, models
from crosswalk.store.vault import Vault

from .mapping_check import check_writable
from .mapping_edit import MappingEditor
from .mapping_standard import pairs_of
from .schemas import schemas
from .selections import ready_selection, save_selection


def is_on(mapping: ObjectMapping | None) -> bool:
    """Tell whether records of an object take part at all."""
    return mapping is not None and bool(mapping.fields) and mapping.selection.kind is not SelectionKind.NONE


def found_in(connection: models.Connection, object: str) -> ObjectMapping | None:
    """Return the mapping of an object; None: it has none yet."""
    objects = connections.mapping_of(connection).objects
    return next((item for item in objects if item.object == object), None)


def turn_off(connection: models.Connection, object: str, clock: Clock) -> None:
    """Let no record of an object take part; nothing is deleted, and what was chosen is kept for later."""
    mapping = found_in(connection, object)
    if mapping is not None and mapping.selection.kind is not SelectionKind.NONE:
        rested = replace(mapping.selection, kind=SelectionKind.NONE)
        save_selection(connection.name, object, rested, clock.now())


def turn_on(connection: models.Connection, object: str, vault: Vault, clock: Clock) -> list[FieldMapping]:
    """Let an object take part with the records chosen before, or all; return the pairs that came along.

    Without pairs it gets those that both systems offer by themselves. Raises UserError, SystemFailure.
    """
    mapping = found_in(connection, object)
    brought: list[FieldMapping] = []
    if mapping is None or not mapping.fields:
        known = schemas(connection, [object], vault, clock).schemas
        brought = _standard(known.crm[object], known.contact)
        mapping = MappingEditor(connection.name, vault, clock).extend(object, brought)
    if mapping.selection.kind is SelectionKind.NONE:
        again = ready_selection(connection, object, awakened(mapping.selection), vault, clock)
        save_selection(connection.name, object, again, clock.now())
    return brought


def awakened(selection: Selection) -> Selection:
    """Return a selection that took none as it was before."""
    kind = SelectionKind.ALL
    if selection.criteria is not None:
        kind = SelectionKind.CRITERIA
    elif selection.flag is not None:
        kind = SelectionKind.FLAGGED
    elif selection.since is not None:
        kind = SelectionKind.CREATED_FROM_NOW
    return replace(selection, kind=kind)


def _standard(crm: Schema, contact: Schema) -> list[FieldMapping]:
    return [
        FieldMapping(
            crm=each.crm, activecampaign=each.activecampaign, to_crm=default_rule(crm.fields[each.crm])
        )
        for each in pairs_of(crm, contact, ())
    ]


def set_direction(
    connection: models.Connection,
    object: str,
    direction: Direction,
    vault: Vault,
    clock: Clock,
    *,
    expected: str | None,
) -> None:
    """Let an object flow both ways or one way. Raises UserError, Outdated among them, and SystemFailure."""
    known = schemas(connection, [object], vault, clock).schemas
    with connections.locked(connection.name) as held:
        whole = connections.mapping_of(held)
        before = next((item for item in whole.objects if item.object == object), None)
        if before is None:
            raise UserError(
                _("{name} has no mapping of {object}.").format(name=connection.name, object=object)
            )
        require_version(expected, before.direction)
        if before.direction is direction:
            return
        after = replace(before, direction=direction)
        check_writable(
            _known_pairs(after, known.crm[object], known.contact), known.crm[object], known.contact
        )
        objects = tuple(after if item is before else item for item in whole.objects)
        connections.save_mapping(held, replace(whole, objects=objects), clock.now())
        acts.note("direction.set", held, object=object, before=before.direction, after=direction)


def _known_pairs(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
    """Return a mapping without the pairs of which a field is gone: they rest."""
    there = (
        pair for pair in mapping.fields if pair.crm in crm.fields and pair.activecampaign in contact.fields
    )
    return replace(mapping, fields=tuple(there))
