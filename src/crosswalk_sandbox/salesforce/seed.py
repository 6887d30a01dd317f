"""The org at its start: its users and queue, and the records of the invented population."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.people import Person, Population
from crosswalk_sandbox.salesforce import ids, rules, scheduled, values
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row

ORG_AGE = timedelta(days=800)  # before the first person
PROFILE = ids.make("00e", 1)
# last, first, user name, active; API calls run as the first, everybody else is a person
USERS = (
    ("Integration", "Sync", "sync@org.example", True),
    ("Lindqvist", "Ada", "ada.lindqvist@org.example", True),
    ("Costa", "Bruno", "bruno.costa@org.example", True),
    ("Tanaka", "Chiyo", "chiyo.tanaka@org.example", True),
    ("Novák", "Dora", "dora.novak@org.example", False),
)
CONVERTED = "Closed - Converted"
STATUSES = ("Open - Not Contacted", "Working - Contacted", "Working - Contacted", "Closed - Not Converted")
# of opportunities: name, percent of probability, category of forecast
STAGES = (
    ("Prospecting", 10, "Pipeline"), ("Qualification", 10, "Pipeline"), ("Needs Analysis", 20, "Pipeline"),
    ("Value Proposition", 50, "Pipeline"), ("Id. Decision Makers", 60, "Pipeline"),
    ("Perception Analysis", 70, "Pipeline"), ("Proposal/Price Quote", 75, "Pipeline"),
    ("Negotiation/Review", 90, "Pipeline"), ("Closed Won", 100, "Closed"), ("Closed Lost", 0, "Omitted"),
)  # fmt: skip
SALUTATIONS = ("", "Ms.", "Mr.", "", "Dr.")
KEYED_EVERY = 3  # this many records have no Legacy_Key__c between two that have one
WITHOUT_ACCOUNT_EVERY = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """All rows of the start, and the numbers of the last ids."""

    rows: dict[str, list[Row]]
    numbers: dict[str, int]

    def restore(self, org: Org) -> None:
        """Make the org what it was."""
        org.numbers = dict(self.numbers)
        org.recycle_bin.clear()
        org.reset_grants()
        for name, rows in self.rows.items():
            org.store[name].load(rows)


def plant(org: Org, population: Population, converted_leads: int = 0) -> Start:
    """Make the org's first records; the oldest `converted_leads` leads are converted."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _plant(org, population, converted_leads)
    finally:
        if collecting:
            gc.enable()


def _plant(org: Org, population: Population, converted_leads: int) -> Start:
    planter = _Planter(org, population)
    rows = {
        "Organization": [planter.organization()],
        "Group": [planter.queue()],
        "User": [planter.user(*user) for user in USERS],
        "OpportunityStage": [planter.stage(number, *stage) for number, stage in enumerate(STAGES, start=1)],
        "LeadStatus": planter.lead_statuses(),
        "CronJobDetail": (details := [planter.job_detail(job) for job in scheduled.JOBS]),
        "CronTrigger": [
            planter.trigger(job, detail) for job, detail in zip(scheduled.JOBS, details, strict=True)
        ],
    }
    for name, found in rows.items():
        org.store[name].load(found)
    rows["Account"] = planter.accounts(population.contacts)
    rows["Contact"] = [planter.contact(number, person) for number, person in enumerate(population.contacts)]
    rows["Lead"] = [planter.lead(number, person) for number, person in enumerate(population.leads)]
    for lead, contact in zip(rows["Lead"][:converted_leads], rows["Contact"], strict=False):
        _convert(lead, contact)
    empty: dict[str, list[Row]] = {kind.name: [] for kind in org.schema}
    return Start(rows=empty | rows, numbers=dict(org.numbers))


def _convert(lead: Row, contact: Row) -> None:
    """Make a lead look converted to that contact."""
    account = {"ConvertedAccountId": contact["AccountId"]} if "AccountId" in contact else {}
    lead |= {"IsConverted": True, "Status": CONVERTED, "ConvertedContactId": contact["Id"]}
    lead |= {"ConvertedDate": lead["SystemModstamp"][:10], **account}


class _Planter:
    """Makes rows, giving out ids in order."""

    def __init__(self, org: Org, population: Population) -> None:
        self._org = org
        self._founded = values.stamp(population.start - ORG_AGE)
        self._account_of: dict[str, str] = {}
        self._people: list[str] = []

    def organization(self) -> Row:
        row = self._setup("Organization", {
            "Name": "Example Trading", "City": "Berlin", "Country": "Germany",
            "DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "TimeZoneSidKey": "GMT",
            "OrganizationType": "Enterprise Edition", "InstanceName": "SBX1", "IsSandbox": False,
        })  # fmt: skip
        return {**row, "Id": self._org.id}

    def queue(self) -> Row:
        return self._setup(
            "Group", {"Name": "Inbound leads", "DeveloperName": "Inbound_leads", "Type": "Queue"}
        )

    def user(self, last: str, first: str, username: str, active: bool) -> Row:
        """A user; the active ones but the first own and change records."""
        alias = username.partition("@")[0].partition(".")[0]
        row = self._setup("User", {
            "LastName": last, "FirstName": first, "Name": f"{first} {last}", "Username": username,
            "Email": username, "Alias": alias, "CommunityNickname": alias, "IsActive": active,
            "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US", "ProfileId": PROFILE, "UserType": "Standard",
        })  # fmt: skip
        if active and row["Id"] != self._org.caller:
            self._people.append(row["Id"])
        return row

    def stage(self, number: int, name: str, percent: int, category: str) -> Row:
        """A stage of opportunities."""
        return self._setup("OpportunityStage", {
            "MasterLabel": name, "ApiName": name, "SortOrder": number, "IsActive": True,
            "IsClosed": name.startswith("Closed"), "IsWon": name == "Closed Won",
            "DefaultProbability": values.tidy(Decimal(percent)),
            "ForecastCategory": rules.FORECASTS[category], "ForecastCategoryName": category,
        })  # fmt: skip

    def lead_statuses(self) -> list[Row]:
        """The statuses of leads, as the picklist has them."""
        status = self._org.schema["Lead"].fields["Status"]
        return [
            self._setup("LeadStatus", {
                "MasterLabel": name, "ApiName": name, "SortOrder": number,
                "IsDefault": name == status.default, "IsConverted": name == CONVERTED,
            })
            for number, name in enumerate(status.values, start=1)
        ]  # fmt: skip

    def job_detail(self, job: scheduled.Job) -> Row:
        return self._setup("CronJobDetail", {"Name": job.name, "JobType": job.type})

    def trigger(self, job: scheduled.Job, detail: Row) -> Row:
        """When a job starts; it never did so far."""
        first = values.stamp(job.first(values.moment(self._founded)))
        return self._setup("CronTrigger", {
            "CronJobDetailId": detail["Id"], "State": "WAITING", "CronExpression": job.expression,
            "TimeZoneSidKey": "GMT", "StartTime": self._founded, "NextFireTime": first, "TimesTriggered": 0,
            "OwnerId": self._org.caller,
        })  # fmt: skip

    def accounts(self, people: Iterable[Person]) -> list[Row]:
        """An account for every company that a contact works for."""
        companies: dict[str, Person] = {}
        for person in people:
            companies.setdefault(person["company"], person)
        kind = self._org.schema["Account"]
        rows = [
            self._record(kind, number, person, {"Name": name, "Industry": person["industry"]})
            for number, (name, person) in enumerate(companies.items())
            if name.strip()
        ]
        self._account_of = {row["Name"]: row["Id"] for row in rows}
        return rows

    def contact(self, number: int, person: Person) -> Row:
        own = {
            "MailingCity": person["city"],
            "MailingCountry": person["country"],
            "Birthdate": person["birthday"],
        }
        row = self._record(self._org.schema["Contact"], number, person, {**_shared(number, person), **own})
        account = self._account_of.get(person["company"].strip())
        if account and number % WITHOUT_ACCOUNT_EVERY:
            row["AccountId"] = account
        return row

    def lead(self, number: int, person: Person) -> Row:
        own = {
            "Company": person["company"],
            "City": person["city"],
            "Country": person["country"],
            "Industry": person["industry"],
            "Rating": person["rating"],
            "Status": STATUSES[number % len(STATUSES)],
            "IsUnreadByOwner": number % 2 == 0,
            "NumberOfEmployees": number % 250,
        }
        return self._record(self._org.schema["Lead"], number, person, {**_shared(number, person), **own})

    def _setup(self, name: str, fields: dict[str, Any]) -> Row:
        """A row of an object that only admins change."""
        stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), self._founded)
        by = dict.fromkeys(("CreatedById", "LastModifiedById"), self._org.caller)
        kind = self._org.schema[name]
        audit = {each: value for each, value in {**stamps, **by}.items() if each in kind.fields}
        return {"Id": self._org.new_id(kind), **fields, **audit}

    def _record(self, kind: Object, number: int, person: Person, fields: dict[str, Any]) -> Row:
        """A row as it would be saved, but stamped with the person's own times."""
        owner = self._people[number % len(self._people)]
        row: Row = dict(kind.unticked)
        for name, value in fields.items():
            if value is None or value == "":
                continue
            field = kind.fields[name]
            stored = values.check(field, values.read(field, value))
            if stored is not None:
                row[name] = stored
        created, modified = values.stamp(person["created"]), values.stamp(person["modified"])
        row |= {
            "Id": self._org.new_id(kind),
            "OwnerId": owner,
            "CreatedDate": created,
            "CreatedById": owner,
            "LastModifiedDate": modified,
            "LastModifiedById": self._people[number // 2 % len(self._people)],
            "SystemModstamp": modified,
        }
        return rules.derive(kind, row)


def _shared(number: int, person: Person) -> dict[str, Any]:
    """The fields that leads and contacts have in common."""
    meeting = person["last_meeting"]
    return {
        "FirstName": person["first_name"],
        "LastName": person["last_name"],
        "Salutation": SALUTATIONS[number % len(SALUTATIONS)],
        "Email": person["email"],
        "Phone": person["phone"],
        "Title": person["job_title"],
        "LeadSource": "Web" if person["source"] == "web-form" else "Other",
        "HasOptedOutOfEmail": person["opted_out"],
        "Nickname__c": person["nickname"],
        "Notes__c": person["notes"],
        "Score__c": person["score"],
        "Annual_Budget__c": None if number % 4 == 0 else number % 40 * 250_000.5,
        "Discount__c": None if number % 3 == 0 else number % 21 * 2.5,
        "Birthday__c": person["birthday"],
        "Last_Meeting__c": None if meeting is None else values.stamp(meeting),
        "Partner__c": bool(person["partner"]),
        "Region__c": person["region"],
        "Origin__c": person["source"],
        "Interests__c": ";".join(person["interests"]),
        "Profile_URL__c": f"https://people.example.org/{number}" if number % 5 == 0 else None,
        "Legacy_Key__c": None if number % (KEYED_EVERY + 1) else f"K-{number:06d}",
    }
