"""Every pair of field types, stored in and read from the sandboxes over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.helpers.systems import FreeBudget

from crosswalk.convert import converter, pairable, read_only
from crosswalk.core.clock import SystemClock
from crosswalk.core.schema import Field
from crosswalk.core.system import Op, Outcome, System, Write, WriteOptions
from crosswalk.core.values import Value
from crosswalk.systems import open_system

OPTIONS = WriteOptions()
LINE = "Łódź – «it's noted» 🎉"
REGIONS = ("Europe", "Americas")
INTERESTS = ("Email", "Events", "Phone")
# custom fields of the account: name → type and options
FIELDS: dict[str, tuple[str, Sequence[str]]] = {
    "text": ("text", ()),
    "area": ("textarea", ()),
    "hidden": ("hidden", ()),
    "number": ("number", ()),
    "currency": ("currency", ()),
    "date": ("date", ()),
    "datetime": ("datetime", ()),
    "dropdown": ("dropdown", REGIONS),
    "radio": ("radio", REGIONS),
    "listbox": ("listbox", INTERESTS),
    "checkboxes": ("checkbox", INTERESTS),
    "tick": ("checkbox", ("true",)),
    "yes or no": ("dropdown", ("Yes", "No")),
    "true or false": ("radio", ("TRUE", "FALSE")),
    "one of two": ("listbox", ("no", "yes")),
    "scores": ("dropdown", ("1", "2.50")),
    "words": ("dropdown", (LINE, "other@example.org", "https://example.org/2")),
}


@dataclass(frozen=True, kw_only=True)
class Made:
    """How somebody makes a contact in a CRM."""

    object: str
    key: str  # what its id is called
    name: str  # the column of the last name


VENDORS = {
    "salesforce": Made(object="Contact", key="Id", name="LastName"),
    "dynamics": Made(object="contact", key="contactid", name="lastname"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A pair, a value of the CRM's field with the raw text that ActiveCampaign then holds, and the way back."""

    vendor: str
    crm: str
    name: str
    value: Value
    raw: str
    typed: str  # what somebody then enters in ActiveCampaign
    back: Value  # what the CRM's field then holds


SALESFORCE = [
    Case(vendor="salesforce", crm=crm, name=name, value=value, raw=raw, typed=typed, back=back)
    for crm, name, value, raw, typed, back in (
        ("Nickname__c", "text", LINE, LINE, "  Zoe\u0308 ", "Zoë"),
        ("Nickname__c", "hidden", LINE, LINE, "x", "x"),
        ("Nickname__c", "area", LINE, LINE, "x", "x"),
        ("Nickname__c", "words", LINE, LINE, "https://example.org/2", "https://example.org/2"),
        ("Nickname__c", "date", "2024-02-29", "2024-02-29", "1999-12-31", "1999-12-31"),
        ("Notes__c", "area", "one\ntwo", "one\ntwo", "three\r\nfour", "three\nfour"),
        ("Notes__c", "hidden", "x" * 900, "x" * 900, "y", "y"),
        ("About__c", "area", "<p>Hi</p>", "<p>Hi</p>", "<b>Yo</b>", "<b>Yo</b>"),
        ("Tax_Number__c", "text", "DE 123", "DE 123", "AT 9", "AT 9"),
        ("Email", "text", "a.b@example.org", "a.b@example.org", "c@example.org", "c@example.org"),
        ("Email", "words", "other@example.org", "other@example.org", "", None),
        ("MobilePhone", "text", "+43 1 234", "+43 1 234", "0049 30", "0049 30"),
        ("Profile_URL__c", "text", "https://example.org/?a=b", "https://example.org/?a=b", "x.example", "x.example"),
        ("Profile_URL__c", "words", "https://example.org/2", "https://example.org/2", "", None),
        ("Score__c", "number", "12.5", "12.5", "-0.25", "-0.25"),
        ("Score__c", "text", "12.5", "12.5", "1 234,5", "1234.5"),
        ("Score__c", "scores", "2.5", "2.50", "1", "1"),
        ("Score__c", "currency", "12", "12.00", "3.5", "3.5"),
        ("Annual_Budget__c", "currency", "1234.5", "1234.50", "99.99", "99.99"),
        ("Annual_Budget__c", "text", "1234.5", "1234.50", "1.234,56 €", "1234.56"),
        ("Annual_Budget__c", "hidden", "0", "0.00", "$1,000,000", "1000000"),
        ("Annual_Budget__c", "number", "1234.5", "1234.5", "7", "7"),
        ("Discount__c", "text", "12.5", "12.5", "7,5 %", "7.5"),
        ("Discount__c", "number", "12.5", "12.5", "0", "0"),
        ("Birthday__c", "date", "1980-02-29", "1980-02-29", "2000-01-01", "2000-01-01"),
        ("Birthday__c", "text", "1980-02-29", "1980-02-29", "2000-01-01", "2000-01-01"),
        ("Last_Meeting__c", "datetime", "2026-01-01T03:30:00Z", "2025-12-31T21:30:00-06:00",
         "2026-05-19T02:45:00+02:00", "2026-05-19T00:45:00Z"),
        ("Last_Meeting__c", "text", "2026-01-01T03:30:00Z", "2026-01-01T03:30:00Z",
         "2026-01-01T03:30:00+01:00", "2026-01-01T02:30:00Z"),
        ("Best_Time__c", "text", "18:30:00", "18:30:00", "07:15", "07:15:00"),
        ("Partner__c", "tick", True, "||true||", "", False),
        ("Partner__c", "yes or no", False, "No", "Yes", True),
        ("Partner__c", "true or false", True, "TRUE", "FALSE", False),
        ("Partner__c", "one of two", True, "||yes||", "||no||", False),
        ("Partner__c", "text", False, "false", "yes", True),
        ("Region__c", "dropdown", "Europe", "Europe", "Americas", "Americas"),
        ("Region__c", "radio", "Americas", "Americas", "Europe", "Europe"),
        ("Region__c", "text", "Europe", "Europe", "Asia Pacific", "Asia Pacific"),
        ("Origin__c", "text", "referral", "referral", "anything", "anything"),
        ("Interests__c", "listbox", ("Email", "Phone"), "||Email||Phone||", "||Events||", ("Events",)),
        ("Interests__c", "checkboxes", ("Email",), "||Email||", "||Phone||Events||", ("Events", "Phone")),
        ("Referred_By__c", "text", "@self", "@self", "", None),
    )
]  # fmt: skip
DYNAMICS = [
    Case(vendor="dynamics", crm=crm, name=name, value=value, raw=raw, typed=typed, back=back)
    for crm, name, value, raw, typed, back in (
        ("nickname", "text", LINE, LINE, "  Zoe\u0308 ", "Zoë"),
        ("nickname", "words", LINE, LINE, "https://example.org/2", "https://example.org/2"),
        ("new_notes", "area", "one\ntwo", "one\ntwo", "three\r\nfour", "three\nfour"),
        ("new_notes", "hidden", "x" * 900, "x" * 900, "y", "y"),
        ("mobilephone", "text", "+43 1 234", "+43 1 234", "0049 30", "0049 30"),
        ("new_profileurl", "text", "https://example.org/?a=b", "https://example.org/?a=b", "x.example", "x.example"),
        ("new_score", "number", "12.5", "12.5", "-0.25", "-0.25"),
        ("new_score", "scores", "2.5", "2.50", "1", "1"),
        ("new_discount", "text", "12.5", "12.5", "7.25", "7.25"),
        ("numberofchildren", "number", "3", "3", "0", "0"),
        ("new_annualbudget", "currency", "1234.5", "1234.50", "99.99", "99.99"),
        ("new_annualbudget", "text", "1234.5", "1234.50", "1.234,56 €", "1234.56"),
        ("birthdate", "date", "1980-02-29", "1980-02-29", "2000-01-01", "2000-01-01"),
        ("new_lastmeeting", "datetime", "2026-01-01T03:30:00Z", "2025-12-31T21:30:00-06:00",
         "2026-05-19T02:45:00+02:00", "2026-05-19T00:45:00Z"),
        ("new_besttime", "text", "2026-01-01T18:30:00Z", "2026-01-01T18:30:00Z",
         "2026-01-02T07:15:00Z", "2026-01-02T07:15:00Z"),
        ("new_partner", "tick", True, "||true||", "", False),
        ("new_partner", "yes or no", False, "No", "Yes", True),
        ("new_region", "dropdown", "Europe", "Europe", "Americas", "Americas"),
        ("new_region", "text", "Europe", "Europe", "Asia Pacific", "Asia Pacific"),
        ("new_interests", "listbox", ("Email", "Phone"), "||Email||Phone||", "||Events||", ("Events",)),
        ("new_interests", "checkboxes", ("Email",), "||Email||", "||Phone||Events||", ("Events", "Phone")),
        ("new_interests", "listbox", ("Email",), "||Email||", "", None),
        ("new_referredby", "text", "@self", "@self", "", None),
    )
]  # fmt: skip
READ_ONLY = (
    ("salesforce", "Full_Label__c", "area"),
    ("salesforce", "Record_Number__c", "text"),
    ("salesforce", "CreatedDate", "datetime"),
    ("dynamics", "fullname", "text"),
    ("dynamics", "createdon", "datetime"),
    ("dynamics", "ownerid", "text"),
)


class Rig:
    """Both systems with one contact each, known by its id."""

    def __init__(self, ready: dict[str, dict[str, str]], vendor: str) -> None:
        self.crm = self._open(vendor, ready)
        self.account = self._open("activecampaign", ready)
        credentials = ready["activecampaign"]
        self._api = httpx2.Client(
            base_url=f"{credentials['url']}/api/3", headers={"Api-Token": credentials["key"]}, trust_env=False
        )
        self._control = httpx2.Client(base_url=ready[vendor]["control"], trust_env=False)
        self._names = {name: f"field/{self._make(name, *definition)}" for name, definition in FIELDS.items()}
        made_by = VENDORS[vendor]
        order = {"op": "create", "object": made_by.object, "values": {made_by.name: "Ruiz"}}
        self.crm_id = self._control.post("person", json=order).json()[made_by.key]
        made = self._api.post("/contacts", json={"contact": {"email": "maria.ruiz@example.org"}}).json()
        self.contact_id = str(made["contact"]["id"])
        self.crm_fields = self.crm.describe("contact").fields
        self._account_fields = self.account.describe("contact").fields

    def _open(self, vendor: str, ready: dict[str, dict[str, str]]) -> System:
        return open_system(vendor, ready[vendor], budget=FreeBudget(), clock=SystemClock())

    def _make(self, name: str, type_: str, options: Sequence[str]) -> str:
        made = self._api.post("/fields", json={"field": {"type": type_, "title": f"Type {name}"}}).json()
        field_id = str(made["field"]["id"])
        if options:
            rows = [{"field": field_id, "value": value, "label": value} for value in options]
            assert self._api.post("/fieldOption/bulk", json={"fieldOptions": rows}).status_code == 201
        return field_id

    def close(self) -> None:
        for each in (self.crm, self.account, self._api, self._control):
            each.close()

    def field(self, name: str) -> Field:
        return self._account_fields[self._names[name]]

    def write(self, system: System, record_id: str, field: Field, value: Value) -> None:
        write = Write(
            id=1, object="contact", op=Op.UPDATE, record_id=record_id, key="maria.ruiz@example.org",
            values={field.name: value},
        )  # fmt: skip
        for batch in system.batches([write], OPTIONS):
            (receipt,) = system.send(batch, OPTIONS)
            assert receipt.outcome is Outcome.DONE, receipt.problems

    def read(self, system: System, record_id: str, field: Field) -> Value:
        (record,) = system.fetch("contact", [record_id], [field.name]).records
        return record.values[field.name]

    def raw(self, name: str) -> str:
        rows = self._api.get(f"/contacts/{self.contact_id}/fieldValues").json()["fieldValues"]
        wanted = self._names[name].removeprefix("field/")
        return next((str(row["value"]) for row in rows if row["field"] == wanted), "")

    def type_in(self, name: str, text: str) -> None:
        """Enter a text as somebody does who does not come from us."""
        field_id = self._names[name].removeprefix("field/")
        body = {"fieldValue": {"contact": self.contact_id, "field": field_id, "value": text}}
        assert self._api.post("/fieldValues", json=body).status_code in {200, 201}


@contextmanager
def running(vendor: str) -> Iterator[Rig]:
    program = str(Path(sys.executable).with_name("crosswalk-sandbox"))
    command = [program, f"--{vendor}", "0", "--activecampaign", "0", "--records", "1", "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            rig = Rig(json.loads(process.stdout.readline()), vendor)
            yield rig
            rig.close()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def rigs() -> Iterator[dict[str, Rig]]:
    with ExitStack() as stack:
        yield {vendor: stack.enter_context(running(vendor)) for vendor in VENDORS}


@pytest.mark.parametrize("case", SALESFORCE + DYNAMICS, ids=lambda case: f"{case.crm} {case.name}")
def test_a_value_travels_out_and_another_travels_back(rigs: dict[str, Rig], case: Case) -> None:
    rig = rigs[case.vendor]
    crm, account = rig.crm_fields[case.crm], rig.field(case.name)
    assert pairable(crm, account) is None
    value = rig.crm_id if case.value == "@self" else case.value
    raw = rig.crm_id if case.raw == "@self" else case.raw

    rig.write(rig.crm, rig.crm_id, crm, value)
    read = rig.read(rig.crm, rig.crm_id, crm)
    assert read == value
    rig.write(rig.account, rig.contact_id, account, converter(crm, account)(read))
    assert rig.raw(case.name) == raw
    assert converter(account, crm)(rig.read(rig.account, rig.contact_id, account)) == value

    rig.type_in(case.name, case.typed)
    typed = rig.read(rig.account, rig.contact_id, account)
    rig.write(rig.crm, rig.crm_id, crm, converter(account, crm)(typed))
    assert rig.read(rig.crm, rig.crm_id, crm) == case.back


@pytest.mark.parametrize(("vendor", "crm_name", "name"), READ_ONLY)
def test_what_is_only_read_travels_out(rigs: dict[str, Rig], vendor: str, crm_name: str, name: str) -> None:
    rig = rigs[vendor]
    crm, account = rig.crm_fields[crm_name], rig.field(name)
    assert read_only(crm) is not None
    assert pairable(crm, account) is None
    value = rig.read(rig.crm, rig.crm_id, crm)
    assert value is not None
    rig.write(rig.account, rig.contact_id, account, converter(crm, account)(value))
    assert rig.read(rig.account, rig.contact_id, account) == value


@pytest.mark.parametrize("crm", ["MailingAddress", "Place__c"])
def test_compound_fields_are_refused_and_their_parts_are_not(rigs: dict[str, Rig], crm: str) -> None:
    rig = rigs["salesforce"]
    assert pairable(rig.crm_fields[crm], rig.field("text")) is not None
    assert pairable(rig.crm_fields["Place__Latitude__s"], rig.field("number")) is None
    assert pairable(rig.crm_fields["MailingCity"], rig.field("text")) is None
