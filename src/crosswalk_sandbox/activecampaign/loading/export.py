"""The contact exports of a folder as an account: read once, put in at every start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from crosswalk_sandbox.activecampaign import fields, tags
from crosswalk_sandbox.activecampaign.loading.fields import Needed, converter, needed
from crosswalk_sandbox.activecampaign.loading.headers import Custom
from crosswalk_sandbox.activecampaign.loading.rows import (
    ACTIVE,
    BOUNCED,
    SYSTEM,
    Reading,
    Subscriber,
    Taker,
    survey,
)
from crosswalk_sandbox.activecampaign.seed import DemoField, add_field, add_value
from crosswalk_sandbox.activecampaign.store import Account, Contact, Tag, key_of
from crosswalk_sandbox.load.cells import Refusal
from crosswalk_sandbox.load.columns import Column
from crosswalk_sandbox.load.delimited import opened
from crosswalk_sandbox.load.folder import Folder
from crosswalk_sandbox.load.guesses import Manner
from crosswalk_sandbox.load.report import MadeField, Report

QUIET = timedelta(hours=1)  # contacts without stamps changed this long before the start
LATER = "stamps that lie after the sandbox's own time are set to it"
NO_ID = "what stands in the id's column is no id: these contacts get new ids"


class Export:
    """What a folder holds of an account. `bare` is the account before anything is loaded."""

    def __init__(self, folder: Folder, bare: Account) -> None:
        self._report: Report = folder.report
        self._bare = bare
        sheets = (opened(source, folder.report) for source in folder.of(SYSTEM))
        surveyed = [survey(bare, sheet, folder.report) for sheet in sheets if sheet is not None]
        readings = [reading for reading in surveyed if reading is not None]
        self._fields = self._needed(readings)
        self._subscribers = self._unique(readings)

    def fill(self, account: Account) -> None:
        """Put everything into an account that is as `bare` was."""
        ids = {key: _field(account, field) for key, field in self._fields.items()}
        filler = _Filler(account, ids)
        for each in self._subscribers:
            filler.add(each)

    def _needed(self, readings: Iterable[Reading]) -> dict[str, Needed]:
        """The custom fields by title, in small letters."""
        groups: dict[str, tuple[Custom, list[Column]]] = {}
        for reading in readings:
            for meaning, column in zip(reading.meanings, reading.columns, strict=True):
                if isinstance(meaning, Custom):
                    groups.setdefault(meaning.title.lower(), (meaning, []))[1].append(column)
        found = {key: needed(meaning, columns) for key, (meaning, columns) in groups.items()}
        for field in found.values():
            if field.kind:
                made = MadeField(
                    system=SYSTEM, object="contact", name=field.title, type=field.type, kind=field.kind
                )
                self._report.fields.append(made)
        return found

    def _unique(self, readings: Iterable[Reading]) -> list[Subscriber]:
        """All contacts that fit, those with ids of their own first, in the order of these."""
        by_email: dict[str, Subscriber] = {}
        by_id: dict[int, Subscriber] = {}
        for reading in readings:
            for each in Taker(reading, self._converter, self._report).rows():
                try:
                    self._admit(each, by_email, by_id)
                except Refusal as refusal:
                    self._report.refuse(each.file, each.line, str(refusal))
                else:
                    reading.told.loaded += 1
        others = (each for each in by_email.values() if "id" not in each.attributes)
        return [by_id[key] for key in sorted(by_id)] + list(others)

    def _converter(self, meaning: Custom, meant: Manner) -> Callable[[str], str]:
        field = self._fields[meaning.title.lower()]
        have = self._bare.fields[field.known].options if field.known and not field.kind else []
        return converter(field, {*field.options, *(option.value for option in have)}, meant)

    def _admit(self, each: Subscriber, by_email: dict[str, Subscriber], by_id: dict[int, Subscriber]) -> None:
        """Take a contact whose address and id nobody has. Raises Refusal."""
        email = each.attributes["email"]
        if other := by_email.get(key_of(email)):
            raise Refusal(f"Email: {email} is already in {other.file}, line {other.line}")
        own = each.attributes.pop("id", "")
        if own.isascii() and own.isdigit() and int(own):
            if other := by_id.get(int(own)):
                raise Refusal(f"id {own} is already in {other.file}, line {other.line}")
            each.attributes["id"] = int(own)
            by_id[int(own)] = each
        elif own:
            self._report.remark(each.file, each.line, NO_ID)
        by_email[key_of(email)] = each
        self._stamp(each)

    def _stamp(self, each: Subscriber) -> None:
        """Both stamps, from those that the file has; none lies in the future."""
        given, now = each.attributes, self._bare.now()
        updated = given.get("updated") or given.get("created") or now - QUIET
        for name, time in (("updated", updated), ("created", given.get("created") or updated)):
            given[name] = min(time, now)
            if time > now:
                self._report.remark(each.file, each.line, LATER)


def _field(account: Account, field: Needed) -> int:
    """The id of the field, which is made or brought up to what the files hold."""
    if field.known is None:
        return add_field(account, DemoField(title=field.title, type=field.type, options=field.options)).id
    known = account.fields[field.known]
    if field.kind:
        known.type = field.type
        known.options.clear()
    for value in field.options:
        fields.add_option(account, known, {"value": value})
    return known.id


class _Filler:
    """Puts contacts into an account, with tags and lists by their names."""

    def __init__(self, account: Account, field_ids: dict[str, int]) -> None:
        self._account = account
        self._field_ids = field_ids
        self._tags = {tag.name.lower(): tag for tag in account.tags.values()}
        self._lists = {each.name.lower(): each.id for each in account.lists.values()}

    def add(self, each: Subscriber) -> None:
        """Make it a contact of the account. Ids of their own must come in rising order, before all others."""
        account, given = self._account, each.attributes
        if "id" in given:
            account.skip_ids("contact", given["id"] - 1)
        contact = account.add_contact(given["email"], given["created"])
        contact.updated = given["updated"]
        for name in ("first_name", "last_name", "phone", "account_name"):
            setattr(contact, name, given.get(name, ""))
        for key, text in each.values.items():
            add_value(account, contact, self._field_ids[key], text)
        for name in each.tags:
            account.tag_contact(contact, self._tag(name), contact.created)
        self._join(contact, each)

    def _join(self, contact: Contact, each: Subscriber) -> None:
        """Put it on its lists; a state without a list is one on the first list, so that none is lost."""
        general = ACTIVE if each.status is None else each.status
        states = {self._list(name): status for name, status in each.lists.items()}
        if not states and each.status is not None:
            states = {next(iter(self._account.lists)): None}
        for list_id, status in states.items():
            state = general if status is None else status
            self._account.set_status(contact, list_id, state, 0, contact.created)
            contact.bounced_hard = contact.bounced_hard or state == BOUNCED

    def _tag(self, name: str) -> Tag:
        known = self._tags.get(name.lower())
        if known is None:
            known = self._tags[name.lower()] = self._account.add_tag(name)
        return known

    def _list(self, name: str) -> int:
        known = self._lists.get(name.lower())
        if known is None:
            slug = "-".join(name.lower().split())
            made = tags.add_list(
                self._account,
                name=name,
                stringid=slug,
                sender_url=f"https://news.example/{slug}",
                sender_reminder="You signed up on our pages.",
            )
            known = self._lists[name.lower()] = made.id
        return known
