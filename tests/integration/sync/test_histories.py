"""Random histories: people edit, create, delete and rename on both sides, between runs and in the middle of them.

Every value is written once in a history, so that it can be followed: at the end it stands where it was written, a
person replaced it there, or the journal shows what happened to it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, FieldMapping, MappingFile, Policy, Settings, Side
from crosswalk_sandbox.system import PersonError

if TYPE_CHECKING:
    import httpx2
    from tests.helpers.two_systems import TwoSystems

FIELDS = (*NAMES, FieldMapping(crm="Title", activecampaign="Job title"))
# What people edit: CRM field → ActiveCampaign's
EDITED = {"FirstName": "firstName", "LastName": "lastName", "Phone": "phone", "Title": "Job title"}
RUNS, EDITS_BETWEEN, EDITS_WITHIN = 3, 6, 2
BEYOND_FRESH = 11  # seconds: an edit later than the guard's reading of the same moment is the stated loss


CASES = [*product(["salesforce"], range(34)), *product(["dynamics"], range(34, 40))]


@dataclass(kw_only=True)
class Written:
    """A value that a person wrote."""

    side: Side
    record_id: str
    name: str
    replaced: bool = False  # by another person, at the same place


@dataclass
class People:
    """People of both sides, driven by chance."""

    both: TwoSystems
    chance: random.Random
    count: int = 0
    written: dict[str, Written] = field(default_factory=dict)

    def act(self) -> None:
        """Somebody does something; some of it is refused by the vendor's pages."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self.edit_crm, 8),
            (self.edit_contact, 8),
            (self.new_crm, 3),
            (self.new_contact, 3),
            (self.rename, 2),
            (self.set_alone, 1),
            (self.delete, 1),
        ]
        self.both.wait(self.chance.choice([0, 1, 3, 8, 20, 60]))
        (action,) = self.chance.choices([each for each, _ in actions], [weight for _, weight in actions])
        with suppress(PersonError):  # an address that is taken
            action()

    def value(self, side: Side, record_id: str, name: str) -> str:
        """A new value for a field, which replaces what another person wrote there."""
        for old in self.written.values():
            if (old.side, old.record_id, old.name) == (side, record_id, name):
                old.replaced = True
        self.count += 1
        text = f"v{self.count}"
        self.written[text] = Written(side=side, record_id=record_id, name=name)
        return text

    def email(self, odd: float = 0.0) -> str:
        """One of few addresses; ActiveCampaign takes odd ones that the CRM refuses."""
        name = "pä" if self.chance.random() < odd else "p"
        return f"{name}{self.chance.randrange(12)}@example.org"

    def some(self) -> list[str]:
        return self.chance.sample(sorted(EDITED), self.chance.choice([1, 1, 2, 3]))

    def edit_crm(self) -> None:
        object, row = self.crm_row()
        names = self.some()
        self.both.crm_edit(object, row["Id"], **{n: self.value(Side.CRM, row["Id"], n) for n in names})

    def edit_contact(self) -> None:
        row = self.contact_row()
        titles = [EDITED[name] for name in self.some()]
        values = {title: self.value(Side.ACTIVECAMPAIGN, row["id"], title) for title in titles}
        self.both.contact_edit(row["id"], **values)

    def set_alone(self) -> None:
        """A custom value changes and the contact's stamp does not."""
        row = self.contact_row()
        title = EDITED["Title"]
        self.both.contact_set_values(row["id"], **{title: self.value(Side.ACTIVECAMPAIGN, row["id"], title)})

    def new_crm(self) -> None:
        object = self.chance.choice(["contact", "lead"])
        crm_id = self.both.crm_new(object, Email=self.chance.choice([self.email(), self.email(), None]))
        names = [*self.some(), "LastName"]
        self.both.crm_edit(object, crm_id, **{n: self.value(Side.CRM, crm_id, n) for n in names})

    def new_contact(self) -> None:
        contact_id = self.both.contact_new(self.email(odd=0.1))
        titles = [*(EDITED[name] for name in self.some()), "lastName"]
        values = {title: self.value(Side.ACTIVECAMPAIGN, contact_id, title) for title in titles}
        self.both.contact_edit(contact_id, **values)

    def rename(self) -> None:
        if self.chance.random() < 0.5:
            object, row = self.crm_row()
            self.both.crm_edit(object, row["Id"], Email=self.email())
        else:
            self.both.contact_edit(self.contact_row()["id"], email=self.email(odd=0.3))

    def delete(self) -> None:
        if self.chance.random() < 0.5:
            object, row = self.crm_row()
            self.both.crm_delete(object, row["Id"])
            if self.chance.random() < 0.3:
                self.both.crm_purge(object, row["Id"])
        else:
            self.both.contact_delete(self.contact_row()["id"])

    def crm_row(self) -> tuple[str, dict[str, Any]]:
        rows = [(object, row) for object in ("contact", "lead") for row in self.both.crm_all(object)]
        return self.chance.choice(rows) if rows else ("contact", self.made())

    def made(self) -> dict[str, Any]:
        return self.both.crm("contact", self.both.crm_new(Email=self.email()))

    def contact_row(self) -> dict[str, Any]:
        rows = self.both.contacts()
        if not rows:
            self.new_contact()
        return self.chance.choice(self.both.contacts())


def mapping(chance: random.Random) -> MappingFile:
    settings = Settings(
        policy=chance.choice([Policy.NEWEST, Policy.NEWEST, Policy.CRM, Policy.ACTIVECAMPAIGN]),
        winner=chance.choice(list(Side)),
        creation=chance.choice([CreationRule.NEVER, CreationRule.ALL]),
        creation_object=chance.choice(["lead", "contact"]),
        import_updates_above=chance.choice([2, 200]),
    )
    return mapping_of(*both_objects(FIELDS, creation_defaults={"Company": "unknown"}), settings=settings)


def disturb(both: TwoSystems, people: People) -> None:
    """Let people act in the middle of a run: before a reading, never between a guard's reading and its write."""

    def hook(route: str, request: httpx2.Request) -> None:
        if route.startswith("GET") and people.chance.random() < 0.3:
            both.wait(BEYOND_FRESH)
            people.act()

    both.wire.before.append(hook)


def check_every_value(both: TwoSystems, people: People) -> None:
    """Nothing that a person wrote has vanished without a trace."""
    rows: dict[str, dict[str, Any]] = {
        row["Id"]: row for object in ("contact", "lead") for row in both.crm_all(object)
    }
    told = {str(value) for row in both.journal() for fields in row["fields"].values() for value in fields[:2]}
    contacts = {row["id"]: row["email"] for row in both.contacts()}
    for text, written in people.written.items():
        if written.replaced or text in told:
            continue
        if written.side is Side.CRM and written.record_id in rows:
            assert rows[written.record_id][written.name] == text, f"{text} was lost: {written}"
        elif written.side is Side.ACTIVECAMPAIGN and written.record_id in contacts:
            found = both.held(contacts[written.record_id], written.name)
            assert found == text, f"{text} was lost: {written}, there is {found}"


def check_no_duplicates(both: TwoSystems) -> None:
    """We made at most one record for an address; a contact has at most one primary."""
    made = Counter((row["record_id"], row["side"]) for row in both.journal() if row["op"] == "create")
    assert all(count == 1 for count in made.values())
    ours = both.integration_user
    addresses = Counter(
        row["Email"]
        for object in ("contact", "lead")
        for row in both.crm_all(object)
        if row["CreatedById"] == ours
    )
    assert [email for email, count in addresses.items() if count > 1] == []
    primaries = Counter(link.activecampaign_id for link in both.links(state="open", is_primary=True))
    assert [contact for contact, count in primaries.items() if count > 1] == []


@pytest.mark.parametrize(("both", "seed"), CASES, indirect=["both"])
def test_whatever_people_do_both_sides_end_equal_and_nothing_is_lost(both: TwoSystems, seed: int) -> None:
    chance = random.Random(seed)
    people = People(both, chance)
    for _ in range(EDITS_BETWEEN):
        people.act()
    both.connect(mapping(chance))
    for _ in range(RUNS):
        disturb(both, people)
        both.sync()
        both.wire.allow()
        for _ in range(chance.randrange(EDITS_BETWEEN)):
            people.act()

    both.wait(30)
    settled = next((n for n in range(4) if both.sync().waiting == 0), None)
    assert settled is not None, both.rows("inbox")
    if seed % 2:  # what no feed shows becomes known
        both.sync(sweep_all=True)
    else:
        both.verify()
    both.sync()
    both.sync()
    both.assert_quiet()
    check_every_value(both, people)
    check_no_duplicates(both)
