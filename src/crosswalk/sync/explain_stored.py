"""What is known of one record without asking a system: both sides as last known, what is held, what was written."""

from __future__ import annotations

from collections.abc import Mapping

from crosswalk.core.mapping import FieldMapping, Side
from crosswalk.core.values import Value, unpack
from crosswalk.store import connections, hold_rows, inbox, mapped
from crosswalk.store.hold_rows import HoldRow
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.models import Connection

from .context import CONTACT
from .explained import UNKNOWN, Ends, Explanation, FieldExplanation, explanation, field_told, look_up


def stored(connection: Connection, side: Side, record_id: str) -> Explanation | None:
    """Return what is stored of a record; None when neither a link nor a feed ever showed it."""
    tenant = connection.crm_id if side is Side.CRM else connection.activecampaign_id
    found = look_up(connection.id, tenant, side, record_id)
    if not found.directory and not found.links and not found.closed:
        return None
    mapping = {each.object: each.fields for each in connections.mapping_of(connection).objects}
    noted, holds = mapped.known(connection.id), hold_rows.holds_of([link.id for link in found.links])

    def ends(link: LinkRow, reasons: Mapping[str, str]) -> Ends:
        record = _Record(connection.id, link, holds.get(link.id, {}), reasons)
        return Ends(
            fields=[
                record.told(pair, noted.get((link.object, pair.crm, pair.activecampaign)))
                for pair in mapping.get(link.object, ())
            ]
        )

    return explanation(found, ends)


class _Record:
    """Both records of a link as the database knows them."""

    def __init__(
        self, connection_id: int, link: LinkRow, holds: Mapping[str, HoldRow], reasons: Mapping[str, str]
    ) -> None:
        self._holds = holds
        self._reasons = reasons
        self._settled = {side: unpack(link.shadow(side)) for side in Side}
        self._waiting = {  # to be looked at
            side: inbox.values_of(
                connection_id, side, link.object if side is Side.CRM else CONTACT, link.record_id(side)
            )
            for side in Side
        }

    def told(self, pair: FieldMapping, noted: mapped.Mapped | None) -> FieldExplanation:
        """Tell of a field: what waits of it, else what its hold keeps, else what was settled."""
        settled = {side: self._settled[side].get(pair.name(side), UNKNOWN) for side in Side}
        hold = self._holds.get(pair.crm)
        held: Mapping[str, Value] = unpack(hold.values) if hold is not None else {}
        return field_told(
            pair,
            labels={
                Side.CRM: (noted.crm_label if noted else "") or pair.crm,
                Side.ACTIVECAMPAIGN: (noted.activecampaign_label if noted else "") or pair.activecampaign,
            },
            now={
                side: self._waiting[side].get(pair.name(side), held.get(side.value, settled[side]))
                for side in Side
            },
            settled=settled,
            hold=self._reasons.get(pair.crm),
        )
