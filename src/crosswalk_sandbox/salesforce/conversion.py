"""Converting a lead into a contact of an account, as a person does on the lead's page.

Source: Salesforce SOAP API, convertLead, whose names the options have.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from crosswalk_sandbox.salesforce import features, person_accounts, saving
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.saving import Draft
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row

Pairs = tuple[tuple[str, str], ...]  # a lead's field and where it goes
SAME_ON_CONTACT = (
    "FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "Fax", "Description",
    "LeadSource", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall",
)  # fmt: skip
SAME_ON_ACCOUNT = (
    "Phone", "Fax", "Website", "Industry", "Rating", "AnnualRevenue", "NumberOfEmployees",
)  # fmt: skip
ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
# Source: Salesforce Help, Standard Lead Field Mapping
STANDARD: dict[str, Pairs] = {
    "Contact": (
        *((name, name) for name in SAME_ON_CONTACT),
        *((name, f"Mailing{name}") for name in ADDRESS),
    ),
    "Account": (
        *((name, name) for name in SAME_ON_ACCOUNT),
        *((name, f"Billing{name}") for name in ADDRESS),
        ("Company", "Name"),
        ("LeadSource", "AccountSource"),
    ),
    "Opportunity": (("LeadSource", "LeadSource"),),
}
CLOSES_AFTER = timedelta(days=30)  # a new opportunity without another date


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What a conversion may be told; an opportunity is made only with a name."""

    converted_status: str | None = None  # default: the first status that means converted
    account_id: str | None = None  # default: the contact's, or a new one
    contact_id: str | None = None  # default: a new one
    opportunity_name: str | None = None
    owner_id: str | None = None  # default: the lead's owner, or who converts the lead of a queue
    overwrite_lead_source: bool = False


def convert(org: Org, lead: Row, values: Mapping[str, Any], actor: Actor) -> Row:
    """The converted lead. Of an existing contact or account only empty fields are filled.

    Raises RecordError for what the vendor refuses, ValueError for options that there are not.
    """
    options = msgspec.convert(values, Options)
    saving.refuse_deleted(lead)
    if lead["IsConverted"]:
        raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    kind = org.schema["Lead"]
    status = _status(org, options.converted_status)
    owner = options.owner_id or (lead["OwnerId"] if lead["OwnerId"].startswith("005") else actor.user)
    made = _Making(org, lead, owner, actor)
    contact, account = made.contact_and_account(options)
    deal = made.opportunity(options.opportunity_name, contact, account)
    result = {
        "ConvertedAccountId": account["Id"],
        "ConvertedContactId": contact["Id"],
        **({"ConvertedOpportunityId": deal["Id"]} if deal else {}),
    }
    _move_tasks(org, lead["Id"], contact["Id"], actor)
    done = {"IsConverted": True, "Status": status, "ConvertedDate": org.stamp()[:10]}
    return saving.put_stamped(org, kind, {**lead, **done, "IsUnreadByOwner": False, **result}, actor)


def _status(org: Org, wanted: str | None) -> str:
    """The status of converted leads that was asked for, or the first."""
    known = [row["ApiName"] for row in org.store["LeadStatus"].rows.values() if row["IsConverted"]]
    if wanted is not None and wanted not in known:
        raise RecordError("INVALID_STATUS", f"invalid convertedStatus: {wanted}")
    return wanted or str(known[0])


class _Making:
    """Makes, or fills up, the records that a lead becomes."""

    def __init__(self, org: Org, lead: Row, owner: str, actor: Actor) -> None:
        self._org, self._lead, self._owner, self._actor = org, lead, owner, actor

    def contact_and_account(self, options: Options) -> tuple[Row, Row]:
        alone = options.account_id is None and options.contact_id is None
        if alone and self._lead.get("Company") is None and self._org.rules.person_accounts:
            return self._person()
        contact = self._existing("Contact", options.contact_id)
        of_contact = contact.get("AccountId") if contact else None
        account = self._existing("Account", options.account_id or of_contact)
        if account and of_contact and account["Id"] != of_contact:
            text = "contactId is of another account than accountId"
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", text)
        account = self._put("Account", account, {})
        own: dict[str, Any] = {"AccountId": account["Id"]}
        if contact and options.overwrite_lead_source:
            contact = {name: value for name, value in contact.items() if name != "LeadSource"}
        return self._put("Contact", contact, own), account

    def _person(self) -> tuple[Row, Row]:
        """A lead of no company becomes a person account, with the contact that is hidden behind it."""
        org, kind = self._org, self._org.schema["Account"]
        of_contact = self._carried(org.schema["Contact"])
        own = {account: of_contact.get(name) for account, name in features.twins(org.base).items()}
        own["RecordTypeId"] = person_accounts.record_type(org)
        account = self._put(kind.name, None, {name: each for name, each in own.items() if each is not None})
        return org.store["Contact"].rows[account["PersonContactId"]], account

    def opportunity(self, name: str | None, contact: Row, account: Row) -> Row | None:
        if name is None:
            return None
        stages = self._org.store["OpportunityStage"].rows.values()
        closes = (self._org.now() + CLOSES_AFTER).date().isoformat()
        own = {
            "Name": name, "AccountId": account["Id"], "ContactId": contact["Id"],
            "StageName": next(iter(stages))["ApiName"], "CloseDate": closes,
        }  # fmt: skip
        return self._put("Opportunity", None, own)

    def _existing(self, object_name: str, record_id: str | None) -> Row | None:
        if record_id is None:
            return None
        row = saving.target(self._org, self._org.schema[object_name], record_id)
        saving.refuse_deleted(row)
        return row

    def _put(self, object_name: str, existing: Row | None, own: dict[str, Any]) -> Row:
        """A new record with the lead's values, or an existing one with those that it has not."""
        kind = self._org.schema[object_name]
        carried = {**self._carried(kind), **own}
        if existing is None:
            draft = Draft(kind=kind, id=None, values={**carried, "OwnerId": self._owner})
            return saving.create(self._org, draft, self._actor)
        missing = {name: value for name, value in carried.items() if existing.get(name) is None}
        row = self._org.store[object_name].rows[existing["Id"]]
        return saving.update(self._org, row, Draft(kind=kind, id=None, values=missing), self._actor)

    def _carried(self, kind: Object) -> dict[str, Any]:
        """The lead's values under the names of another object; custom fields as an admin mapped them."""
        pairs = [*STANDARD[kind.name], *_mapped(self._org, kind.name)]
        return {name: self._lead[own] for own, name in pairs if self._lead.get(own) is not None}


def _mapped(org: Org, object_name: str) -> Pairs:
    """The custom fields that a conversion carries over to that object."""
    pairs = ((own, *target.split(".")) for own, target in org.rules.lead_mapping.items())
    return tuple((own, name) for own, kind, name in pairs if kind == object_name)


def _move_tasks(org: Org, lead_id: str, contact_id: str, actor: Actor) -> None:
    """Open tasks are the contact's from now on."""
    kind = org.schema["Task"]
    for task in org.store["Task"].find("WhoId", lead_id):
        if not task["IsDeleted"] and not task["IsClosed"]:
            saving.update(org, task, Draft(kind=kind, id=None, values={"WhoId": contact_id}), actor)
