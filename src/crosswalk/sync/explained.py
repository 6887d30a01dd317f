"""What is known of one record without asking a system: both sides as last known, what is held, what was written.

`explain` reads both sides and says what would be decided; what it says has the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from crosswalk.core.mapping import FieldMapping, Side
from crosswalk.core.values import Value, unpack
from crosswalk.store import connections, consent_links, history, inbox, mapped, pairs
from crosswalk.store.mapped import Pairing
from crosswalk.store.models import Connection
from crosswalk.store.pairs import HoldRow, LinkRow

UNKNOWN = "(unknown)"


class FieldExplanation(msgspec.Struct, kw_only=True):
    """One field of a link."""

    crm_field: str
    crm_label: str
    activecampaign_field: str
    activecampaign_label: str
    crm: Value
    activecampaign: Value
    crm_shadow: Value
    activecampaign_shadow: Value
    decision: str
    reason: str
    hold: str | None = None


class LinkExplanation(msgspec.Struct, kw_only=True):
    """One link of the record."""

    object: str
    crm_id: str | None
    activecampaign_id: str | None
    state: str
    closed_reason: str | None = None  # why a closed link closed; nothing is compared then
    is_primary: bool
    selected: bool  # false: the CRM record is out of the selection, and nothing travels
    unmet: list[str]  # the criteria that the CRM record does not meet now
    fields: list[FieldExplanation]
    consent: dict[str, Any]  # both sides' standing now and when last settled, with all evidence
    holds: list[str]  # reasons that hold the whole record
    journal: list[dict[str, Any]]  # last writes, newest first


class Explanation(msgspec.Struct, kw_only=True):
    """What Crosswalk knows of one record."""

    side: str
    record_id: str
    directory: list[
        dict[str, Any]
    ]  # what the feeds showed: object, key, stamp, deleted, why it does not take part
    links: list[LinkExplanation]
    unmet: list[str] = []  # of a CRM record without link: the criteria that it does not meet now


def stored(connection: Connection, side: Side, record_id: str) -> Explanation | None:
    """Return what is stored of a record; None when neither a link nor a feed ever showed it."""
    known = history.directory_rows(
        connection.crm_id if side is Side.CRM else connection.activecampaign_id, record_id
    )
    links = pairs.link_of(connection.id, side, record_id)
    if side is Side.CRM and not links:
        links = links_of_successor(connection.id, known)
    closed = history.closed_links(connection.id, side, record_id)
    if not known and not links and not closed:
        return None
    return Explanation(
        side=side.value,
        record_id=record_id,
        directory=known,
        links=[*_links(connection, links), *map(closed_link, closed)],
    )


def links_of_successor(connection_id: int, known: list[dict[str, Any]]) -> list[LinkRow]:
    """Return the links of what a CRM record was merged into or converted to."""
    ids = [row["successor"].partition(" ")[2] for row in known if row["successor"]]
    return [link for each in ids if each for link in pairs.link_of(connection_id, Side.CRM, each)]


def _links(connection: Connection, links: list[LinkRow]) -> list[LinkExplanation]:
    mapping = {each.object: each.fields for each in connections.mapping_of(connection).objects}
    found, holds = mapped.known(connection.id), pairs.holds_of([link.id for link in links])
    return [
        _link(connection, link, mapping.get(link.object, ()), found, holds.get(link.id, {})) for link in links
    ]


def _link(
    connection: Connection,
    link: LinkRow,
    fields: tuple[FieldMapping, ...],
    found: Mapping[Pairing, mapped.Mapped],
    holds: Mapping[str, HoldRow],
) -> LinkExplanation:
    reasons = history.hold_reasons(link.id)
    seen = _seen(connection.id, link)
    shadows = {side: unpack(link.shadow(side)) for side in Side}
    crm, activecampaign = consent_links.shadows_of(link.id)
    return LinkExplanation(
        object=link.object,
        crm_id=link.crm_id,
        activecampaign_id=link.activecampaign_id,
        state=link.state,
        is_primary=link.is_primary,
        selected=link.selected,
        unmet=[],
        fields=[
            _field(
                pair, found.get((link.object, pair.crm, pair.activecampaign)), seen, shadows, holds, reasons
            )
            for pair in fields
        ],
        consent={
            "crm": None,
            "activecampaign": None,
            "crm_shadow": crm,
            "activecampaign_shadow": activecampaign,
            "evidence": consent_links.evidence_of(link.id),
        },
        holds=[reason for field, reason in reasons.items() if not field],
        journal=history.journal_of(link.id, joined=True),
    )


def _seen(connection_id: int, link: LinkRow) -> dict[Side, Mapping[str, Value]]:
    """Return what waits to be looked at, by side."""
    return {
        Side.CRM: inbox.values_of(connection_id, Side.CRM, link.object, link.crm_id),
        Side.ACTIVECAMPAIGN: inbox.values_of(
            connection_id, Side.ACTIVECAMPAIGN, "contact", link.activecampaign_id
        ),
    }


def _field(
    pair: FieldMapping,
    known: mapped.Mapped | None,
    seen: Mapping[Side, Mapping[str, Value]],
    shadows: Mapping[Side, Mapping[str, Value]],
    holds: Mapping[str, HoldRow],
    reasons: Mapping[str, str],
) -> FieldExplanation:
    hold = holds.get(pair.crm)
    held = unpack(hold.values) if hold is not None else {}
    settled = {side: shadows[side].get(pair.name(side), UNKNOWN) for side in Side}
    last = {side: seen[side].get(pair.name(side), held.get(side.value, settled[side])) for side in Side}
    return FieldExplanation(
        crm_field=pair.crm,
        crm_label=known.crm_label if known and known.crm_label else pair.crm,
        activecampaign_field=pair.activecampaign,
        activecampaign_label=known.activecampaign_label
        if known and known.activecampaign_label
        else pair.activecampaign,
        crm=last[Side.CRM],
        activecampaign=last[Side.ACTIVECAMPAIGN],
        crm_shadow=settled[Side.CRM],
        activecampaign_shadow=settled[Side.ACTIVECAMPAIGN],
        decision="",
        reason="",
        hold=reasons.get(pair.crm),
    )


def closed_link(row: dict[str, Any]) -> LinkExplanation:
    """Tell why a link closed, and what was written over it."""
    return LinkExplanation(
        object=row["object"],
        crm_id=row["crm_id"],
        activecampaign_id=row["activecampaign_id"],
        state="closed",
        closed_reason=row["closed_reason"],
        is_primary=row["is_primary"],
        selected=True,
        unmet=[],
        fields=[],
        consent={
            "crm": None,
            "activecampaign": None,
            "crm_shadow": None,
            "activecampaign_shadow": None,
            "evidence": consent_links.evidence_of(row["id"]),
        },
        holds=[],
        journal=history.journal_of(row["id"], joined=True),
    )
