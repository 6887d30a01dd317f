"""Pairs of an ActiveCampaign account and a CRM, people who work in both, and what must become of their edits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.helpers.command_line import Installation, Sandbox
from tests.helpers.crm_words import KEYS, WORDS, Words

from crosswalk.cli.outcome import ExitCode

MAPPINGS = Path(__file__).parents[2] / "src" / "crosswalk" / "cli"
MAPPING = {"salesforce": "demo_mapping.json", "dynamics": "demo_mapping_dynamics.json"}
Values = dict[str, str]  # by field, in the words of Salesforce
CURSORS = (
    "updated_after",
    "SystemModstamp%20%3E",
    "deltatoken",
)  # what only pages of feeds are asked for with
CONTACT_FIELDS = {"FirstName": "firstName", "LastName": "lastName"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom both sides know once."""

    email: str
    object: str  # contact | lead
    crm_id: str
    contact_id: str


@dataclass(slots=True, kw_only=True)
class Pair:
    """A connection's two systems."""

    name: str
    crm: str
    sandbox: Sandbox
    random: Random
    known: list[Person] = field(default_factory=list)
    expected: dict[str, Values] = field(default_factory=dict)  # by e-mail: what both sides must hold
    _number: int = 0
    _after: dict[str, int] = field(default_factory=dict)

    @property
    def _words(self) -> Words:
        return WORDS[self.crm]

    def set_up(self, crosswalk: Installation) -> None:
        """Connect, map, let new contacts become leads, and sync for the first time."""
        added = crosswalk("connection", "add", self.name, "--credentials", "-", stdin=self.sandbox.line)
        assert added.code == 0, added.err
        mapping = json.loads((MAPPINGS / MAPPING[self.crm]).read_text(encoding="utf-8"))
        mapping["settings"] |= {"creation": "all", "creation_object": "lead"}
        saved = crosswalk("mapping", "set", self.name, "-", stdin=json.dumps(mapping))
        assert saved.code == 0, saved.err
        for _ in range(3):  # what new leads get by default comes back, and may go beyond a small plan
            synced = crosswalk("sync", "--connection", self.name, "--approve")
            if synced.code != ExitCode.NEEDS_APPROVAL:
                break
        assert synced.code == 0, synced.err
        self._meet()

    def _meet(self) -> None:
        """Remember whom both sides know, each once."""
        contacts = {row["email"].lower(): row["id"] for row in self._contacts()}
        records = list(self._records())
        times = Counter(email for _object, email, _row in records)
        self.known = [
            Person(email=email, object=object, crm_id=row["Id"], contact_id=contacts[email])
            for object, email, row in records
            if times[email] == 1 and email in contacts and not row["closed"]
        ]
        assert len(self.known) > 5

    def _contacts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.get("activecampaign", "dump")["contact"]
        return [row for row in found if row["email"]]

    def _records(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Each record of a person in the CRM that has an address: object, address, values."""
        dump = self.sandbox.get(self.crm, "dump")
        for object in KEYS:
            for row, own in zip(
                self._words.records(dump, object), dump[self._words.object(object)], strict=True
            ):
                closed = row.get("IsConverted") or own.get("statecode")
                if row["Email"] and not row["IsDeleted"]:
                    yield object, row["Email"].lower(), {**row, "closed": closed}

    def work(self) -> None:
        """People edit a field on either side, and make somebody new on one of them."""
        self._edit_record(self.random.choice(self.known))
        self._edit_contact(self.random.choice(self.known))
        self._make_record() if self.random.random() < 0.5 else self._make_contact()

    def _next(self, word: str) -> str:
        self._number += 1
        return f"{word}{self._number}"

    def _edit_record(self, person: Person) -> None:
        values = {"FirstName": self._next("Crm")}
        name = self._words.object(person.object)
        self.sandbox.edit(self.crm, name, person.crm_id, **self._words.row(values))
        self.expected.setdefault(person.email, {}).update(values)

    def _edit_contact(self, person: Person) -> None:
        values = {"LastName": self._next("Contact")}
        named = {CONTACT_FIELDS[name]: value for name, value in values.items()}
        self.sandbox.edit("activecampaign", "contact", person.contact_id, **named)
        self.expected.setdefault(person.email, {}).update(values)

    def _make_record(self) -> None:
        values = self._new_person("record")
        row = self._words.row({**values, "Company": "New Inc."})
        if self.crm == "dynamics":
            row["subject"] = "New"
        self._person(self.crm, self._words.object("lead"), row)

    def _make_contact(self) -> None:
        values = self._new_person("contact")
        named = {name: values[key] for key, name in CONTACT_FIELDS.items()}
        self._person("activecampaign", "contact", {"email": values["Email"], **named})

    def _new_person(self, word: str) -> Values:
        email = f"{self._next(word)}@example.org"
        values = {"FirstName": self._next("New"), "LastName": self._next("Person")}
        self.expected[email] = values
        return {"Email": email, **values}

    def _person(self, system: str, object: str, values: dict[str, Any]) -> None:
        self.sandbox.post(system, "person", {"op": "create", "object": object, "values": values})

    def wrongs(self) -> list[str]:
        """Whoever is there twice, and edits that did not come to both sides."""
        records: dict[str, list[Values]] = {}
        for _object, email, row in self._records():
            records.setdefault(email, []).append(row)
        contacts: dict[str, list[Values]] = {}
        for row in self._contacts():
            told = {key: row[name] for key, name in CONTACT_FIELDS.items()}
            contacts.setdefault(row["email"].lower(), []).append(told)
        return [
            f"{self.name}: {email}: {wrong}"
            for email, values in self.expected.items()
            for side, found in (("crm", records), ("activecampaign", contacts))
            if (wrong := _wrong(side, found.get(email, []), values))
        ]

    def forget_calls(self) -> None:
        """What was called until now is not looked at by `read_again`."""
        self._after = {system: len(self.sandbox.get(system, "log")) for system in self.sandbox.ready}

    def read_again(self) -> int:
        """How many pages of feeds were asked for that had been asked for already, from the same cursor."""
        pages = Counter(
            (system, entry["path"], entry["query"])
            for system in self.sandbox.ready
            for entry in self.sandbox.get(system, f"log?after={self._after[system]}")
            if any(cursor in entry["query"] for cursor in CURSORS)
        )
        return sum(times - 1 for times in pages.values())


def _wrong(side: str, found: list[Values], values: Values) -> str:
    if len(found) != 1:
        return f"{len(found)} times in {side}"
    (row,) = found
    differing = {name: (row[name], value) for name, value in values.items() if row[name] != value}
    return f"in {side}: {differing}" if differing else ""
