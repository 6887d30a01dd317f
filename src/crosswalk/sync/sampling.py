"""A live sample: ten real records, and what the rules of a mapping would do with each field of them.

Both records are read now and decided by the merge itself, with the shadows of the link where there is one. Nothing is
stored and nothing is written, so rules can be tried that nobody has saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import msgspec

from crosswalk.convert import value_words
from crosswalk.core import catalogue
from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Direction, MappingFile, ObjectMapping, Side
from crosswalk.core.schema import Field
from crosswalk.core.system import Record
from crosswalk.core.values import Value
from crosswalk.merge import (
    ABSENT,
    UNKNOWN,
    Decision,
    DecisionKind,
    FieldPlan,
    Missing,
    Reason,
    decide,
    decide_creation,
    fingerprint,
)
from crosswalk.store import connections, hold_rows, link_rows, pairs
from crosswalk.store.hold_rows import HoldRow
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .context import CONTACT, OBJECTS, Context, ObjectPlan
from .explain import as_seen
from .match import Pair, new_link
from .sampled import Cell, Fate, RowSample, Sample
from .setup import open_context
from .sides import SideState, clock_tolerance, field_case, side_states
from .sign_in import Opener

RECORDS = 10


def sample(
    name: str,
    object: str,
    vault: Vault,
    clock: Clock,
    *,
    mapping: ObjectMapping | None = None,
    opener: Opener = open_system,
) -> Sample:
    """Read up to ten records that a connection's selection of an object takes, and decide every field of them.

    `mapping` are rules to try instead of the saved ones. Raises UserError when the object has no mapping, SystemFailure
    when a system cannot be asked.
    """
    stored = connections.mapping_of(connections.get(name))
    chosen = mapping or next((each for each in stored.objects if each.object == object), None)
    if chosen is None or not chosen.fields:
        raise UserError(
            _("{name} has no mapping of {object}.").format(name=name, object=object),
            cure=_("Pair some fields first."),
        )
    instead = MappingFile(settings=stored.settings, objects=(chosen,))
    context = open_context(name, vault, clock, opener=opener, instead=instead)
    with closing(context):
        return _sampled(context, context.objects[object])


def _sampled(context: Context, plan: ObjectPlan) -> Sample:
    read_at = context.clock.now()
    records = _records(context, plan)
    around = _Around(context, plan, records)
    decided = [_decided(context, plan, record, around) for record in records]
    rows = [
        RowSample(
            crm=field.mapping.crm,
            crm_label=field.crm.label,
            activecampaign=field.mapping.activecampaign,
            activecampaign_label=field.activecampaign.label,
            cells=[cells[place] for cells in decided],
        )
        for place, field in enumerate(plan.fields)
    ]
    return Sample(
        object=plan.object, read_at=read_at, records=[_title(record) for record in records], rows=rows
    )


def _records(context: Context, plan: ObjectPlan) -> list[Record]:
    """Return records that take part, those made last, the oldest of them first: it leads where they share a contact."""
    fields = sorted(plan.mapping.read(Side.CRM))
    found = context.systems[Side.CRM].latest(plan.object, fields, plan.mapping.selection)
    selector = context.selector(plan)
    taken = [
        record
        for record in found
        if record.key is not None
        and record.converted_to is None
        and selector.takes(record.created, record.values)
    ]
    return taken[:RECORDS][::-1]


def _title(record: Record) -> str:
    return record.key or record.id


class _Around:
    """What is known of some CRM records: their links, and their contacts as they are now."""

    def __init__(self, context: Context, plan: ObjectPlan, records: Sequence[Record]) -> None:
        self._plan = plan
        self.read_at = context.clock.now()
        by_record = link_rows.links_of_records(context.connection_id, [record.id for record in records])
        self.links = {id_: link for (object, id_), link in by_record.items() if object == plan.object}
        self.holds = hold_rows.holds_of(link.id for link in self.links.values())
        keys = {record.key for record in records if record.key and record.id not in self.links}
        self.erased = pairs.tombstones(context.connection_id, Side.ACTIVECAMPAIGN, keys)
        self._by_id, self._by_key = self._contacts(context, keys)
        self._leading = self._leaders(context, keys)

    def _contacts(
        self, context: Context, keys: set[str]
    ) -> tuple[dict[str, Record], dict[str, list[Record]]]:
        """Read contacts: those whose id is known in as few calls as there can be, the others by address."""
        system = context.systems[Side.ACTIVECAMPAIGN]
        fields = sorted(self._plan.mapping.read(Side.ACTIVECAMPAIGN))
        tenant = context.tenants[Side.ACTIVECAMPAIGN]
        known = pairs.hits(context.connection_id, tenant, Side.ACTIVECAMPAIGN, [CONTACT], keys)
        ids = {link.activecampaign_id for link in self.links.values()}
        ids |= {hit.record_id for hits in known.values() for hit in hits}
        wanted = sorted(each for each in ids if each)
        fetched = system.fetch(CONTACT, wanted, fields).records if wanted else []
        by_key: dict[str, list[Record]] = {}
        for record in fetched:
            by_key.setdefault(record.key or "", []).append(record)
        unknown = sorted(keys - by_key.keys())
        for record in system.find(CONTACT, unknown, fields) if unknown else []:
            by_key.setdefault(record.key or "", []).append(record)
        return {record.id: record for record in fetched}, by_key

    def _leaders(self, context: Context, keys: set[str]) -> dict[str, LinkRow]:
        """Return the links through which contacts are synced already, by the contact's id."""
        contacts = [record.id for key in keys for record in self._by_key.get(key, [])]
        found = link_rows.links_of(context.connection_id, context.tenants[Side.ACTIVECAMPAIGN], [], contacts)
        rank = OBJECTS.index(self._plan.object)
        return {
            str(link.activecampaign_id): link
            for link in found
            if link.is_primary and link.selected and OBJECTS.index(link.object) <= rank
        }

    def contact(self, record: Record) -> Record | None:
        """Return the contact of a CRM record. Raises _AsideError when it takes no part."""
        link = self.links.get(record.id)
        if link is not None and not link.is_primary:
            raise _AsideError(_("Another record of this person leads."))
        if link is not None and link.activecampaign_id is not None:
            return self._of_link(link.activecampaign_id)
        found = self._by_key.get(record.key or "", [])
        if len(found) > 1:
            raise _AsideError(_("Several contacts have this address: a person chooses."))
        if found and found[0].id in self._leading:
            raise _AsideError(_("Another record of this person leads."))
        if not found and record.key in self.erased:
            raise _AsideError(_("This person was deleted in ActiveCampaign and is not made again."))
        if not found and self._plan.mapping.direction is Direction.TO_CRM:
            raise _AsideError(_("There is no contact, and nothing goes to ActiveCampaign."))
        return found[0] if found else None

    def _of_link(self, contact_id: str) -> Record:
        contact = self._by_id.get(contact_id)
        if contact is None:
            raise _AsideError(_("Its contact is gone."))
        return contact


class _AsideError(Exception):
    """A record takes no part."""


def _decided(context: Context, plan: ObjectPlan, record: Record, around: _Around) -> list[Cell]:
    """Return one cell per field of a record."""
    try:
        contact = around.contact(record)
    except _AsideError as error:
        return [
            _cell(
                field, record, record.values.get(field.mapping.crm, UNKNOWN), ABSENT, Fate.ASIDE, str(error)
            )
            for field in plan.fields
        ]
    if contact is None:
        return [_created(field, record) for field in plan.fields]
    link = around.links.get(record.id) or new_link(plan.object, 0, record.key)
    link = msgspec.structs.replace(link, crm_id=record.id, activecampaign_id=contact.id)
    pair = Pair(
        link=link, crm=as_seen(record, around.read_at), activecampaign=as_seen(contact, around.read_at)
    )
    holds = around.holds.get(link.id, {})
    states = side_states(context, plan, pair, holds)
    limit = clock_tolerance(context)
    return [_merged(field, record, states, holds.get(field.mapping.crm), limit) for field in plan.fields]


def _merged(
    field: FieldPlan, record: Record, states: Mapping[Side, SideState], hold: HoldRow | None, limit: float
) -> Cell:
    case = field_case(field, states)
    decision = decide(field, case, limit)
    if hold is not None and hold.fingerprint == fingerprint(field, case.crm, case.activecampaign):
        return _cell(field, record, case.crm, case.activecampaign, Fate.HELD, _("See the holds."))
    fate = _fate(field, decision, case.crm, case.activecampaign)
    return _cell(field, record, case.crm, case.activecampaign, fate, _why(decision, fate), decision)


def _created(field: FieldPlan, record: Record) -> Cell:
    """Decide a field of a contact that would be made."""
    value = record.values.get(field.mapping.crm, UNKNOWN)
    if isinstance(value, Missing):
        return _cell(field, record, value, ABSENT, Fate.UNKNOWN, "")
    decision = decide_creation(field, Side.ACTIVECAMPAIGN, value)
    fates = {DecisionKind.OFFER: Fate.NEW, DecisionKind.HELD: Fate.REFUSED, DecisionKind.AGREE: Fate.EQUAL}
    fate = fates.get(decision.kind, Fate.LEFT)
    return _cell(field, record, value, ABSENT, fate, _why(decision, fate), decision)


_KINDS = {
    DecisionKind.AGREE: Fate.EQUAL,
    DecisionKind.SETTLED: Fate.LEFT,
    DecisionKind.HELD: Fate.REFUSED,
    DecisionKind.CONFLICT: Fate.ASK,
    DecisionKind.UNKNOWN: Fate.UNKNOWN,
}


def _fate(
    field: FieldPlan, decision: Decision, crm: Value | Missing, activecampaign: Value | Missing
) -> Fate:
    if decision.kind is DecisionKind.OFFER:
        if len(decision.offers) > 1:
            return Fate.BOTH
        return Fate.TO_CRM if Side.CRM in decision.offers else Fate.TO_ACTIVECAMPAIGN
    if decision.kind is DecisionKind.NOTHING and not _is_equal(field, crm, activecampaign):
        return Fate.LEFT
    return _KINDS.get(decision.kind, Fate.EQUAL)


def _is_equal(field: FieldPlan, crm: Value | Missing, activecampaign: Value | Missing) -> bool:
    if isinstance(crm, Missing) or isinstance(activecampaign, Missing):
        return False
    return field.equal(crm, activecampaign)


def _why(decision: Decision, fate: Fate) -> str:
    if fate in {Fate.EQUAL, Fate.NEW, Fate.ASK, Fate.UNKNOWN}:
        return ""
    if fate is Fate.REFUSED:
        said = decision.rejection.said if decision.rejection is not None else catalogue.say("unreadable")
        return said.message
    return decision.reason.text


def _cell(
    field: FieldPlan,
    record: Record,
    crm: Value | Missing,
    activecampaign: Value | Missing,
    fate: Fate,
    why: str,
    decision: Decision | None = None,
) -> Cell:
    sent = next(iter(decision.offers.items()), None) if decision is not None else None
    return Cell(
        record=_title(record),
        crm=_shown(field.crm, crm),
        activecampaign=_shown(field.activecampaign, activecampaign),
        fate=fate,
        becomes=None if sent is None else value_words(field.route(sent[0]).field, sent[1]),
        winner=_winner(decision),
        why=why,
    )


def _winner(decision: Decision | None) -> Side | None:
    """Return whose value was chosen of two that could both have gone."""
    if decision is None or not decision.offers or decision.reason is Reason.ONLY_ALLOWED:
        return None
    return None if isinstance(decision.lost, Missing) else decision.winner


def _shown(field: Field, value: Value | Missing) -> str | None:
    return None if isinstance(value, Missing) else value_words(field, value)
