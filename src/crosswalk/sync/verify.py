"""Verify reads both sides whole and compares them under the mapping. It asks no shadow
what it may excuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from crosswalk.core import phases
from crosswalk.core.consent import Standing
from crosswalk.core.mapping import Direction, Side
from crosswalk.core.values import Value, unpack
from crosswalk.merge import (
    ABSENT,
    Decision,
    DecisionKind,
    FieldCase,
    FieldPlan,
    Kept,
    consent_differs,
    decide,
    difference,
    kept_differently,
)
from crosswalk.store import audit, consent_links, history, hold_rows, inbox, pairs
from crosswalk.store.audit import AuditedLink, AuditedRecord
from crosswalk.store.consent_links import KnownLink
from crosswalk.store.lives import CONVERTED

from .consent import with_consent
from .context import CONTACT, Context, ObjectPlan, Progress
from .pausing import is_paused
from .selecting import Selector

HELD, NOT_PRIMARY, NOT_SELECTED = "held", "not primary", "not selected"
STORED_DIFFERENTLY, AFTER_CURSOR = "stored differently", "changed after the cursor"
DELETED, TOMBSTONE, AMBIGUOUS, NO_EMAIL = "deleted on one side", "tombstone", "ambiguous", "no e-mail"
DIRECTION = "direction"
CONSENT_DIFFERS = "consent differs"
Forms = Mapping[tuple[int, Side, str], tuple[Value, Value]]  # link, side, field → last sent, kept
_SAMPLES = 5  # of every excuse, and of differences without one: ten times as many


class Verification(msgspec.Struct, kw_only=True):
    """What verify found. `compared` is `equal` plus all that is excused plus what is not."""

    links: int = 0
    compared: int = 0
    equal: int = 0
    excused: dict[str, int] = msgspec.field(default_factory=dict)
    unexcused: int = 0
    samples: list[dict[str, Any]] = msgspec.field(default_factory=list)


class _Tally:
    """Counts findings and keeps samples of each kind."""

    def __init__(self) -> None:
        self.result = Verification()
        self._samples: Counter[str | None] = Counter()

    def equal(self) -> None:
        self.result.compared += 1
        self.result.equal += 1

    def differs(self, excuse: str | None, **what: Any) -> None:
        self.result.compared += 1
        if excuse is None:
            self.result.unexcused += 1
        else:
            self.result.excused[excuse] = self.result.excused.get(excuse, 0) + 1
        self._samples[excuse] += 1
        if self._samples[excuse] <= (_SAMPLES if excuse else 10 * _SAMPLES):
            self.result.samples.append({"excuse": excuse, **what})


def verify(context: Context) -> Verification:
    """Read both sides and compare every pair of fields.

    A record found gone becomes a sighting for the next run, and so does one that takes part and was never shown, or one
    that differs without an excuse.
    """
    audit.begin()
    try:
        _read_both_sides(context)
        tally = _Tally()
        tenants = context.tenants
        for links in audit.link_pages(context.connection_id, tenants[Side.CRM], tenants[Side.ACTIVECAMPAIGN]):
            _verify_links(context, links, tally)
            _verify_consents(context, links, tally)
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


def _verify_links(context: Context, links: list[AuditedLink], tally: _Tally) -> None:
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
                tally.differs(HELD, kind="field", **_ids(link), field=paused.mapping.crm)
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


def _verify_consents(context: Context, links: list[AuditedLink], tally: _Tally) -> None:
    """Compare who may be mailed; a difference is excused by evidence that a person made it, or while it travels."""
    objects = set(with_consent(context))
    differing = []
    for link in links:
        standings = _standings(link) if link.object in objects else None
        if standings is not None and consent_differs(*standings):
            differing.append((link, *standings))
        elif standings is not None:
            tally.equal()
    ids = [link.link_id for link, *_ in differing]
    explained, held = consent_links.excused(ids), consent_links.held(ids)
    known = consent_links.known(ids, context.tenants) if ids else {}
    for link, crm, contact in differing:
        excuse: str | None = None
        if link.link_id in held:
            excuse = HELD
        elif _travels(context, link, known.get(link.link_id), contact):
            excuse = AFTER_CURSOR
        elif link.link_id in explained:
            excuse = CONSENT_DIFFERS
        tally.differs(excuse, kind="consent", **_ids(link), crm=crm.value, activecampaign=contact.value)


def _travels(context: Context, link: AuditedLink, known: KnownLink | None, contact: Standing) -> bool:
    """Tell whether a difference is news to us, or waits for a run.

    A list moves no stamp: the next run reads a contact that turned.
    """
    if known is None or known.due or (link.crm is not None and link.crm.unsettled):
        return True
    if known.activecampaign == contact.value or link.activecampaign_id is None:
        return False
    inbox.want(
        context.connection_id,
        Side.ACTIVECAMPAIGN,
        CONTACT,
        [link.activecampaign_id],
        context.clock.now(),
    )
    return True


def _standings(link: AuditedLink) -> tuple[Standing, Standing] | None:
    """Return what both records say, when both were read."""
    if link.crm is None or link.activecampaign is None:
        return None
    crm, contact = link.crm.standing, link.activecampaign.standing
    return None if crm is None or contact is None else (Standing(crm), Standing(contact))


def _gone(link: AuditedLink) -> Side | None:
    if link.crm is None:
        return Side.CRM
    return Side.ACTIVECAMPAIGN if link.activecampaign is None else None


def _tell_gone(context: Context, link: AuditedLink, side: Side, held: bool, tally: _Tally) -> None:
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
    tally.differs(excuse, kind="record", **_ids(link))


def _ids(link: AuditedLink) -> dict[str, str | None]:
    return {"object": link.object, "crm_id": link.crm_id, "activecampaign_id": link.activecampaign_id}


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
    tally: _Tally,
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
        excuse, kind="field", **_ids(link), field=field.mapping.crm, crm=crm, activecampaign=contact
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


def _verify_strangers(context: Context, records: list[AuditedRecord], tally: _Tally) -> None:
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
