"""The demo account: users, keys, fields, tags, lists, and contacts from the invented population."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crosswalk_sandbox import names
from crosswalk_sandbox.activecampaign import fields, tags
from crosswalk_sandbox.activecampaign.store import Account, Contact, Field, FieldValue, User, stamp
from crosswalk_sandbox.activecampaign.values import WITH_OPTIONS, joined
from crosswalk_sandbox.people import Person
from crosswalk_sandbox.system import World

INTEGRATION_USER = 2  # the ready line's key belongs to it
USERS = (
    ("owner", "Olga", "Owner", True),
    ("crosswalk", "Crosswalk", "Integration", True),
    ("mara", "Mara", "Marketing", False),
)
LISTS = ("Newsletter", "Product updates")
BOUNCED, NEVER_ON_A_LIST = 0.01, 0.08  # shares of the contacts
CHANNELS = ("Email", "Phone")

Take = Callable[[Person], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoField:
    """A custom field of the demo account, and how a person fills it."""

    title: str
    type: str
    options: tuple[str, ...] = ()
    take: Take = lambda person: ""
    related: bool = True  # else it exists but shows nowhere


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, int) else str(value)


# more than one page of 20: who forgets to page does not see the last ones
FIELDS = (
    DemoField(title="Company", type="text", take=lambda person: person["company"]),
    DemoField(title="Nickname", type="text", take=lambda person: person["nickname"]),
    DemoField(title="Notes", type="textarea", take=lambda person: person["notes"]),
    DemoField(title="Score", type="number", take=lambda person: _number(person["score"])),
    DemoField(title="Birthday", type="date", take=lambda person: person["birthday"] or ""),
    DemoField(
        title="Last meeting",
        type="datetime",
        take=lambda person: stamp(person["last_meeting"]) if person["last_meeting"] else "",
    ),
    DemoField(
        title="Partner",
        type="checkbox",
        options=("true",),
        take=lambda person: "||true||" if person["partner"] else "",
    ),
    DemoField(title="Shoe size", type="number"),
    DemoField(title="Favourite colour", type="dropdown", options=("Blue", "Green", "Red")),
    DemoField(title="Landing page", type="hidden"),
    DemoField(title="Survey 2024", type="textarea"),
    DemoField(title="Dietary wishes", type="checkbox", options=("Vegan", "Halal", "Kosher", "No nuts")),
    DemoField(title="Wedding day", type="date"),
    DemoField(title="Old notes", type="text", related=False),
    DemoField(title="T-shirt", type="radio", options=("S", "M", "L", "XL")),
    DemoField(title="City", type="text", take=lambda person: person["city"]),
    DemoField(title="Job title", type="text", take=lambda person: person["job_title"]),
    DemoField(
        title="Channels",
        type="checkbox",
        options=CHANNELS,
        take=lambda person: joined(value for value in person["interests"] if value in CHANNELS),
    ),
    DemoField(title="Source", type="hidden", take=lambda person: person["source"]),
    DemoField(
        title="Interests",
        type="listbox",
        options=names.INTERESTS,
        take=lambda person: joined(person["interests"]),
    ),
    DemoField(title="Rating", type="dropdown", options=names.RATINGS, take=lambda person: person["rating"]),
    DemoField(
        title="Industry", type="dropdown", options=names.INDUSTRIES, take=lambda person: person["industry"]
    ),
    DemoField(title="Region", type="radio", options=names.REGIONS, take=lambda person: person["region"]),
)


def key_of_user(seed: int, username: str) -> str:
    """The API key of a user: fixed for a seed."""
    return hashlib.sha256(f"activecampaign {seed} {username}".encode()).hexdigest()


def fill(account: Account, world: World) -> None:
    """Put the demo account's data into an empty account."""
    for username, first, last, admin in USERS:
        account.users[len(account.users) + 1] = User(
            id=len(account.users) + 1,
            username=username,
            first_name=first,
            last_name=last,
            email=f"{username}@example.org",
            key=key_of_user(world.seed, username),
            admin=admin,
        )
    for name in LISTS:
        slug = name.lower().replace(" ", "-")
        tags.add_list(
            account,
            name=name,
            stringid=slug,
            sender_url=f"https://news.example/{slug}",
            sender_reminder="You signed up on our pages.",
        )
    for name in names.TAGS:
        account.add_tag(name)
    for demo in FIELDS:
        add_field(account, demo)
    chance = random.Random(f"activecampaign lists {world.seed}")
    bounced = 0.0 if world.population.alike else BOUNCED  # a CRM knows of no bounces
    for person in world.population.subscribers:
        _add_contact(account, person, chance.random(), bounced)


def add_field(account: Account, demo: DemoField) -> Field:
    """A new field with its options; contacts without a value have none."""
    body: dict[str, Any] = {"type": demo.type, "ordernum": len(account.fields) + 1}
    field = fields.add(account, demo.title, body)
    for value in demo.options if demo.type in WITH_OPTIONS else ():
        fields.add_option(account, field, {"value": value})
    if demo.related:
        fields.add_relation(account, field, 0)
    return field


def _add_contact(account: Account, person: Person, roll: float, bounced: float) -> None:
    contact = account.add_contact(person["email"], person["created"])
    contact.first_name, contact.last_name = person["first_name"], person["last_name"]
    contact.phone = person["phone"]
    contact.updated = person["modified"]
    for field_id, demo in enumerate(FIELDS, start=1):
        if text := demo.take(person):
            add_value(account, contact, field_id, text)
    wanted = person["tags"]
    for tag in account.tags.values():
        if tag.name in wanted:
            account.tag_contact(contact, tag, contact.created)
    _add_lists(account, contact, person["opted_out"], roll, bounced)


def add_value(account: Account, contact: Contact, field_id: int, text: str) -> None:
    """A value as it stood at the contact's last change; past all checks, for speed."""
    row = FieldValue(
        id=account.new_id("fieldValue"),
        contact=contact.id,
        field=field_id,
        value=text,
        created=contact.created,
        updated=contact.updated,
    )
    contact.values[field_id] = account.values[row.id] = row


def _add_lists(account: Account, contact: Contact, opted_out: bool, roll: float, bounced: float) -> None:
    """Most are active on a list; some have left, bounced, or were never on one."""
    if roll < NEVER_ON_A_LIST and not opted_out:
        return
    contact.bounced_hard = roll > 1 - bounced
    status = 2 if opted_out else 3 if contact.bounced_hard else 1
    for list_id in account.lists:
        if list_id == 1 or roll > 0.5:
            account.set_status(contact, list_id, status, 0, contact.created)
