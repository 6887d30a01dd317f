"""`crosswalk status`, `explain`, `verify`: what is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.core.pace import duration

from . import tables
from .command import command
from .outcome import Answer, ExitCode
from .progress import watched
from .schedule import next_shown, schedule_data
from .session import ConnectionName, open_session
from .switches import switch_data, switch_facts
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.sync.explained import LinkExplanation
    from crosswalk.sync.states import Standing
    from crosswalk.sync.verified import Verification

app = typer.Typer()


@command(app, "status")
def status(terminal: Terminal, connection: ConnectionName = None) -> Answer:
    """Show where every connection stands, in one word and one sentence, and what to do next.

    Then links, what waits, what is held, who takes no part, what was read when, and the last run.
    """
    session = open_session()
    from crosswalk.store import connections, history, schedules, switches
    from crosswalk.sync import states, sweep

    chosen = connections.all_connections() if connection is None else [session.connection(connection)]
    now = session.clock.now()
    standing = {each.facts.name: each for each in states.standings(now, [each.id for each in chosen])}
    found = [
        {
            "name": each.name,
            **state_data(standing[each.name]),
            **_renamed(history.figures(each)),
            "sweep": sweep.figures(each),
            "schedule": schedule_data(each, schedules.of(each)),
            "switches": switch_data(switches.of(each)),
        }
        for each in chosen
    ]
    if not found:
        terminal.say(
            _("There is no connection yet. Add one: crosswalk connection add NAME --credentials FILE")
        )
    return Answer(data={"connections": found}, tables=[_figures(each) for each in found])


def _renamed(figures: dict[str, Any]) -> dict[str, Any]:
    """Name the quotas' systems as everywhere else."""
    quotas = [{"system": each.pop("tenant__system"), **each} for each in figures["quota"]]
    return {**figures, "quota": quotas}


def _figures(found: dict[str, Any]) -> RenderableType:
    last = found["last_run"]
    labels = {
        _("state"): tables.line("{state_in_words}: {sentence} {next_step}".format_map(found), "bold"),
        _("oldest that waits"): _("{time} ago").format(time=duration(found["oldest_seconds"]))
        if found["oldest_at"]
        else None,
        _("read to the end"): {
            f"{each['system']} {each['feed']}": _("never")
            if each["seconds"] is None
            else _("{time} ago").format(time=duration(each["seconds"]))
            for each in found["cursors"]
        },
        _("from edit to write"): _latency(found["latency"]),
        _("links"): found["links"],
        _("links being made"): found["links_pending"],
        _("links closed"): found["closed_reasons"] or 0,
        _("waiting"): found["waiting"],
        _("sent, not answered"): found["unreceipted"],
        _("held"): found["held"],
        _("fields at rest"): tables.line(
            "\n".join(
                f"{each['object']} {each['field']}, {each['code']}: {each['reason']} {each['cure']}"
                for each in found["paused_fields"]
            )
            or "–"
        ),
        _("take no part"): found["skipped"],
        _("consent"): found["consent"],
        **_braked(found["brake"]),
        _("last read"): found["read_at"],
        _("calls"): {each["system"]: _quota(each) for each in found["quota"]},
        _("seen again"): {f"{each['system']} {each['object']}": _sweep(each) for each in found["sweep"]},
        **switch_facts(found["switches"]),
        _("next start"): next_shown(found["schedule"]),
        _("last run"): _("none yet") if last is None else [last["state"], last["started_at"], last["counts"]],
    }
    return tables.facts(found["name"], labels)


def state_data(standing: Standing) -> dict[str, Any]:
    """Return what programs read of a connection's state and freshness."""
    told, fresh = standing.condition(), standing.freshness
    ages = standing.cursor_seconds()
    return {
        "state": told.state.value,
        "state_in_words": told.word,
        "cause": told.cause.value,
        "sentence": told.sentence,
        "next_step": told.next_step,
        "oldest_at": fresh.oldest_at,
        "oldest_seconds": standing.oldest_seconds,
        "cursors": [
            {**msgspec.structs.asdict(each), "seconds": ages[each.system, each.feed]}
            for each in fresh.cursors
        ],
        "latency": {
            "count": fresh.latency.count,
            "half_within": _finite(fresh.latency.within(0.5)),
            "most_within": _finite(fresh.latency.within(0.95)),
        },
    }


def _finite(seconds: float | None) -> float | None:
    return None if seconds == float("inf") else seconds


def _latency(found: dict[str, Any]) -> str | None:
    """Say how long edits take until they are written."""
    if not found["count"]:
        return None
    half, most = (
        _("over a day") if seconds is None else duration(seconds)
        for seconds in (found["half_within"], found["most_within"])
    )
    return _("half within {half}, 95 % within {most} ({count} edits)").format(
        half=half, most=most, count=found["count"]
    )


def _sweep(found: dict[str, Any]) -> str:
    """Say in what time everything is read again, and when that was so last."""
    every = found["round_seconds"]
    told = [_("every {time}").format(time=duration(every)) if every else _("never (turned off)")]
    if found["ended_at"] is not None:
        last = _("last on {at}, in {time}")
        told.append(last.format(at=tables.shown(found["ended_at"]), time=duration(found["took_seconds"])))
    return "; ".join(told)


def _braked(brake: dict[str, Any] | None) -> dict[str, RenderableType]:
    """Say why the last run was braked, and the next step."""
    if brake is None:
        return {}
    return {_("braked"): tables.line("{code}: {reason} {cure}".format_map(brake))}


def _quota(quota: dict[str, Any]) -> str:
    """Say how many calls a vendor allows, as far as it told."""
    told = []
    if quota["per_second"] is not None:
        told.append(_("{limit:g} a second").format(limit=quota["per_second"]))
    if quota["limit_today"] is not None:
        told.append(_("{used} of {limit} today").format(used=quota["used_today"], limit=quota["limit_today"]))
    return "; ".join(told)


@command(app, "explain")
def explain(
    terminal: Terminal,
    side: Annotated[Side, typer.Argument(metavar="SIDE", help=_("crm or activecampaign"))],
    record_id: Annotated[str, typer.Argument(metavar="ID", help=_("The record's id on that side."))],
    connection: ConnectionName = None,
) -> Answer:
    """Explain one record, field by field.

    What both sides hold, what was settled last, what is decided now and why, and the last writes.
    """
    session = open_session()
    from crosswalk.sync.explain import explain as explained

    found = explained(session.context(connection), side, record_id)
    shown: list[RenderableType] = [tables.facts(f"{side} {record_id}", {})] if not found.links else []
    shown += [tables.facts(_("as last read"), row) for row in found.directory]
    shown += [_not_met(row) for row in found.unmet]
    for link in found.links:
        shown += _link_tables(link)
    return Answer(data=msgspec.structs.asdict(found), tables=shown)


def _not_met(row: str) -> RenderableType:
    return tables.line(_("not met: {row}").format(row=row))


def _link_title(link: LinkExplanation) -> str:
    title = _("{object} {crm} ⇄ contact {activecampaign}: {state}").format(
        object=link.object, crm=link.crm_id, activecampaign=link.activecampaign_id, state=link.state
    )
    if link.closed_reason is not None:
        title += f" ({link.closed_reason})"
    elif not link.is_primary:
        title += _(", not primary: exchanges no values")
    if not link.selected:
        title += _(", not selected: nothing travels until its CRM record takes part again")
    return title


def _field_table(link: LinkExplanation, title: str) -> RenderableType:
    columns = [
        _("CRM field"),
        _("ActiveCampaign field"),
        _("CRM now"),
        _("settled"),
        _("ActiveCampaign now"),
        _("settled"),
        _("Decision"),
        _("Reason"),
    ]
    rows = [
        [
            each.crm_label,
            each.activecampaign_label,
            each.crm,
            each.crm_shadow,
            each.activecampaign,
            each.activecampaign_shadow,
            each.decision,
            tables.line(each.reason if each.hold is None else f"{each.reason} {each.hold}"),
        ]
        for each in link.fields
    ]
    return tables.table(title, columns, rows)


def _link_tables(link: LinkExplanation) -> list[RenderableType]:
    title = _link_title(link)
    labels = {each.crm_field: each.crm_label for each in link.fields}
    labels |= {each.activecampaign_field: each.activecampaign_label for each in link.fields}
    writes = [
        [row["at"], row["run"], row["side"], row["op"], tables.changes(row["fields"], labels)]
        for row in link.journal
    ]
    return [
        _field_table(link, title) if link.fields else tables.facts(title, {}),
        *[_not_met(row) for row in link.unmet],
        *[tables.line(_("held: {reason}").format(reason=reason), "yellow") for reason in link.holds],
        *consent_tables(link.consent),
        tables.table(_("Last writes"), [_("When"), _("Run"), _("Side"), _("What"), _("Fields")], writes),
    ]


def consent_tables(consent: dict[str, Any]) -> list[RenderableType]:
    """Return whether a person may be mailed, and how it came about; nothing where nothing is known."""
    names = ("crm", "activecampaign")
    if not any(consent[name] for name in names) and not consent["evidence"]:
        return []
    now = {
        name: _("{now} (settled: {settled})").format(
            now=consent[name] or "–", settled=consent[f"{name}_shadow"] or "–"
        )
        for name in names
    }
    rows = [
        [
            each["seen_at"],
            each["side"],
            each["standing"],
            each["kind"],
            "; ".join(_place(place) for place in each["places"]),
            each["by"],
        ]
        for each in consent["evidence"]
    ]
    columns = [_("Seen"), _("Side"), _("Standing"), _("How"), _("Where"), _("Last modifier")]
    return [tables.facts(_("Consent"), now), *([tables.table("", columns, rows)] if rows else [])]


def _place(place: dict[str, Any]) -> str:
    since = f" ({tables.shown(place['at'])})" if place["at"] else ""
    return f"{place['where']}: {place['state']}{since}"


@command(app, "verify")
def verify(terminal: Terminal, connection: ConnectionName = None) -> Answer:
    """Read both sides whole and compare them.

    Differences that a rule explains are counted by their excuse; any other ends with exit code 2.
    """
    session = open_session()
    from crosswalk.sync.verify import verify as verified

    with watched(terminal) as report:
        found = verified(session.context(connection, report))
    if found.unexcused:
        terminal.say(
            _(
                "The next sync reads these records again: a value can change without showing as a change, until the"
                " sweep finds it. A difference that is still there then is an error: please report it."
            )
        )
    return Answer(
        data=verify_data(found),
        tables=verify_tables(found),
        code=ExitCode.DIFFERENT if found.unexcused else ExitCode.OK,
    )


def verify_data(found: Verification) -> dict[str, Any]:
    """Return what verify found for programs."""
    names = ("compared", "equal", "excused", "unexcused", "samples")
    return {name: getattr(found, name) for name in names}


def verify_tables(found: Verification) -> list[RenderableType]:
    """Return what verify found for people."""
    figures = {
        _("links"): found.links,
        _("compared"): found.compared,
        _("equal"): found.equal,
        **{_("excused: {kind}").format(kind=kind): count for kind, count in sorted(found.excused.items())},
        _("without excuse"): found.unexcused,
    }
    made: list[RenderableType] = [tables.facts(_("Verify"), figures)]
    bad = [each for each in found.samples if each["excuse"] is None]
    if bad:
        names = ("object", "crm_id", "activecampaign_id", "field", "crm", "activecampaign")
        rows = [[each.get(name) for name in names] for each in bad]
        columns = [_("Object"), _("CRM id"), _("Contact id"), _("Field"), _("CRM"), _("ActiveCampaign")]
        made.append(tables.table(_("Differences without excuse"), columns, rows))
    return made
