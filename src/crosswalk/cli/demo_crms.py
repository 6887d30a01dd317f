"""The CRMs of a demo, as their own people know them: what objects and fields are called there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """One CRM in the words of its pages."""

    vendor: str
    title: str
    objects: Mapping[str, str]  # our name → theirs
    keys: Mapping[str, str]  # their object → what its id is called
    email: str
    phone: str
    mapping: Path
    named: Callable[[str], Mapping[str, str]]  # what a new lead of that last name has besides an address
    returns_to: (
        str  # the app's setting that lists the addresses to which its sign-in page sends browsers back
    )
    numbers_options: bool  # whether choices are stored by number
    gone: Callable[[Record], bool]
    closed: Callable[[Record], bool]  # nobody may edit it

    def id_of(self, object: str, record: Record) -> str:
        """Return a record's id; `object` is their name."""
        return str(record[self.keys[object]])


CRMS = {
    crm.vendor: crm
    for crm in (
        Crm(
            vendor="salesforce",
            title="Salesforce",
            objects={"contact": "Contact", "lead": "Lead"},
            keys={"Contact": "Id", "Lead": "Id"},
            email="Email",
            phone="Phone",
            mapping=_HERE / "demo_mapping.json",
            named=lambda name: {"LastName": name, "Company": "Fjord & Fell AS"},
            returns_to="callback_urls",
            numbers_options=False,
            gone=lambda record: bool(record["IsDeleted"]),
            closed=lambda record: bool(record.get("IsConverted")),
        ),
        Crm(
            vendor="dynamics",
            title="Dynamics 365",
            objects={"contact": "contact", "lead": "lead"},
            keys={"contact": "contactid", "lead": "leadid"},
            email="emailaddress1",
            phone="telephone1",
            mapping=_HERE / "demo_mapping_dynamics.json",
            named=lambda name: {"lastname": name, "companyname": "Fjord & Fell AS", "subject": "Trade fair"},
            returns_to="redirect_uris",
            numbers_options=True,
            gone=lambda record: False,  # an environment keeps nothing of what was deleted
            closed=lambda record: "leadid" in record and record["statecode"] != 0,
        ),
    )
}
