"""Setting a selection by itself, and counting what it takes before it is saved."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import MappingFile, ObjectMapping, Selection, SelectionKind, Side
from crosswalk.core.system import Counted
from crosswalk.core.versions import require_version
from crosswalk.store import acts, connections, models
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .schemas import schemas
from .selecting import checked_selection
from .setup import dated, open_systems
from .sign_in import Opener


def count_selection(
    name: str,
    object: str,
    selection: Selection | None,
    vault: Vault,
    clock: Clock,
    opener: Opener = open_system,
) -> tuple[Selection, Counted]:
    """Ask the CRM how many records a selection takes now (None: the one that is saved); nothing is saved.

    Raises UserError that names a wrong object, field, operator or value.
    """
    connection = connections.get(name)
    item = _mapped(connections.mapping_of(connection), name, object)
    chosen = item if selection is None else replace(item, selection=selection)
    systems = open_systems(connection, vault, clock, opener)
    with closing(systems[Side.ACTIVECAMPAIGN]), closing(systems[Side.CRM]) as crm:
        checked = checked_selection(chosen.selection, crm.describe(object))
        since = dated(replace(chosen, selection=checked), crm, clock).selection
        return since, crm.count(object, since)


def set_selection(
    name: str,
    object: str,
    selection: Selection,
    vault: Vault,
    clock: Clock,
    opener: Opener = open_system,
    *,
    expected: str | None = None,
) -> tuple[Selection, Counted]:
    """Count what a selection takes, then save it in the object's mapping as that is at that moment.

    `expected` is the version of the selection that somebody saw before. Raises UserError, Outdated among them.
    """
    checked, counted = count_selection(name, object, selection, vault, clock, opener)
    save_selection(name, object, checked, clock.now(), expected=expected)
    return checked, counted


def ready_selection(
    connection: models.Connection,
    object: str,
    selection: Selection,
    vault: Vault,
    clock: Clock,
) -> Selection:
    """Return a selection as it is saved, without counting. The CRM is asked for its time alone, if that matters.

    Raises UserError that names what is wrong, SystemFailure.
    """
    known = schemas(connection, [object], vault, clock).schemas.crm[object]
    checked = checked_selection(selection, known)
    if checked.kind is not SelectionKind.CREATED_FROM_NOW or checked.since is not None:
        return checked
    systems = open_systems(connection, vault, clock)
    with closing(systems[Side.ACTIVECAMPAIGN]), closing(systems[Side.CRM]) as crm:
        return dated(ObjectMapping(object=object, selection=checked), crm, clock).selection


def save_selection(
    name: str, object: str, checked: Selection, now: datetime, *, expected: str | None = None
) -> None:
    """Save a checked selection in the object's mapping as that is at that moment. Raises UserError, Outdated."""
    with connections.locked(name) as connection:
        mapping = connections.mapping_of(connection)
        before = _mapped(mapping, name, object)
        require_version(expected, before.selection)
        if before.selection == checked:
            return
        chosen = replace(before, selection=checked)
        objects = tuple(chosen if item.object == object else item for item in mapping.objects)
        connections.save_mapping(connection, replace(mapping, objects=objects), now)
        acts.note(
            "selection.set",
            connection,
            object=object,
            before=msgspec.to_builtins(before.selection),
            after=msgspec.to_builtins(checked),
        )


def _mapped(mapping: MappingFile, name: str, object: str) -> ObjectMapping:
    found = next((item for item in mapping.objects if item.object == object), None)
    if found is None:
        raise UserError(
            _("{name} has no mapping of {object}.").format(name=name, object=object),
            cure=_("Use one of: {objects}.").format(
                objects=", ".join(item.object for item in mapping.objects) or _("none yet")
            ),
        )
    return found
