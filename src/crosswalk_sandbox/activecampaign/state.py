"""The account as it is kept in a file, and brought back from it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime

import msgspec

from crosswalk_sandbox.activecampaign.habits import Rules
from crosswalk_sandbox.activecampaign.imports import Imports, SavedImports
from crosswalk_sandbox.activecampaign.store import Account, Contact, Field, MailingList, Relation, Tag, User
from crosswalk_sandbox.limits import Window


class Chance(msgspec.Struct, kw_only=True):
    """How far a source of randomness is."""

    version: int
    numbers: tuple[int, ...]
    spare: float | None

    @classmethod
    def of(cls, source: random.Random) -> Chance:
        version, numbers, spare = source.getstate()
        return cls(version=version, numbers=numbers, spare=spare)

    def restore(self, source: random.Random) -> None:
        source.setstate((self.version, self.numbers, self.spare))


class SavedAccount(msgspec.Struct, kw_only=True):
    """Everything that an account holds."""

    users: list[User]
    fields: list[Field]
    relations: list[Relation]
    tags: list[Tag]
    lists: list[MailingList]
    contacts: list[Contact]
    deleted: list[Contact]
    last_ids: dict[str, int]
    chance: Chance
    imports: SavedImports
    import_chance: Chance
    calls: list[datetime]
    rules: Rules = Rules()


def save(account: Account, imports: Imports, calls: Window) -> bytes:
    """The account as JSON."""
    saved = SavedAccount(
        users=list(account.users.values()),
        fields=list(account.fields.values()),
        relations=list(account.relations.values()),
        tags=list(account.tags.values()),
        lists=list(account.lists.values()),
        contacts=list(account.contacts.values()),
        deleted=account.deleted,
        last_ids=account.last_ids,
        chance=Chance.of(account.chance),
        imports=imports.saved(),
        import_chance=Chance.of(imports.chance),
        calls=calls.passed,
        rules=account.rules,
    )
    return msgspec.json.encode(saved)


def restore(text: bytes, account: Account, imports: Imports, calls: Window) -> None:
    """Fill an empty account, its imports and its count of calls. Raises ValueError for another text."""
    saved = msgspec.json.decode(text, type=SavedAccount)
    account.users.update((user.id, user) for user in saved.users)
    account.fields.update((field.id, field) for field in saved.fields)
    account.relations.update((relation.id, relation) for relation in saved.relations)
    account.tags.update((tag.id, tag) for tag in saved.tags)
    account.lists.update((mailing_list.id, mailing_list) for mailing_list in saved.lists)
    account.adopt(saved.contacts)
    account.deleted.extend(saved.deleted)
    account.last_ids = Counter(saved.last_ids)
    account.rules = saved.rules
    saved.chance.restore(account.chance)
    imports.restore(saved.imports)
    saved.import_chance.restore(imports.chance)
    calls.restore(saved.calls)
