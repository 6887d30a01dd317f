"""What every mapped field truly held at every moment, and who wrote it: the model that judges the sync.

A *content* is a value with its author. What we write carries a content from one side to the other; it never makes one.
A content follows from what its author saw, and from what lost to it: what came before may never come back.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.simulation.crms import Crm
from tests.simulation.history import FIELDS, ONE_WAY

CRM, CONTACTS = "crm", "activecampaign"
FLOW = "flow"  # the CRM's own automation
Record = tuple[str, str, str]  # side, object, id
Values = dict[str, str]


def canonical(name: str, value: object, *, digits: bool = False) -> str:
    """A value as text, by which both sides' are compared; "" is empty.

    `digits`: of a telephone number nothing else counts.
    """
    if value is None or value == "":
        return ""
    if name == "score":
        return f"{Decimal(str(value)).normalize():f}"
    text = str(value).strip()
    if digits and name == "phone":
        return "".join(each for each in text if each.isdigit() or each == "+")
    return text.lower() if name == "email" else text


@dataclass(eq=False, kw_only=True)
class Content:
    """A value that somebody wrote; empty ones are contents too."""

    who: int  # whose field it is
    field: str
    value: str
    at: datetime  # our clock
    by: str  # the side on which a person wrote it, "nobody", or "default"
    # what it followed, and what lost to it; with the write of ours that had brought it there, if one had
    before: list[tuple[Content, Write | None]] = dataclasses.field(default_factory=list)

    def follows(self, other: Content, *, surely: bool = False) -> bool:
        """Whether `other` is among what led to this one.

        `surely`: not over a write of ours whose answer we never got. What a person makes of such a value is, to the
        sync, an edit of what was there before it.
        """
        waiting, seen = [self], set()
        while waiting:
            each = waiting.pop()
            if each is other:
                return True
            if id(each) not in seen:
                seen.add(id(each))
                waiting += [
                    past
                    for past, write in each.before
                    if not (surely and write is not None and write.in_doubt)
                ]
        return False

    def told(self) -> str:
        """Whose, what, who wrote it and when."""
        return f"{self.field} {self.value!r} of person {self.who} ({self.by} {self.at:%d %H:%M:%S})"


def _moment(content: Content) -> datetime:
    return content.at


@dataclass(eq=False, kw_only=True)
class Cell:
    """One field of one record."""

    content: Content
    since: datetime  # when it got that content
    write: Write | None = None  # the write of ours that brought it


@dataclass(eq=False, kw_only=True)
class Write:
    """What one of our writes did to one field."""

    record: Record
    field: str
    old: Content
    old_since: datetime
    new: Content
    at: datetime  # of the effect
    asked: datetime  # when the request was made: an import takes effect later
    edited: Mapping[str, datetime]  # by side, when a person last changed anything of this person's records
    conflict: bool  # neither value followed from the other
    in_doubt: bool = False  # its answer never reached the database
    built_at: datetime | None = None  # when a person first edited what it had brought


class Ledger:
    """All cells with their history."""

    def __init__(self, *, flow: bool = False, filled: Mapping[str, str] | None = None) -> None:
        """`filled`: what a record made in the CRM gets where the contact has nothing."""
        self._flow = flow
        self._filled = filled or {}
        self.cells: dict[Record, dict[str, Cell]] = {}
        self.who: dict[Record, int] = {}
        self.gone: dict[Record, dict[str, Cell]] = {}  # deleted records, as they were
        self.writes: list[Write] = []
        self.born: dict[Record, datetime] = {}
        self.created: list[tuple[Record, datetime]] = []  # by us
        # per record that we made: the person's others on that side that had another address by then, and what it was
        # made of: the records on the other side that had its address
        self.namesakes: dict[Record, set[Record]] = {}
        self.shared: dict[
            Record, set[Record]
        ] = {}  # those of them whose address a record on the other side kept
        self.sources: dict[Record, set[Record]] = {}
        self.wrong: list[str] = []
        self.edited: dict[tuple[int, str], datetime] = {}
        self._joined: dict[int, set[int]] = {}
        self._known: dict[tuple[int, str, str], Content] = {}
        self._emptied: dict[tuple[int, str], list[Content]] = defaultdict(list)

    # --- people

    def person(self, now: Mapping[Record, Values], at: datetime, who: int, side: str) -> None:
        """Take in what a person just did: every change is a new content."""
        for record, name, value in self._changes(now, at, who):
            old = self.cells[record][name]
            content = self._known.get((self.who[record], name, value))  # copied, as when a lead is converted
            if content is None or self._is_made_again(record, name, content, old.content):
                content = self._author(self.who[record], name, value, at, side)
                content.before.append((old.content, old.write))
                if old.write is not None:
                    old.write.built_at = old.write.built_at or at
            self.cells[record][name] = Cell(content=content, since=at)
            self.edited[self.who[record], side] = at

    def _is_made_again(self, record: Record, name: str, content: Content, old: Content) -> bool:
        """Whether the CRM's flow made a value once more, of a telephone number that is there again."""
        ours = self._flow and name == ONE_WAY and record[0] == CRM
        return ours and old is not content and old.follows(content)

    def _author(self, who: int, name: str, value: str, at: datetime, by: str) -> Content:
        content = Content(who=who, field=name, value=value, at=at, by=by)
        if value:
            self._known[who, name, value] = content
        else:
            self._emptied[who, name].append(content)
        return content

    def join(self, who: int, other: int) -> None:
        """A person's records in the CRM take another's over: the links go along, so both are one from now on."""
        together = self.same(who) | self.same(other)
        self._joined |= dict.fromkeys(together, together)

    def same(self, who: int) -> set[int]:
        """That person with all who became one with them."""
        return self._joined.get(who, {who})

    # --- we

    def ours(self, now: Mapping[Record, Values], at: datetime, asked: datetime) -> None:
        """Take in what a call of ours just did: every change must carry a content of that person."""
        before = set(self.cells)
        for record, name, value in self._changes(now, at, None):
            cell = self.cells[record][name]
            content = self._source(record, name, value, cell.content)
            if content is None:
                self.wrong.append(f"{record} got {name} = {value!r}, which nobody wrote there")
                content = self._author(self.who[record], name, value, at, "nobody")
            write = self._judge(record, name, cell, content, at, asked)
            self.cells[record][name] = Cell(content=content, since=at, write=write)
        for record in [each for each in self.cells if each not in before]:
            self.created.append((record, at))
            alike = {each: self._address(each) == self._address(record) for each in self._of_person(record)}
            self.namesakes[record] = {
                each for each, same in alike.items() if each[0] == record[0] and not same
            }
            kept = {self._address(each) for each in alike if each[0] != record[0]}
            self.shared[record] = {each for each in self.namesakes[record] if self._address(each) in kept}
            self.sources[record] = {each for each, same in alike.items() if each[0] != record[0] and same}

    def others(self, now: Mapping[Record, Values], at: datetime) -> None:
        """Take in what another connection of the account did there: to this one it is a person's doing."""
        for record, name, value in self._changes(now, at, None):
            old = self.cells[record][name].content
            content = self._known.get((self.who[record], name, value))
            if not value:
                self.wrong.append(f"{record}: {old.told()} was emptied by the other connection")
            if content is None:
                content = self._author(self.who[record], name, value, at, record[0])
                content.before.append((old, None))
            elif old.follows(content):
                self.wrong.append(f"{record}: {content.told()} came back by the other connection")
            self.cells[record][name] = Cell(content=content, since=at)
            self.edited[self.who[record], record[0]] = at

    def _of_person(self, record: Record) -> list[Record]:
        """The other living records of the same person, on both sides."""
        return [each for each in self.cells if each != record and self.who[each] == self.who[record]]

    def _address(self, record: Record) -> str:
        return self.cells[record]["email"].content.value

    def _source(self, record: Record, name: str, value: str, old: Content) -> Content | None:
        """The content that a value of ours carries."""
        who = self.who[record]
        people = sorted(self.same(who), key=lambda each: each != who)
        if self._flow and name == ONE_WAY and record[0] == CRM:
            made = self._known.get((who, name, value))
            if made is None or self._is_made_again(record, name, made, old):
                made = self._author(who, name, value, old.at, FLOW)
            return made
        if not value:
            empties = sorted((each for one in people for each in self._emptied[one, name]), key=_moment)
            found = [each for each in empties if not old.follows(each)]
            return found[-1] if found else None
        if record[0] == CRM and self._filled.get(name) == value and (who, name, value) not in self._known:
            return self._author(who, name, value, old.at, "default")
        known = (self._known.get((each, name, value)) for each in people)
        return next((each for each in known if each is not None), None)

    def _judge(
        self, record: Record, name: str, cell: Cell, new: Content, at: datetime, asked: datetime
    ) -> Write:
        old = cell.content
        if old is not new and old.follows(new, surely=True):
            self.wrong.append(f"{record}: {new.told()} came back over {old.told()}")
        edited = {side: when for (who, side), when in self.edited.items() if who == new.who}
        write = Write(
            record=record,
            field=name,
            old=old,
            old_since=cell.since,
            new=new,
            at=at,
            asked=asked,
            edited=edited,
            conflict=not new.follows(old),
        )
        self.writes.append(write)
        if write.conflict:
            new.before.append((old, None))
        return write

    def last_writes(self, side: str, record_id: str | None, key: str) -> Iterator[Write]:
        """Our writes that are the last to a field of that record, or of the one with that address."""
        for record, cells in [*self.cells.items(), *self.gone.items()]:
            if record[0] == side and (record[2] == record_id or cells["email"].content.value == key):
                yield from (cell.write for cell in cells.values() if cell.write is not None)
                # a person may have edited meanwhile what our write had brought
                for cell in cells.values():
                    yield from (write for _content, write in cell.content.before if write is not None)

    def doubt(self, writes: Iterable[Write]) -> None:
        """The answers to these never came, or were forgotten with the process."""
        for write in writes:
            write.in_doubt = True

    # --- both

    def _changes(
        self, now: Mapping[Record, Values], at: datetime, who: int | None
    ) -> Iterator[tuple[Record, str, str]]:
        """What changed since the last look; records that came or went are taken in on the way."""
        for record in [each for each in self.cells if each not in now]:
            if who is None:
                self.wrong.append(f"{record} was deleted by a call of ours")
            self.gone[record] = self.cells.pop(record)
        for record, values in now.items():
            if record not in self.cells:
                self._take_in(record, values, at, who)
            cells = self.cells[record]
            for name in FIELDS:
                if values[name] != cells[name].content.value:
                    yield record, name, values[name]

    def _take_in(self, record: Record, values: Values, at: datetime, who: int | None) -> None:
        if record in self.gone:
            if who is None:
                self.wrong.append(f"{record} was brought back by a call of ours")
            self.cells[record] = self.gone.pop(record)
            return
        if who is None:
            who = self._owner_of(values["email"])
        self.who[record] = who
        self.born[record] = at
        blank = {name: Content(who=who, field=name, value="", at=at, by="nobody") for name in FIELDS}
        self.cells[record] = {name: Cell(content=blank[name], since=at) for name in FIELDS}

    def _owner_of(self, email: str) -> int:
        """Whose address that is; of several people who had it, the last."""
        found = [who for who, name, value in self._known if name == "email" and value == email]
        return found[-1] if found else -1

    def records(self, who: int, side: str) -> list[Record]:
        """That person's live records on a side, oldest first."""
        return [record for record in self.cells if record[0] == side and self.who[record] == who]

    def people(self) -> Iterable[int]:
        """Everybody who ever had a record."""
        return sorted(set(self.who.values()))


def look(crm: Crm, account: Any, custom: Mapping[str, int], *, digits: bool = False) -> dict[Record, Values]:
    """The mapped fields of every live record, straight from the sandboxes' memory; `custom`: field → id.

    A converted lead, a record that was merged into another and an erased contact live no more.
    """
    found: dict[Record, Values] = {
        record: {name: canonical(name, value, digits=digits) for name, value in crm.held(row).items()}
        for record, row in crm.live()
    }
    for contact in account.contacts.values():
        if contact.anonymized:
            continue
        own = {
            "email": contact.email,
            "firstName": contact.first_name,
            "lastName": contact.last_name,
            "phone": contact.phone,
        }
        rows = contact.values
        own |= {name: rows[number].value if number in rows else "" for name, number in custom.items()}
        found[CONTACTS, "contact", str(contact.id)] = {
            name: canonical(name, own[name], digits=digits) for name in FIELDS
        }
    return found
