"""What a person decides about holds: a value for a field, who a record is, or a policy from now on.

Nothing is written here. A choice is kept with its hold and with the values it was made for; the next run makes offers
of it that go the way of all others, guard and journal included, unless a value has changed by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from django.db import transaction

from crosswalk.convert import ConversionError, fits, typed_value
from crosswalk.core import catalogue
from crosswalk.core.catalogue import CATALOGUE, Said
from crosswalk.core.failures import UserError
from crosswalk.core.lanes import Lane
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Policy, Side
from crosswalk.core.system import Record
from crosswalk.core.values import Value
from crosswalk.merge import FieldPlan, fingerprint
from crosswalk.store import acts, connections, holds, inbox, mapped
from crosswalk.store.holds import Held

from .context import CONTACT, Context, ObjectPlan
from .fields import compile_mapped
from .loops import LOOP
from .merging import CONFLICT, REJECTED
from .pull import take_read

CHOOSABLE = frozenset({CONFLICT, REJECTED, LOOP})
AMBIGUOUS = "ambiguous"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that the choice cannot be made for, and why."""

    hold_id: int
    said: Said
    entry: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a choice."""

    chosen: Sequence[int]
    refused: Sequence[Refusal]


class RefusedError(Exception):
    """The choice cannot be made for one hold."""

    def __init__(self, entry: str, said: Said) -> None:
        super().__init__(said.message)
        self.entry = entry
        self.said = said


Read = Mapping[tuple[Side, str], Record]  # by side and record id
_Choice = tuple[Held, FieldPlan, dict[Side, Value], dict[str, Value]]  # values now, values chosen


def choose_value(context: Context, held: Sequence[Held], answer: Side | str, *, always: bool) -> Outcome:
    """Choose one side's value, or a typed one, for held fields; `always` makes the side their policy from now on.

    Both records are read first: where a value is not what the hold shows any more, or somebody else decided meanwhile,
    the choice is refused.
    """
    read = _read(context, held)
    choices: list[_Choice] = []
    refused = []
    for hold in held:
        try:
            choices.append(_choice(context, hold, answer, read))
        except RefusedError as error:
            refused.append(Refusal(hold_id=hold.id, said=error.said, entry=error.entry))
    with transaction.atomic():
        if always:
            _lock_mapping(context)
        overtaken = _meanwhile([hold for hold, *_ in choices])
        refused += overtaken.values()
        choices = [each for each in choices if each[0].id not in overtaken]
        if always and isinstance(answer, Side):
            _set_policy(context, choices, Policy(answer.value))
        holds.note_choices({hold.id: _noted(context, hold, now, chosen) for hold, _, now, chosen in choices})
        _note(
            context,
            [hold for hold, *_ in choices],
            {hold.id: chosen for hold, _, _, chosen in choices},
            always=always or None,
        )
    return Outcome(chosen=[hold.id for hold, *_ in choices], refused=refused)


def _lock_mapping(context: Context) -> None:
    """Keep others from the mapping until the transaction ends: before its holds, as everybody does who takes both."""
    with connections.locked(context.name):
        pass


def _meanwhile(held: Sequence[Held]) -> dict[int, Refusal]:
    """Return a refusal for each hold that is not as it was read any more; the others stay so until the end."""
    same = holds.lock_unchanged(held)
    return {hold.id: _too_late(hold) for hold in held if hold.id not in same}


def _too_late(hold: Held) -> Refusal:
    message = _("{record}: somebody else decided this meanwhile, or it is not held any more.")
    said = Said(
        CATALOGUE["overtaken"].code,
        message.format(record=hold.key or hold.record_id),
        _("Look at what is held now, then decide."),
    )
    return Refusal(hold_id=hold.id, said=said, entry="overtaken")


_IN_LOG = 20  # so many decisions are told one by one in the audit log


def _note(
    context: Context, held: Sequence[Held], chosen: Mapping[int, Mapping[str, Value]], **more: object
) -> None:
    """Keep in the audit log who decided what."""
    if held:
        acts.note(
            "holds.chosen",
            connections.by_number(context.connection_id),
            count=len(held),
            decided=[
                {
                    "hold": hold.id,
                    "record": hold.key or hold.record_id,
                    "field": hold.field or None,
                    "before": acts.plain(hold.values),
                    "after": acts.plain(chosen[hold.id]),
                }
                for hold in held[:_IN_LOG]
            ],
            **more,
        )


def _noted(
    context: Context, hold: Held, now: Mapping[Side, Value], chosen: dict[str, Value]
) -> tuple[dict[str, Value], str]:
    """Return a choice as it is kept: it counts while the field's mapping and both values are what they are now."""
    plan = _field(context.objects[hold.object], hold)
    return chosen, fingerprint(plan, now[Side.CRM], now[Side.ACTIVECAMPAIGN])


def _choice(context: Context, hold: Held, answer: Side | str, read: Read) -> _Choice:
    """Work out what each side shall hold. Raises RefusedError."""
    plan = context.objects.get(hold.object)
    if plan is None or not hold.field or None in hold.ids().values() or hold.kind not in CHOOSABLE:
        raise _refuse("no_choice", id=hold.id, title=_title(hold))
    field = _field(plan, hold)
    now = _values_now(plan, field, hold, read)
    source = answer if isinstance(answer, Side) else Side.CRM
    value = now[source] if isinstance(answer, Side) else _typed(field, answer)
    chosen = {source: value, source.other: _carried(field, source, value)}
    for side, wanted in chosen.items():
        if wanted != now[side]:
            _require_writable(field, side, wanted)
    return hold, field, now, {side.value: wanted for side, wanted in chosen.items()}


def _field(plan: ObjectPlan, hold: Held) -> FieldPlan:
    found = next((each for each in plan.fields if each.mapping.crm == hold.field), None)
    if found is None:
        raise _refuse("no_choice", id=hold.id, title=_title(hold))
    return found


def _title(hold: Held) -> str:
    entry = catalogue.find(hold.code)
    return entry.headline if entry is not None else hold.reason


def _values_now(plan: ObjectPlan, field: FieldPlan, hold: Held, read: Read) -> dict[Side, Value]:
    """Return both sides' values. Raises RefusedError when they are not those that the hold shows."""
    now: dict[Side, Value] = {}
    for side, record_id in hold.ids().items():
        record = read.get((side, record_id or ""))
        name = field.mapping.name(side)
        if record is None or name not in record.values:
            raise _overtaken(plan, field, hold, now)
        now[side] = record.values[name]
    if any(side.value not in hold.values or hold.values[side.value] != now[side] for side in Side):
        raise _overtaken(plan, field, hold, now)
    return now


def _overtaken(plan: ObjectPlan, field: FieldPlan, hold: Held, now: Mapping[Side, Value]) -> RefusedError:
    shown = {side.value: _shown(now.get(side)) for side in Side}
    return _refuse(
        "overtaken",
        record=hold.key or hold.record_id,
        field=field.crm.label,
        crm=shown[Side.CRM.value],
        activecampaign=shown[Side.ACTIVECAMPAIGN.value],
    )


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    return "–" if value is None else str(value)


def _typed(field: FieldPlan, text: str) -> Value:
    try:
        return typed_value(field.crm, text)
    except ConversionError as error:
        raise RefusedError(error.rejection.code, error.rejection.said) from None


def _carried(field: FieldPlan, source: Side, value: Value) -> Value:
    try:
        return field.route(source.other).convert(value)
    except ConversionError as error:
        raise RefusedError(error.rejection.code, error.rejection.said) from None


def _require_writable(field: FieldPlan, side: Side, value: Value) -> None:
    """Raise RefusedError when a rule bars the side, or its field does not take the value."""
    route = field.route(side)
    if route.barred is not None:
        raise _refuse("choice_barred", field=route.field.label, reason=route.barred.text)
    rejection = fits(route.field, value)
    if rejection is not None:
        raise RefusedError(rejection.code, rejection.said)


def _refuse(entry: str, **params: object) -> RefusedError:
    return RefusedError(entry, catalogue.say(entry, **params))


def _read(context: Context, held: Sequence[Held]) -> Read:
    """Read the linked records of these holds, in the fewest calls; what was read becomes their sightings."""
    wanted: dict[tuple[Side, str], set[str]] = {}
    for hold in held:
        for side, record_id in hold.ids().items():
            object = hold.object if side is Side.CRM else CONTACT
            if record_id is not None and hold.object in context.objects:
                wanted.setdefault((side, object), set()).add(record_id)
    read: dict[tuple[Side, str], Record] = {}
    for (side, object), ids in wanted.items():
        fetched = context.systems[side].fetch(object, sorted(ids), context.fields(side, object))
        take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)
        read |= {(side, record.id): record for record in fetched.records}
    return read


def _set_policy(context: Context, choices: Sequence[_Choice], policy: Policy) -> None:
    """Save a conflict policy for the fields of these choices, and go on with it."""
    fields = {(hold.object, hold.field) for hold, *_ in choices}
    if not fields:
        return
    with connections.locked(context.name) as connection:
        saved = connections.mapping_of(connection)
        objects = tuple(
            replace(
                item,
                fields=tuple(
                    replace(pair, policy=policy) if (item.object, pair.crm) in fields else pair
                    for pair in item.fields
                ),
            )
            for item in saved.objects
        )
        connections.save_mapping(connection, replace(saved, objects=objects), context.clock.now())
    known = mapped.known(context.connection_id)
    context.objects = {
        item.object: compile_mapped(
            item, schemas[Side.CRM], schemas[Side.ACTIVECAMPAIGN], context.settings, known
        )
        for item in objects
        if item.object in context.objects and (schemas := context.objects[item.object].schemas)
    }


# --- who a record is ---------------------------------------------------------------------------------------------


def choose_record(context: Context, held: Sequence[Held], contact_id: str | None) -> Outcome:
    """Say which candidate a CRM record is linked with; None: with none of them, it stays without a contact."""
    chosen: list[Held] = []
    refused = []
    for hold in held:
        entry = _why_not(hold, contact_id)
        if entry is not None:
            said = catalogue.say(
                entry,
                id=hold.id,
                title=_title(hold),
                record_id=contact_id,
                candidates=", ".join(candidates_of(hold)),
            )
            refused.append(Refusal(hold_id=hold.id, said=said, entry=entry))
        else:
            chosen.append(hold)
    with transaction.atomic():
        overtaken = _meanwhile(chosen)
        refused += overtaken.values()
        chosen = [hold for hold in chosen if hold.id not in overtaken]
        holds.note_matches(context.connection_id, chosen, contact_id)
        for object in {hold.object for hold in chosen}:
            ids = [hold.record_id for hold in chosen if hold.object == object]
            inbox.want(context.connection_id, Side.CRM, object, ids, context.clock.now(), Lane.LIVE)
        _note(context, chosen, {hold.id: {"contact": contact_id or ""} for hold in chosen})
    return Outcome(chosen=[hold.id for hold in chosen], refused=refused)


def _why_not(hold: Held, contact_id: str | None) -> str | None:
    if hold.kind != AMBIGUOUS:
        return "no_choice"
    return None if contact_id is None or contact_id in candidates_of(hold) else "no_candidate"


def candidates_of(hold: Held) -> tuple[str, ...]:
    """Return the ids of the contacts that an ambiguous match found."""
    found = hold.values.get("candidates")
    return found if isinstance(found, tuple) else ()


def read_candidates(context: Context, hold: Held) -> list[tuple[Record, list[tuple[str, Value]]]]:
    """Read the candidates of an ambiguous match live: each with its mapped values by the fields' labels."""
    if hold.kind != AMBIGUOUS:
        return []
    fields = context.fields(Side.ACTIVECAMPAIGN, CONTACT)
    records = context.systems[Side.ACTIVECAMPAIGN].fetch(CONTACT, candidates_of(hold), fields).records
    known = context.objects[hold.object].schemas[Side.ACTIVECAMPAIGN].fields
    return [
        (record, [(known[name].label, value) for name, value in record.values.items() if name in known])
        for record in records
    ]


def require_holds(found: Sequence[Held], ids: Sequence[int]) -> None:
    """Raise UserError naming the first of the asked holds that is not there."""
    known = {hold.id for hold in found}
    for number in ids:
        if number not in known:
            said = catalogue.say("unknown_hold", id=number)
            raise UserError(said.message, cure=said.cure, entry="unknown_hold")
