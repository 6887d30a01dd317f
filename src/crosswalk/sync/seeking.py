"""Looking for a person in both systems, by name or e-mail: what they answer is shown, and nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import msgspec

from crosswalk.core import catalogue
from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import Side
from crosswalk.core.patience import waited_for
from crosswalk.core.system import Named, System
from crosswalk.core.values import normal_email
from crosswalk.store import connections, models
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .context import CONTACT
from .setup import open_systems
from .sign_in import Opener

MOST = 10  # of an object that are told


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What one system has of an object."""

    side: Side
    object: str
    found: Sequence[Named] = ()
    more: bool = False
    failure: SystemFailure | None = None


def is_email(asked: str) -> bool:
    """Tell whether a whole address is looked for; else it is a name."""
    return "@" in asked and normal_email(asked) is not None


def seek(
    connection: models.Connection, asked: str, vault: Vault, clock: Clock, opener: Opener = open_system
) -> list[Sought]:
    """Ask both systems, for every object that is mapped; one that cannot be asked says why.

    Raises UserError when nothing is mapped or the key is lost, SystemFailure while everything is stopped.
    """
    objects = [each.object for each in connections.mapping_of(connection).objects]
    if not objects:
        said = catalogue.say("no_mapping", connection=connection.name)
        raise UserError(said.message, cure=said.cure, entry="no_mapping")
    systems = open_systems(connection, vault, clock, opener)
    with closing(systems[Side.CRM]) as crm, closing(systems[Side.ACTIVECAMPAIGN]) as activecampaign:
        sought = [_sought(Side.CRM, crm, object, asked) for object in objects]
        return [*sought, _sought(Side.ACTIVECAMPAIGN, activecampaign, CONTACT, asked)]


def _sought(side: Side, system: System, object: str, asked: str) -> Sought:
    look = _addressed if is_email(asked) else _named
    try:
        with waited_for():
            found = list(look(system, object, asked))
    except SystemFailure as failure:
        return Sought(side=side, object=object, failure=failure)
    return Sought(side=side, object=object, found=found[:MOST], more=len(found) > MOST)


def _named(system: System, object: str, name: str) -> Sequence[Named]:
    return system.people(object, name, MOST + 1)


def _addressed(system: System, object: str, email: str) -> Sequence[Named]:
    records = system.find(object, [email], ())
    return [Named(id=each.id, name="", email=each.key or "") for each in records]
