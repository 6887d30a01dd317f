"""The CRMs that a history can be played with: what people do in their pages, what they hold, and what a call does.

Everything else of the simulation knows a CRM through these few words alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

import httpx2
import msgspec
from tests.simulation.history import ONE_WAY, Options

from crosswalk_sandbox.control import Controlled
from crosswalk_sandbox.http import make_request
from crosswalk_sandbox.salesforce.schema import Object, Schema

Record = tuple[str, str, str]  # side, object, id
Row = dict[str, Any]
SIDE = "crm"
OBJECTS = ("contact", "lead")
FLOW_SECONDS = 3
# what a call to a CRM does, as the events of a history call it
UPDATE, CREATE, FEED = "crm update", "crm create", "crm feed"


class May(Enum):
    """What programs may do with a field."""

    NOTHING = "none"
    READ = "read"
    WRITE = "write"


class Crm(ABC):
    """One CRM of a history."""

    vendor: ClassVar[str]
    fields: ClassVar[Mapping[str, str]]  # ours → its own
    tables: ClassVar[Mapping[str, str]]  # object → its name
    key: ClassVar[str]  # of a record's id; {} is the table
    creation_defaults: ClassVar[Mapping[str, str]] = {}
    filled: ClassVar[Mapping[str, str]] = {}  # our fields that a record must have, with what they are given
    binned: ClassVar[bool]  # whether what is put away is deleted, or only closed
    boxes: ClassVar[tuple[str, ...]]  # its names of what says no mail
    hides_silently: ClassVar[bool]  # whether a hidden field reads as an empty one
    refusals: ClassVar[str]  # the name of the rules by which it refuses a save

    def __init__(self, controlled: Controlled) -> None:
        self.controlled = controlled
        self.limited: dict[str, May] = {}  # fields with which programs may not do everything

    # --- people

    def new(self, object: str, values: Mapping[str, str]) -> None:
        """Make a record."""
        self._act("create", (SIDE, object, ""), self.written({**self.given(object), **values}))

    def edit(self, record: Record, values: Mapping[str, str]) -> None:
        """Change fields; "" empties one."""
        self._act("edit", record, self.written(values))

    def delete(self, record: Record) -> None:
        """Delete a record."""
        self._act("delete", record, {})

    @abstractmethod
    def put_away(self, record: Record) -> None:
        """Do away with a record so that it can be had back."""

    @abstractmethod
    def restore(self, record: Record) -> None:
        """Have back what was put away."""

    @abstractmethod
    def convert(self, lead: Record) -> None:
        """Make a contact of a lead."""

    @abstractmethod
    def merge(self, winner: Record, loser: Record) -> None:
        """Let one record take in another."""

    def opt_out(self, record: Record, who: int) -> None:
        """Check a box that means no mail."""
        self._act("edit", record, {self.boxes[who % len(self.boxes)]: True})

    def given(self, object: str) -> dict[str, str]:
        """What this CRM's pages ask for besides, by its own names."""
        return {}

    def written(self, values: Mapping[str, str]) -> Row:
        """Our fields as a person's page sends them; what has another name is the CRM's own already."""
        return {self.fields.get(name, name): self.sent(name, value) for name, value in values.items()}

    def sent(self, name: str, value: str) -> Any:
        """One value as a person's page sends it."""
        return value or None

    def _act(self, op: str, record: Record, values: Mapping[str, Any]) -> Row:
        _side, object, record_id = record
        return self.controlled.person(self.tables[object], op, record_id=record_id or None, values=values)

    # --- what it holds

    def live(self) -> Iterator[tuple[Record, Row]]:
        """Every record that takes part, straight from memory."""
        for object in OBJECTS:
            for record_id, row in self.rows(self.tables[object]).items():
                if not self.is_gone(row):
                    yield (SIDE, object, record_id), row

    def held(self, row: Row) -> dict[str, Any]:
        """A record's values of our fields."""
        return {name: row.get(own) for name, own in self.fields.items()}

    @abstractmethod
    def rows(self, table: str) -> Mapping[str, Row]:
        """A table's rows, by id."""

    @abstractmethod
    def is_gone(self, row: Row) -> bool:
        """Whether a record takes no part: deleted, merged into another, or a contact by now."""

    def opted_out(self, row: Row) -> bool:
        """Whether its person wants no mail."""
        return any(row.get(box) for box in self.boxes)

    def takes(self, record: Record) -> bool:
        """Whether programs may write a record."""
        return True

    # --- calls

    @staticmethod
    @abstractmethod
    def route(request: httpx2.Request) -> str:
        """Method and path, and in words of ours what the call does; one that only reads begins with GET or READ."""

    @staticmethod
    @abstractmethod
    def refused(request: httpx2.Request, response: httpx2.Response) -> Iterable[str]:
        """What of a call was refused, with what was said of it."""

    # --- rules

    def let(self, field: str, may: May) -> None:
        """Say what programs may do with a field from now on."""
        self.limited[field] = may
        if may is May.WRITE:
            del self.limited[field]
        self.limit(field, may)

    def open_all(self) -> None:
        """Let programs do everything again."""
        for field in list(self.limited):
            self.let(field, May.WRITE)

    @abstractmethod
    def limit(self, field: str, may: May) -> None:
        """Tell the CRM so."""

    def drop(self, field: str) -> None:
        """Delete a field with all its values."""
        if field in self.limited:
            self.let(field, May.WRITE)
        self.take_away(set(self.tables.values()), self.fields[field])

    @abstractmethod
    def take_away(self, tables: Set[str], column: str) -> None:
        """Delete a column of its own in these tables."""

    @abstractmethod
    def refuse_duplicates(self, action: str) -> None:
        """Have the CRM look for other records with an address before it saves one."""

    def set_up(self, options: Options) -> None:
        """Let the CRM have the automation and the rules of a history."""
        if options.flow:
            self._post({"flows": [self._flow(name, options.flow) for name in self.tables.values()]})
        if options.duplicates:
            self.refuse_duplicates(options.duplicates)
        if options.rule:
            self._post({self.refusals: [self._refusal(name) for name in self.tables.values()]})

    def _flow(self, table: str, moment: str) -> Row:
        """Set the one-way field after every change of a phone, as the user who saved."""
        phone = self.fields["phone"]
        later = {"seconds": FLOW_SECONDS} if moment == "later" else {}
        return {
            "object": table,
            "on": ["update"],
            "when": [{"field": phone, "is": "changed"}],
            "set": {self.fields[ONE_WAY]: {"from": phone, "as": "digits"}},
            "moment": moment,
            **later,
        }

    def _refusal(self, table: str) -> Row:
        """Refuse some telephone numbers, but not what leaves them as they are: else opt-outs are refused too."""
        phone = self.fields["phone"]
        when = [{"field": phone, "is": "changed"}, {"field": phone, "is": "like", "to": "[37]$"}]
        return {"object": table, "message": "No such number.", "by": "api", "when": when}

    def _post(self, rules: Mapping[str, Any]) -> None:
        door = self.controlled.system.doors()["POST", "rules"]
        door(make_request("POST", "/_sandbox/rules", {}, msgspec.json.encode(rules)))


class Salesforce(Crm):
    """An org: a deleted record lies in a bin, a converted lead lives no more."""

    vendor = "salesforce"
    fields: ClassVar[Mapping[str, str]] = {
        "email": "Email",
        "firstName": "FirstName",
        "lastName": "LastName",
        "phone": "Phone",
        "nickname": "Nickname__c",
        "score": "Score__c",
        "birthday": "Birthday__c",
        "jobTitle": "Title",
    }
    tables: ClassVar[Mapping[str, str]] = {"contact": "Contact", "lead": "Lead"}
    creation_defaults: ClassVar[Mapping[str, str]] = {"Company": "unknown", "LastName": "unknown"}
    filled: ClassVar[Mapping[str, str]] = {"lastName": "unknown"}
    binned = True
    boxes = ("HasOptedOutOfEmail",)
    hides_silently = False
    refusals = "validations"

    def put_away(self, record: Record) -> None:
        self.delete(record)

    def restore(self, record: Record) -> None:
        self._act("undelete", record, {})

    def convert(self, lead: Record) -> None:
        self._act("convert", lead, {})

    def merge(self, winner: Record, loser: Record) -> None:
        self._act("merge", winner, {"recordToMergeIds": [loser[2]]})

    def given(self, object: str) -> dict[str, str]:
        return {"Company": "Harbour Ltd"} if object == "lead" else {}

    def rows(self, table: str) -> Mapping[str, Row]:
        found: Mapping[str, Row] = self.controlled.system.org.store[table].rows  # type: ignore[attr-defined]
        return found

    def is_gone(self, row: Row) -> bool:
        return bool(row.get("IsDeleted") or row.get("IsConverted"))

    def limit(self, field: str, may: May) -> None:
        for table in self.tables.values():
            rights = {"PermissionsRead": may is not May.NOTHING, "PermissionsEdit": may is May.WRITE}
            values = {"Field": f"{table}.{self.fields[field]}", **rights}
            self.controlled.person("FieldPermissions", "edit", values=values)

    def take_away(self, tables: Set[str], column: str) -> None:
        org = self.controlled.system.org  # type: ignore[attr-defined]
        org.base = Schema(
            {each.name: _without(each, column) if each.name in tables else each for each in org.base}
        )
        org.set_rules(org.rules)

    def refuse_duplicates(self, action: str) -> None:
        tables = list(self.tables.values())
        rules = [{"object": name, "match": ["Email"], "against": tables, "action": action} for name in tables]
        self._post({"duplicates": rules})

    @staticmethod
    def route(request: httpx2.Request) -> str:
        path = request.url.path.removeprefix("/services/data/v60.0")
        if path.startswith("/composite/sobjects/"):
            return f"READ {path}"  # by id: a POST by its method alone
        does = {"PATCH": UPDATE, "POST": CREATE}.get(request.method, "") if "/composite" in path else ""
        return f"{request.method} {path} {FEED if '/query' in path else does}".rstrip()

    @staticmethod
    def refused(request: httpx2.Request, response: httpx2.Response) -> Iterable[str]:
        if is_refusal(response.status_code) or b'"success":false' in response.content:
            yield f"{request.content.decode()} {response.text}"


class Dynamics(Crm):
    """An environment: nobody has back what was deleted, but closed records can be opened again."""

    vendor = "dynamics"
    fields: ClassVar[Mapping[str, str]] = {
        "email": "emailaddress1",
        "firstName": "firstname",
        "lastName": "lastname",
        "phone": "telephone1",
        "nickname": "new_nickname",
        "score": "new_score",
        "birthday": "new_birthday",
        "jobTitle": "jobtitle",
    }
    tables: ClassVar[Mapping[str, str]] = {"contact": "contact", "lead": "lead"}
    binned = False
    boxes = ("donotbulkemail", "donotemail")
    hides_silently = True
    refusals = "refusals"

    def put_away(self, record: Record) -> None:
        self._act("disqualify" if record[1] == "lead" else "deactivate", record, {})

    def restore(self, record: Record) -> None:
        self._act("reactivate", record, {})

    def convert(self, lead: Record) -> None:
        self._act("qualify", lead, {})

    def merge(self, winner: Record, loser: Record) -> None:
        self._act("merge", winner, {"Subordinate": loser[2]})

    def sent(self, name: str, value: str) -> Any:
        return Decimal(value) if name == "score" and value else value or None

    def rows(self, table: str) -> Mapping[str, Row]:
        found: Mapping[str, Row] = self.controlled.system.environment.rows[table]  # type: ignore[attr-defined]
        return found

    def is_gone(self, row: Row) -> bool:
        return bool(row.get("merged")) or ("leadid" in row and row["statecode"] == QUALIFIED)

    def takes(self, record: Record) -> bool:
        """Source: Dataverse, state changes: closed leads are read-only."""
        row = self.rows(record[1]).get(record[2])
        return row is None or record[1] != "lead" or row["statecode"] == OPEN

    def limit(self, field: str, may: May) -> None:
        """Source: Dataverse, column-level security; all limited columns are told at once."""
        limited = {
            f"{table}.{self.fields[each]}": at_most.value
            for each, at_most in self.limited.items()
            for table in self.tables.values()
        }
        self._post({"secured": limited})

    def take_away(self, tables: Set[str], column: str) -> None:
        environment = self.controlled.system.environment  # type: ignore[attr-defined]
        for name in tables:
            table, rows = environment.schema.tables[name], environment.rows[name]
            left = {each: kept for each, kept in table.columns.items() if each != column}
            environment.schema.put(replace(table, columns=left))
            for row in rows.values():
                row.pop(column, None)

    def refuse_duplicates(self, action: str) -> None:
        """Its rules are asked by calls that wish it, and ours do not."""
        environment = self.controlled.system.environment  # type: ignore[attr-defined]
        on = {"isduplicatedetectionenabled": True}
        self.controlled.person("organization", "edit", record_id=environment.id, values=on)

    @staticmethod
    def route(request: httpx2.Request) -> str:
        path = request.url.path.removeprefix("/api/data/v9.2")
        if path == BATCH:
            does = {method: word for method, word in BATCHED.items() if _carries(request, method)}
            return " ".join(("POST" if does else "READ", path, *does.values()))
        feed = FEED if "track-changes" in request.headers.get("prefer", "") else ""
        return f"{request.method} {path} {feed}".rstrip()

    @staticmethod
    def refused(request: httpx2.Request, response: httpx2.Response) -> Iterable[str]:
        """In a batch only those that were refused, each with its own request."""
        if not request.url.path.endswith(BATCH) or is_refusal(response.status_code):
            if is_refusal(response.status_code):
                yield f"{request.content.decode()} {response.text}"
            return
        for asked, answered in zip(_parts(request), _parts(response), strict=False):
            status = answered.partition("HTTP/1.1 ")[2][:3]
            if status.isdigit() and is_refusal(int(status)):
                yield f"{asked} {answered}"


def _without(kind: Object, field: str) -> Object:
    return replace(kind, fields={name: each for name, each in kind.fields.items() if name != field})


OPEN, QUALIFIED = 0, 1
BATCH = "/$batch"
BATCHED = {"PATCH": UPDATE, "POST": CREATE}
CRMS: dict[str, type[Crm]] = {each.vendor: each for each in (Salesforce, Dynamics)}


def crm_of(seed: int) -> str:
    """The CRM that a seed is played with: each with every other one."""
    return sorted(CRMS)[seed % len(CRMS)]


def is_refusal(status: int) -> bool:
    """Whether a status says that the call, not the moment, is wrong."""
    return 400 <= status < 500 and status not in (401, 429)


def _carries(request: httpx2.Request, method: str) -> bool:
    return f"\r\n{method} /api/".encode() in request.content


def _parts(message: httpx2.Request | httpx2.Response) -> list[str]:
    """The parts of a multipart body, without what is before the first and after the last."""
    boundary = message.headers["content-type"].partition("boundary=")[2].strip('"')
    return message.content.decode().split(f"--{boundary}")[1:-1]
