"""Bulk import: refused whole or queued, then done on the account's clock. Source: API v3, Bulk import."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from crosswalk_sandbox.activecampaign.calls import Call, number
from crosswalk_sandbox.activecampaign.changes import (
    IMPORT,
    Changes,
    apply,
    check_room,
    put_tags,
    read_changes,
    read_email,
    tag_names,
    without_blanks,
)
from crosswalk_sandbox.activecampaign.errors import InvalidError, VendorError, unknown
from crosswalk_sandbox.activecampaign.store import ZONE, Account, Contact
from crosswalk_sandbox.activecampaign.tags import SUBSCRIBED, UNSUBSCRIBED
from crosswalk_sandbox.http import Response, json_response
from crosswalk_sandbox.limits import Limits, Window

MOST_CONTACTS, MOST_BYTES = 250, 400_000
PER_MINUTE, SINGLE_PER_MINUTE = 100, 20
APART = timedelta(seconds=0.05)  # batches of one account are completed one after the other
REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One contact of a batch, checked."""

    email: str
    changes: Changes
    account_name: str
    tags: list[str]
    subscribe: list[int]
    unsubscribe: list[int]
    quiet: bool  # exclude_automations


@dataclass(slots=True, kw_only=True)
class Batch:
    """A queued request and, once `done`, its outcome."""

    id: str
    items: list[Item]
    due: datetime
    done: bool = False
    success: list[int] = field(default_factory=list)
    failure: list[str] = field(default_factory=list)


class SavedImports(msgspec.Struct, kw_only=True):
    """All batches, as they are kept in a file."""

    batches: list[Batch]
    all: list[datetime]
    single: list[datetime]


class Imports:
    """The queue of an account's imports. A batch takes effect when its time has come."""

    def __init__(self, account: Account, limits: Limits, seconds: float) -> None:
        self._account = account
        self._limits = limits
        self._takes = timedelta(seconds=seconds)
        self.chance = random.Random(account.chance.random())
        self._all = Window(limit=limits.widened(PER_MINUTE), seconds=60)
        self._single = Window(limit=limits.widened(SINGLE_PER_MINUTE), seconds=60)
        self._waiting: list[Batch] = []
        self.batches: dict[str, Batch] = {}

    def queue(self, call: Call) -> Response:
        """`POST /import/bulk_import`: queued, or refused whole with 400."""
        if len(call.request.body) > MOST_BYTES:
            raise _refused("The request body is too large.", [f"At most {MOST_BYTES} bytes are allowed."])
        items = self._checked(call.body().get("contacts"))
        self._pace(len(items))
        batch = self._enqueue(items)
        return json_response(
            200,
            {
                "Success": 1,
                "queued_contacts": len(items),
                "batchId": batch.id,
                "message": "Contact import queued",
            },
        )

    def info(self, call: Call) -> Response:
        """`GET /import/info?batchId=`: ids and addresses once completed, in no promised order."""
        batch_id = call.request.param("batchId") or ""
        batch = self.batches.get(batch_id)
        if batch is None:
            raise unknown("Import", batch_id)
        status = "completed" if batch.done else self._account.rules.import_status
        success = [str(contact_id) for contact_id in batch.success]
        return json_response(200, {"status": status, "success": success, "failure": batch.failure})

    def totals(self, call: Call) -> Response:
        """`GET /import/bulk_import`: batches and contacts by day, waiting and lately completed."""
        since = self._account.clock.now() - REMEMBERED
        done = [batch for batch in self.batches.values() if batch.done and batch.due > since]
        return json_response(200, {"outstanding": _by_day(self._waiting), "recentlyCompleted": _by_day(done)})

    def saved(self) -> SavedImports:
        """All batches, and the requests of the last minute, to be kept."""
        batches = list(self.batches.values())
        return SavedImports(batches=batches, all=self._all.passed, single=self._single.passed)

    def restore(self, saved: SavedImports) -> None:
        """Go on from what was kept."""
        self.batches = {batch.id: batch for batch in saved.batches}
        self._waiting = [batch for batch in saved.batches if not batch.done]
        self._all.restore(saved.all)
        self._single.restore(saved.single)

    def work(self) -> None:
        """Do every batch whose time has come."""
        now = self._account.clock.now()
        while self._waiting and self._waiting[0].due <= now:
            batch = self._waiting.pop(0)
            self._do(batch)

    def _enqueue(self, items: list[Item]) -> Batch:
        seconds = self._account.rules.import_seconds
        takes = self._takes if seconds is None else timedelta(seconds=seconds)
        due = self._account.clock.now() + takes
        if self._waiting:
            due = max(due, self._waiting[-1].due + APART)
        batch_id = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        batch = Batch(id=batch_id, items=items, due=due)
        self._waiting.append(batch)
        self.batches[batch.id] = batch
        return batch

    def _pace(self, contacts: int) -> None:
        if not self._limits.enforced:
            return
        now = self._account.clock.now()
        if (contacts == 1 and not self._single.take(now)) or not self._all.take(now):
            raise _refused("Rate limit exceeded.", ["Too many import requests were made in one minute."])

    def _checked(self, given: Any) -> list[Item]:
        if not isinstance(given, list) or not given:
            raise _refused("No contacts were given.", [])
        if len(given) > MOST_CONTACTS:
            raise _refused("Too many contacts.", [f"At most {MOST_CONTACTS} contacts are allowed."])
        items: list[Item] = []
        reasons: list[dict[str, Any]] = []
        for index, contact in enumerate(given):
            try:
                items.append(self._item(contact))
            except InvalidError as invalid:
                reasons.append({"contact": index, "failureReason": invalid.title})
        if reasons:
            raise _refused("One or more contacts failed validation.", reasons)
        return items

    def _item(self, body: Any) -> Item:
        if not isinstance(body, dict):
            raise InvalidError.unfit("contact", "A contact must be an object.")
        account_name = body.get("customer_acct_name") or ""
        if not isinstance(account_name, str):
            raise InvalidError.unfit("customer_acct_name", "customer_acct_name must be text.")
        values = {name: value for name, value in body.items() if name != "email"}
        changes = read_changes(self._account, values, IMPORT)
        return Item(
            email=_email(body.get("email")),
            changes=changes if self._account.rules.import_blanks == "empty" else without_blanks(changes),
            account_name=account_name,
            tags=tag_names(body.get("tags")),
            subscribe=self._lists(body.get("subscribe")),
            unsubscribe=self._lists(body.get("unsubscribe")),
            quiet=body.get("exclude_automations") in (True, 1, "1", "true"),
        )

    def _lists(self, given: Any) -> list[int]:
        if given is None:
            return []
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise InvalidError.unfit("lists", "Lists must be given as [{listid}].")
        ids = [number(item.get("listid")) for item in given]
        if not all(list_id in self._account.lists for list_id in ids):
            raise InvalidError.unfit("lists", "A list does not exist.")
        return ids

    def _do(self, batch: Batch) -> None:
        """Create and update the batch's contacts, as of the time it was due."""
        at = batch.due.replace(microsecond=0)
        ids: dict[int, None] = {}
        for item in batch.items:
            try:
                ids[self._import(item, at).id] = None
            except VendorError:
                batch.failure.append(item.email)
        batch.success = list(ids)
        random.Random(batch.id).shuffle(batch.success)
        batch.done = True

    def _import(self, item: Item, at: datetime) -> Contact:
        """Raises VendorError when the contact cannot be stored after all."""
        account = self._account
        email = read_email(item.email)
        contact = account.with_email(email) or self._new(email, at)
        values = {
            field_id: value for field_id, value in item.changes.values.items() if field_id in account.fields
        }  # a field may have been deleted since the batch was queued
        apply(account, contact, replace(item.changes, values=values), at)
        contact.account_name = item.account_name or contact.account_name
        put_tags(account, contact, item.tags, at)
        for list_id in item.subscribe:
            row = contact.lists.get(list_id)
            if row is None or row.status != UNSUBSCRIBED:
                account.set_status(contact, list_id, SUBSCRIBED, 0, at)
        for list_id in item.unsubscribe:
            account.set_status(contact, list_id, UNSUBSCRIBED, 0, at)
        return contact

    def _new(self, email: str, at: datetime) -> Contact:
        check_room(self._account)
        return self._account.add_contact(email, at)


def _email(given: Any) -> str:
    """The address as far as it is checked before queueing: a doubled @ is found only later."""
    if isinstance(given, str) and "@@" in given:
        read_email(given.replace("@@", "@"))
        return given.strip()
    return read_email(given)


def _refused(text: str, reasons: list[Any]) -> VendorError:
    return VendorError(json_response(400, {"success": 0, "message": text, "failureReasons": reasons}))


def _by_day(batches: Iterable[Batch]) -> list[dict[str, str]]:
    counts: Counter[str] = Counter()
    contacts: Counter[str] = Counter()
    for batch in batches:
        day = batch.due.astimezone(ZONE).date().isoformat()
        counts[day] += 1
        contacts[day] += len(batch.items)
    return [
        {"forDate": day, "batches": str(counts[day]), "contacts": str(contacts[day])}
        for day in sorted(counts)
    ]
