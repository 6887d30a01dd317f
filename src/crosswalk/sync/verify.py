"""Verify reads both sides whole and compares them under the mapping. It asks no shadow what it may excuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crosswalk.core import phases
from crosswalk.core.mapping import Direction, Side
from crosswalk.core.values import Value, unpack
from crosswalk.merge import (
    ABSENT,
    Decision,
    DecisionKind,
    FieldCase,
    FieldPlan,
    Kept,
    decide,
    difference,
    kept_differently,
)
from crosswalk.store import audit, history, hold_rows, inbox, pairs
from crosswalk.store.audit import AuditedLink, AuditedRecord
from crosswalk.store.lives import CONVERTED

from .context import CONTACT, Context, ObjectPlan, Progress
from .pausing import is_paused
from .selecting import Selector
from .verified import (
    AFTER_CURSOR,
    AMBIGUOUS,
    DELETED,
    DIRECTION,
    HELD,
    NO_EMAIL,
    NOT_PRIMARY,
    NOT_SELECTED,
    STORED_DIFFERENTLY,
    TOMBSTONE,
    Tally,
    Verification,
    ids_of,
)
from .verify_consent import verify_consents

Forms = Mapping[tuple[int, Side, str], tuple[Value, Value]]  # link, side, field → last sent, kept


def verify(context: Context) -> Verification:
    """Read both sides and compare every pair of fields.

    A record found gone becomes a sighting for the next run, and so does one that takes part and was never shown, or one
    that differs without an excuse.
    """
    audit.begin()
    try:
        _read_both_sides(context)
        tally = Tally()
        tenants = context.tenants
        for links in audit.link_pages(context.connection_id, tenants[Side.CRM], tenants[Side.ACTIVECAMPAIGN]):
            _verify_links(context, links, tally)
            verify_consents(context, links, tally)
            context.report(Progress(phase=phases.VERIFY, done=tally.result.links))
        for records in audit.stranger_pages(context.connection_id, tenants[Side.CRM]):
            _verify_strangers(context, records, tally)
        return tally.result
    finally:
        audit.end()


def _read_both_sides(context: Context) -> None:
    sources = [(Side.CRM, object) for object in context.objects] + [(Side.ACTIVECAMPAIGN, CONTACT)]
    for side, object in sources:
        done = 0
        for page in context.systems[side].feed(object, context.fields(side, object), None, lambda _: 0):
            audit.add(side, object, page.records)
            done += len(page.records)
            phase = phases.name(phases.READ, side, object)
            context.report(Progress(phase=phase, done=done, total=page.total))
    audit.index()


def _verify_links(context: Context, links: list[AuditedLink], tally: Tally) -> None:
    holds = hold_rows.holds_of(link.link_id for link in links)
    kept = history.kept_forms([link.link_id for link in links])
    selectors = {object: context.selector(plan) for object, plan in context.objects.items()}
    odd: list[AuditedLink] = []
    for link in links:
        plan = context.objects.get(link.object)
        if plan is None:
            continue
        selector = selectors[link.object]
        tally.result.links += 1
        held = holds.get(link.link_id, {})
        gone = _gone(link)
        if gone is not None:
            _tell_gone(context, link, gone, bool(held), tally)
        else:
            selected = _takes(selector, link)
            rests = any(map(is_paused, held.values()))
            found = [
                _verify_field(
                    selected,
                    link,
                    field,
                    crm,
                    contact,
                    field.mapping.crm in held or (rests and _rests(link, field, crm, contact)),
                    kept,
                    tally,
                )
                for field, crm, contact in _fields(plan, link)
            ]
            if not all(found):
                odd.append(link)
            for paused in plan.paused if link.is_primary else ():  # nobody can say whether they are equal
                tally.differs(HELD, kind="field", **ids_of(link), field=paused.mapping.crm)
    _look_again(context, odd)


def _look_again(context: Context, links: Iterable[AuditedLink]) -> None:
    """Have both records of links read by the next run: a value may have changed without a stamp."""
    ids: dict[tuple[Side, str], list[str]] = {}
    for link in links:
        ids.setdefault((Side.CRM, link.object), []).append(link.crm_id or "")
        ids.setdefault((Side.ACTIVECAMPAIGN, CONTACT), []).append(link.activecampaign_id or "")
    for (side, object), record_ids in ids.items():
        inbox.want(context.connection_id, side, object, record_ids, context.clock.now())


def _takes(selector: Selector, link: AuditedLink) -> bool:
    assert link.crm is not None
    return selector.takes(link.crm.created, link.crm.packed, linked=link.selected)


def _gone(link: AuditedLink) -> Side | None:
    if link.crm is None:
        return Side.CRM
    return Side.ACTIVECAMPAIGN if link.activecampaign is None else None


def _tell_gone(context: Context, link: AuditedLink, side: Side, held: bool, tally: Tally) -> None:
    record_id = link.crm_id if side is Side.CRM else link.activecampaign_id
    other = link.activecampaign if side is Side.CRM else link.crm
    if record_id is not None:
        object = link.object if side is Side.CRM else CONTACT
        inbox.want(context.connection_id, side, object, [record_id], context.clock.now())
        excuse: str | None = DELETED
    elif not link.is_primary:
        excuse = NOT_PRIMARY
    elif held:
        excuse = HELD
    else:
        excuse = AFTER_CURSOR if other is not None and other.unsettled else None
    tally.differs(excuse, kind="record", **ids_of(link))


def _fields(plan: ObjectPlan, link: AuditedLink) -> Iterator[tuple[FieldPlan, Value, Value]]:
    assert link.crm is not None
    assert link.activecampaign is not None
    crm, contact = unpack(link.crm.packed), unpack(link.activecampaign.packed)
    for field in plan.fields:
        yield field, crm.get(field.mapping.crm), contact.get(field.mapping.activecampaign)


def _verify_field(
    selected: bool,
    link: AuditedLink,
    field: FieldPlan,
    crm: Value,
    contact: Value,
    held: bool,
    kept: Forms,
    tally: Tally,
) -> bool:
    """Count one pair of fields; tell whether it is equal or excused."""
    found = difference(field, crm, contact)
    if found is None:
        tally.equal()
        return True
    assert link.crm is not None
    assert link.activecampaign is not None
    excuse: str | None = None
    if not link.is_primary:
        excuse = NOT_PRIMARY
    elif not selected:
        excuse = NOT_SELECTED
    elif held:
        excuse = HELD
    elif found.excuse is not None and not _owed(link, field, crm, contact):
        excuse = (
            found.excuse.value.replace("_", " ") if found.excuse.value == "blank_rule" else found.excuse.value
        )
    elif kept_differently(field, crm, contact, _kept(kept, link, field)):
        excuse = STORED_DIFFERENTLY
    elif link.crm.unsettled or link.activecampaign.unsettled:
        excuse = AFTER_CURSOR
    tally.differs(
        excuse, kind="field", **ids_of(link), field=field.mapping.crm, crm=crm, activecampaign=contact
    )
    return excuse is not None


def _kept(kept: Forms, link: AuditedLink, field: FieldPlan) -> Kept:
    found = {side: kept.get((link.link_id, side, field.mapping.name(side))) for side in Side}
    return {side: form for side, form in found.items() if form is not None}


def _owed(link: AuditedLink, field: FieldPlan, crm: Value, contact: Value) -> bool:
    """Tell whether the open direction of a one-way field still owes a write.

    A rule that stops one direction excuses a difference only when the other direction has nothing to say: shadows are
    asked here to accuse, never to excuse.
    """
    return _decided(link, field, crm, contact).kind is DecisionKind.OFFER


def _rests(link: AuditedLink, field: FieldPlan, crm: Value, contact: Value) -> bool:
    """Tell whether what a field waits for is a write that a pause of its link holds back."""
    return Side.ACTIVECAMPAIGN in _decided(link, field, crm, contact).offers


def _decided(link: AuditedLink, field: FieldPlan, crm: Value, contact: Value) -> Decision:
    crm_shadow, contact_shadow = unpack(link.crm_shadow), unpack(link.activecampaign_shadow)
    case = FieldCase(
        crm,
        contact,
        crm_shadow.get(field.mapping.crm, ABSENT),
        contact_shadow.get(field.mapping.activecampaign, ABSENT),
    )
    return decide(field, case)


def _verify_strangers(context: Context, records: list[AuditedRecord], tally: Tally) -> None:
    keys = {item.record.key for item in records if item.record.key}
    erased = pairs.tombstones(context.connection_id, Side.ACTIVECAMPAIGN, keys)
    selectors = {object: context.selector(plan) for object, plan in context.objects.items()}
    missed: dict[str, list[str]] = {object: [] for object in selectors}
    for item in records:
        plan = context.objects.get(item.object)
        if plan is not None:
            selected = selectors[item.object].takes(item.record.created, item.record.packed)
            excuse = _stranger_excuse(
                plan, item, selected and not _is_left(context, item), item.record.key in erased
            )
            tally.differs(
                excuse,
                kind="record",
                object=item.object,
                crm_id=item.record.record_id,
                activecampaign_id=None,
            )
            if excuse == AFTER_CURSOR:
                missed[item.object].append(item.record.record_id)
    for object, record_ids in missed.items():  # a first reading may have left them out
        inbox.want(context.connection_id, Side.CRM, object, record_ids, context.clock.now())


def _is_left(context: Context, item: AuditedRecord) -> bool:
    """Tell whether a record existed before the first run and is left as it is until somebody edits it."""
    found = context.switches
    return found.left_at is not None and found.initial_at is None and not item.record.unsettled


def _stranger_excuse(plan: ObjectPlan, item: AuditedRecord, selected: bool, erased: bool) -> str | None:
    if not selected or item.skipped == CONVERTED:
        return NOT_SELECTED
    if item.record.key is None:
        return NO_EMAIL
    if erased:
        return TOMBSTONE
    if plan.mapping.direction is Direction.TO_CRM:
        return DIRECTION
    if item.skipped == "ambiguous":
        return AMBIGUOUS
    return AFTER_CURSOR if item.record.unsettled else None
