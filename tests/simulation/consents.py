"""Who said what about mail, and that no call of ours ever takes an opt-out back or subscribes anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulation.cells import CONTACTS, Ledger, Record
from tests.simulation.crms import Crm

OUT, IN, NONE = "out", "in", "none"
LEFT, ACTIVE = 2, 1
Stands = dict[Record, str]


class Consents:
    """How every record stands to mail, as it was and is."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stands: Stands = {}
        self.last: dict[int, str] = {}  # what each person's records said last by a person's doing
        self.carried: list[str] = []  # the sides to which we took an opt-out
        self.wrong: list[str] = []

    def person(self, now: Stands, who: int) -> None:
        """Take in what a person did."""
        for _record, _before, after in self._changes(now):
            if after != NONE:
                self.last[who] = after

    def ours(self, now: Stands) -> None:
        """Take in what a call of ours did."""
        for record, before, after in self._changes(now):
            if after == OUT:
                self.carried.append(record[0])
            elif before == OUT or after == IN:
                self.wrong.append(f"a call of ours turned {record} from {before} to {after}")

    def _changes(self, now: Stands) -> Iterator[tuple[Record, str, str]]:
        before, self._stands = self._stands, now
        for record, stands in now.items():
            if stands != before.get(record, NONE):
                yield record, before.get(record, NONE), stands

    def at_rest(self, crm: Record, contact: Record) -> Iterator[str]:
        """Where the person's last word was no, both sides of a link say so."""
        who = self._ledger.who[contact]
        if self.last.get(who) != OUT:
            return
        if self._stands[crm] != OUT and self._stands[contact] == OUT:
            yield f"{contact} of person {who} is opted out, {crm} is not"
        if self._stands[contact] == IN:
            yield f"person {who} opted out, but {contact} is on a list"


def stands(crm: Crm, account: Any) -> Stands:
    """How every live record stands, straight from the sandboxes' memory."""
    found: Stands = {record: OUT if crm.opted_out(row) else NONE for record, row in crm.live()}
    for contact in account.contacts.values():
        if contact.anonymized:
            continue
        on = {row.status for row in contact.lists.values()}
        state = IN if ACTIVE in on else OUT if LEFT in on else NONE
        found[CONTACTS, "contact", str(contact.id)] = state
    return found
