"""What an org has more when record types, person accounts, currencies or lists of countries are turned on.

Source: Salesforce object reference, RecordType, Account (person account fields), CurrencyType.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crosswalk_sandbox.salesforce.admin import Rules
from crosswalk_sandbox.salesforce.schema import Field, Object, Schema

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
WITH_CURRENCY = ("Lead", "Contact", "Account", "Opportunity")
ADDRESSES = {"Lead": ("",), "Contact": ("Mailing", "Other"), "Account": ("Billing", "Shipping")}
PLAIN = Field(
    object="", name="", label="", type="boolean", length=0, precision=0, scale=0, is_=frozenset({"defaulted"}),
    to=(), relationship=None, compound=None, default=None, formula=None, values=(),
)  # fmt: skip


def dress(schema: Schema, rules: Rules) -> Schema:
    """The schema with the fields of what is turned on; the same schema when nothing is."""
    added: Added = {}
    if rules.currencies:
        schema = schema.with_object(_currency_type(schema))
        for name in WITH_CURRENCY:
            added.setdefault(name, {})["CurrencyIsoCode"] = _currency(name, tuple(rules.currencies))
    for name, prefixes in ADDRESSES.items() if rules.countries else ():
        added.setdefault(name, {}).update(_codes(schema, name, prefixes, rules))
    for name in dict.fromkeys(each.object for each in rules.types):
        added.setdefault(name, {})["RecordTypeId"] = _record_type_id(name)
    if rules.person_accounts:
        for name, fields in _of_person_accounts(schema).items():
            added.setdefault(name, {}).update(fields)
    return schema.with_fields(added) if added else schema


def _currency(object_name: str, codes: tuple[str, ...]) -> Field:
    return replace(
        PLAIN,
        object=object_name,
        name="CurrencyIsoCode",
        label="Currency ISO Code" if object_name == "CurrencyType" else f"{object_name} Currency",
        type="picklist",
        length=3,
        is_=frozenset({"createable", "updateable", "defaulted", "restricted"}),
        default=codes[0],
        values=codes,
    )


def _currency_type(schema: Schema) -> Object:
    """The object that lists currencies; like every list that only admins change."""
    like = schema["LeadStatus"]
    stamps = {
        name: field for name, field in like.fields.items() if name.endswith(("Date", "ById", "Modstamp"))
    }
    number = replace(PLAIN, type="double", precision=18, scale=6)
    own = (
        replace(like.fields["Id"], label="Currency Type ID"),
        replace(PLAIN, name="IsoCode", label="Currency ISO Code", type="string", length=3),
        replace(number, name="ConversionRate", label="Conversion Rate"),
        replace(PLAIN, name="DecimalPlaces", label="Decimal Places", type="int"),
        replace(PLAIN, name="IsActive", label="Active"),
        replace(PLAIN, name="IsCorporate", label="Is Corporate Currency"),
    )
    fields = {field.name: field for field in own} | stamps
    named = {name: replace(field, object="CurrencyType") for name, field in fields.items()}
    return replace(
        like, name="CurrencyType", label="Currency Type", plural="Currency Types", prefix="01L", fields=named
    )


def _codes(schema: Schema, name: str, prefixes: tuple[str, ...], rules: Rules) -> dict[str, Field]:
    """The codes beside the words of states and countries."""
    countries = tuple(each.code for each in rules.countries.values())
    states = tuple(dict.fromkeys(code for each in rules.countries.values() for code in each.states))
    code = replace(PLAIN, object=name, type="picklist", length=10)
    rights = frozenset({"createable", "updateable", "nillable", "restricted"})
    return {
        f"{prefix}{part}Code": replace(
            code,
            name=f"{prefix}{part}Code",
            label=f"{schema[name].fields[prefix + part].label} Code",
            is_=rights,
            values=codes,
        )
        for prefix in prefixes
        for part, codes in (("State", states), ("Country", countries))
    }


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
