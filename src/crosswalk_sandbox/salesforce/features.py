"""What an org has more when record types or person accounts are turned on: fields that others do not have.

Source: Salesforce object reference, RecordType, Account (person account fields).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crosswalk_sandbox.salesforce.admin import Rules
from crosswalk_sandbox.salesforce.schema import Field, Schema

Added = dict[str, dict[str, Field]]  # by object and name
# what a person account has of the contact behind it, under the same name and with a name of its own
SAME = ("FirstName", "LastName", "Salutation")
PERSONAL = (
    "Email", "Title", "Department", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone",
    "AssistantName", "Birthdate", "LeadSource", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall",
    "MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry",
    "OtherStreet", "OtherCity", "OtherState", "OtherPostalCode", "OtherCountry",
)  # fmt: skip
SHARED = ("Phone", "Fax", "OwnerId")  # the account's own, which the contact shows too
PLAIN = Field(
    object="", name="", label="", type="boolean", length=0, precision=0, scale=0, is_=frozenset({"defaulted"}),
    to=(), relationship=None, compound=None, default=None, formula=None, values=(),
)  # fmt: skip


def dress(schema: Schema, rules: Rules) -> Schema:
    """The schema with the fields of what is turned on; the same schema when nothing is."""
    added: Added = {}
    for name in dict.fromkeys(each.object for each in rules.types):
        added.setdefault(name, {})["RecordTypeId"] = _record_type_id(name)
    if rules.person_accounts:
        for name, fields in _of_person_accounts(schema).items():
            added.setdefault(name, {}).update(fields)
    return schema.with_fields(added) if added else schema


def twins(schema: Schema) -> Mapping[str, str]:
    """The fields of a contact that a person account has, by the account's own names for them."""
    custom = {f"{name.removesuffix('__c')}__pc": name for name in _custom(schema)}
    own = {f"Person{name}": name for name in PERSONAL}
    return {**{name: name for name in SAME}, **own, **custom}


def _custom(schema: Schema) -> Iterator[str]:
    for name, field in schema["Contact"].fields.items():
        if name.endswith("__c") and "createable" in field.is_ and "unique" not in field.is_:
            yield name


def _record_type_id(name: str) -> Field:
    return replace(
        PLAIN,
        object=name,
        name="RecordTypeId",
        label="Record Type ID",
        type="reference",
        length=18,
        is_=frozenset({"createable", "updateable", "nillable", "defaulted"}),
        to=("RecordType",),
        relationship="RecordType",
    )


def _of_person_accounts(schema: Schema) -> Added:
    contact, lead = schema["Contact"].fields, schema["Lead"].fields
    account = {own: _of_contact(contact[name], own) for own, name in twins(schema).items()}
    account["IsPersonAccount"] = _flag("Account", "IsPersonAccount", "Is Person Account")
    account["PersonContactId"] = replace(
        _record_type_id("Account"),
        name="PersonContactId",
        label="Contact ID",
        is_=frozenset({"nillable"}),
        to=("Contact",),
        relationship="PersonContact",
    )
    company = replace(lead["Company"], is_=lead["Company"].is_ | {"nillable"})
    return {
        "Account": account,
        "Contact": {"IsPersonAccount": _flag("Contact", "IsPersonAccount", "Is Person Account")},
        "Lead": {"Company": company},
        "RecordType": {"IsPersonType": _flag("RecordType", "IsPersonType", "Is Person Type")},
    }


def _of_contact(field: Field, own: str) -> Field:
    """A contact's field as the account has it: empty for every account that is no person."""
    rights = field.is_ | {"nillable"} if field.type != "boolean" else field.is_
    label = field.label if own in SAME else f"Person {field.label}"
    return replace(field, object="Account", name=own, label=label, is_=rights, compound=None)


def _flag(object_name: str, name: str, label: str) -> Field:
    return replace(PLAIN, object=object_name, name=name, label=label)
