"""`crosswalk schedule`: when a connection's runs start by themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.schedule import Cron, Daily, Every, Quiet, Schedule, starts
from crosswalk.core.zones import zone_named

from . import tables
from .command import command
from .connection import Name
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.core.system import ScheduledJob
    from crosswalk.store.models import Connection
    from crosswalk.store.schedules import Kept

app = typer.Typer(help=_("When a connection's runs start by themselves."))

_FIRST_SYNC = _("once the first sync is approved: crosswalk plan, then crosswalk sync")
_AHEAD = 5  # starts that are shown
_MINUTES = {"m": 1, "h": 60}

EveryOption = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="DISTANCE",
        help=_("1m, 5m, 15m, 30m, 1h, 2h, 3h, 4h, 6h, 8h or 12h; the first run starts at once."),
    ),
]
DailyOption = Annotated[str | None, typer.Option("--daily", metavar="TIME", help=_("Once a day, at HH:MM."))]
CronOption = Annotated[
    str | None,
    typer.Option("--cron", metavar="TEXT", help=_("Minute, hour, day of month, month and day of week.")),
]
ZoneOption = Annotated[
    str, typer.Option("--zone", metavar="ZONE", help=_("Whose clocks count, such as Europe/Madrid."))
]
QuietOption = Annotated[
    str | None,
    typer.Option("--quiet", metavar="HOURS", help=_("When nothing starts, as HH:MM-HH:MM in that zone.")),
]


@command(app, "show")
def show(terminal: Terminal, name: Name) -> Answer:
    """Show a connection's schedule, and its next starts in the schedule's zone."""
    open_session()
    from crosswalk.store import connections, schedules

    connection = connections.get(name)
    return _answer(connection, schedules.of(connection))


@command(app, "set")
def replace(
    terminal: Terminal,
    name: Name,
    every: EveryOption = None,
    daily: DailyOption = None,
    cron: CronOption = None,
    zone: ZoneOption = "UTC",
    quiet: QuietOption = None,
) -> Answer:
    """Give a connection a schedule, instead of the one it has.

    What is due in quiet hours starts at their end; what was missed is made up for by one run.
    """
    given = Schedule(times=_times(every, daily, cron), zone=zone, quiet=_quiet(quiet))
    session = open_session()
    from crosswalk.store import connections, schedules

    connection = connections.get(name)
    return _answer(connection, schedules.save(connection, given, session.clock.now()))


@command(app, "remove")
def remove(terminal: Terminal, name: Name) -> Answer:
    """Take a connection's schedule away: its runs start by hand alone."""
    open_session()
    from crosswalk.store import connections, schedules

    connection = connections.get(name)
    if not schedules.remove(connection):
        raise _no_schedule(name)
    terminal.say(_("Runs of {name} start by hand: crosswalk sync --connection {name}").format(name=name))
    return Answer(data={"connection": name, "schedule": None})


@command(app, "pause")
def pause(terminal: Terminal, name: Name) -> Answer:
    """Let a connection's schedule rest: nothing starts by itself until it goes on.

    A run under way comes to its end.
    """
    return _paused(name, paused=True)


@command(app, "resume")
def resume(terminal: Terminal, name: Name) -> Answer:
    """Let a paused schedule go on. Starts that were missed meanwhile are made up for by one."""
    return _paused(name, paused=False)


@command(app, "jobs")
def jobs(terminal: Terminal, name: Name) -> Answer:
    """List what the CRM itself starts at set times, whoever set it up.

    So that runs can be scheduled around exports and nightly jobs. Costs one call.
    """
    session = open_session()
    from crosswalk.store import connections
    from crosswalk.sync.crm_jobs import crm_jobs, elsewhere

    connection = connections.get(name)
    found = crm_jobs(connection, session.vault, session.clock)
    data = {"connection": name, "system": connection.crm.system}
    if found is None:
        said = _("The API of {name}'s CRM has no list of what it starts at set times. {where}")
        terminal.say(said.format(name=name, where=elsewhere(connection)).strip())
        return Answer(data={**data, "jobs": None})
    return Answer(
        data={**data, "jobs": [msgspec.structs.asdict(each) for each in found]}, tables=[_jobs_table(found)]
    )


def _jobs_table(found: Sequence[ScheduledJob]) -> RenderableType:
    columns = [_("Job"), _("Kind"), _("State"), _("Times"), _("Next"), _("Last"), _("Started")]
    rows = [
        [
            each.name,
            each.kind,
            each.state,
            f"{each.times} {each.zone}",
            each.next_at,
            each.last_at,
            each.started,
        ]
        for each in found
    ]
    return tables.table("", columns, rows)


def _paused(name: str, *, paused: bool) -> Answer:
    open_session()
    from crosswalk.store import connections, schedules

    connection = connections.get(name)
    if not schedules.pause(connection, paused=paused):
        raise _no_schedule(name)
    return _answer(connection, schedules.of(connection))


def _no_schedule(name: str) -> UserError:
    return UserError(
        _("{name} has no schedule.").format(name=name),
        cure=_("Give it one: crosswalk schedule set {name} --every 15m").format(name=name),
    )


def _times(every: str | None, daily: str | None, cron: str | None) -> Every | Daily | Cron:
    """Return the one that was given."""
    if sum(each is not None for each in (every, daily, cron)) != 1:
        raise UserError(
            _("A schedule is made of exactly one of --every, --daily and --cron."),
            cure=_("For example: --every 15m, --daily 03:30, --cron “0 6-20 * * 1-5”."),
        )
    if daily is not None:
        return Daily(at=_time_of_day(daily))
    return Cron(text=cron) if cron is not None else Every(minutes=_distance(every or ""))


def _distance(text: str) -> int:
    found = re.fullmatch(r"(\d{1,4})([mh])", text.strip().lower())
    if found is None:
        raise UserError(
            _("“{text}” is no distance of time.").format(text=text),
            cure=_("Write minutes or hours, such as 15m or 2h."),
        )
    return int(found[1]) * _MINUTES[found[2]]


def _time_of_day(text: str) -> time:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - the schedule has the zone
    except ValueError:
        raise UserError(
            _("“{text}” is no time of day.").format(text=text), cure=_("Write it as HH:MM, such as 03:30.")
        ) from None


def _quiet(text: str | None) -> Quiet | None:
    if text is None:
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise UserError(
            _("“{text}” are no quiet hours.").format(text=text), cure=_("Write them as 22:00-06:00.")
        )
    return Quiet(start=_time_of_day(start), end=_time_of_day(end))


def schedule_data(connection: Connection, kept: Kept | None) -> dict[str, Any] | None:
    """Return what programs read of a schedule. Nothing starts before somebody approved the first sync."""
    if kept is None:
        return None
    from crosswalk.store import runs

    waits = not runs.finished_before(connection.id)
    return {
        **msgspec.to_builtins(kept.schedule),
        "set_at": kept.set_at,
        "next_at": None if waits else kept.next_at,
        "paused": kept.paused,
        "waits_for_first_sync": waits,
    }


def next_shown(data: dict[str, Any] | None) -> str:
    """Say when the next run starts, by the clocks of the schedule's zone."""
    if data is None:
        return _("by hand")
    if data["paused"]:
        return _("paused")
    if data["waits_for_first_sync"]:
        return _FIRST_SYNC
    return _by_clocks(data["next_at"], data["zone"])


def _by_clocks(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_named(zone)):%Y-%m-%d %H:%M:%S} {zone}"


def _said(schedule: Schedule) -> str:
    match schedule.times:
        case Every(minutes=minutes) if minutes % 60 == 0:
            return _("every {count} h").format(count=minutes // 60)
        case Every(minutes=minutes):
            return _("every {count} min").format(count=minutes)
        case Daily(at=at):
            return _("daily at {time}").format(time=f"{at:%H:%M}")
        case Cron(text=text):
            return _("cron {text}").format(text=text)


def _answer(connection: Connection, kept: Kept | None) -> Answer:
    name = connection.name
    found = schedule_data(connection, kept)
    if kept is None or found is None:
        return Answer(
            data={"connection": name, "schedule": None, "next": []},
            tables=[tables.facts(name, {_("Starts"): _("by hand")})],
        )
    ahead = _ahead(kept)
    quiet = kept.schedule.quiet
    facts = {
        _("Starts"): _("paused") if kept.paused else _said(kept.schedule),
        _("Zone"): kept.schedule.zone,
        _("Quiet hours"): None if quiet is None else f"{quiet.start:%H:%M}-{quiet.end:%H:%M}",
        _("Next"): tables.line("\n".join(_by_clocks(moment, kept.schedule.zone) for moment in ahead)),
        **({_("Begins"): _FIRST_SYNC} if found["waits_for_first_sync"] else {}),
    }
    data = {"connection": name, "schedule": found, "next": ahead}
    return Answer(data=data, tables=[tables.facts(name, facts)])


def _ahead(kept: Kept) -> list[datetime]:
    later = starts(kept.schedule, kept.set_at, kept.next_at)
    return [kept.next_at, *islice(later, _AHEAD - 1)]
