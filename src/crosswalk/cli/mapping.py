"""`crosswalk mapping`: what is synced with what, as a JSON file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping

from . import files, tables
from .command import command
from .connection import Name
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

NO_TITLES: Mapping[str, str] = MappingProxyType({})
app = typer.Typer(help=_("Which fields are synced, and under which rules."))


@command(app, "show")
def show(terminal: Terminal, name: Name) -> Answer:
    """Show settings and mappings.

    With --json in the form that `mapping set` takes.
    """
    open_session()
    from crosswalk.store import connections

    return _answer(connections.mapping_of(connections.get(name)))


@command(app, "set")
def replace(
    terminal: Terminal,
    name: Name,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help=_("JSON file with settings and mappings; - for stdin."))
    ],
) -> Answer:
    """Replace settings and mappings.

    They are checked against both systems first. Fields may be named by label or merge tag.
    """
    given = files.read_mapping(file)
    session = open_session()
    from crosswalk.sync.setup import set_mapping

    saved = set_mapping(name, given, session.vault, session.clock)
    terminal.say(_("Saved. See what it would change: crosswalk plan --connection {name}").format(name=name))
    return _answer(saved)


def _answer(mapping: MappingFile) -> Answer:
    data: dict[str, Any] = msgspec.to_builtins(mapping)
    return Answer(data=data, tables=list(_tables(mapping)))


def _tables(mapping: MappingFile) -> Iterator[RenderableType]:
    yield tables.facts(_("Settings"), msgspec.to_builtins(mapping.settings))
    yield from object_tables(mapping)


def object_tables(mapping: MappingFile, titles: Mapping[str, str] = NO_TITLES) -> Iterator[RenderableType]:
    """Return the pairs of each object for people; `titles` are what they call ActiveCampaign's fields."""
    for item in mapping.objects:
        yield tables.table(_title(item), pair_columns(), [pair_row(pair, titles) for pair in item.fields])


def _title(item: ObjectMapping) -> str:
    return _("{object}: direction {direction}, selection {selection}").format(
        object=item.object, direction=item.direction, selection=item.selection.kind
    )


def pair_columns() -> list[str]:
    """Return the headings of a table of pairs."""
    return [_("CRM"), _("ActiveCampaign"), _("to CRM"), _("to ActiveCampaign"), _("Blanks"), _("Policy")]


def pair_row(pair: FieldMapping, titles: Mapping[str, str] = NO_TITLES) -> list[Any]:
    """Return one line of a table of pairs."""
    return [
        pair.crm,
        titles.get(pair.activecampaign, pair.activecampaign),
        pair.to_crm,
        pair.to_activecampaign,
        pair.blanks,
        pair.policy or _("as set"),
    ]
