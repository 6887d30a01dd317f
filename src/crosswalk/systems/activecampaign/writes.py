"""Forming the cheapest calls for a set of writes, and making the calls that carry one contact.

Creates go by import from ten up and singly below; updates go singly by id, and by import only in volume.
Source: API v3, Create a contact; Update a contact; Bulk import contacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import Batch, Op, Outcome, Problem, Receipt, Write, WriteOptions
from ...core.values import Value
from ...core.words import keepable as _
from ..answers import Answer
from .client import Api
from .errors import DUPLICATE, explain, is_throttle, problems, read_errors
from .records import ContactAnswer, Reader
from .schema import CONTACT, PREFIX, encode, require_fields

CREATE, UPDATE = "create", "update"
IMPORT_CREATE, IMPORT_UPDATE = "import_create", "import_update"
IMPORTS = frozenset({IMPORT_CREATE, IMPORT_UPDATE})

IMPORT_FROM = 10  # creates below go singly, as the vendor advises
IMPORT_SIZE = 250
IMPORT_BYTES = 390_000  # the vendor's limit is 400,000 with the envelope

_UNFIT = re.compile(r'[\s<>(),;:"\[\]\\]')  # for an address
_IMPORT_NAMES = {"email": "email", "firstName": "first_name", "lastName": "last_name", "phone": "phone"}


class UnwritableError(Exception):
    """Values that cannot be sent at all."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


class Encoder:
    """Writes values the way each call wants them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def single(self, write: Write) -> dict[str, Any]:
        """Return the body of a call that carries one contact. Raises UnwritableError."""
        texts = self._texts(write)
        contact: dict[str, Any] = {name: text for name, text in texts.items() if not name.startswith(PREFIX)}
        custom = [
            {"field": name.removeprefix(PREFIX), "value": text}
            for name, text in texts.items()
            if name.startswith(PREFIX)
        ]
        if custom:
            contact["fieldValues"] = custom
        return {"contact": contact}

    def row(self, write: Write, options: WriteOptions) -> dict[str, Any]:
        """Return one contact of an import; empty values are left out. Raises UnwritableError."""
        texts = {name: text for name, text in self._texts(write).items() if text}
        texts.setdefault("email", write.key or "")
        row: dict[str, Any] = {
            _IMPORT_NAMES[name]: text for name, text in texts.items() if name in _IMPORT_NAMES
        }
        custom = [
            {"id": int(name.removeprefix(PREFIX)), "value": text}
            for name, text in texts.items()
            if name.startswith(PREFIX)
        ]
        if custom:
            row["fields"] = custom
        if options.exclude_automations:
            row["exclude_automations"] = True
        return row

    def require(self, api: Api, names: Iterable[str]) -> None:
        """Ask whether these fields still exist. Raises SystemFailure(MAPPING)."""
        require_fields(api, self._schema, names)

    def _texts(self, write: Write) -> dict[str, str]:
        texts: dict[str, str] = {}
        wrong: list[Problem] = []
        for name, value in write.values.items():
            if value is None and write.op is Op.CREATE:
                continue
            try:
                texts[name] = self._text(name, value)
            except ValueError as error:
                wrong.append(_unwritable(name, str(error)))
        if wrong:
            raise UnwritableError(wrong)
        return texts

    def _text(self, name: str, value: Value) -> str:
        field = self._schema.fields.get(name)
        if field is None or not field.writable:
            raise ValueError(_("this field does not exist (any more), or cannot be written"))
        return encode(value, field.kind)


def _unwritable(name: str, reason: str) -> Problem:
    return Problem(
        field=name,
        kind=FailureKind.MAPPING,
        code="unwritable",
        message=reason,
        cure=_("Look at the field in ActiveCampaign, then at the mapping."),
    )


def form_batches(writes: Sequence[Write], options: WriteOptions, encoder: Encoder) -> Iterator[Batch]:
    """Yield the calls for these writes: changed addresses first, then updates, then creates."""
    renames = [write for write in writes if write.op is Op.UPDATE and "email" in write.values]
    updates = [write for write in writes if write.op is Op.UPDATE and "email" not in write.values]
    creates = [write for write in writes if write.op is Op.CREATE]
    yield from _singles(UPDATE, _in_dependency_order(renames))
    importable = [write for write in updates if _importable_update(write)]
    if len(importable) > options.import_updates_above:
        yield from _singles(UPDATE, [write for write in updates if not _importable_update(write)])
        yield from _imports(IMPORT_UPDATE, importable, encoder, options)
    else:
        yield from _singles(UPDATE, updates)
    plausible = [write for write in creates if plausible_email(_address(write))]
    if len(plausible) >= IMPORT_FROM:
        yield from _imports(IMPORT_CREATE, plausible, encoder, options)
        yield from _singles(CREATE, [write for write in creates if not plausible_email(_address(write))])
    else:
        yield from _singles(CREATE, creates)


def _singles(kind: str, writes: Sequence[Write]) -> Iterator[Batch]:
    for write in writes:
        yield Batch(kind=kind, object=CONTACT, op=write.op, writes=(write,))


def _imports(kind: str, writes: Sequence[Write], encoder: Encoder, options: WriteOptions) -> Iterator[Batch]:
    """Yield imports of at most 250 contacts and 400,000 bytes."""
    part: list[Write] = []
    size = 0
    for write in writes:
        weight = _weight(write, encoder, options)
        if part and (len(part) == IMPORT_SIZE or size + weight > IMPORT_BYTES):
            yield _import(kind, part)
            part, size = [], 0
        part.append(write)
        size += weight
    if part:
        yield _import(kind, part)


def _import(kind: str, writes: Sequence[Write]) -> Batch:
    return Batch(kind=kind, object=CONTACT, op=writes[0].op, writes=tuple(writes), asynchronous=True)


def _weight(write: Write, encoder: Encoder, options: WriteOptions) -> int:
    try:
        return len(msgspec.json.encode(encoder.row(write, options))) + 1
    except UnwritableError:
        return 0  # will be refused here, without a call


def _importable_update(write: Write) -> bool:
    """Tell whether an import may carry an update: found by its address, and nothing is emptied."""
    return plausible_email(write.key or "") and None not in write.values.values()


def _address(write: Write) -> str:
    return str(write.values.get("email") or write.key or "")


def plausible_email(address: str) -> bool:
    """Tell whether nothing speaks against an address; a bad one makes the vendor refuse a whole import."""
    local, at, domain = address.rpartition("@")
    inside = domain.strip(".") == domain and "." in domain and ".." not in domain
    return bool(at and local and inside and "@" not in local and not _UNFIT.search(address))


def _in_dependency_order(renames: Sequence[Write]) -> list[Write]:
    """Order changes of addresses so that an address is given up before another contact takes it.

    In a circle no order helps: the vendor refuses the first.
    """
    holders = {write.key: write for write in renames if write.key}
    ordered: dict[int, Write] = {}
    for write in renames:
        chain: list[Write] = []
        step: Write | None = write
        while step is not None and step.id not in ordered and step not in chain:
            chain.append(step)
            step = holders.get(str(step.values["email"]).lower())
        ordered |= {link.id: link for link in reversed(chain)}
    return list(ordered.values())


class Singles:
    """Makes the calls that carry one contact."""

    def __init__(self, api: Api, schema: Schema) -> None:
        self._api = api
        self._schema = schema
        self._encoder = Encoder(schema)

    def send(self, write: Write) -> Receipt:
        """Create or update one contact. Raises SystemFailure, `in_doubt` after a lost create."""
        try:
            body = self._encoder.single(write)
        except UnwritableError as refusal:
            return Receipt(write_id=write.id, outcome=Outcome.REFUSED, problems=refusal.problems)
        return self._create(write, body) if write.op is Op.CREATE else self._update(write, body)

    def _create(self, write: Write, body: object) -> Receipt:
        answer = self._api.post("/contacts", body, accept=frozenset({200, 201, 400, 422}))
        if answer.status in {200, 201}:
            return self._done(write, answer)
        if any(error.code == DUPLICATE for error in read_errors(answer)):
            return Receipt(write_id=write.id, outcome=Outcome.DUPLICATE)
        return self._refused(write, answer)

    def _update(self, write: Write, body: object) -> Receipt:
        answer = self._api.put(f"/contacts/{write.record_id}", body, accept=frozenset({200, 400, 404, 422}))
        if answer.status == 200:
            return self._done(write, answer)
        if answer.status == 404 and read_errors(answer):
            return Receipt(write_id=write.id, outcome=Outcome.MISSING, record_id=write.record_id)
        return self._refused(write, answer)

    def _done(self, write: Write, answer: Answer) -> Receipt:
        """Take what the answer itself says that the contact holds now."""
        reader = Reader(self._schema, list(write.values))
        try:
            record = reader.record(answer.decode(ContactAnswer), complete=False)
        except SystemFailure as failure:
            failure.in_doubt = True  # it was done, only the answer is odd
            raise
        return Receipt(
            write_id=write.id,
            outcome=Outcome.DONE,
            record_id=record.id,
            values=record.values,
            stamp=record.stamp,
        )

    def _refused(self, write: Write, answer: Answer) -> Receipt:
        """Return the receipt of a refused contact. Raises SystemFailure where it is not this contact's fault."""
        if answer.status == 404 or is_throttle(answer):
            raise explain(answer)
        found = tuple(problems(answer))
        if all(problem.field is None for problem in found):
            self._encoder.require(self._api, write.values)
        return Receipt(write_id=write.id, outcome=Outcome.REFUSED, record_id=write.record_id, problems=found)
