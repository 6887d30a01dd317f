"""The situations that a run over many seeds must have met: one that was not reached fails the run.

A situation that is not listed here is counted all the same, but need not be met.
"""

from __future__ import annotations

STATES = (
    "contact edited while a write to it is in flight",
    "CRM record edited while a write to it is in flight",
    "contact deleted while a write to it is in flight",
    "CRM record deleted while a write to it is in flight",
    "contact made while its creation is in flight",
    "contact edited between import and confirmation",
    "contact deleted between import and confirmation",
    "contact renamed between import and confirmation",
    "contact made between import and confirmation",
    "killed with an update of a contact in doubt",
    "killed with an update of a CRM record in doubt",
    "killed with a new CRM record in doubt",
    "killed with a new contact in doubt",
    "killed with an import sent and not confirmed",
    "killed with writes intended",
    "killed with sightings waiting and nothing intended",
    "conflict decided for the CRM",
    "conflict decided for ActiveCampaign",
    "conflict held for a person",
    "hold after a refusal",
    "address held that another contact has",
    "value kept in a form of the vendor's own",
    "first link with both sides filled",
    "link closed because the CRM record was deleted",
    "link opened again when the CRM record was restored",
    "link went with a converted lead",
    "lead converted while a write to it is in flight",
    "CRM records merged",
    "two CRM records share a contact",
    "contact renamed by the CRM",
    "CRM record renamed by ActiveCampaign",
    "lead made of a tagged contact",
    "the CRM's flow edited within our write",
    "value carried that no stamp had shown",
    "overwritten in the stated window",
    "opt-out carried to ActiveCampaign",
    "opt-out carried to the CRM",
    "run ended by a vendor, work went on in the next",
)
