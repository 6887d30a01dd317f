"""Random histories of consent: whoever's last word was an opt-out is mailed by nobody.

That no call subscribes anybody, and none unchecks a box unasked, is checked at the wire for every test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, MappingFile, Settings

if TYPE_CHECKING:
    import httpx2
    from tests.helpers.two_systems import TwoSystems

BOX = "HasOptedOutOfEmail"
PERSONS, RUNS, ACTS = 5, 4, 5
SWEPT = 3601  # seconds after which everybody who left a list is read
CASES = [*product(["salesforce"], range(6)), *product(["dynamics"], range(6, 9))]


@dataclass
class People:
    """Persons with records on both sides, and what they said last."""

    both: TwoSystems
    chance: random.Random
    out: set[str] = field(default_factory=set)  # whose last word was an opt-out
    unchecked: set[str] = field(default_factory=set)  # of whom somebody ever unchecked a box
    unseen: set[str] = field(
        default_factory=set
    )  # CRM records unchecked since the last run: checked again, nothing tells

    def act(self) -> None:
        """Somebody says yes or no, or does something else."""
        actions: list[Callable[[str], None]] = [
            *[self.check] * 3,
            *[self.subscribe] * 4,
            *[self.unsubscribe] * 4,
            self.uncheck,
            self.bounce,
            self.edit,
            self.new_record,
        ]
        self.both.wait(self.chance.choice([0, 2, 15, 120]))
        self.chance.choice(actions)(f"p{self.chance.randrange(PERSONS)}@example.org")

    def said(self, email: str, *, out: bool) -> None:
        (self.out.add if out else self.out.discard)(email)

    def records(self, email: str) -> list[tuple[str, dict[str, Any]]]:
        objects = ("contact", "lead")
        return [(name, row) for name in objects for row in self.both.crm_all(name) if row["Email"] == email]

    def contact(self, email: str) -> dict[str, Any]:
        if not self.both.contacts(email):
            self.both.contact_new(email, lastName="Ruiz")
        return self.both.contact(email)

    def record(self, email: str) -> tuple[str, dict[str, Any]]:
        if not self.records(email):
            self.new_record(email)
        return self.chance.choice(self.records(email))

    def new_record(self, email: str) -> None:
        ticked = self.chance.random() < 0.2
        self.both.crm_new(self.chance.choice(["contact", "lead"]), Email=email, **{BOX: ticked})
        if ticked:
            self.said(email, out=True)

    def check(self, email: str) -> None:
        object, row = self.record(email)
        if not row[BOX] and row["Id"] not in self.unseen:
            self.both.crm_edit(object, row["Id"], **{BOX: True})
            self.said(email, out=True)

    def uncheck(self, email: str) -> None:
        object, row = self.record(email)
        if row[BOX]:
            self.both.crm_edit(object, row["Id"], **{BOX: False})
            self.said(email, out=False)  # perhaps before anybody saw it checked
            self.unchecked.add(email)
            self.unseen.add(row["Id"])

    def subscribe(self, email: str) -> None:
        self.both.contact_edit(self.contact(email)["id"], lists={self.chance.choice("12"): 1})
        self.said(email, out=False)

    def unsubscribe(self, email: str) -> None:
        row = self.contact(email)
        active = [name for name, state in row["lists"].items() if state == "1"]
        if active:
            self.both.contact_edit(row["id"], lists={self.chance.choice(active): 2})
            if len(active) == 1:
                self.said(email, out=True)

    def bounce(self, email: str) -> None:
        row = self.contact(email)
        self.both.contact_bounce(row["id"])
        if "1" in row["lists"].values():  # else nothing shows it before the contact is read anew
            self.said(email, out=True)

    def edit(self, email: str) -> None:
        self.both.contact_edit(self.contact(email)["id"], phone=f"+34 {self.chance.randrange(9)}")

    def assert_heard(self) -> None:
        """Nobody whose last word was no is on a list; all boxes say so, but for those that a person unchecked."""
        for email in self.out:
            for row in self.both.contacts(email):
                assert "1" not in row["lists"].values(), email
        for email in self.out - self.unchecked:
            assert [row[BOX] for _, row in self.records(email)].count(False) == 0, email


def mapping(chance: random.Random) -> MappingFile:
    settings = Settings(
        uncheck_opt_out=chance.random() < 0.3,
        creation=chance.choice([CreationRule.NEVER, CreationRule.ALL]),
        creation_object="contact",
    )
    return mapping_of(*both_objects(), settings=settings)


def disturb(both: TwoSystems, people: People) -> None:
    """Let people act in the middle of a run."""

    def hook(route: str, request: httpx2.Request) -> None:
        if people.chance.random() < 0.15:
            people.act()

    both.wire.before.append(hook)


@pytest.mark.parametrize(("both", "seed"), CASES, indirect=["both"])
def test_whoever_said_no_last_is_mailed_by_nobody(both: TwoSystems, seed: int) -> None:
    chance = random.Random(seed)
    people = People(both, chance)
    for _ in range(ACTS):
        people.act()
    chosen = mapping(chance)
    both.wire.may_uncheck = chosen.settings.uncheck_opt_out
    both.connect(chosen)
    for _ in range(RUNS):
        disturb(both, people)
        both.sync()
        both.wire.allow()
        both.wait(SWEPT)
        both.sync()
        both.sync()
        people.unseen.clear()
        people.assert_heard()
        for _ in range(chance.randrange(ACTS)):
            people.act()
    both.wait(SWEPT)
    both.sync()
    both.assert_quiet()
    people.assert_heard()
