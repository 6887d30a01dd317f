"""Proposed pairs as a tab shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.convert import Likeness, Suggestion, Suggestions
from crosswalk.core.mapping import FieldMapping

from .page import Shown
from .rows import ShownField, shown_field
from .tabs import TABS, Tab, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Two fields that probably belong together."""

    key: str
    crm: ShownField
    activecampaign: ShownField
    why: str
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """What is proposed for one tab."""

    listed: Sequence[Proposal]
    sure: int
    refused: Sequence[str]  # why namesakes cannot be paired
    elsewhere: Sequence[tuple[str | Promise, str, int]]  # other tabs of the object: title, address, how many


def proposals_of(tab: Tab, found: Shown, proposed: Suggestions) -> Proposals:
    """Return what is proposed for a tab, and how much for the other tabs of its object."""
    listed = [_proposal(found, each) for each in proposed.pairs if _tab(found, each) == tab]
    others = [each for each in TABS if each.object == tab.object and each != tab]
    counts = [(each, sum(_tab(found, pair) == each for pair in proposed.pairs)) for each in others]
    return Proposals(
        listed=listed,
        sure=sum(each.is_sure for each in listed),
        refused=[
            why
            for _crm, contact, why in proposed.refused
            if kind_of(found.around.contact, contact.name) == tab.kind
        ],
        elsewhere=[(each.title, each.address(found.connection), count) for each, count in counts if count],
    )


def _tab(found: Shown, pair: Suggestion) -> Tab:
    return Tab(object=found.tab.object, kind=kind_of(found.around.contact, pair.activecampaign.name))


def _proposal(found: Shown, pair: Suggestion) -> Proposal:
    return Proposal(
        key=_key(pair),
        crm=shown_field(found.around.crm, pair.crm.name),
        activecampaign=shown_field(found.around.contact, pair.activecampaign.name),
        why=pair.why if pair.likeness is not Likeness.SIMILAR else _("only {why}").format(why=pair.why),
        is_sure=pair.likeness is not Likeness.SIMILAR and not pair.missing,
    )


def _key(pair: Suggestion) -> str:
    return f"{pair.crm.name} {pair.activecampaign.name}"


def likely(proposed: Suggestions, chosen: Collection[str]) -> list[FieldMapping]:
    """Return the proposed pairs that a person chose."""
    return [each.mapping for each in proposed.pairs if _key(each) in chosen]
