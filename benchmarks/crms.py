"""What a contact is called in each CRM."""

from __future__ import annotations

from dataclasses import dataclass

from .systems import DYNAMICS, SALESFORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """A CRM's own words."""

    title: str
    contact: str
    id: str
    email: str
    first_name: str
    last_name: str


CRMS = {
    SALESFORCE: Crm(
        title="Salesforce",
        contact="Contact",
        id="Id",
        email="Email",
        first_name="FirstName",
        last_name="LastName",
    ),
    DYNAMICS: Crm(
        title="Dynamics 365",
        contact="contact",
        id="contactid",
        email="emailaddress1",
        first_name="firstname",
        last_name="lastname",
    ),
}
