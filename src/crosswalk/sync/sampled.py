"""What a live sample shows: per pair of fields and record, what would become of it, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from crosswalk.core.language import gettext as _
from crosswalk.core.language import gettext_noop
from crosswalk.core.mapping import Side


class Fate(StrEnum):
    """What would become of a field of one record."""

    EQUAL = "equal"
    TO_ACTIVECAMPAIGN = "to_activecampaign"
    TO_CRM = "to_crm"
    BOTH = "both"
    NEW = "new"  # part of a contact that would be made
    LEFT = "left"
    REFUSED = "refused"
    ASK = "ask"
    HELD = "held"
    UNKNOWN = "unknown"
    ASIDE = "aside"  # the record takes no part


FATES: Mapping[Fate, str] = {
    Fate.EQUAL: gettext_noop("equal"),
    Fate.TO_ACTIVECAMPAIGN: gettext_noop("would be written to ActiveCampaign"),
    Fate.TO_CRM: gettext_noop("would be written to {crm}"),
    Fate.BOTH: gettext_noop("would be written to both sides"),
    Fate.NEW: gettext_noop("would be part of a new contact"),
    Fate.LEFT: gettext_noop("left alone"),
    Fate.REFUSED: gettext_noop("would be refused"),
    Fate.ASK: gettext_noop("conflict: a person would be asked"),
    Fate.HELD: gettext_noop("held already"),
    Fate.UNKNOWN: gettext_noop("could not be read"),
    Fate.ASIDE: gettext_noop("takes no part"),
}


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one record."""

    record: str  # what the record is called
    crm: str | None  # the value, in words; None: empty
    activecampaign: str | None
    fate: Fate
    becomes: str | None = None  # the value that would be written, in words
    winner: Side | None = None  # of a conflict
    why: str = ""


class RowSample(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of fields over all records."""

    crm: str
    crm_label: str
    activecampaign: str
    activecampaign_label: str
    cells: Sequence[Cell]

    @property
    def counts(self) -> list[tuple[Fate, int]]:
        """How often each fate is met, the most frequent first."""
        return Counter(cell.fate for cell in self.cells).most_common()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules would do with some real records."""

    object: str
    read_at: datetime
    records: Sequence[str]
    rows: Sequence[RowSample]


def fate_words(fate: Fate, crm: str) -> str:
    """Return a fate in the reader's language; `crm` is what the CRM is called."""
    return _(FATES[fate]).format(crm=crm)


def cell_words(cell: Cell, crm: str) -> str:
    """Return what would become of a field, with the reason."""
    words = fate_words(cell.fate, crm)
    if cell.winner is not None:
        winner = crm if cell.winner is Side.CRM else "ActiveCampaign"
        words = _("conflict, {system} wins: {fate}").format(system=winner, fate=words)
    return f"{words}. {cell.why}" if cell.why else words
