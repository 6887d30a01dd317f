"""`crosswalk mapping sample`: what the rules would do with ten real records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _
from crosswalk.core.words import plain

from . import tables
from .command import command
from .connection import Name
from .mapping_fields import Object
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.sync.sampled import Sample

app = typer.Typer()


@command(app, "sample")
def sample(terminal: Terminal, name: Name, object: Object) -> Answer:
    """Show what the rules would do with ten real records.

    Both systems are read, and nothing is written: the records made last that take part, field by field.
    """
    session = open_session()
    from crosswalk.sync.sampling import sample as sampled

    found = sampled(name, object, session.vault, session.clock)
    terminal.say(_("Nothing was written. These are the records made last that take part."))
    return Answer(data=msgspec.to_builtins(found, enc_hook=plain), tables=list(_tables(found)))


def _tables(found: Sample) -> Iterator[RenderableType]:
    from crosswalk.sync.sampled import cell_words

    columns = [_("Record"), "ActiveCampaign", _("CRM"), _("What would happen")]
    for row in found.rows:
        cells = [
            [cell.record, cell.activecampaign, cell.crm, tables.line(cell_words(cell, _("the CRM")))]
            for cell in row.cells
        ]
        yield tables.table(f"{row.activecampaign_label} – {row.crm_label}", columns, cells)
    if not found.records:
        yield tables.line(_("No record that takes part was found."))
