"""Holds on pages: how they are told, and what people decide about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from django.utils.translation import gettext as _

from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.values import Value, pack
from crosswalk.store import holds, mapped
from crosswalk.store.brakes import BRAKE
from crosswalk.store.holds import Held, Wanted
from crosswalk.store.models import Connection
from crosswalk.sync import choosing
from crosswalk.sync.choosing import AMBIGUOUS, CHOOSABLE
from crosswalk.sync.context import Context
from crosswalk.sync.holds import retry
from crosswalk.sync.setup import open_context

from . import cures, services
from .vendors import object_word

AT_ONCE = 200  # holds that are decided in one go: their records are read first, at the vendors' pace

Labels = Mapping[tuple[str, str], tuple[str, str]]  # object, CRM field → what both sides call it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A hold as pages show it."""

    id: int
    mark: str
    code: str
    title: str
    cure: str
    reason: str
    object: str
    who: str
    field: str
    crm_label: str
    activecampaign_label: str
    has_values: bool
    crm: Value
    activecampaign: Value
    chosen: Mapping[str, Value]
    candidates: Sequence[str]
    held_at: datetime
    side: str  # of the record that a page about it is found by
    record_id: str
    choosable: bool
    ambiguous: bool
    braked: bool  # only a plan releases it


def labels_of(connection: Connection) -> Labels:
    """Return what both sides call their mapped fields."""
    known = mapped.known(connection.id).values()
    return {
        (each.object, each.crm): (
            each.crm_label or each.crm,
            each.activecampaign_label or each.activecampaign,
        )
        for each in known
    }


def shown(hold: Held, labels: Labels) -> Shown:
    """Put a hold into words."""
    crm_label, activecampaign_label = labels.get((hold.object, hold.field), (hold.field, ""))
    side, record_id = _record(hold)
    return Shown(
        id=hold.id,
        mark=mark(hold),
        code=hold.code,
        title=title(hold.code),
        cure=cures.cure(hold.code, hold.cure),
        reason=hold.reason,
        object=object_word(hold.object),
        who=hold.key or hold.record_id,
        field=hold.field,
        crm_label=crm_label,
        activecampaign_label=activecampaign_label,
        has_values=bool(hold.field) and bool(hold.values),
        crm=hold.values.get(Side.CRM.value),
        activecampaign=hold.values.get(Side.ACTIVECAMPAIGN.value),
        chosen=hold.chosen,
        candidates=choosing.candidates_of(hold),
        held_at=hold.held_at,
        side=side,
        record_id=record_id,
        choosable=hold.kind in CHOOSABLE and bool(hold.field) and None not in hold.ids().values(),
        ambiguous=hold.kind == AMBIGUOUS,
        braked=hold.kind == BRAKE,
    )


def _record(hold: Held) -> tuple[str, str]:
    """Return by which side and id the hold's record is found."""
    for side, record_id in hold.ids().items():
        if record_id:
            return side.value, record_id
    side = Side(hold.side).other if hold.side else Side.CRM
    return side.value, hold.record_id


def title(code: str) -> str:
    """Return what a code stands for."""
    entry = catalogue.find(code)
    return code if entry is None else entry.headline


def mark(hold: Held) -> str:
    """Return what changes when somebody decides a hold, or its values become others."""
    return blake2b(pack(hold.values) + b"|" + pack(hold.chosen), digest_size=6).hexdigest()


# --- deciding ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A hold for which a decision could not be kept, and why."""

    id: int
    message: str
    cure: str
    code: str = ""
    shown: Shown | None = None  # None: it is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a decision."""

    done: int
    refused: Sequence[Refused] = ()
    last: int = 0  # the last hold that was looked at
    left: int = 0  # how many of those that were meant were not looked at yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants."""

    answer: str  # crm | activecampaign | typed | record | none | retry
    value: str = ""
    always: bool = False
    record: str = ""
    ticked: Mapping[int, str] = field(default_factory=dict)  # hold → its mark when the page was made
    wanted: Wanted | None = None  # instead of ticked ones: all of these that nobody has decided
    after: int = 0


def decide(connection: Connection, ask: Ask) -> Decided:
    """Keep what a person decides. Raises UserError and SystemFailure when the records cannot be read."""
    if ask.wanted is not None:
        limit = None if ask.answer == "retry" else AT_ONCE
        found = holds.undecided(connection.id, ask.wanted, after=ask.after, limit=limit)
        last = max((hold.id for hold in found), default=ask.after)
        done, refused = _kept(connection, found, ask)
        left = holds.count_undecided(connection.id, ask.wanted, after=last) if limit else 0
        return Decided(done=done, refused=refused, last=last, left=left)
    found = holds.listed(connection.id, ids=list(ask.ticked))
    labels = labels_of(connection)
    stale = [hold for hold in found if ask.ticked[hold.id] != mark(hold)]
    overtaken = [_overtaken(hold, labels) for hold in stale]
    gone = [_gone(number) for number in ask.ticked.keys() - {hold.id for hold in found}]
    done, refused = _kept(connection, [hold for hold in found if hold not in stale], ask)
    return Decided(done=done, refused=[*refused, *overtaken, *gone])


def _overtaken(hold: Held, labels: Labels) -> Refused:
    return Refused(
        id=hold.id,
        message=_("Since the page was loaded, somebody else decided this, or its values have changed."),
        cure=_("Look at it again, then decide."),
        shown=shown(hold, labels),
    )


def _gone(number: int) -> Refused:
    return Refused(
        id=number,
        message=_("This is not held any more."),
        cure=_("There is nothing to do: the field was settled meanwhile."),
    )


def _kept(connection: Connection, found: Sequence[Held], ask: Ask) -> tuple[int, list[Refused]]:
    if not found:
        return 0, []
    if ask.answer == "retry":
        retry(connection.id, found, services.clock().now())
        return len(found), []
    with closing(open_context(connection.name, services.vault(), services.clock())) as context:
        outcome = _chosen(context, found, ask)
    labels, refused = labels_of(connection), [each.hold_id for each in outcome.refused]
    now = {hold.id: hold for hold in holds.listed(connection.id, ids=refused)} if refused else {}
    return len(outcome.chosen), [
        Refused(
            id=each.hold_id,
            message=each.said.message,
            cure=cures.cure(each.said.code, each.said.cure),
            code=each.said.code,
            shown=shown(now[each.hold_id], labels) if each.hold_id in now else None,
        )
        for each in outcome.refused
    ]


def _chosen(context: Context, found: Sequence[Held], ask: Ask) -> choosing.Outcome:
    if ask.answer in {"record", "none"}:
        return choosing.choose_record(context, found, ask.record if ask.answer == "record" else None)
    answer = ask.value if ask.answer == "typed" else Side(ask.answer)
    return choosing.choose_value(context, found, answer, always=ask.always)


def read_candidates(connection: Connection, hold: Held) -> list[tuple[str, list[tuple[str, Value]]]]:
    """Read the candidates of an ambiguous match: id, and values by the fields' labels."""
    with closing(open_context(connection.name, services.vault(), services.clock())) as context:
        return [(record.id, values) for record, values in choosing.read_candidates(context, hold)]
