"""The invented population: one deterministic generator, from which both systems take their people.

The same seed, sizes and start always give the same people, whatever systems are served. Shared people
have one e-mail address and partly equal, partly different values on the two sides.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypedDict, TypeVar

from crosswalk_sandbox import names

T = TypeVar("T")
SPREAD = timedelta(days=730)  # creation stamps lie this far back at most
QUIET = timedelta(hours=1)  # nothing changed this shortly before the start
SHARED = 0.4  # of the ActiveCampaign contacts
LEAD_WITHOUT_EMAIL_EVERY = 60
CONTACT_WITHOUT_EMAIL_EVERY = 75
CONTACT_LIKE_LEAD_EVERY = 50  # such contacts are the same human, with the same e-mail, as a lead


class Person(TypedDict):
    """One human as one side knows them; "" or None is empty, 0 and False are values."""

    first_name: str
    last_name: str
    email: str  # "" where a CRM record has none
    phone: str
    company: str
    job_title: str
    city: str
    country: str
    nickname: str  # short text, some of it nasty
    notes: str  # long text with line breaks and emoji
    score: float | None  # at most two decimals; 0 happens
    birthday: str | None  # YYYY-MM-DD
    last_meeting: datetime | None  # aware UTC, whole seconds
    partner: bool | None
    interests: list[str]  # of names.INTERESTS, in that order
    rating: str  # of names.RATINGS
    industry: str  # of names.INDUSTRIES
    region: str  # of names.REGIONS
    source: str
    tags: list[str]  # of names.TAGS
    opted_out: bool
    created: datetime  # aware UTC, whole seconds
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many records there are."""

    leads: int
    contacts: int
    subscribers: int  # contacts in ActiveCampaign

    @classmethod
    def of(cls, records: int) -> Sizes:
        """`--records N`: N leads, N contacts and 2 N contacts in ActiveCampaign."""
        return cls(leads=records, contacts=records, subscribers=2 * records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Leads and contacts as the CRM knows them, subscribers as ActiveCampaign does; oldest first.

    Systems read it and copy what they change: it is what `reset` goes back to.
    """

    seed: int
    start: datetime
    leads: list[Person]
    contacts: list[Person]
    subscribers: list[Person]
    alike: bool = False  # whoever is known on both sides is known as the same


def invent(seed: int, sizes: Sizes, start: datetime, *, alike: bool = False) -> Population:
    """Invent everybody; stamps lie before `start` (aware UTC).

    With `alike`, as many people as can be are shared, and no field of theirs differs between the sides.
    """
    with no_collection():
        return _invent(seed, sizes, start.replace(microsecond=0), alike)


def _invent(seed: int, sizes: Sizes, start: datetime, alike: bool) -> Population:
    maker = _Maker(random.Random(f"people {seed}"), start)
    leads = [maker.person(number) for number in range(sizes.leads)]
    contacts = [maker.person(sizes.leads + number) for number in range(sizes.contacts)]
    _drop_emails(leads, LEAD_WITHOUT_EMAIL_EVERY)
    _drop_emails(contacts, CONTACT_WITHOUT_EMAIL_EVERY)
    _make_alike(leads, contacts)
    subscribers = maker.subscribers(leads, contacts, sizes.subscribers, alike)
    for group in (leads, contacts, subscribers):
        group.sort(key=lambda person: (person["created"], person["email"]))
    return Population(
        seed=seed, start=start, leads=leads, contacts=contacts, subscribers=subscribers, alike=alike
    )


@contextmanager
def no_collection() -> Iterator[None]:
    """Build a large heap without collecting garbage on the way: a third less time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _drop_emails(people: list[Person], every: int) -> None:
    for person in people[every - 1 :: every]:
        person["email"] = ""


def _make_alike(leads: list[Person], contacts: list[Person]) -> None:
    """Now and then a contact is the same human as a lead."""
    for lead, contact in list(zip(leads, contacts, strict=False))[6::CONTACT_LIKE_LEAD_EVERY]:
        if lead["email"]:
            contact["email"] = lead["email"]
            contact["first_name"], contact["last_name"] = lead["first_name"], lead["last_name"]


# how a field of a shared person differs between the sides: cumulative shares
Difference = Literal["equal", "subscriber empty", "crm empty", "different"]
DIFFERENCES: tuple[tuple[float, Difference], ...] = (
    (0.70, "equal"), (0.80, "subscriber empty"), (0.88, "crm empty"), (1.0, "different"),
)  # fmt: skip
VARYING = (
    "first_name", "phone", "company", "nickname", "notes", "score", "birthday", "last_meeting", "partner",
    "interests", "rating", "industry", "region",
)  # fmt: skip
EMPTY: dict[str, object] = {
    "score": None, "birthday": None, "last_meeting": None, "partner": None, "interests": [],
}  # fmt: skip
SUBSETS = tuple([value for bit, value in enumerate(names.INTERESTS) if mask >> bit & 1] for mask in range(64))
TAG_SETS = tuple([value for bit, value in enumerate(names.TAGS) if mask >> bit & 1] for mask in range(64))


class _Maker:
    """Makes people from one stream of chance."""

    def __init__(self, chance: random.Random, start: datetime) -> None:
        self._roll = chance.random
        self._chance = chance
        self._start = start
        self._spread = int((SPREAD - QUIET).total_seconds())
        self._quiet = start - QUIET

    def person(self, number: int) -> Person:
        """A new person; `number` makes the e-mail address unique."""
        roll, pick = self._roll, self._pick
        culture = pick(names.CULTURES)
        first, last = pick(culture.first), pick(culture.last)
        created = self._quiet - timedelta(seconds=int(roll() * self._spread))
        return {
            "first_name": first[0] if roll() < 0.97 else "",
            "last_name": last[0],
            "email": self._email(first[1], last[1], number),
            "phone": culture.phone + f"{int(roll() * 1000):03d}" if roll() < 0.85 else "",
            "company": pick(names.COMPANIES),
            "job_title": pick(names.JOB_TITLES) if roll() < 0.7 else "",
            "city": pick(culture.cities),
            "country": culture.country,
            "nickname": pick(names.NICKNAMES) if roll() < 0.6 else "",
            "notes": self._notes(),
            "score": self._score(),
            "birthday": self._day() if roll() < 0.6 else None,
            "last_meeting": self._between(created) if roll() < 0.6 else None,
            "partner": roll() < 0.4 if roll() < 0.9 else None,
            "interests": list(SUBSETS[int(roll() * 64) & int(roll() * 64)]),
            "rating": pick(names.RATINGS) if roll() < 0.75 else "",
            "industry": pick(names.INDUSTRIES) if roll() < 0.75 else "",
            "region": pick(names.REGIONS) if roll() < 0.8 else "",
            "source": pick(names.SOURCES),
            "tags": list(TAG_SETS[int(roll() * 64) & int(roll() * 64) & int(roll() * 64)]),
            "opted_out": roll() < 0.04,
            "created": created,
            "modified": self._between(created) if roll() < 0.7 else created,
        }

    def subscribers(
        self, leads: list[Person], contacts: list[Person], count: int, alike: bool
    ) -> list[Person]:
        """ActiveCampaign's contacts: some shared with the CRM (all, if `alike`), the others its own."""
        by_email = {person["email"]: person for person in leads + contacts if person["email"]}
        wanted = count if alike else round(SHARED * count)
        shared = self._chance.sample(sorted(by_email), min(wanted, len(by_email)))
        known = Person.copy if alike else self._subscriber
        found = [known(by_email[email]) for email in shared]
        first_number = len(leads) + len(contacts)
        return found + [self.person(first_number + number) for number in range(count - len(found))]

    def _subscriber(self, crm: Person) -> Person:
        """What ActiveCampaign knows of a CRM record's human; some of it is emptied in the CRM record."""
        other = self.person(0)
        mine = crm.copy()
        for field in VARYING:
            difference = self._difference()
            if difference == "subscriber empty":
                mine[field] = EMPTY.get(field, "")  # type: ignore[literal-required]
            elif difference == "crm empty":
                crm[field] = EMPTY.get(field, "")  # type: ignore[literal-required]
            elif difference == "different":
                mine[field] = other[field]  # type: ignore[literal-required]
        mine["created"], mine["modified"] = other["created"], other["modified"]
        return mine

    def _difference(self) -> Difference:
        roll = self._roll()
        return next(kind for share, kind in DIFFERENCES if roll < share)

    def _pick(self, values: tuple[T, ...]) -> T:
        return values[int(self._roll() * len(values))]

    def _email(self, first: str, last: str, number: int) -> str:
        """Unique through its number; one in twenty is tagged with a plus sign."""
        tag = "+news" if self._roll() < 0.05 else ""
        return f"{first}.{last}{number}{tag}@{self._pick(names.DOMAINS)}"

    def _notes(self) -> str:
        """Nothing, some sentences, or (rarely) thousands of characters."""
        roll = self._roll()
        if roll < 0.25:
            return ""
        count = 60 if roll > 0.985 else 1 + int(roll * 4)
        separator = "\n" if self._roll() < 0.4 else " "
        return separator.join(self._pick(names.SENTENCES) for _ in range(count))

    def _score(self) -> float | None:
        roll = self._roll()
        if roll < 0.2:
            return None
        return 0 if roll < 0.3 else round(self._roll() * 1000, 2) if roll < 0.6 else int(self._roll() * 100)

    def _day(self) -> str:
        day = int(self._roll() * 65 * 336)
        return f"{1940 + day // 336}-{day % 336 // 28 + 1:02d}-{day % 28 + 1:02d}"

    def _between(self, created: datetime) -> datetime:
        span = (self._quiet - created).total_seconds()
        return created + timedelta(seconds=int(self._roll() * span))
