"""What people do on both sides of a demo: edits, conflicts, renames, deletes, new records, tags."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crosswalk.core.failures import UserError

from .demo_edits import Edits, Raw
from .demo_systems import Control, Record, Systems

TAG = "make it a lead"
TAGGED = 10
CONTACT = "contact"
_SEED = 7

# an address that a CRM takes, so that the contact can become a record of it
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_LONGEST_ADDRESS = 80


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


def work(systems: Systems, edits: Mapping[str, Edits]) -> Day:
    """Let people work for a day; `edits` are what they do to a record, by the CRM's object.

    The same population sees the same day.
    """
    people = _People(systems, edits)
    people.edit()
    people.conflict()
    people.rename()
    people.delete()
    people.create()
    people.tag()
    return Day(done=dict(people.done), created_in_crm=people.created, tagged=people.tagged)


class _People:
    """Hands out pairs so that nobody is edited twice by accident."""

    def __init__(self, systems: Systems, edits: Mapping[str, Edits]) -> None:
        self._kind, self._crm, self._contacts = systems.kind, systems.crm, systems.activecampaign
        self._edits = edits
        self._turns: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._pairs, self._strangers = population(systems)
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

    def _turn(self, object: str, what: str) -> int:
        """Count the edits of an object's records, so that each does the next thing."""
        self._turns[object, what] += 1
        return self._turns[object, what] - 1

    def _edit(self, system: Control, object: str, record_id: str, values: Raw) -> bool:
        """Edit one record; a page that does not take the values leaves it as it was."""
        try:
            system.person("edit", object, record_id, values)
        except UserError:
            self.done["refused by a page"] += 1
            return False
        return True

    def edit(self) -> None:
        """Everyday edits, on one side only."""
        for pair in self._take(120):
            if edits := self._edits[pair.object].crm:
                values = edits[self._turn(pair.object, "crm") % len(edits)]
                self.done["edited in the CRM"] += self._edit(self._crm, pair.object, pair.crm_id, values)
        for pair in self._take(120):
            if edits := self._edits[pair.object].contact:
                values = edits[self._turn(pair.object, "contact") % len(edits)]
                done = self._edit(self._contacts, CONTACT, pair.contact_id, values)
                self.done["edited in ActiveCampaign"] += done

    def conflict(self) -> None:
        """The same field edited differently on both sides."""
        for pair in self._take(40):
            if conflicts := self._edits[pair.object].conflicts:
                crm, contact = conflicts[self._turn(pair.object, "conflict") % len(conflicts)]
                if self._edit(self._crm, pair.object, pair.crm_id, crm):
                    done = self._edit(self._contacts, CONTACT, pair.contact_id, contact)
                    self.done["edited on both sides"] += done

    def rename(self) -> None:
        """New e-mail addresses, on either side."""
        for pair in self._take(5):
            self._crm.person("edit", pair.object, pair.crm_id, {self._kind.email: f"new.{pair.email}"})
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
            lead = {
                **self._kind.named(f"Neumann {number}"),
                self._kind.email: f"neumann{number}@new.example",
            }
            self._crm.person("create", self._kind.objects["lead"], None, lead)
            self._contacts.person("create", CONTACT, None, {"email": f"guest{number}@new.example"})
            self.done["created"] += 2
            self.created += 1

    def tag(self) -> None:
        """Tag contacts that the CRM does not know: each is to become a lead."""
        welcome = [contact for contact in self._strangers if _can_be_lead(contact)]
        for contact in welcome[:TAGGED]:
            self._contacts.person("tag", CONTACT, contact["id"], {"tag": TAG})
            self.tagged.append(contact["email"].lower())
            self.done["tagged"] += 1


def population(systems: Systems) -> tuple[list[Pair], list[Record]]:
    """Return pairs with an address that stands once on each side, and contacts whom the CRM does not know."""
    kind, dump = systems.kind, systems.crm.dump()
    records = [
        (name, each) for name in kind.objects.values() for each in alive(dump[name]) if each.get(kind.email)
    ]
    known = Counter(each[kind.email].lower() for _, each in records)
    contacts = {each["email"].lower(): each for each in alive(systems.activecampaign.dump()["contact"])}
    pairs = [
        Pair(object=name, crm_id=kind.id_of(name, each), contact_id=contacts[email]["id"], email=email)
        for name, each in records
        if known[email := each[kind.email].lower()] == 1 and email in contacts and not kind.closed(each)
    ]
    return pairs, [contact for email, contact in contacts.items() if email not in known]


def _can_be_lead(contact: Record) -> bool:
    email = contact["email"]
    return len(email) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(email) is not None
