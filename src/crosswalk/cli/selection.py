"""`crosswalk selection`: which CRM records take part, counted before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from crosswalk.core.criteria import Match
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Selection, SelectionKind

from . import files, tables
from .command import command
from .connection import Name
from .outcome import Answer
from .session import open_session
from .terminal import Terminal
from .where import criteria_of

if TYPE_CHECKING:
    from crosswalk.core.system import Counted

app = typer.Typer(help=_("Which CRM records take part."))

ObjectName = Annotated[str, typer.Argument(metavar="OBJECT", help=_("lead or contact"))]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="ROW", help=_("A row of criteria: “Field operator value”; may be repeated.")
    ),
]
AnyRow = Annotated[bool, typer.Option("--any", help=_("One row is enough; without it all must be met."))]
Zone = Annotated[
    str, typer.Option("--zone", metavar="ZONE", help=_("Where days begin, such as Europe/Madrid."))
]
File = Annotated[
    str | None,
    typer.Option("--file", metavar="FILE", help=_("Criteria as a JSON file; - for stdin.")),
]


@command(app, "count")
def count(
    terminal: Terminal,
    name: Name,
    object: ObjectName,
    where: Where = None,
    any_row: AnyRow = False,
    zone: Zone = "UTC",
    file: File = None,
) -> Answer:
    """Count the CRM records that criteria take now.

    Without criteria those of the selection that is saved. Nothing is saved.
    """
    given = _criteria(where or [], any_row, zone, file)
    session = open_session()
    from crosswalk.sync.selections import count_selection

    return _answer(object, *count_selection(name, object, given, session.vault, session.clock))


@command(app, "set")
def replace(
    terminal: Terminal,
    name: Name,
    object: ObjectName,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=_("none, created-from-now, flagged, criteria or all")),
    ],
    where: Where = None,
    any_row: AnyRow = False,
    zone: Zone = "UTC",
    file: File = None,
) -> Answer:
    """Choose which CRM records of an object take part.

    They are counted first. The next sync reads what the new selection needs; records that leave keep their links.
    """
    given = _chosen(_kind(kind), _criteria(where or [], any_row, zone, file))
    session = open_session()
    from crosswalk.sync.selections import set_selection

    saved, counted = set_selection(name, object, given, session.vault, session.clock)
    terminal.say(_("Saved. See what it would change: crosswalk plan --connection {name}").format(name=name))
    return _answer(object, saved, counted)


def _kind(text: str) -> SelectionKind:
    try:
        return SelectionKind(text.casefold().replace("-", "_"))
    except ValueError:
        raise UserError(
            _("There is no selection “{kind}”.").format(kind=text),
            cure=_("Use one of: {kinds}.").format(
                kinds=", ".join(kind.replace("_", "-") for kind in SelectionKind)
            ),
        ) from None


def _chosen(kind: SelectionKind, criteria: Selection | None) -> Selection:
    if kind is SelectionKind.CRITERIA:
        if criteria is None:
            raise UserError(_("Criteria are missing."), cure=_("Give them with --where or --file."))
        return criteria
    if criteria is not None:
        raise UserError(_("Only the selection “criteria” takes --where and --file."))
    return Selection(kind=kind)


def _criteria(where: Sequence[str], any_row: bool, zone: str, file: str | None) -> Selection | None:
    """Return the criteria that were given, as a selection."""
    if where and file is not None:
        raise UserError(_("--where and --file exclude each other."))
    if file is not None:
        return Selection(kind=SelectionKind.CRITERIA, criteria=files.read_criteria(file))
    if not where:
        return None
    criteria = criteria_of(where, Match.ANY if any_row else Match.ALL, zone)
    return Selection(kind=SelectionKind.CRITERIA, criteria=criteria)


def _answer(object: str, selection: Selection, counted: Counted) -> Answer:
    data = {
        "object": object,
        "selection": msgspec.to_builtins(selection),
        "records": counted.records,
        "with_email": counted.with_email,
        "exact": counted.exact,
    }
    most = "" if counted.exact else _("at most") + " "
    facts = {
        _("Selection"): selection.kind.replace("_", "-"),
        **_shown(selection),
        _("Records"): f"{most}{counted.records}",
        _("with an e-mail"): f"{most}{counted.with_email}",
    }
    return Answer(data=data, tables=[tables.facts(object, facts)])


def _shown(selection: Selection) -> dict[str, object]:
    if selection.criteria is None:
        return {}
    label = _("one of") if selection.criteria.match is Match.ANY else _("all of")
    rows = [str(row) for row in selection.criteria.rows]
    rows += [f"({f' {group.match} '.join(map(str, group.rows))})" for group in selection.criteria.groups]
    return {label: tables.line("; ".join(rows))}
