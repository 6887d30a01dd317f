"""Which records take part: the selection of an object, compiled against the CRM's schema and judged at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crosswalk.core import criteria
from crosswalk.core.criteria import Criterion
from crosswalk.core.failures import UserError
from crosswalk.core.judging import Judge
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.values import Values, unpack
from crosswalk.core.words import keepable as _
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.pairs import Seen


class Selector:
    """Judges records of one CRM object. `now` is the CRM's time: relative dates count from it."""

    def __init__(self, selection: Selection, schema: Schema, now: datetime) -> None:
        self._selection = selection
        asked = selection.asked
        self._judge = None if asked is None else Judge(asked, schema, now)
        self._follows_links = selection.kind is SelectionKind.FLAGGED
        self.turns = asked is not None and any(row.operator.is_relative for row in asked.all_rows())

    def takes(self, created: datetime | None, values: Values | bytes, *, linked: bool = False) -> bool:
        """Tell whether a record takes part; a flagged one stays as long as its link lives (`linked`)."""
        if not self._selection.may_take(created):
            return False
        if self._judge is None or (self._follows_links and linked):
            return True
        return self._judge.meets(unpack(values) if isinstance(values, bytes) else values)

    def takes_seen(self, seen: Seen, link: LinkRow | None) -> bool:
        """Tell whether a sighted record takes part."""
        return self.takes(seen.created, seen.packed, linked=link is not None and link.selected)

    def turns_at(self, seen: Seen) -> datetime | None:
        """Return when the passing of time may select or drop a record; None: never."""
        return self._judge.turns_at(unpack(seen.packed)) if self._judge is not None else None

    def unmet(self, values: Values) -> list[Criterion]:
        """Return the rows that a record does not meet."""
        return [] if self._judge is None else self._judge.unmet(values)


def checked_selection(selection: Selection, schema: Schema) -> Selection:
    """Return a selection as it is saved: criteria with names and values in canonical form, the flag's field found.

    One that takes none keeps what it had for the day on which it takes records again.

    Raises UserError that names field, operator or value, and what may stand there.
    """
    if selection.kind is SelectionKind.NONE:
        return selection
    if selection.kind is SelectionKind.FLAGGED:
        return replace(selection, flag=_flag(schema), criteria=None)
    if selection.kind is not SelectionKind.CRITERIA:
        return replace(selection, flag=None, criteria=None)
    if selection.criteria is None:
        raise UserError(
            _("{object}: the selection “criteria” has no criteria.").format(object=schema.object),
            cure=_("Add selection.criteria with at least one row, or choose another selection."),
        )
    return replace(selection, flag=None, criteria=criteria.checked(selection.criteria, schema))


def require_fields(selection: Selection, schema: Schema) -> None:
    """Raise UserError when a saved selection asks for a field that is gone, or whose type is another one now."""
    if selection.kind is SelectionKind.FLAGGED:
        _flag(schema)
    if selection.asked is not None:
        criteria.require(selection.asked, schema)


def _flag(schema: Schema) -> str:
    if schema.flag is None:
        raise UserError(
            _(
                "{object}: the CRM has no field ActiveCampaign_Sync_Status__c (any more) to flag records by."
            ).format(object=schema.object),
            cure=_(
                "Install the package that brings the field and let the connection's user read it,"
                " or choose another selection."
            ),
        )
    return schema.flag
