"""The situations that a run over many seeds must have met: one that was not reached fails the run.

A situation that is not listed here is counted all the same, but need not be met.
"""

from __future__ import annotations

import msgspec

SALESFORCE, DYNAMICS = "salesforce", "dynamics"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A situation that must be met."""

    name: str
    crms: tuple[str, ...] = (SALESFORCE, DYNAMICS)  # with which
    either: bool = False  # with any one of them is enough: the CRM has no part in it


WITH_EACH = (
    "CRM record edited while a write to it is in flight",
    "CRM record deleted while a write to it is in flight",
    "killed with an update of a CRM record in doubt",
    "killed with a new CRM record in doubt",
    "killed with writes intended",
    "killed with sightings waiting and nothing intended",
    "conflict decided for the CRM",
    "conflict decided for ActiveCampaign",
    "conflict held for a person",
    "hold after a refusal",
    "first link with both sides filled",
    "link closed because the CRM record was deleted",
    "link went with a converted lead",
    "lead converted while a write to it is in flight",
    "CRM records merged",
    "two CRM records share a contact",
    "value carried from one CRM to the other",
    "CRM record left its twin with another address",
    "contact renamed by the CRM",
    "CRM record renamed by ActiveCampaign",
    "lead made of a tagged contact",
    "the CRM's flow edited within our write",
    "opt-out carried to ActiveCampaign",
    "opt-out carried to the CRM",
    "field of the CRM rests while it is hidden",
    "field of the CRM hidden in the middle of a run",
    "field rests since the CRM's was deleted",
    "write held while its field may only be read",
)
WITH_ANY = (
    "contact edited while a write to it is in flight",
    "contact deleted while a write to it is in flight",
    "contact made while its creation is in flight",
    "contact edited between import and confirmation",
    "contact deleted between import and confirmation",
    "contact renamed between import and confirmation",
    "contact made between import and confirmation",
    "killed with an update of a contact in doubt",
    "killed with a new contact in doubt",
    "killed with an import sent and not confirmed",
    "address held that another contact has",
    "value kept in a form of the vendor's own",
    "value carried that no stamp had shown",
    "overwritten in the stated window",
    "field rests since ActiveCampaign's was deleted",
    "run ended by a vendor, work went on in the next",
)
WITH_ONE = {
    SALESFORCE: (
        "link opened again when the CRM record was restored",
        "write refused as a duplicate",
    ),
    DYNAMICS: (
        "hold while a lead is closed",
        "CRM record closed and opened again",
        "qualified lead opened again",
    ),
}
STATES = (
    *(Listed(name=name) for name in WITH_EACH),
    *(Listed(name=name, either=True) for name in WITH_ANY),
    *(Listed(name=name, crms=(crm,)) for crm, names in WITH_ONE.items() for name in names),
)
