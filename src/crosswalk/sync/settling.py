"""What one receipted write leaves behind: shadows, and the forms in which a vendor keeps our values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Record
from crosswalk.core.values import Value, Values, normal_email, pack, same, unpack
from crosswalk.merge import Reason, stored_differently
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.outbox import OutboxRow, Settlement

from .context import Context, ObjectPlan
from .merging import journal_fields
from .sides import STORED, VENDORS

_UNION = Reason.UNION.value  # both sides are to hold the same, whichever was written
# may be written to both sides: one receipt does not settle it
_TOGETHER = frozenset({_UNION, Reason.CHOSEN.value})


def settle(
    context: Context,
    row: OutboxRow,
    link: LinkRow,
    record_id: str,
    read: Values,
    acked_at: datetime,
    *,
    siblings: set[int],
    only: set[str] | None = None,
    confirmed: bool = True,
) -> Settlement:
    """Work out what one receipted write leaves behind.

    `read` is what the target holds now, as far as somebody looked; fields nobody read keep the value sent as shadow
    and are confirmed by the next reading, as are all fields when `read` is but the answer to the write
    (not `confirmed`); of that answer every value is taken, since it is the vendor's own word for what it made of ours.
    What became empty is looked at once more by the next reading. `siblings` are other open writes of the same link: a
    field that is offered to both sides moves its shadows with the last of them. `only` restricts the receipt to these
    target fields.
    """
    side = Side(row.side)
    plan = context.objects[link.object]
    sent, source = _sent(row, only), unpack(row.source)
    fields = journal_fields(row.expected, row.intended, row.reasons)
    if only is not None:
        fields = {name: entry for name, entry in fields.items() if name in only}
    target_shadow, source_shadow = unpack(link.shadow(side)), unpack(link.shadow(side.other))
    unconfirmed = unpack(link.unconfirmed(side))
    forms: dict[str, tuple[Value, Value, str]] = {}
    for field in plan.mapping.fields:
        name, source_name = field.name(side), field.name(side.other)
        _before, _after, reason = fields.get(name, ("", "", ""))
        if name not in sent or (siblings and reason in _TOGETHER):
            continue
        target_shadow[name] = stored = _stored(plan, side, name, sent[name], read, answered=not confirmed)
        if not confirmed or name not in read or (read[name] is None and stored is not None):
            unconfirmed[name] = None
        if not same(plan.schemas[side].fields[name].kind, stored, sent[name]):
            forms[name] = (sent[name], stored, STORED)
        if reason == _UNION:
            source_shadow[source_name] = sent[name]
        elif source_name in source:
            source_shadow[source_name] = source[source_name]
    _move(link, side, record_id, target_shadow, source_shadow, unconfirmed, acked_at)
    link.key = _contact_key(plan, link) or link.key
    return Settlement(
        row=row,
        link=link,
        record_id=record_id,
        fields=fields,
        forms=forms,
        new_key=_new_key(plan, side, row, fields),
    )


def _sent(row: OutboxRow, only: set[str] | None) -> Values:
    """Return what was written, a create's expected values among it; or of that what is receipted."""
    sent = unpack(row.intended)
    if row.op == Op.CREATE:
        sent = {**unpack(row.expected), **sent}
    return sent if only is None else {name: value for name, value in sent.items() if name in only}


def _new_key(plan: ObjectPlan, side: Side, row: OutboxRow, written: Iterable[str]) -> str | None:
    """Return the address that an update gave its record."""
    name = plan.schemas[side].email
    if row.op == Op.CREATE or name not in written:
        return None
    email = unpack(row.intended)[name]
    return normal_email(email) if isinstance(email, str) else None


def _stored(plan: ObjectPlan, side: Side, name: str, sent: Value, read: Values, *, answered: bool) -> Value:
    """Return the shadow of a written field: what was read where it is our value in the vendor's form."""
    if name not in read:
        return sent
    value = read[name]
    if (answered and value is not None) or _is_ours(plan, side, name, sent, value):
        return value
    return sent  # a change by that side: the next merge sees it against what was sent


def _is_ours(plan: ObjectPlan, side: Side, name: str, sent: Value, read: Value) -> bool:
    """Tell whether a side's field holds the value that we sent, perhaps in its vendor's form."""
    definition = plan.schemas[side].fields[name]
    return same(definition.kind, sent, read) or stored_differently(
        VENDORS[side], definition.kind, sent, read, length=definition.length
    )


def _move(
    link: LinkRow,
    side: Side,
    record_id: str,
    target_shadow: Values,
    source_shadow: Values,
    unconfirmed: Values,
    acked_at: datetime,
) -> None:
    setattr(link, f"{side.value}_shadow", pack(target_shadow))
    setattr(link, f"{side.other.value}_shadow", pack(source_shadow))
    setattr(link, f"{side.value}_unconfirmed", pack(unconfirmed) if unconfirmed else b"")
    setattr(link, f"{side.value}_acked_at", acked_at)
    setattr(link, f"{side.value}_id", record_id)
    if link.crm_id is not None and link.activecampaign_id is not None:
        link.state = "open"


def _contact_key(plan: ObjectPlan, link: LinkRow) -> str | None:
    email = unpack(link.activecampaign_shadow).get(plan.schemas[Side.ACTIVECAMPAIGN].email)
    return normal_email(email) if isinstance(email, str) else None


def done_fields(plan: ObjectPlan, side: Side, row: OutboxRow, record: Record) -> set[str]:
    """Return the fields of a write that its target holds as intended, perhaps in its vendor's form."""
    return {
        name
        for name, value in unpack(row.intended).items()
        if name in record.values and _is_ours(plan, side, name, value, record.values[name])
    }
