"""The environment at its start: its setup, and the records of the invented population."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics import custom, ids, labels
from crosswalk_sandbox.dynamics.entra import people
from crosswalk_sandbox.dynamics.environment import Environment, Row, stamp
from crosswalk_sandbox.dynamics.names import full_name
from crosswalk_sandbox.dynamics.security import roles
from crosswalk_sandbox.people import Person, Population

AGE = timedelta(days=800)  # before the first person
# first, last, disabled; the first is the application user, everybody else is a person of the tenant
USERS = (
    ("Crosswalk", "Application", False),
    *((first, last, first == "Dora") for first, last, _ in people.NAMES[:4]),
)
BUSINESS = ("account", "contact", "lead", "opportunity")
MESSAGES = {
    **dict.fromkeys(
        (
            "Create", "Update", "Delete", "Retrieve", "RetrieveMultiple", "Assign", "Associate", "Disassociate",
            "CreateMultiple", "UpdateMultiple", "UpsertMultiple", "Upsert",
        ),
        BUSINESS,
    ),
    "Merge": BUSINESS[:3],
    "QualifyLead": ("lead",),
}  # fmt: skip
VIEWED = ("account", "contact", "lead")
VIEW = (
    '<fetch><entity name="{table}"><attribute name="{title}"/><attribute name="{key}"/>'
    '<order attribute="{title}"/><filter><condition attribute="statecode" operator="eq" value="0"/></filter>'
    "</entity></fetch>"
)
WITHOUT_ACCOUNT_EVERY = 9
KEYED_EVERY = 4
INDUSTRIES = {
    name: number
    for number, name in zip(
        (2, 27, 12, 25, 7), ("Agriculture", "Education", "Manufacturing", "Retail", "Technology"), strict=True
    )
}
RATINGS = {"Hot": 1, "Warm": 2, "Cold": 3}
LEAD_STATUSES = ((0, 1), (0, 2), (0, 2), (2, 6))
WEB, OTHER = 8, 10  # of leadsourcecode


def plant(environment: Environment, population: Population, application: str, object_id: str) -> None:
    """Make the first rows; `application` is the client id of the application user."""
    planter = _Planter(environment, population)
    planter.setup(application, object_id)
    planter.accounts(population.contacts)
    for number, person in enumerate(population.contacts):
        planter.contact(number, person)
    for number, person in enumerate(population.leads):
        planter.lead(number, person)
    planter.views()
    planter.messages()


class _Planter:
    def __init__(self, environment: Environment, population: Population) -> None:
        self._environment = environment
        self._founded = stamp(population.start - AGE)
        self._people = [ids.make(environment.seed, f"user {number}") for number in (1, 2, 3)]
        self._accounts: dict[str, str] = {}

    def setup(self, application: str, object_id: str) -> None:
        """Organization, business unit, team, currency and users."""
        here = self._environment
        self._admin("businessunit", here.unit, {"name": "example", "isdisabled": False})
        self._admin("transactioncurrency", here.currency, {
            "currencyname": "Euro", "isocurrencycode": "EUR", "currencysymbol": "€",
            "exchangerate": Decimal("1.0000000000"), "currencyprecision": 2,
        })  # fmt: skip
        self._admin("organization", here.id, {
            "name": "example", "isduplicatedetectionenabled": False, "expirechangetrackingindays": 7,
            "languagecode": labels.ENGLISH, "basecurrencyid": here.currency,
        })  # fmt: skip
        team = {"name": "example", "businessunitid": here.unit, "isdefault": True}
        self._admin("team", ids.make(here.seed, "team"), team)
        publisher = ids.make(here.seed, "publisher")
        self._admin("publisher", publisher, {
            "uniquename": "DefaultPublisherexample", "friendlyname": "Default Publisher for example",
            "customizationprefix": "new", "customizationoptionvalueprefix": 10_000,
        })  # fmt: skip
        self._admin("solution", ids.make(here.seed, "solution"), {
            "uniquename": "Default", "friendlyname": "Default Solution", "version": "1.0",
            "publisherid": publisher,
        })  # fmt: skip
        for number, user in enumerate(USERS):
            self._user(number, *user, application=application, object_id=object_id)
        admins = (0, 1)
        roles.plant(here, {
            ids.make(here.seed, f"user {number}"): roles.ADMIN if number in admins else roles.SALES
            for number in range(len(USERS))
        })  # fmt: skip

    def messages(self) -> None:
        """Which messages there are, and for which tables."""
        here = self._environment
        for name, tables in MESSAGES.items():
            key = ids.make(0, f"message {name}")
            here.put("sdkmessage", {"sdkmessageid": key, "name": name, "isprivate": False})
            for table in tables:
                row = {"sdkmessageid": key, "primaryobjecttypecode": table, "secondaryobjecttypecode": "none"}
                here.put(
                    "sdkmessagefilter", {"sdkmessagefilterid": ids.make(0, f"filter {name} {table}"), **row}
                )

    def views(self) -> None:
        """The view of what is active, for each table of records; people make more."""
        here = self._environment
        for name in VIEWED:
            table = here.schema[name]
            title = f"{'Open' if name == 'lead' else 'Active'} {table.plural}"
            self._admin("savedquery", ids.make(here.seed, f"view {name}"), {
                "name": title, "returnedtypecode": name, "querytype": 0, "isdefault": True,
                "fetchxml": VIEW.format(table=name, title=table.title, key=table.key),
            })  # fmt: skip

    def accounts(self, people: Iterable[Person]) -> None:
        """An account for every company that a contact works for."""
        companies: dict[str, Person] = {}
        for person in people:
            if name := person["company"].strip():
                companies.setdefault(name, person)
        for number, (name, person) in enumerate(companies.items()):
            fields = {"name": name, "industrycode": INDUSTRIES.get(person["industry"])}
            self._accounts[name] = self._record("account", number, person, fields)

    def contact(self, number: int, person: Person) -> None:
        account = self._accounts.get(person["company"].strip())
        company = {}
        if account and number % WITHOUT_ACCOUNT_EVERY:
            company = {"parentcustomerid": account, "parentcustomeridtype": "account"}
        own = {"birthdate": person["birthday"], "preferredcontactmethodcode": 1}
        self._record("contact", number, person, {**_shared(number, person), **own, **company})

    def lead(self, number: int, person: Person) -> None:
        state, status = LEAD_STATUSES[number % len(LEAD_STATUSES)]
        own = {
            "subject": person["job_title"] or "Interest",
            "companyname": person["company"],
            "industrycode": INDUSTRIES.get(person["industry"]),
            "leadqualitycode": RATINGS.get(person["rating"]),
            "leadsourcecode": WEB if person["source"] == "web-form" else OTHER,
            "numberofemployees": number % 250,
            "statecode": state,
            "statuscode": status,
        }
        self._record("lead", number, person, {**_shared(number, person), **own})

    def _user(
        self, number: int, first: str, last: str, disabled: bool, *, application: str, object_id: str
    ) -> None:
        mail = people.upn(first, last)
        own = {"applicationid": application, "azureactivedirectoryobjectid": object_id, "accessmode": 4}
        self._admin("systemuser", ids.make(self._environment.seed, f"user {number}"), {
            "firstname": first, "lastname": last, "fullname": f"{first} {last}", "domainname": mail,
            "internalemailaddress": mail, "isdisabled": disabled, "accessmode": 0,
            "businessunitid": self._environment.unit,
            "azureactivedirectoryobjectid": people.object_id(self._environment.seed, number),
            **({} if number else own),
        })  # fmt: skip

    def _admin(self, table: str, key: str, fields: dict[str, Any]) -> None:
        """A row that only admins change."""
        by = self._environment.caller
        stamps = {"createdon": self._founded, "modifiedon": self._founded, "createdby": by, "modifiedby": by}
        self._environment.put(table, {self._environment.schema[table].key: key, **fields, **stamps})

    def _record(self, name: str, number: int, person: Person, fields: dict[str, Any]) -> str:
        """A row as it would be saved, but stamped with the person's own times; its key."""
        here = self._environment
        table = here.schema[name]
        key = ids.make(here.seed, f"{name} {number}")
        owner = self._people[number % len(self._people)]
        row: Row = {column.name: False for column in table.columns.values() if column.type == "Boolean"}
        row |= {"statecode": 0, "statuscode": 1}
        row |= {field: value for field, value in fields.items() if value is not None and value != ""}
        row |= {
            table.key: key,
            "ownerid": owner, "owneridtype": "systemuser", "owninguser": owner, "owningbusinessunit": here.unit,
            "createdon": stamp(person["created"]), "createdby": owner,
            "modifiedon": stamp(person["modified"]),
            "modifiedby": self._people[number // 2 % len(self._people)],
            "transactioncurrencyid": here.currency, "exchangerate": Decimal("1.0000000000"),
        }  # fmt: skip
        here.put(name, full_name(table, row))
        return key


def _shared(number: int, person: Person) -> dict[str, Any]:
    """The columns that leads and contacts have in common."""
    meeting = person["last_meeting"]
    score = person["score"]
    budget = None if number % 4 == 0 else _money(number % 40 * 250_000.5)
    return {
        "firstname": person["first_name"],
        "lastname": person["last_name"],
        "emailaddress1": person["email"],
        "telephone1": person["phone"],
        "jobtitle": person["job_title"],
        "address1_city": person["city"],
        "address1_country": person["country"],
        "donotbulkemail": person["opted_out"],
        "new_nickname": person["nickname"],
        "new_notes": person["notes"],
        "new_score": None if score is None else Decimal(str(score)).quantize(Decimal("0.01")),
        "new_annualbudget": budget,
        "new_annualbudget_base": budget,
        "new_discount": None if number % 3 == 0 else number % 21 * 2.5,
        "new_birthday": person["birthday"],
        "new_lastmeeting": None if meeting is None else stamp(meeting),
        "new_partner": bool(person["partner"]),
        "new_region": _option("new_Region", person["region"]),
        "new_origin": _option("new_Origin", person["source"]),
        "new_interests": ",".join(str(_option("new_Interests", each)) for each in person["interests"]),
        "new_profileurl": f"https://people.example.org/{number}" if number % 5 == 0 else None,
        "new_legacykey": None if number % KEYED_EVERY else f"K-{number:06d}",
    }


def _money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.0001"))


_OPTIONS = {
    (schema_name, label): number
    for schema_name, _, _, facts in custom.COLUMNS
    for number, label in enumerate(facts.get("choices", ()), start=custom.FIRST_OPTION)
}


def _option(schema_name: str, label: str) -> int | None:
    return _OPTIONS.get((schema_name, label))
