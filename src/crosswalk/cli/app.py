"""All commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from crosswalk.core.language import gettext as _

from . import (
    audit,
    backups,
    budget,
    connection,
    database,
    demo,
    doctor,
    holds,
    keys,
    look,
    mapping,
    mapping_fields,
    mapping_sample,
    mapping_standard,
    notices,
    runs,
    schedule,
    selection,
    serve,
    switches,
    sync,
    tombstones,
    upkeep,
    users,
    web,
    worker,
)

app = typer.Typer(
    name="crosswalk",
    help=_("Keeps ActiveCampaign and a CRM equal in both directions, field by field, and says why."),
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
connection.app.add_typer(switches.app)
app.add_typer(connection.app, name="connection")
mapping.app.add_typer(mapping_fields.app)
mapping.app.add_typer(mapping_standard.app)
mapping.app.add_typer(mapping_sample.app)
app.add_typer(mapping.app, name="mapping")
app.add_typer(selection.app, name="selection")
app.add_typer(schedule.app, name="schedule")
app.add_typer(sync.app)
app.add_typer(look.app)
app.add_typer(serve.app)
app.add_typer(web.app)
app.add_typer(budget.app)
app.add_typer(runs.app, name="runs")
app.add_typer(runs.whole)
app.add_typer(worker.app)
app.add_typer(holds.app, name="holds")
app.add_typer(tombstones.app, name="tombstones")
app.add_typer(users.app, name="user")
app.add_typer(notices.app, name="notices")
app.add_typer(database.app, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(backups.app)
app.add_typer(doctor.app)
app.add_typer(upkeep.app)
app.add_typer(audit.app)
app.add_typer(demo.app)


@app.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help=_("Print the version and exit."))] = False,
) -> None:
    """Keeps ActiveCampaign and a CRM equal in both directions, field by field, and says why."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("crosswalk"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
