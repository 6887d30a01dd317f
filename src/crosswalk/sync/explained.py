"""What is told of one record: the form of it, and how it is put together.

What both sides hold is told by a source: `explain` reads them, `explain_stored` asks the database alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from crosswalk.core.mapping import FieldMapping, Side
from crosswalk.core.values import Value
from crosswalk.store import consent_links, history, link_rows
from crosswalk.store.link_rows import LinkRow

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
    # what the feeds showed: object, key, stamp, deleted, why it does not take part
    directory: list[dict[str, Any]]
    links: list[LinkExplanation]
    unmet: list[str] = []  # of a CRM record without link: the criteria that it does not meet now


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of a record."""

    side: Side
    record_id: str
    directory: list[dict[str, Any]]
    links: Sequence[LinkRow]
    closed: Sequence[dict[str, Any]]


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of a link's two records."""

    fields: list[FieldExplanation]
    unmet: list[str] = []
    standings: Mapping[Side, str] = {}


Source = Callable[[LinkRow, Mapping[str, str]], Ends]  # a link, and why its fields are held


def look_up(connection_id: int, tenant_id: int, side: Side, record_id: str) -> Found:
    """Return what is known of a record; of a CRM record without link, the links of what it became."""
    known = history.directory_rows(tenant_id, record_id)
    links = link_rows.link_of(connection_id, side, record_id)
    if side is Side.CRM and not links:
        links = _links_of_successor(connection_id, known)
    closed = history.closed_links(connection_id, side, record_id)
    return Found(side=side, record_id=record_id, directory=known, links=links, closed=closed)


def _links_of_successor(connection_id: int, known: list[dict[str, Any]]) -> list[LinkRow]:
    """Return the links of what a CRM record was merged into or converted to."""
    ids = [row["successor"].partition(" ")[2] for row in known if row["successor"]]
    return [link for each in ids if each for link in link_rows.link_of(connection_id, Side.CRM, each)]


def explanation(found: Found, source: Source) -> Explanation:
    """Tell of a record, and of its links what `source` says."""
    return Explanation(
        side=found.side.value,
        record_id=found.record_id,
        directory=found.directory,
        links=[*(_link(link, source) for link in found.links), *map(_closed_link, found.closed)],
    )


def _link(link: LinkRow, source: Source) -> LinkExplanation:
    reasons = history.hold_reasons(link.id)
    ends = source(link, reasons)
    return LinkExplanation(
        object=link.object,
        crm_id=link.crm_id,
        activecampaign_id=link.activecampaign_id,
        state=link.state,
        is_primary=link.is_primary,
        selected=link.selected,
        unmet=ends.unmet,
        fields=ends.fields,
        consent=_consent(link.id, ends.standings, consent_links.shadows_of(link.id)),
        holds=[reason for field, reason in reasons.items() if not field],
        journal=history.journal_of(link.id, joined=True),
    )


def _closed_link(row: Mapping[str, Any]) -> LinkExplanation:
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
        consent=_consent(row["id"], {}, (None, None)),
        holds=[],
        journal=history.journal_of(row["id"], joined=True),
    )


def _consent(
    link_id: int, standings: Mapping[Side, str], shadows: tuple[str | None, str | None]
) -> dict[str, Any]:
    """Return who may be mailed as both sides say it, and why they came to it."""
    crm, contact = shadows
    return {
        "crm": standings.get(Side.CRM),
        "activecampaign": standings.get(Side.ACTIVECAMPAIGN),
        "crm_shadow": crm,
        "activecampaign_shadow": contact,
        "evidence": consent_links.evidence_of(link_id),
    }


def field_told(
    pair: FieldMapping,
    *,
    labels: Mapping[Side, str],
    now: Mapping[Side, Value],
    settled: Mapping[Side, Value],
    decision: str = "",
    reason: str = "",
    hold: str | None,
) -> FieldExplanation:
    """Tell of one field of a link."""
    return FieldExplanation(
        crm_field=pair.crm,
        crm_label=labels[Side.CRM],
        activecampaign_field=pair.activecampaign,
        activecampaign_label=labels[Side.ACTIVECAMPAIGN],
        crm=now[Side.CRM],
        activecampaign=now[Side.ACTIVECAMPAIGN],
        crm_shadow=settled[Side.CRM],
        activecampaign_shadow=settled[Side.ACTIVECAMPAIGN],
        decision=decision,
        reason=reason,
        hold=hold,
    )
