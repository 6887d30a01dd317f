"""What an admin set up in the org besides permissions, through the control API or in process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.schema import Schema
from crosswalk_sandbox.triggers import Event, Flow, Triggered, check_ways


class Validation(Triggered, frozen=True, kw_only=True):
    """A save that all conditions hold for is refused: by a rule, or by whatever else has that code."""

    message: str
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    fields: tuple[str, ...] = ()  # where the page would show the message

    def paths(self) -> Iterator[str]:
        yield from super().paths()
        yield from (f"{self.object}.{name}" for name in self.fields)


class DuplicateRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Records that are like one that there is are refused.

    Source: Salesforce REST, Duplicate Rule Header; DUPLICATES_DETECTED.
    """

    object: str
    match: tuple[str, ...] = ("Email",)  # fields that must be equal and filled, whatever their case
    against: tuple[str, ...] = ()  # objects that are looked through; none is the object itself
    on: tuple[Event, ...] = ("create", "update")
    action: Literal["block", "alert"] = "block"  # an alert can be passed with allowSave, and by people
    name: str = ""
    message: str = "Use one of these records?"
    index_seconds: float = 0.0  # what was saved this shortly before is not found yet

    @property
    def called(self) -> str:
        return self.name or f"Standard_{self.object}_Duplicate_Rule"

    @property
    def others(self) -> tuple[str, ...]:
        return self.against or (self.object,)

    def paths(self) -> Iterator[str]:
        yield from (f"{kind}.{name}" for kind in (self.object, *self.others) for name in self.match)


class RecordType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of an object's records, with pages and picklist values of its own."""

    object: str
    name: str
    developer_name: str = ""  # default: the name with _ for blanks
    active: bool = True
    available: bool = True  # to the user of the API
    default: bool = False  # of new records
    values: dict[str, tuple[str, ...]] = {}  # of picklists; those of fields that are left out are all there
    person: bool = False  # makes an account a person account

    @property
    def called(self) -> str:
        return self.developer_name or self.name.replace(" ", "_")

    def paths(self) -> Iterator[str]:
        yield from (f"{self.object}.{name}" for name in ("Id", *self.values))


PERSON_TYPE = RecordType(object="Account", name="Person Account", developer_name="PersonAccount", person=True)


class Country(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A country of the list, with its states by their codes."""

    code: str
    states: dict[str, str] = {}


class Rules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All rules of an org; a new one has these."""

    assignment: bool = True  # whether the lead assignment rule is active
    # custom fields of leads that a conversion carries over, such as {"Score__c": "Contact.Score__c"}
    lead_mapping: dict[str, str] = {}
    validations: tuple[Validation, ...] = ()
    duplicates: tuple[DuplicateRule, ...] = ()
    flows: tuple[Flow, ...] = ()
    # how many more writes through the API find a record locked, by its id, or any of an object, by its name
    locks: dict[str, int] = {}

    # what the API's user may do with single records: not even see them, or not change them
    sharing: dict[str, Literal["none", "read"]] = {}
    page_rows: int | None = None  # most records of a query's page; None: as the vendor gives them
    # rates by ISO code, the corporate currency first, when the org has several
    currencies: dict[str, float] = {}
    countries: dict[str, Country] = {}  # by name, when addresses are chosen from lists
    record_types: tuple[RecordType, ...] = ()
    person_accounts: bool = False

    @property
    def types(self) -> tuple[RecordType, ...]:
        """All record types: an org with person accounts has one for them."""
        if not self.person_accounts or any(each.person for each in self.record_types):
            return self.record_types
        return (*self.record_types, PERSON_TYPE)

    def changed(self, sent: Mapping[str, Any], schema: Schema) -> Rules:
        """The rules with those that are named replaced. Raises ValueError."""
        changed = msgspec.convert({**msgspec.to_builtins(self), **sent}, Rules)
        changed.check(schema)
        return changed

    def check(self, schema: Schema) -> None:
        """Raises ValueError for a rule about what the org does not have."""
        for path in self._paths():
            _check_path(schema, path)
        for record_id in self.sharing:
            if ids.canonical(record_id) != record_id:
                raise ValueError(f"sharing is about ids of 18 characters, not {record_id}")
        if self.page_rows is not None and self.page_rows < 1:
            raise ValueError("page_rows is at least 1")
        for each in self.record_types:
            if each.person and (each.object != "Account" or not self.person_accounts):
                raise ValueError(
                    "a record type of persons is one of Account, and person_accounts are turned on"
                )
        check_ways(self.flows)

    def _paths(self) -> Iterator[str]:
        for own, target in self.lead_mapping.items():
            yield from (f"Lead.{own}", target)
        found: tuple[Validation | DuplicateRule | Flow | RecordType, ...]
        found = (*self.validations, *self.duplicates, *self.flows, *self.record_types)
        yield from (path for rule in found for path in rule.paths())


def _check_path(schema: Schema, path: str) -> None:
    object_name, _, name = path.partition(".")
    kind = schema.find(object_name)
    if kind is None or kind.name != object_name or name not in kind.fields:
        raise ValueError(f"there is no field {path}")
