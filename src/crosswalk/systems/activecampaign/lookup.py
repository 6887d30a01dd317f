"""Reading contacts by id, by e-mail and by tag. Source: API v3, Contacts; Tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from ...core.clock import Clock
from ...core.schema import OPT_OUT, Schema
from ...core.system import Fetched, Page, Record
from ...core.values import normal_email
from .client import Api
from .errors import explain, read_errors
from .lists import ListRow, consent_of
from .records import ContactAnswer, ContactPage, Reader
from .scan import Slice, scan
from .schema import PAGE, Id, Meta

_FOUND_OR_NOT = frozenset({200, 404})


class TagCursor(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the holders of a tag looked like when they were last read whole."""

    tag: str = ""
    tag_id: str = ""  # "" = no such tag yet
    total: int | None = None
    first_page: str = ""  # digest of its ids


class _ListsPage(msgspec.Struct, rename="camel"):
    contact_lists: list[ListRow]


class _TagRow(msgspec.Struct, rename="camel"):
    id: Id
    tag: str = ""
    tag_type: str = "contact"


class _TagsPage(msgspec.Struct):
    tags: list[_TagRow]
    meta: Meta = msgspec.field(default_factory=Meta)


def tag_names(api: Api, search: str, limit: int) -> list[str]:
    """Return names of contacts' tags that contain a text. Source: API v3, Tags: `search`."""
    page = api.get("/tags", [("search", search), ("limit", str(limit))]).decode(_TagsPage)
    names = {row.tag for row in page.tags if row.tag_type == "contact"}
    return sorted(names, key=str.casefold)


class Lookup:
    """Reads single contacts and chosen sets of them."""

    def __init__(self, api: Api, schema: Schema, clock: Clock) -> None:
        self._api = api
        self._schema = schema
        self._clock = clock

    def fetch(self, ids: Sequence[str], fields: Sequence[str]) -> Fetched:
        """Read by id, a hundred a call; an id is missing only when asking for it alone brings a 404."""
        reader = Reader(self._schema, fields)
        wanted = list(dict.fromkeys(ids))
        requested_at = self._clock.now()
        found: dict[str, Record | None] = {}
        if len(wanted) > 1:
            for some in _chunks(wanted, PAGE):
                found |= self._some(some, reader)
        found |= {id_: self._one(id_, reader) for id_ in wanted if id_ not in found}
        if OPT_OUT in fields:
            found = {id_: self._with_lists(record) for id_, record in found.items()}
        return Fetched(
            records=[record for id_ in wanted if (record := found[id_]) is not None],
            missing=[id_ for id_ in wanted if found[id_] is None],
            requested_at=requested_at,
        )

    def find(self, emails: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Read the live contacts with these addresses, one call each: the vendor takes one at a time."""
        reader = Reader(self._schema, fields)
        found: dict[str, Record] = {}
        for key in dict.fromkeys(normal_email(email) for email in emails):
            if key is None:
                continue
            page = self._api.get("/contacts", [("email", key), *reader.include]).decode(ContactPage)
            for record in reader.records(page):
                if record.key == key and not record.deleted:
                    found[record.id] = record
        return list(found.values())

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        """Yield all contacts that carry `tag`, or one empty page when nothing hints at a change."""
        known = msgspec.json.decode(cursor, type=TagCursor) if cursor else TagCursor()
        if known.tag != tag:
            known = TagCursor(tag=tag)
        reader = Reader(self._schema, fields)
        began = self._clock.now()
        pieces, fresh = self._tagged_pieces(known, reader)
        if pieces is None or fresh == known:
            yield Page(records=(), cursor=_dump(fresh), requested_at=began, last=True)
            return
        for piece in pieces:
            yield Page(
                records=reader.records(piece.page),
                cursor=_dump(fresh if piece.last else known),
                requested_at=piece.answer.requested_at,
                last=piece.last,
                total=piece.total,
            )

    def _tagged_pieces(self, known: TagCursor, reader: Reader) -> tuple[Iterator[Slice] | None, TagCursor]:
        """Read the first page of the tag's holders; a tag that lost them all may have been made anew."""
        tag_id = known.tag_id or self._tag_id(known.tag)
        if not tag_id:
            return None, TagCursor(tag=known.tag)
        first, rest, fresh = self._first_piece(known.tag, tag_id, reader)
        if fresh.total == 0 and known.total and self._tag_id(known.tag) != tag_id:
            return self._tagged_pieces(TagCursor(tag=known.tag), reader)
        return _chain(first, rest), fresh

    def _first_piece(self, tag: str, tag_id: str, reader: Reader) -> tuple[Slice, Iterator[Slice], TagCursor]:
        rest = scan(self._api, [("tagid", tag_id), *reader.include])
        first = next(rest)
        ids = ",".join(str(row.id) for row in first.page.contacts)
        digest = hashlib.sha256(ids.encode()).hexdigest()[:16]
        return first, rest, TagCursor(tag=tag, tag_id=tag_id, total=first.total, first_page=digest)

    def _tag_id(self, tag: str) -> str:
        """Return the id of the tag with exactly this name, "" if there is none; `search` means *contains*."""
        offset = 0
        while True:
            query = [("search", tag), ("limit", str(PAGE)), ("offset", str(offset))]
            page = self._api.get("/tags", query).decode(_TagsPage)
            for row in page.tags:
                if row.tag == tag:
                    return str(row.id)
            offset += len(page.tags)
            total = page.meta.count()
            if not page.tags or (len(page.tags) < PAGE if total is None else offset >= total):
                return ""

    def _some(self, ids: Sequence[str], reader: Reader) -> dict[str, Record]:
        query = [*(("ids[]", id_) for id_ in ids), ("limit", str(PAGE)), *reader.include]
        page = self._api.get("/contacts", query).decode(ContactPage)
        asked = set(ids)
        return {record.id: record for record in reader.records(page) if record.id in asked}

    def _one(self, id_: str, reader: Reader) -> Record | None:
        answer = self._api.get(f"/contacts/{id_}", reader.include, accept=_FOUND_OR_NOT)
        if answer.status == 404:
            if not read_errors(answer):
                raise explain(answer)
            return None
        return reader.record(answer.decode(ContactAnswer), complete=True)

    def _with_lists(self, record: Record | None) -> Record | None:
        """Ask for a contact's lists by themselves where the answer did not have them beside it."""
        if record is None or record.deleted or record.consent is not None:
            return record
        answer = self._api.get(f"/contacts/{record.id}/contactLists", accept=_FOUND_OR_NOT)
        if answer.status == 404:
            return record
        return msgspec.structs.replace(record, consent=consent_of(answer.decode(_ListsPage).contact_lists))


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _chain(first: Slice, rest: Iterable[Slice]) -> Iterator[Slice]:
    yield first
    yield from rest


def _dump(place: TagCursor) -> str:
    return msgspec.json.encode(place).decode()
