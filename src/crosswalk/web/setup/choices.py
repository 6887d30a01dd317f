"""The choice of records of an object as pages show and count it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core.criteria_words import SELECTIONS
from crosswalk.core.language import gettext as _core
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.system import Counted
from crosswalk.store.models import Connection
from crosswalk.sync.selections import count_selection
from crosswalk.web import services

from .criteria_shown import told

# In the order of ActiveCampaign's own set-up, which has no “all” for Salesforce and nothing flagged for Dynamics.
_KINDS = {
    "salesforce": (
        SelectionKind.NONE,
        SelectionKind.CREATED_FROM_NOW,
        SelectionKind.FLAGGED,
        SelectionKind.CRITERIA,
        SelectionKind.ALL,
    ),
    "dynamics": (
        SelectionKind.ALL,
        SelectionKind.CREATED_FROM_NOW,
        SelectionKind.CRITERIA,
        SelectionKind.NONE,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several things to choose from, with what it means."""

    value: str
    label: str | Promise
    hint: str | Promise = ""
    is_chosen: bool = False


def kinds(connection: Connection, chosen: SelectionKind, stored: Selection) -> list[Option]:
    """Return the kinds of a choice of records that there are for a CRM; `stored` is what is chosen now."""
    return [
        Option(
            value=kind.value,
            label=_core(SELECTIONS[kind][0]),
            hint=_since(stored) if _dates(kind, stored) else _core(SELECTIONS[kind][1]),
            is_chosen=kind is chosen,
        )
        for kind in _KINDS[connection.crm.system]
    ]


def _dates(kind: SelectionKind, stored: Selection) -> bool:
    return kind is SelectionKind.CREATED_FROM_NOW is stored.kind and stored.since is not None


def _since(stored: Selection) -> str:
    """Return from when on records count that were created."""
    moment = date_format(stored.since, "DATETIME_FORMAT") if stored.since is not None else ""
    return _("Those created since %(moment)s UTC. What existed before is left alone.") % {"moment": moment}


def name_of(kind: SelectionKind) -> str:
    """Return what a kind of choice is called."""
    return _core(SELECTIONS[kind][0])


def conditions(selection: Selection, schema: Schema) -> Sequence[str]:
    """Return the lines of a choice by criteria."""
    return told(selection.criteria, schema) if selection.criteria is not None else ()


def counted(connection: Connection, object: str, selection: Selection | None) -> Counted:
    """Ask the CRM how many records a choice takes. Raises UserError, SystemFailure."""
    return count_selection(connection.name, object, selection, services.vault(), services.clock())[1]


def kind_sent(text: str, before: SelectionKind) -> SelectionKind:
    """Return the kind that was sent; anything else than a kind leaves it as it was."""
    return SelectionKind(text) if text in set(SelectionKind) else before


def said(counted: Counted) -> str:
    """Return what a choice takes in words."""
    numbers = {"records": number_format(counted.records), "mails": number_format(counted.with_email)}
    if counted.exact:
        return _("Takes %(records)s records now, %(mails)s of them with an e-mail address.") % numbers
    return (
        _("Takes at most %(records)s records now, at most %(mails)s of them with an e-mail address.")
        % numbers
    )
