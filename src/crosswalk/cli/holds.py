"""`crosswalk holds`: what waits for a cure, by cause; look at it, try it again, decide it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from crosswalk.core import catalogue
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side

from . import tables
from .command import command, default
from .hold_views import by_cause, cause_data, cause_table, hold_table, title_of
from .outcome import Answer, ExitCode
from .progress import watched
from .session import ConnectionName, Session, open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.store.holds import Held
    from crosswalk.store.models import Connection
    from crosswalk.sync.choosing import Outcome
    from crosswalk.sync.context import Context

app = typer.Typer(help=_("What waits for a cure."))
Cause = Annotated[
    str | None, typer.Option("--cause", metavar="CODE", help=_("Of one cause: its code, such as CW-4001."))
]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help=_("Holds by their numbers."))]
LIMIT = 20


@default(app)
def listing(
    terminal: Terminal,
    connection: ConnectionName = None,
    cause: Cause = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help=_("How many holds of a cause to show."))
    ] = LIMIT,
    again: Annotated[
        bool, typer.Option("--retry", help=_("Have the next run try all that is listed again."))
    ] = False,
) -> Answer:
    """List what waits for a cure.

    By cause, with count, cure and one example; with --cause, the holds of that cause.
    """
    session = open_session()
    chosen = session.connection(connection)
    found = _held(chosen, None, cause)
    data: dict[str, Any] = {
        "connection": chosen.name,
        "causes": [cause_data(code, group) for code, group in by_cause(found).items()],
        "holds": [msgspec.structs.asdict(hold) for hold in found],
    }
    if again:
        _try_again(terminal, session, chosen, found)
        data["retried"] = [hold.id for hold in found]
    shown = hold_table(found[:limit]) if cause else cause_table(found)
    if len(found) > limit and cause:
        terminal.say(_("{count} more: see --limit.").format(count=len(found) - limit))
    return Answer(data=data, tables=[shown])


def _held(connection: Connection, ids: Sequence[int] | None, cause: str | None) -> list[Held]:
    from crosswalk.store import holds
    from crosswalk.sync.choosing import require_holds

    found = holds.listed(connection.id, ids=list(ids) if ids else None, code=_code(cause) if cause else None)
    if ids:
        require_holds(found, ids)
    return found


def _code(cause: str) -> str:
    entry = catalogue.find(cause)
    if entry is None:
        raise UserError(
            _("There is no cause {cause}.").format(cause=cause),
            cure=_("Use a code that crosswalk holds lists, such as CW-4001."),
        )
    return entry.code


@command(app, "show")
def show(
    terminal: Terminal,
    hold_id: Annotated[int, typer.Argument(metavar="ID", help=_("The hold's number."))],
    connection: ConnectionName = None,
) -> Answer:
    """Show one hold.

    Its record, both values, reason and cure; of an ambiguous match, what the candidates hold now.
    """
    session = open_session()
    chosen = session.connection(connection)
    (hold,) = _held(chosen, [hold_id], None)
    labels = {
        _("cause"): f"{hold.code} {title_of(hold.code)}",
        _("object"): hold.object,
        _("record"): hold.key or hold.record_id or _("all"),
        _("CRM id"): hold.crm_id,
        _("Contact id"): hold.activecampaign_id,
        _("field"): hold.field,
        _("not written"): hold.side,
        _("values"): hold.values,
        _("chosen"): hold.chosen,
        _("held since"): hold.held_at,
        _("reason"): tables.line(hold.reason),
        _("what to do"): tables.line(hold.cure),
        _("more"): f"docs/errors/{hold.code}.md",
    }
    candidates = _candidates(terminal, session, chosen.name, hold)
    shown = [tables.facts(_("Hold {id}").format(id=hold.id), labels)]
    shown += [
        tables.facts(_("Candidate {id}").format(id=each["record_id"]), each["values"]) for each in candidates
    ]
    data = {"connection": chosen.name, "hold": {**msgspec.structs.asdict(hold), "title": title_of(hold.code)}}
    return Answer(data={**data, "candidates": candidates}, tables=shown)


def _candidates(terminal: Terminal, session: Session, name: str, hold: Held) -> list[dict[str, Any]]:
    """Read the candidates of an ambiguous match: id and values by the fields' labels."""
    from crosswalk.sync.choosing import AMBIGUOUS, read_candidates

    if hold.kind != AMBIGUOUS:
        return []
    with watched(terminal) as report:
        found = read_candidates(session.context(name, report), hold)
    return [{"record_id": record.id, "values": dict(values)} for record, values in found]


@command(app, "retry")
def retry(
    terminal: Terminal,
    ids: Ids = None,
    connection: ConnectionName = None,
    cause: Cause = None,
    everything: Annotated[bool, typer.Option("--all", help=_("All holds."))] = False,
) -> Answer:
    """Have the next run try holds again.

    Those with these numbers, of one cause, or all. Of a field that rests, its new type is accepted.
    """
    _require_one(ids=bool(ids), cause=bool(cause), all=everything)
    session = open_session()
    chosen = session.connection(connection)
    found = _held(chosen, ids, cause)
    _try_again(terminal, session, chosen, found)
    data = {"connection": chosen.name, "retried": [hold.id for hold in found]}
    return Answer(data=data, tables=[cause_table(found)])


def _try_again(terminal: Terminal, session: Session, connection: Connection, found: Sequence[Held]) -> None:
    from crosswalk.sync.holds import retry as try_again

    try_again(connection.id, found, session.clock.now())
    terminal.say(_("The next run tries {count} holds again: crosswalk sync").format(count=len(found)))


def _require_one(**given: bool) -> None:
    if sum(given.values()) != 1:
        raise UserError(
            _("It is not clear which holds are meant."),
            cure=_("Give numbers that crosswalk holds --cause CODE lists, or --cause CODE, or --all."),
        )


@command(app, "choose")
def choose(
    terminal: Terminal,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]... [SIDE]",
            help=_("Holds by number, then crm or activecampaign: whose value counts."),
        ),
    ] = None,
    connection: ConnectionName = None,
    cause: Cause = None,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="TEXT", help=_("A value for both sides; several choices apart by ;")),
    ] = None,
    always: Annotated[
        bool, typer.Option("--always", help=_("From now on this side wins in conflicts of the field."))
    ] = False,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="ID", help=_("The candidate that the record belongs to.")),
    ] = None,
    nobody: Annotated[bool, typer.Option("--none", help=_("None of the candidates is this person."))] = False,
) -> Answer:
    """Decide conflicts and ambiguous matches.

    The next run writes what you chose, unless a value has changed by then.
    """
    ids, side = _split(words or [])
    _require_one(ids=bool(ids), cause=bool(cause))
    _require_answer(side, value, record, nobody, always=always)
    session = open_session()
    chosen = session.connection(connection)
    found = _held(chosen, ids, cause)
    with watched(terminal) as report:
        context = session.context(chosen.name, report)
        outcome = _chosen(context, found, side, value, record, always=always)
    return _told(terminal, chosen.name, outcome)


def _split(words: Sequence[str]) -> tuple[list[int], Side | None]:
    """Tell numbers of holds from the side. Raises UserError for any other word."""
    ids = [int(word) for word in words if word.isdecimal()]
    others = [word for word in words if not word.isdecimal()]
    sides = [side for side in Side if others == [side.value]]
    if others and not sides:
        raise UserError(
            _("{words} is neither the number of a hold nor a side.").format(words=" ".join(others)),
            cure=_("Give numbers of holds and one of: crm, activecampaign."),
        )
    return ids, sides[0] if sides else None


def _require_answer(
    side: Side | None, value: str | None, record: str | None, nobody: bool, *, always: bool
) -> None:
    given = [side is not None, value is not None, record is not None, nobody]
    if sum(given) != 1:
        raise UserError(
            _("It is not clear what to choose."),
            cure=_("Give one of: crm, activecampaign, --value TEXT, --record ID, --none."),
        )
    if always and side is None:
        raise UserError(
            _("--always needs a side."),
            cure=_("Give crm or activecampaign: that side wins from now on."),
        )


def _chosen(
    context: Context,
    found: Sequence[Held],
    side: Side | None,
    value: str | None,
    record: str | None,
    *,
    always: bool,
) -> Outcome:
    from crosswalk.sync.choosing import choose_record, choose_value

    answer = side if side is not None else value
    if answer is not None:
        return choose_value(context, found, answer, always=always)
    return choose_record(context, found, record)


def _told(terminal: Terminal, name: str, outcome: Outcome) -> Answer:
    """Say what was chosen. Raises UserError when nothing was, for one reason alone."""
    refused = [{"id": each.hold_id, **each.said._asdict()} for each in outcome.refused]
    if not outcome.chosen and len(outcome.refused) == 1:
        (only,) = outcome.refused
        raise UserError(only.said.message, cure=only.said.cure, entry=only.entry)
    if outcome.chosen:
        terminal.say(
            _("The next run writes {count} of them: crosswalk sync").format(count=len(outcome.chosen))
        )
    rows = [
        [each["id"], each["code"], tables.line(each["message"]), tables.line(each["cure"])]
        for each in refused
    ]
    columns = [_("Hold"), _("Code"), _("Not chosen, because"), _("What to do")]
    return Answer(
        data={"connection": name, "chosen": list(outcome.chosen), "refused": refused},
        tables=[tables.table("", columns, rows)] if refused else [],
        code=ExitCode.OK if outcome.chosen or not refused else ExitCode.ERROR,
    )
