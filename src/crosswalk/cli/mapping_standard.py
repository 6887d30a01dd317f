"""`crosswalk mapping standard`: the pairs that both systems offer by themselves, switched on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .connection import Name
from .mapping_fields import Object, editor_of, say_next
from .outcome import Answer
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.core.mapping import FieldMapping
    from crosswalk.sync.mapping_standard import StandardPair

app = typer.Typer()


@command(app, "standard")
def standard(
    terminal: Terminal,
    name: Name,
    object: Object,
    crm_field: Annotated[
        str | None,
        typer.Argument(metavar="[CRM_FIELD]", help=_("The CRM's field to switch, by name or label.")),
    ] = None,
    on: Annotated[
        bool | None,
        typer.Option("--on/--off", help=_("Pair it with its own partner again, or take that pair out.")),
    ] = None,
) -> Answer:
    """List the standard pairs, or switch one on or off.

    A field that is off may be paired with another one; switching it on again undoes that. E-mails are always paired.
    """
    if (crm_field is None) != (on is None):
        raise typer.BadParameter(_("Name a field together with --on or --off, or neither."))
    editor = editor_of(name)
    from crosswalk.sync.mapping_standard import StandardPairs

    pairs = StandardPairs(editor, object)
    if crm_field is None:
        return _answer(object, pairs.all(), [])
    gone: list[FieldMapping] = []
    if on:
        gone = pairs.on(crm_field)
    else:
        pairs.off(crm_field)
    for each in gone:
        terminal.say(_("Taken out: {crm} – {contact}").format(crm=each.crm, contact=each.activecampaign))
    say_next(terminal, name)
    return _answer(object, pairs.all(), gone)


def _answer(object: str, pairs: list[StandardPair], gone: list[FieldMapping]) -> Answer:
    data = {
        "object": object,
        "standard": msgspec.to_builtins(pairs),
        "removed": msgspec.to_builtins(gone),
    }
    return Answer(data=data, tables=[_table(object, pairs)])


def _table(object: str, pairs: list[StandardPair]) -> RenderableType:
    columns = [_("CRM"), _("ActiveCampaign"), _("State"), _("Paired instead")]
    rows = [
        [
            each.crm,
            each.activecampaign,
            _("always on") if each.fixed else each.state.value,
            ", ".join(f"{pair.crm} – {pair.activecampaign}" for pair in each.instead),
        ]
        for each in pairs
    ]
    return tables.table(object, columns, rows)
