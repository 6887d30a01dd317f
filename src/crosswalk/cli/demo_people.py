"""What people do on both sides of a demo: edits, conflicts, renames, deletes, new records, tags."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from .demo_systems import Record, Systems

TAG = "make it a lead"
TAGGED = 10
CRM_OBJECTS = ("Contact", "Lead")
CONTACT = "contact"
_SEED = 7

# what one edit changes; the next edit takes the next row
CRM_EDITS: Sequence[Mapping[str, Any]] = (
    {"Phone": "+49 30 5550 0100"},
    {"LastName": "Ōe-Müller"},
    {"Score__c": 0},
    {"Score__c": None},
    {"Partner__c": True},
    {"Partner__c": False},
    {"Birthday__c": "1980-02-29"},
    {"Last_Meeting__c": "2026-05-04T07:30:00.000+0000"},
    {"Interests__c": "Email;Events"},
    {"Region__c": "Europe"},
    {"Notes__c": "Called back.\nWants the blue one 🎉"},
    {"Phone": None, "Nickname__c": "Robin"},
)
CONTACT_EDITS: Sequence[Mapping[str, Any]] = (
    {"phone": "+44 20 7946 0100"},
    {"firstName": "Zoë"},
    {"NOTES": ""},
    {"NOTES": "Ligne une\nligne deux – «c'est noté»"},
    {"SCORE": "12.5"},
    {"PARTNER": True},
    {"PARTNER": False},
    {"BIRTHDAY": "2000-01-31"},
    {"INTERESTS": ["Phone", "Webinars"]},
    {"REGION": "Americas"},
    {"lastName": "von der Heide", "phone": ""},
)
# one field edited on both sides: by the later edit, by the policy of the field, by union
CONFLICTS: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = (
    ({"Phone": "+1 202 555 0111"}, {"phone": "+1 202 555 0122"}),
    ({"Score__c": 11}, {"SCORE": "22"}),
    ({"Region__c": "Asia Pacific"}, {"REGION": "Europe"}),
    ({"Interests__c": "Events;Product news"}, {"INTERESTS": ["Email", "Phone"]}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One human known to both sides under one address."""

    object: str
    crm_id: str
    contact_id: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What people did, counted."""

    done: Mapping[str, int]
    created_in_crm: int
    tagged: Sequence[str]  # e-mail addresses


def alive(records: Sequence[Record]) -> Iterator[Record]:
    """Yield records that are not deleted, of either system's dump."""
    return (record for record in records if not record.get("IsDeleted") and record.get("deleted", "0") == "0")


def work(systems: Systems) -> Day:
    """Let people work for a day; the same population sees the same day."""
    people = _People(systems)
    people.edit()
    people.conflict()
    people.rename()
    people.delete()
    people.create()
    people.tag()
    return Day(done=dict(people.done), created_in_crm=people.created, tagged=people.tagged)


class _People:
    """Hands out pairs so that nobody is edited twice by accident."""

    def __init__(self, systems: Systems) -> None:
        self._crm, self._contacts = systems.crm, systems.activecampaign
        self._pairs, self._strangers = _population(systems)
        chance = random.Random(_SEED)
        chance.shuffle(self._pairs)
        chance.shuffle(self._strangers)
        self._most = max(2, len(self._pairs) // 20)
        self.done: Counter[str] = Counter()
        self.created = 0
        self.tagged: list[str] = []

    def _take(self, number: int) -> list[Pair]:
        """Take the next pairs: so many, or a twentieth of all where there are few."""
        number = min(number, self._most)
        taken, self._pairs = self._pairs[:number], self._pairs[number:]
        return taken

    def edit(self) -> None:
        """Everyday edits, on one side only."""
        for pair, values in zip(self._take(120), cycle(CRM_EDITS)):
            self._crm.person("edit", pair.object, pair.crm_id, values)
            self.done["edited in the CRM"] += 1
        for pair, values in zip(self._take(120), cycle(CONTACT_EDITS)):
            self._contacts.person("edit", CONTACT, pair.contact_id, values)
            self.done["edited in ActiveCampaign"] += 1

    def conflict(self) -> None:
        """The same field edited differently on both sides."""
        for pair, (crm, contact) in zip(self._take(40), cycle(CONFLICTS)):
            self._crm.person("edit", pair.object, pair.crm_id, crm)
            self._contacts.person("edit", CONTACT, pair.contact_id, contact)
            self.done["edited on both sides"] += 1

    def rename(self) -> None:
        """New e-mail addresses, on either side."""
        for pair in self._take(5):
            self._crm.person("edit", pair.object, pair.crm_id, {"Email": f"new.{pair.email}"})
            self.done["renamed"] += 1
        for pair in self._take(5):
            self._contacts.person("edit", CONTACT, pair.contact_id, {"email": f"moved.{pair.email}"})
            self.done["renamed"] += 1

    def delete(self) -> None:
        """Records deleted on one side; the other side keeps them."""
        for pair in self._take(5):
            self._crm.person("delete", pair.object, pair.crm_id, {})
            self.done["deleted"] += 1
        for pair in self._take(5):
            self._contacts.person("delete", CONTACT, pair.contact_id, {})
            self.done["deleted"] += 1

    def create(self) -> None:
        """New leads in the CRM, and new contacts whom nobody allowed to become CRM records."""
        for number in range(5):
            lead = {"LastName": f"Neumann {number}", "Company": "Fjord & Fell AS"}
            self._crm.person("create", "Lead", None, {**lead, "Email": f"neumann{number}@new.example"})
            self._contacts.person("create", CONTACT, None, {"email": f"guest{number}@new.example"})
            self.done["created"] += 2
            self.created += 1

    def tag(self) -> None:
        """Tag contacts that the CRM does not know: each is to become a lead."""
        for contact in self._strangers[:TAGGED]:
            self._contacts.person("tag", CONTACT, contact["id"], {"tag": TAG})
            self.tagged.append(contact["email"].lower())
            self.done["tagged"] += 1


def _population(systems: Systems) -> tuple[list[Pair], list[Record]]:
    """Return pairs with an address that stands once on each side, and contacts whom the CRM does not know."""
    dump = systems.crm.dump()
    records = [(name, each) for name in CRM_OBJECTS for each in alive(dump[name]) if each["Email"]]
    known = Counter(each["Email"].lower() for _, each in records)
    contacts = {each["email"].lower(): each for each in alive(systems.activecampaign.dump()["contact"])}
    pairs = [
        Pair(object=name, crm_id=each["Id"], contact_id=contacts[email]["id"], email=email)
        for name, each in records
        if known[email := each["Email"].lower()] == 1 and email in contacts
    ]
    return pairs, [contact for email, contact in contacts.items() if email not in known]
