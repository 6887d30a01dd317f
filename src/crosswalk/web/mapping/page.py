"""The page of a tab, put together from the stored mapping, the stored fields and what a person typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping, Side
from crosswalk.core.versions import version_of
from crosswalk.store import connections, mapped
from crosswalk.store.models import Connection
from crosswalk.sync import schemas
from crosswalk.sync.fields import paused_fields
from crosswalk.sync.sampled import Sample
from crosswalk.sync.schemas import Described
from crosswalk.web import services
from crosswalk.web.setup import shell
from crosswalk.web.vendors import names_of

from .rows import Around, lacking, more_of, rows_of, shown_field
from .samples import cells_of_each
from .tabs import PLURALS, STANDARD, Tab, belongs, following, kind_of, mapping_of_object, shown_tabs, step_of
from .typed import TypedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a tab's page is about."""

    connection: Connection
    tab: Tab
    described: Described
    around: Around
    pairs: Sequence[FieldMapping]  # of this tab

    @property
    def mapping(self) -> ObjectMapping:
        """The object's mapping as it is stored."""
        return self.around.mapping


def shown(connection: Connection, tab: Tab, *, anew: bool = False) -> Shown:
    """Return what a tab shows now; with `anew` both systems are asked for their fields. Raises SystemFailure."""
    found = schemas.schemas(connection, [tab.object], services.vault(), services.clock(), anew=anew)
    crm, contact = found.schemas.crm[tab.object], found.schemas.contact
    whole = connections.mapping_of(connection)
    mapping = mapping_of_object(whole, tab.object)
    resting = paused_fields(mapping, crm, contact, mapped.known(connection.id))
    around = Around(
        crm=crm,
        contact=contact,
        settings=whole.settings,
        mapping=mapping,
        crm_name=names_of(connection)[Side.CRM],
        paused={each.mapping.crm: each for each in resting},
    )
    pairs = [pair for pair in mapping.fields if belongs(tab, contact, pair)]
    return Shown(connection=connection, tab=tab, described=found, around=around, pairs=pairs)


def context(
    page: Shown, typed: Sequence[TypedRow] = (), sample: Sample | None = None, **more: Any
) -> dict[str, Any]:
    """Return what the tab's template knows."""
    connection, tab = page.connection, page.tab
    samples = {row.crm: row for row in sample.rows} if sample is not None else {}
    around = replace(page.around, samples=samples, cells=cells_of_each(len(page.pairs)))
    return {
        "tab": tab,
        "tabs": shown_tabs(connection, connections.mapping_of(connection), around.contact, tab),
        "rows": rows_of(around, page.pairs, typed),
        "free": _free(page) if tab.kind == STANDARD else [],
        "lacking": lacking(around),
        "is_mapped": bool(page.mapping.fields),
        "crm_name": around.crm_name,
        "objects": PLURALS[tab.object],
        "version": version_of(page.mapping.fields),
        "since": services.clock().now(),
        "read_at": page.described.read_at,
        "sample": sample,
        "next_tab": following(tab),
        "onwards": _onwards(connection, tab),
        **{name: tab.address(connection, route) for name, route in _ROUTES.items()},
        **more,
    }


_ROUTES = {
    "save": "mapping-save",
    "sample_address": "mapping-sample",
    "read": "mapping-read",
    "pair": "mapping-pair",
    "suggestions": "mapping-suggestions",
    "extend": "mapping-extend",
    "more": "mapping-more",
}


def more(page: Shown, prefix: str, typed: TypedRow) -> dict[str, Any]:
    """Return what the template knows of the rules of one pair that are seldom changed."""
    return {"prefix": prefix, "more": more_of(page.around, typed.crm, typed.now)}


def _free(page: Shown) -> list[Any]:
    """Return ActiveCampaign's own fields that are in no pair."""
    taken = {pair.activecampaign for pair in page.pairs}
    contact = page.around.contact
    return [
        shown_field(contact, name)
        for name in contact.fields
        if kind_of(contact, name) == STANDARD and name not in taken
    ]


def _onwards(connection: Connection, tab: Tab) -> str:
    """Return where to go on to: the next tab, then the next step."""
    further = following(tab)
    return further.address(connection) if further else shell.after(connection, step_of(connection))


def whole(connection: Connection) -> MappingFile:
    """Return all objects' mappings as they are stored."""
    return connections.mapping_of(connection)


def named(page: Shown, rows: Sequence[TypedRow]) -> list[str]:
    """Return how pairs are called that may not be there any more."""
    around = page.around
    return [
        f"{shown_field(around.contact, row.activecampaign).label} – {shown_field(around.crm, row.crm).label}"
        for row in rows
    ]
