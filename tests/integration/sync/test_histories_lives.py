"""Random histories in which records are converted, merged, restored and erased, besides all that people do anyway."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from crosswalk.core.mapping import Side
from crosswalk_sandbox.system import PersonError

from .test_histories import (
    EDITS_BETWEEN,
    RUNS,
    People,
    check_every_value,
    check_no_duplicates,
    disturb,
    mapping,
)

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

CASES = [*product(["salesforce"], range(100, 106)), *product(["dynamics"], range(100, 104))]


class Lives(People):
    """People who also do what becomes of records."""

    def act(self) -> None:
        if self.chance.random() < 0.6:
            super().act()
            return
        self.both.wait(self.chance.choice([0, 1, 3, 8, 20, 60]))
        actions: list[Callable[[], None]] = [
            self.convert,
            self.convert,
            self.convert_into,
            self.merge,
            self.merge,
            self.restore,
            self.merge_contacts,
            self.anonymize,
        ]
        if self.both.vendor == "dynamics":
            actions += [self.deactivate, self.reactivate]
        with suppress(PersonError):
            self.chance.choice(actions)()

    def crm_row(self) -> tuple[str, dict[str, Any]]:
        rows = [
            (object, row)
            for object in ("contact", "lead")
            for row in self.both.crm_all(object)
            if not row.get("IsConverted")
        ]
        return self.chance.choice(rows) if rows else ("contact", self.made())

    def contact_row(self) -> dict[str, Any]:
        rows = [row for row in self.both.contacts() if row["anonymized"] != "1"]
        if not rows:
            return {"id": self.both.contact_new(self.email())}
        return self.chance.choice(rows)

    def _lead(self) -> str:
        leads = [row for row in self.both.crm_all("lead") if not row["IsConverted"]]
        return (
            str(self.chance.choice(leads)["Id"]) if leads else self.both.crm_new("lead", Email=self.email())
        )

    def convert(self) -> None:
        self.both.crm_convert(self._lead())

    def convert_into(self) -> None:
        contacts = self.both.crm_all("contact")
        into = str(self.chance.choice(contacts)["Id"]) if contacts else self.made()["Id"]
        self.both.crm_convert(self._lead(), contactId=into)

    def merge(self) -> None:
        object = self.chance.choice(["contact", "lead"])
        rows = [row["Id"] for row in self.both.crm_all(object) if not row.get("IsConverted")]
        if len(rows) > 2:
            winner, *losers = self.chance.sample(rows, self.chance.choice([2, 2, 3]))
            self.both.crm_merge(object, winner, *losers)

    def restore(self) -> None:
        object = self.chance.choice(["contact", "lead"])
        gone = [row["Id"] for row in self.both.crm_all(object, deleted=True) if row["IsDeleted"]]
        if gone:
            self.both.crm_undelete(object, self.chance.choice(gone))

    def deactivate(self) -> None:
        _object, row = self.crm_row()
        self.both.crm_act("contact", "deactivate", row["Id"])

    def reactivate(self) -> None:
        object = self.chance.choice(["contact", "lead"])
        rows = self.both.crm_all(object)
        if rows:
            self.both.crm_act(object, "reactivate", str(self.chance.choice(rows)["Id"]))

    def merge_contacts(self) -> None:
        into, source = self.contact_row()["id"], self.contact_row()["id"]
        keep = self.chance.choice(["destination", "source"])
        self.both.contact_merge(into, source, keep=keep)
        if keep == "source":
            self._forget(into)

    def anonymize(self) -> None:
        contact = self.contact_row()["id"]
        self.both.contact_anonymize(contact)
        self._forget(contact)

    def _forget(self, contact_id: str) -> None:
        """What was written there was replaced by a person."""
        for each in self.written.values():
            if (each.side, each.record_id) == (Side.ACTIVECAMPAIGN, contact_id):
                each.replaced = True


@pytest.mark.parametrize(("both", "seed"), CASES, indirect=["both"])
def test_whatever_becomes_of_records_both_sides_end_equal_and_nothing_is_lost(
    both: TwoSystems, seed: int
) -> None:
    chance = random.Random(seed)
    people = Lives(both, chance)
    for _ in range(EDITS_BETWEEN):
        people.act()
    both.connect(mapping(chance))
    for _ in range(RUNS):
        disturb(both, people)
        both.sync()
        both.wire.allow()
        for _ in range(chance.randrange(2 * EDITS_BETWEEN)):
            people.act()

    both.wait(30)
    settled = next((n for n in range(4) if both.sync().waiting == 0), None)
    assert settled is not None, both.rows("inbox")
    both.verify()  # what was deleted in ActiveCampaign becomes known
    both.sync()
    both.sync()
    both.assert_quiet()
    check_every_value(both, people)
    check_no_duplicates(both)
    assert_links_go_with_records(both)


def assert_links_go_with_records(both: TwoSystems) -> None:
    """No open link has a record that is gone or was converted."""
    live = {row["Id"] for row in both.crm_all("contact")}
    live |= {row["Id"] for row in both.crm_all("lead") if not row["IsConverted"]}
    assert {link.crm_id for link in both.links(state="open")} <= live
