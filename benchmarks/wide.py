"""A mapping as wide as people make it: sixty custom fields with long names, and long values in them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crosswalk.cli.session import Session
from crosswalk.core.clock import SystemClock
from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping

from .systems import systems

PAIRS, _RECORDS = 60, 12
_NAME, _SEED = "wide", 3  # an org that no other measurement called
_LABELS = [f"Which of our services did you use {number:02}" for number in range(PAIRS)]
_EMAIL, _LAST_NAME = ("Email", "email"), ("LastName", "lastName")


@contextmanager
def wide_connection(session: Session) -> Iterator[int]:
    """Yield the number of a connection with such a mapping of contacts; its systems end with the block."""
    from crosswalk.store import connections
    from crosswalk.sync import setup
    from crosswalk.sync.schemas import schemas

    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        _export(Path(folder) / "Contact.csv", "A")
        _export(Path(folder) / "activecampaign.csv", "Another")
        with systems(contacts=0, limits="off", load=Path(folder), seed=_SEED) as both:
            setup.add_connection(_NAME, both.credentials(), session.vault, clock)
            connection = connections.get(_NAME)
            found = schemas(connection, ["contact"], session.vault, clock).schemas
            crm, contact = (
                {field.label: name for name, field in schema.fields.items()}
                for schema in (found.crm["contact"], found.contact)
            )
            pairs = [(crm[label], contact[label]) for label in _LABELS]
            setup.set_mapping(_NAME, _mapping([_EMAIL, _LAST_NAME, *pairs]), session.vault, clock)
            yield connection.id


def _mapping(pairs: Sequence[tuple[str, str]]) -> MappingFile:
    fields = tuple(FieldMapping(crm=crm, activecampaign=contact) for crm, contact in pairs)
    return MappingFile(objects=(ObjectMapping(object="contact", fields=fields),))


def _export(file: Path, kind: str) -> None:
    """Write records as a system exports them: every answer is another one on each side."""
    with file.open("w", newline="", encoding="utf-8") as text:
        table = csv.writer(text)
        table.writerow(["First Name", "Last Name", "Email", *_LABELS])
        for number in range(_RECORDS):
            answers = [
                f"{kind} long answer of person {number} to question {place}, which goes on for about eighty signs"
                for place in range(PAIRS)
            ]
            table.writerow([f"Ada {number}", "Ruiz", f"ada{number}@example.com", *answers])
