"""Opt-outs on their way: intended, sent, receipted. Recovery judges by what the target holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from crosswalk.core import catalogue
from crosswalk.core.consent import Consent, Place, Standing
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, OptedOut, Outcome, Problem, Write, WriteOptions
from crosswalk.merge import ConsentAction
from crosswalk.store import consent_writes, consents, link_rows
from crosswalk.store.consent_writes import ConsentWrite, Done
from crosswalk.store.hold_rows import HoldNote
from crosswalk.store.link_rows import LinkRow

from .context import CONTACT, Context
from .pull import take_read

CONSENT = "consent"  # the kind of a hold
# Records a call or a chain of calls: the CRM takes 200 at once; a contact needs a call for each of its lists, and
# what was read of it is to be young.
PORTIONS = {Side.CRM: 200, Side.ACTIVECAMPAIGN: 20}


def write_all(context: Context) -> None:
    """Send every intended write once: contacts first, since ActiveCampaign is what mails."""
    writes = consent_writes.writes(context.connection_id, consent_writes.INTENDED)
    for side in (Side.ACTIVECAMPAIGN, Side.CRM):
        for action in ConsentAction:
            for portion in _portions(writes, side, action):
                _write(context, side, action, portion)


def _portions(
    writes: Sequence[ConsentWrite], side: Side, action: ConsentAction
) -> Iterator[list[ConsentWrite]]:
    chosen = [each for each in writes if each.side == side.value and each.action == action.value]
    chosen.sort(key=lambda each: each.object)
    for _name, group in groupby(chosen, key=lambda each: each.object):
        some = list(group)
        for start in range(0, len(some), PORTIONS[side]):
            yield some[start : start + PORTIONS[side]]


def _write(context: Context, side: Side, action: ConsentAction, writes: Sequence[ConsentWrite]) -> None:
    """Send one portion. The intent to send is committed before the call; what is in doubt stays *sending*."""
    if action is ConsentAction.LIFT:
        writes = _still_subscribed(context, writes)
    if not writes:
        return
    consent_writes.mark([each.id for each in writes], consent_writes.SENDING)
    ids = [each.record_id for each in writes]
    object = writes[0].object
    if action is ConsentAction.OPT_OUT:
        answers = context.systems[side].opt_out(object, ids)
    else:
        answers = _lift(context, object, ids)
    _take_answers(context, writes, answers)


def _lift(context: Context, object: str, ids: Sequence[str]) -> list[OptedOut]:
    """Uncheck the CRM's boxes of these records. ActiveCampaign has nothing like it: nobody is subscribed."""
    system, schema = context.systems[Side.CRM], context.objects[object].schemas[Side.CRM]
    box = schema.opt_out
    assert box is not None
    values = dict.fromkeys([box, *schema.no_mail], False)
    writes = [
        Write(id=number, object=object, op=Op.UPDATE, record_id=each, key=None, values=values)
        for number, each in enumerate(ids)
    ]
    options = WriteOptions()
    receipts = [each for batch in system.batches(writes, options) for each in system.send(batch, options)]
    after = Consent(standing=Standing.NONE, places=(Place(box, "false"),))
    return [
        OptedOut(
            record_id=ids[each.write_id],
            outcome=each.outcome,
            after=after if each.outcome is Outcome.DONE else None,
            problems=each.problems,
        )
        for each in receipts
    ]


def _still_subscribed(context: Context, writes: Sequence[ConsentWrite]) -> list[ConsentWrite]:
    """Read the contacts once more before a box is unchecked; whose contact is active no longer keeps it."""
    contacts = consent_writes.contacts_of([each.link_id for each in writes])
    ids = sorted(set(contacts.values()))
    fields = context.fields(Side.ACTIVECAMPAIGN, CONTACT)
    fetched = context.systems[Side.ACTIVECAMPAIGN].fetch(CONTACT, ids, fields)
    take_read(context, Side.ACTIVECAMPAIGN, CONTACT, fetched.records, fetched.missing, fetched.requested_at)
    active = {each.id for each in fetched.records if each.consent and each.consent.standing is Standing.IN}
    kept = [each for each in writes if contacts.get(each.link_id) in active]
    consent_writes.forget([each.id for each in writes if each not in kept])
    return kept


def _take_answers(context: Context, writes: Sequence[ConsentWrite], answers: Sequence[OptedOut]) -> None:
    """Commit what a system answered."""
    by_record = {each.record_id: each for each in writes}
    found: dict[Outcome, list[tuple[ConsentWrite, OptedOut]]] = {outcome: [] for outcome in Outcome}
    for answer in answers:
        found[answer.outcome].append((by_record[answer.record_id], answer))
    now = context.clock.now()
    done = [
        Done(write=write, after=answer.after, fields=_fields(context, write, answer))
        for write, answer in found[Outcome.DONE]
        if answer.after is not None
    ]
    ahead = {side: context.stamps_ahead(side) for side in Side}
    consent_writes.commit(context.connection_id, context.own_run(), context.tenants, done, now, ahead)
    gone = [write for write, _answer in found[Outcome.MISSING]]
    consent_writes.forget([each.id for each in gone])
    for write in gone:
        take_read(context, Side(write.side), write.object, [], [write.record_id], now)
    again = [*found[Outcome.RETRY], *found[Outcome.CHANGED]]
    consent_writes.mark([write.id for write, _answer in again], consent_writes.REFUSED)
    unmoved = _forget_moved(context, found[Outcome.MOVED])
    _refused(context, [*found[Outcome.REFUSED], *unmoved])


def _forget_moved(
    context: Context, moved: Sequence[tuple[ConsentWrite, OptedOut]]
) -> list[tuple[ConsentWrite, OptedOut]]:
    """The target has become another record: once its link has gone there, that one is decided.

    Returns those of which no reading tells what they became.
    """
    if not moved:
        return []
    side, object = Side(moved[0][0].side), moved[0][0].object  # a portion is of one object
    fetched = context.systems[side].fetch(
        object, [write.record_id for write, _ in moved], context.fields(side, object)
    )
    take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)
    still = {record.id for record in fetched.records if record.converted_to is None}
    consent_writes.forget([write.id for write, _ in moved if write.record_id not in still])
    return [each for each in moved if each[0].record_id in still]


def _refused(context: Context, refused: Sequence[tuple[ConsentWrite, OptedOut]]) -> None:
    """Hold what was refused; of a contact that could leave only some of its lists, those are journalled."""
    links = link_rows.links_by_id({write.link_id for write, _answer in refused})
    now = context.clock.now()
    partial = [
        Done(write=write, after=answer.after, fields=_fields(context, write, answer))
        for write, answer in refused
        if answer.after is not None
    ]
    consent_writes.note(context.connection_id, context.own_run(), partial, now)
    holds = [_hold(context, write, links[write.link_id], answer.problems) for write, answer in refused]
    consent_writes.refuse(context.connection_id, [write.id for write, _answer in refused], holds, now)


def _fields(context: Context, write: ConsentWrite, answer: OptedOut) -> dict[str, tuple[Any, Any, str]]:
    """Return before, after and reason of everything that a write changed, as the journal keeps them."""
    if write.side == Side.CRM.value:
        box = context.objects[write.object].schemas[Side.CRM].opt_out or ""
        out = write.action == ConsentAction.OPT_OUT.value
        return {box: (not out, out, write.reason)}
    before = answer.before.places if answer.before else consents.read_detail(write.before).places
    states = {place.where: place.state for place in before}
    return {
        place.where: (states[place.where], place.state, write.reason)
        for place in (answer.after.places if answer.after else ())
        if states.get(place.where, place.state) != place.state
    }


def _hold(context: Context, write: ConsentWrite, link: LinkRow, problems: Sequence[Problem]) -> HoldNote:
    problem = problems[0] if problems else None
    said = catalogue.say("opt_out_refused")
    return HoldNote(
        link_id=link.id,
        side=Side(write.side),
        object=link.object,
        record_id=link.crm_id or link.activecampaign_id or "",
        field=context.objects[link.object].schemas[Side.CRM].opt_out or "",
        kind=CONSENT,
        code=said.code,
        reason=problem.message if problem else said.message,
        cure=(problem.cure if problem else "") or said.cure,
    )


def recover(context: Context) -> None:
    """Judge what was being sent when a run ended, by what the targets hold; decide the rest anew."""
    consent_writes.forget_unsent(context.connection_id)
    doubtful = consent_writes.writes(context.connection_id, consent_writes.SENDING)
    for side in Side:
        for action in ConsentAction:
            for portion in _portions(doubtful, side, action):
                _judge(context, side, action, portion)


def _judge(context: Context, side: Side, action: ConsentAction, writes: Sequence[ConsentWrite]) -> None:
    object = writes[0].object
    ids = [each.record_id for each in writes]
    fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
    now = context.clock.now()
    found = {each.id: each.consent for each in fetched.records}
    done = []
    for write in writes:
        consent = found.get(write.record_id)
        if consent is not None and _happened(side, action, consent.standing):
            answer = OptedOut(record_id=write.record_id, outcome=Outcome.DONE, after=consent)
            done.append(Done(write=write, after=consent, fields=_fields(context, write, answer)))
    ahead = {side: context.stamps_ahead(side) for side in Side}
    consent_writes.commit(context.connection_id, context.own_run(), context.tenants, done, now, ahead)
    happened = {each.write.id for each in done}
    consent_writes.forget([each.id for each in writes if each.id not in happened])
    take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)


def _happened(side: Side, action: ConsentAction, standing: Standing) -> bool:
    if action is ConsentAction.LIFT:
        return standing is not Standing.OUT
    return standing is not Standing.IN if side is Side.ACTIVECAMPAIGN else standing is Standing.OUT
