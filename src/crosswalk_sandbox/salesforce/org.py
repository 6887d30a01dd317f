"""The org: its objects, rows, people and clock, and how fields are read from rows."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Set
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.http import Request
from crosswalk_sandbox.salesforce import features, ids
from crosswalk_sandbox.salesforce.admin import RecordType, Rules
from crosswalk_sandbox.salesforce.schema import Field, Grant, Object, Schema
from crosswalk_sandbox.salesforce.store import Row, Store
from crosswalk_sandbox.salesforce.values import stamp, tidy
from crosswalk_sandbox.triggers import Flow

Getter = Callable[[Row], Any]
ADDRESS_PARTS = (
    "City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street",
)  # fmt: skip
CENTS = 2  # decimal places of a currency
KEPT_IN_BIN = timedelta(days=15)
FORMULA_PARTS = re.compile(r'"([^"]*)"|([A-Za-z_.]+)')


class LaterEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow will do to a record, as the user whose save started it."""

    due: datetime
    flow: Flow
    object: str
    id: str
    user: str


class Org:
    """One Salesforce org."""

    def __init__(self, schema: Schema, clock: Clock, number: int = 1) -> None:
        """`number` tells it from other orgs."""
        self.base = schema  # without what the admin's rules turn on
        self.schema = schema  # all there is
        self.grants: Mapping[tuple[str, str], Grant] = {}  # of API calls, by object and field
        self.withheld: Mapping[str, frozenset[str]] = {}  # rights that API calls lack, by object
        self.rules = Rules()
        self.later: list[LaterEdit] = []
        self.emptied: datetime | None = None  # when somebody last took something out of the recycle bin
        self.clock = clock
        self.store = Store(schema)
        self.numbers: dict[str, int] = {}  # of the last id given out, by object
        self.recycle_bin: deque[tuple[str, str, str]] = deque()  # deleted when, object, id
        self.id = ids.make("00D", number)
        self.caller = ids.make("005", 1)  # the user whom API calls run as
        self.queue = ids.make("00G", 1)  # where the lead assignment rule puts leads
        self.assignment_rule = ids.make("01Q", 1)
        self.address: str | None = None  # where the org is served, once known
        self.reset_grants()
        self._computed: dict[str, dict[str, Getter]] = {}

    def reset_grants(self) -> None:
        """Let API calls see and change everything, as at the start."""
        self.grants, self.withheld = {}, {}
        self.visible = self.schema  # what API calls see
        self.described_at = self.clock.start.replace(microsecond=0)  # when that last changed

    def grant(self, field: Field, *, reads: bool, edits: bool) -> None:
        """Set what field-level security lets API calls do with a field."""
        grant = Grant(reads=reads, edits=edits)
        self.restore_rights({**self.grants, (field.object, field.name): grant}, self.withheld, self.now())

    def withhold(self, kind: Object, rights: frozenset[str]) -> None:
        """Set what API calls may not do with an object: some of schema.RIGHTS."""
        self.restore_rights(self.grants, {**self.withheld, kind.name: rights}, self.now())

    def restore_rights(
        self,
        grants: Mapping[tuple[str, str], Grant],
        withheld: Mapping[str, frozenset[str]],
        since: datetime,
    ) -> None:
        """Set all that API calls may and may not do, as it holds since then."""
        self.grants, self.withheld = grants, withheld
        self.visible = self.schema.seen_with(grants, withheld)
        self.described_at = since

    def set_rules(self, rules: Rules) -> None:
        """Let other rules hold; what they turn on or off is there, or gone, at once."""
        before, self.rules = self.schema, rules
        self.schema = features.dress(self.base, rules)
        for kind in self.schema:
            known = before.find(kind.name)
            if known is None or kind.fields != known.fields:
                self.store.fit(kind)
                self._fit(kind, known.fields.keys() if known else frozenset())
        if [kind.fields for kind in before] != [kind.fields for kind in self.schema]:
            self._computed.clear()
            self.restore_rights(self.grants, self.withheld, self.now())
        self._keep_record_types()
        self._keep_currencies()

    def _fit(self, kind: Object, known: Set[str]) -> None:
        """Let the rows of an object have its fields, new ones with their defaults; no stamp moves."""
        table = self.store[kind.name]
        added = kind.fields.keys() - known
        usual = {name: value for name, value in kind.defaults.items() if name in added}
        for row in list(table.rows.values()):
            kept = {name: value for name, value in row.items() if name in kind.fields}
            table.put({**kind.unticked, **usual, **kept})

    def _keep_currencies(self) -> None:
        """Rows of the currencies there are."""
        kind = self.schema.find("CurrencyType")
        if kind is None:
            self.store.tables.pop("CurrencyType", None)
            return
        table, stamp = self.store[kind.name], self.stamp()
        known = {row["IsoCode"]: row["Id"] for row in table.rows.values()}
        stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
        by = dict.fromkeys(("CreatedById", "LastModifiedById"), self.caller)
        table.load([
            {
                "Id": known.get(code) or self.new_id(kind), "IsoCode": code, "IsActive": True,
                "ConversionRate": tidy(Decimal(str(rate))), "DecimalPlaces": CENTS,
                "IsCorporate": number == 0, **stamps, **by,
            }
            for number, (code, rate) in enumerate(self.rules.currencies.items())
        ])  # fmt: skip

    def _keep_record_types(self) -> None:
        """Rows of the record types there are; one that was there keeps its id."""
        kind, table = self.schema["RecordType"], self.store["RecordType"]
        known = {(row["SobjectType"], row["DeveloperName"]): row for row in table.rows.values()}
        table.load([
            _record_type(self, kind, each, known.get((each.object, each.called)))
            for each in self.rules.types
        ])  # fmt: skip

    def adopt(self, schema: Schema) -> None:
        """Become an empty org with that schema."""
        self.base = self.schema = schema
        self.store = Store(schema)
        self.rules, self.later, self.emptied = Rules(), [], None
        self.recycle_bin.clear()
        self._computed.clear()
        self.reset_grants()

    def now(self) -> datetime:
        """The time in whole seconds, as rows are stamped."""
        return self.clock.now().replace(microsecond=0)

    def stamp(self) -> str:
        """The time as rows have it."""
        return stamp(self.now())

    def new_id(self, kind: Object) -> str:
        """The next id of an object; ids are never given out twice."""
        self.numbers[kind.name] = self.numbers.get(kind.name, 0) + 1
        return ids.make(kind.prefix, self.numbers[kind.name])

    def served_at(self, request: Request) -> str:
        """Where the org is served."""
        return self.address or f"http://{request.headers.get('host', 'localhost')}"

    def identity_url(self, instance: str, user: str) -> str:
        """The address that stands for a user; org and user are its last parts."""
        return f"{instance}/id/{self.id}/{user}"

    def purge(self) -> None:
        """Forget what has lain in the recycle bin for too long."""
        limit = stamp(self.now() - KEPT_IN_BIN)
        while self.recycle_bin and self.recycle_bin[0][0] < limit:
            deleted_at, name, record_id = self.recycle_bin.popleft()
            row = self.store[name].rows.get(record_id)
            if row is not None and row["IsDeleted"] and row["SystemModstamp"] == deleted_at:
                self.store[name].remove(record_id)

    def shows(self, row: Row) -> bool:
        """Whether the API's user may see the record."""
        return self.rules.sharing.get(row["Id"]) != "none"

    def row(self, record_id: str | None) -> Row | None:
        """The row with that id (18 characters) of whatever object, deleted ones too."""
        kind = self.schema.of_id(record_id) if record_id else None
        return self.store[kind.name].rows.get(record_id) if kind and record_id else None

    def getter(self, field: Field) -> Getter:
        """How to read a field of a row of its object: a stored, a compound or a formula field."""
        if field.type == "address":
            return _address(field.name)
        if field.type == "location":
            return _location(field.name)
        if "autoNumber" in field.is_:
            return _auto_number
        if field.formula is not None:
            return self._formula(field)
        name = field.name
        return lambda row: row.get(name)

    def follow(self, reference: Field, then: Getter) -> Getter:
        """Read something of the row that a reference points to; None without one."""
        name, find = reference.name, self.row

        def through(row: Row) -> Any:
            parent = find(row.get(name))
            return None if parent is None else then(parent)

        return through

    def path(self, kind: Object, path: str) -> Getter:
        """How to read `Account.Name`: references by their relationship name, then a field."""
        head, dot, rest = path.partition(".")
        if not dot:
            return self.getter(kind.fields[head])
        reference = kind.reference(head)
        if reference is None:
            raise KeyError(path)
        return self.follow(reference, self.path(self.schema[reference.to[-1]], rest))

    def full(self, kind: Object, row: Row) -> Row:
        """All fields of a row, computed ones too, empty ones as None."""
        if kind.name not in self._computed:
            computed = [each for each in kind.fields.values() if each.computed]
            self._computed[kind.name] = {each.name: self.getter(each) for each in computed}
        found = {name: get(row) for name, get in self._computed[kind.name].items()}
        return {**dict.fromkeys(kind.fields), **row, **found}

    def _formula(self, field: Field) -> Getter:
        """Text joined by `&`: the only formulas there are. Empty parts are empty text."""
        kind = self.schema[field.object]
        getters = [
            self.path(kind, found[2]) if found[2] else _constant(found[1])
            for found in FORMULA_PARTS.finditer(field.formula or "")
        ]
        return lambda row: "".join(getter(row) or "" for getter in getters)


def _record_type(org: Org, kind: Object, each: RecordType, known: Row | None) -> Row:
    """The row of a record type, which only admins change."""
    stamp = org.stamp()
    made = (
        {"Id": org.new_id(kind), "CreatedDate": stamp, "CreatedById": org.caller} if known is None else known
    )
    row = {**made, "Name": each.name, "DeveloperName": each.called, "SobjectType": each.object}
    row |= {"IsActive": each.active, "LastModifiedById": org.caller}
    if "IsPersonType" in kind.fields:
        row["IsPersonType"] = each.person
    return {**row, "LastModifiedDate": stamp, "SystemModstamp": stamp}


def _auto_number(row: Row) -> str:
    """Numbers count an object's records in the order of their creation."""
    return f"R-{ids.number(row['Id']):06d}"


def _constant(text: str) -> Getter:
    return lambda _: text


def _address(name: str) -> Getter:
    """A compound address is read from its parts; without any it is None."""
    prefix = name.removesuffix("Address")
    parts = [(part[0].lower() + part[1:], prefix + part) for part in ADDRESS_PARTS]

    def read(row: Row) -> dict[str, Any] | None:
        if all(row.get(name) is None for _, name in parts):
            return None
        return {part: row.get(name) for part, name in parts}

    return read


def _location(name: str) -> Getter:
    """A geolocation is read from its two parts; without either it is None. Source: Salesforce, compound fields."""
    prefix = name.removesuffix("__c")
    latitude, longitude = f"{prefix}__Latitude__s", f"{prefix}__Longitude__s"

    def read(row: Row) -> dict[str, Any] | None:
        if row.get(latitude) is None or row.get(longitude) is None:
            return None
        return {"latitude": row[latitude], "longitude": row[longitude]}

    return read
