"""The least that a first load has to do in ActiveCampaign: the imports, their results, and every contact read back.

It is handed ready rows, keeps nothing and compares nothing: what it takes is the calls themselves.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from .systems import Systems

IMPORT_SIZE = 250
_PAGE = 100
_POLL = 0.1  # seconds until an import is asked again
Row = dict[str, Any]  # one contact of an import


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """How it did."""

    contacts: int  # read back
    imports: int
    pages: int
    seconds: float


def rows_of(systems: Systems) -> list[Row]:
    """Return the rows that would import what ActiveCampaign holds: names, phone and custom fields."""
    with _client(systems) as client:
        answer = client.get("/fields", params={"limit": _PAGE}).raise_for_status().json()
    ids = {field["perstag"]: int(field["id"]) for field in answer["fields"]}
    return [_row(contact, ids) for contact in systems.activecampaign.records("contact")]


def _row(contact: Row, ids: dict[str, int]) -> Row:
    standard = {
        "email": contact["email"],
        "first_name": contact["firstName"],
        "last_name": contact["lastName"],
        "phone": contact["phone"],
    }
    custom = [{"id": ids[tag], "value": value} for tag, value in contact["fields"].items() if value]
    filled = {name: value for name, value in standard.items() if value}
    return {**filled, "fields": custom, "exclude_automations": True}


def bare_client(systems: Systems, rows: Sequence[Row]) -> Bare:
    """Import the rows into an empty account and read all its contacts, over one kept-alive connection."""
    with _client(systems) as client:
        began = time.perf_counter()
        batches = [
            _send(client, rows[start : start + IMPORT_SIZE]) for start in range(0, len(rows), IMPORT_SIZE)
        ]
        for batch in batches:
            _await(client, batch)
        contacts, pages = _read(client)
        seconds = time.perf_counter() - began
    return Bare(contacts=contacts, imports=len(batches), pages=pages, seconds=seconds)


def _client(systems: Systems) -> httpx2.Client:
    access = systems.ready["activecampaign"]
    return httpx2.Client(
        base_url=access["url"] + "/api/3", headers={"Api-Token": access["key"]}, trust_env=False, timeout=60
    )


def _send(client: httpx2.Client, rows: Sequence[Row]) -> str:
    body = msgspec.json.encode({"contacts": rows})
    headers = {"Content-Type": "application/json"}
    answer = client.post("/import/bulk_import", content=body, headers=headers).raise_for_status()
    return str(msgspec.json.decode(answer.content)["batchId"])


def _await(client: httpx2.Client, batch: str) -> None:
    """Wait until an import is through, and read its result."""
    while True:
        answer = client.get("/import/info", params={"batchId": batch}).raise_for_status()
        if msgspec.json.decode(answer.content)["status"] == "completed":
            return
        time.sleep(_POLL)


def _read(client: httpx2.Client) -> tuple[int, int]:
    """Read every contact with its values and lists; how many there were, on how many pages."""
    query = {"include": "fieldValues,contactLists", "orders[id]": "ASC", "limit": str(_PAGE)}
    found = pages = 0
    while True:
        answer = client.get("/contacts", params=query).raise_for_status()
        contacts = msgspec.json.decode(answer.content)["contacts"]
        found, pages = found + len(contacts), pages + 1
        if len(contacts) < _PAGE:
            return found, pages
        query["id_greater"] = contacts[-1]["id"]
