"""The tabs of the field mapping: of each object ActiveCampaign's own fields, and its custom fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping
from crosswalk.core.schema import Schema
from crosswalk.store.models import Connection
from crosswalk.sync.context import OBJECTS
from crosswalk.web.setup.steps import STEPS

STANDARD, CUSTOM = "standard", "custom"
# (object, kind of ActiveCampaign's fields) → title, in the order of ActiveCampaign's own set-up
TITLES: dict[tuple[str, str], str | Promise] = {
    ("lead", STANDARD): _("Standard lead"),
    ("lead", CUSTOM): _("Custom lead"),
    ("contact", STANDARD): _("Standard contact"),
    ("contact", CUSTOM): _("Custom contact"),
}
# what an object is called, within a sentence
PLURALS: dict[str, str | Promise] = {"lead": _("leads"), "contact": _("contacts")}
_STEPS = ("mapping", "data")  # the step of a set-up in which fields are mapped, by what it may be called


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab."""

    object: str
    kind: str

    @property
    def title(self) -> str | Promise:
        """What it is called."""
        return TITLES[self.object, self.kind]

    def address(self, connection: Connection, route: str = "mapping") -> str:
        """Return the address of the tab's page, or of what is done on it."""
        return reverse(route, args=[connection.id, self.object, self.kind])


TABS: Sequence[Tab] = [Tab(object=object, kind=kind) for object, kind in TITLES if object in OBJECTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTab:
    """A tab as the row of tabs shows it."""

    title: str | Promise
    address: str
    pairs: int
    is_here: bool


def tab_of(object: str, kind: str) -> Tab:
    """Return the tab of an address. Raises Http404."""
    found = next((tab for tab in TABS if (tab.object, tab.kind) == (object, kind)), None)
    if found is None:
        raise Http404
    return found


def step_of(connection: Connection) -> str:
    """Return the name of the step in which this connection's fields are mapped."""
    names = [step.name for step in STEPS[connection.crm.system]]
    return next(name for name in _STEPS if name in names)


def following(tab: Tab) -> Tab | None:
    """Return the next tab; None after the last one."""
    place = TABS.index(tab) + 1
    return TABS[place] if place < len(TABS) else None


def kind_of(contact: Schema, activecampaign: str) -> str:
    """Tell on which tab of its object a field of ActiveCampaign stands."""
    own = {contact.email, *contact.standard.values()}
    return STANDARD if activecampaign in own else CUSTOM


def belongs(tab: Tab, contact: Schema, pair: FieldMapping) -> bool:
    """Tell whether a pair of the tab's object stands on the tab."""
    return kind_of(contact, pair.activecampaign) == tab.kind


def mapping_of_object(mapping: MappingFile, object: str) -> ObjectMapping:
    """Return the mapping of an object, which may have no pairs yet."""
    return next((each for each in mapping.objects if each.object == object), ObjectMapping(object=object))


def shown_tabs(connection: Connection, mapping: MappingFile, contact: Schema, here: Tab) -> list[ShownTab]:
    """Return the row of tabs."""
    return [
        ShownTab(
            title=tab.title,
            address=tab.address(connection),
            pairs=sum(belongs(tab, contact, pair) for pair in mapping_of_object(mapping, tab.object).fields),
            is_here=tab == here,
        )
        for tab in TABS
    ]
