"""Every kind of write that the systems make, each for a few people, and what has become of it.

Import this only when Django knows its database, as `two_systems`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from tests.helpers.dynamics_twin import DynamicsTwin
from tests.helpers.mappings import NAMES, mapping_of
from tests.helpers.trouble import REASON, REFUSALS, Outcome, Strike, Trouble
from tests.helpers.two_systems import TwoSystems

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import CreationRule, FieldMapping, Settings, Side
from crosswalk.sync import run as runs

CITY = FieldMapping(crm="MailingCity", activecampaign="City")
CRM = "the CRM's"
BOX, NEWS = "HasOptedOutOfEmail", "Newsletter"
COUNTED = 301  # seconds after which a change of lists is looked for
BAD = 1  # the one of the people whose write goes wrong, between others
FEW, MANY = 3, 12  # people: singly, and by import

CONTACT_PATH, CONTACTS, MEMBERSHIPS, IMPORT = (
    "/api/3/contacts/",
    "/api/3/contacts",
    "/api/3/contactLists",
    "/api/3/import/bulk_import",
)


CALLS = {"create": "POST", "update": "PATCH"}  # of a record in any CRM


def email_of(number: int) -> str:
    return f"p{number}@example.org"


def moved(number: int) -> str:
    """The other address of one of the people."""
    return f"moved{number}@example.org"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to write, with the people who need it."""

    side: Side  # that is written
    op: str  # in the journal
    call: str  # the system's own word for the batch, "" of an opt-out, CRM where each CRM has its own
    shape: str = "fields"  # of an update: what changes
    method: str
    path: str = ""  # how the address ends; a contact's own address begins like this; the CRM's: see World
    people: int = FEW
    settings: Settings = field(default_factory=Settings)
    begin: Callable[[World], None]  # makes the people, before the connection is made
    edit: Callable[[World], None]  # what is to be carried over
    held: Callable[[Snapshot, int], list[Any]]  # what the target holds of one of the people
    wanted: Callable[[int], list[Any]]
    repeatable: bool = False  # doing it again changes nothing, so that it may be sent again unseen

    @property
    def singly(self) -> bool:
        """Whether a call carries one record."""
        return self.path in {CONTACT_PATH, CONTACTS, MEMBERSHIPS}

    @property
    def imported(self) -> bool:
        return self.path == IMPORT

    @property
    def creates(self) -> bool:
        return self.op == "create"


class Snapshot:
    """What both vendors hold of some people at one moment."""

    def __init__(self, world: World) -> None:
        account = world.systems["activecampaign"].dump()
        self._contacts = [row for row in account["contact"] if row["deleted"] == "0"]
        self._titles = {str(row["id"]): row["title"] for row in account["field"]}
        self._records = world.crm_all()
        self._world = world

    def in_crm(self, number: int, *names: str) -> list[Any]:
        """Values of a person's record in the CRM."""
        crm_id = self._world.crm_ids[number]
        (row,) = [row for row in self._records if row["Id"] == crm_id]
        return [row[name] for name in names]

    def in_contact(self, number: int, *names: str) -> list[Any]:
        """Values of a person's contact, by standard names or titles of custom fields."""
        contact_id = self._world.contact_ids[number]
        (row,) = [row for row in self._contacts if row["id"] == contact_id]
        values = {self._titles[str(each["field"])]: each["value"] for each in row["fieldValues"]}
        return [row[name] if name in row else values.get(name, "") for name in names]

    def crm_names(self, number: int) -> list[str]:
        """The names of all records of the CRM with a person's address."""
        return [row["FirstName"] for row in self._records if row["Email"] == email_of(number)]

    def contact_names(self, number: int) -> list[str]:
        """The names of all contacts with a person's address."""
        return [row["firstName"] for row in self._contacts if row["email"] == email_of(number)]


class World(TwoSystems):
    """Both systems, the CRM being Salesforce, with a few people whose writes are of one kind.

    `changed` counts for each of them how often the target came to hold something else since the edit, `delivered` how
    often the target's vendor was handed such a write.
    """

    batch_kind = "collections"
    tells_creates_apart = False  # from their repetitions

    def __init__(self, key_file: Path, kind: Kind) -> None:
        super().__init__(key_file)
        self.kind = kind
        self.writes = 0
        self.trouble = Trouble(self.wire.inner, self._heard)
        self.wire.inner = self.trouble
        self.wire.may_uncheck = kind.settings.uncheck_opt_out
        self.crm_ids: list[str] = []
        self.contact_ids: list[str] = []
        self.changed: Counter[int] = Counter()
        self.delivered: Counter[int] = Counter()
        self._last: list[Any] | None = None
        kind.begin(self)
        self.connect(mapping_of(settings=kind.settings, fields=(*NAMES, CITY)))
        assert self.sync().counts == {}
        kind.edit(self)
        self._journalled = len(self.rows("journal"))
        self._last = self._held()

    # --- people ---------------------------------------------------------------------------------------------------

    def pairs(self, *, opted_out: bool = False, **contact: Any) -> None:
        """Everybody on both sides, with equal values."""
        for number in range(self.kind.people):
            values = {"FirstName": f"Old{number}", "Phone": "+34 0", "MailingCity": "Bilbao", BOX: opted_out}
            self.crm_ids.append(self.crm_new(Email=email_of(number), LastName="Ruiz", **values))
            same = {"firstName": f"Old{number}", "phone": "+34 0", "City": "Bilbao", **contact}
            self.contact_ids.append(self.contact_new(email_of(number), lastName="Ruiz", **same))

    def edit_crm(self, **values: Callable[[int], Any]) -> None:
        for number, crm_id in enumerate(self.crm_ids):
            self.crm_edit("contact", crm_id, **{name: value(number) for name, value in values.items()})

    def edit_contacts(self, **values: Callable[[int], Any]) -> None:
        for number, contact_id in enumerate(self.contact_ids):
            self.contact_edit(contact_id, **{name: value(number) for name, value in values.items()})

    # --- what goes wrong ------------------------------------------------------------------------------------------

    def disturb(self, outcome: Outcome) -> None:
        """Have the next write of the kind, for the one in the middle, end like this."""
        trouble = self.trouble
        once: dict[Outcome, Strike] = {
            Outcome.FAILED_BEFORE: trouble.fail_before,
            Outcome.FAILED_AFTER: trouble.fail_after,
            Outcome.ANSWER_LOST: trouble.lose_answer,
            Outcome.LATE: trouble.be_late,
            Outcome.TWICE: trouble.repeat,
        }
        if outcome in REFUSALS:
            everything = self.kind.singly and outcome is Outcome.REFUSED_WHOLE
            trouble.always(self.is_this if everything else self._concerns_bad, self._refusal(outcome))
        else:
            trouble.once(self._concerns_bad, once[outcome])
        if outcome is Outcome.LATE and self.kind.imported:
            self.delay_imports(timedelta(minutes=20))  # and works on it for longer than a run waits

    def _refusal(self, outcome: Outcome) -> Strike:
        trouble, one = self.trouble, outcome is Outcome.REFUSED_ONE
        if self.kind.imported:
            return (trouble.fail_in_import if one else trouble.refuse_import)(email_of(BAD))
        if self.kind.singly:
            return trouble.refuse_contact
        return self.crm_refusal(self._mark(BAD) if one else None)

    @property
    def repeatable(self) -> bool:
        """Whether a write of the kind may be sent again unseen."""
        again = self.tells_creates_apart and self.kind.side is Side.CRM and self.kind.creates
        return self.kind.repeatable or again

    # --- calls ----------------------------------------------------------------------------------------------------

    def crm_writes(self, method: str, request: httpx2.Request) -> bool:
        """Whether a call creates (POST) or updates (PATCH) records of the CRM."""
        return request.method == method and request.url.path.endswith("/composite/sobjects")

    def crm_refusal(self, bad: bytes | None) -> Strike:
        """How the CRM declines the record that has the mark `bad`, or a call as a whole."""
        return self.trouble.refuse_collection if bad is None else self.trouble.refuse_in_collection(bad)

    def crm_mark(self, crm_id: str) -> str:
        """What stands in the update of a record of the CRM."""
        return f'"{crm_id}"'

    def is_this(self, request: httpx2.Request) -> bool:
        """Whether a call is of this world's kind."""
        kind, path = self.kind, request.url.path
        if kind.side is Side.CRM:
            return self.crm_writes(kind.method, request)
        right = path.startswith(kind.path) if kind.path == CONTACT_PATH else path.endswith(kind.path)
        return request.method == kind.method and right

    def _writes(self, request: httpx2.Request) -> bool:
        """Whether a call changes anything at all."""
        if request.url.path.startswith(CONTACTS.removesuffix("contacts")):
            return request.method != "GET"
        return any(self.crm_writes(method, request) for method in CALLS.values())

    def _concerns_bad(self, request: httpx2.Request) -> bool:
        return self._carries(request, BAD)

    def _carries(self, request: httpx2.Request, number: int) -> bool:
        """Whether a call writes one of the people in the way of this kind."""
        if not self.is_this(request):
            return False
        if self.kind.path == CONTACT_PATH:
            return request.url.path.rpartition("/")[2] == self.contact_ids[number]
        if self.kind.path == MEMBERSHIPS:
            body = msgspec.json.decode(request.read())
            return bool(body["contactList"]["contact"] == self.contact_ids[number])
        return self._mark(number) in request.read()

    def _mark(self, number: int) -> bytes:
        """What stands in a record that is written for one of the people."""
        by_id = self.kind.side is Side.CRM and not self.kind.creates
        mark = self.crm_mark(self.crm_ids[number]) if by_id else f'"{email_of(number)}"'
        return mark.encode()

    def _heard(self, request: httpx2.Request) -> None:
        if self._last is None:
            return
        self.writes += self._writes(request)
        for number in range(self.kind.people):
            self.delivered[number] += self._carries(request, number)
        self._note_changes()

    def _note_changes(self) -> None:
        assert self._last is not None
        now = self._held()
        for number, (before, after) in enumerate(zip(self._last, now, strict=True)):
            self.changed[number] += before != after
        self._last = now

    def _held(self) -> list[Any]:
        now = Snapshot(self)
        return [self.kind.held(now, number) for number in range(self.kind.people)]

    # --- runs -----------------------------------------------------------------------------------------------------

    def attempt(self) -> None:
        """Run in a new process; it may end as with a vendor that is not there for a moment."""
        self.wait(30)
        self.reopen()
        ended = FailureKind.TRANSIENT
        try:
            assert runs.run(self.context()).state == "done"
        except SystemFailure as failure:
            ended = failure.kind
        assert ended is FailureKind.TRANSIENT

    def settle(self) -> None:
        """Run until a run neither makes a writing call nor leaves anything to be done."""
        for _ in range(5):
            self.wait(1800)
            written = self.writes
            result = runs.run(self.context())
            if self.writes == written and not result.counts and not result.waiting:
                return
        raise AssertionError(f"no end: {result}, {self.rows('inbox')}, {self.rows('outbox')}")

    # --- what has become of it ------------------------------------------------------------------------------------

    def assert_held(self, outcome: Outcome) -> None:
        """Whoever was refused is held with the reason, and only them; everybody else has what was to be written."""
        everything = self.kind.singly and outcome is Outcome.REFUSED_WHOLE
        refused = set(range(self.kind.people)) if everything else {BAD}
        holds = self.holds()
        assert {hold["record_id"] for hold in holds} == {self._held_id(number) for number in refused}
        assert all(hold["side"] == self.kind.side.value for hold in holds)
        failed_import = self.kind.imported and outcome is Outcome.REFUSED_ONE
        assert all((email_of(BAD) if failed_import else REASON) in hold["reason"] for hold in holds), holds
        assert {number for number in range(self.kind.people) if not self.changed[number]} == refused
        assert len(self.rows("journal")) - self._journalled == self.kind.people - len(refused)
        found = self.verify()
        assert found.unexcused == 0, found.samples

    def _held_id(self, number: int) -> str:
        """The record that a hold names: the CRM's, or the contact while there is none."""
        return self.crm_ids[number] if self.crm_ids else self.contact_ids[number]

    def assert_all_is_well(self, *, twins: bool = False, delivered: int) -> None:
        """Everything arrived once, was journalled once, and nothing is left to do.

        With `twins` the vendor made all records twice; `delivered` is how often the vendor got what went wrong.
        """
        everybody = range(self.kind.people)
        assert self._held() == [self.kind.wanted(number) * (2 if twins else 1) for number in everybody]
        self._note_changes()
        assert self.changed == dict.fromkeys(everybody, 2 if twins else 1)
        assert self.delivered == {number: self._due(number, delivered) for number in everybody}
        assert len(self.links(is_primary=True, state="open")) == self.kind.people
        assert len(self.links()) == self.kind.people * (2 if twins else 1)
        assert [self.rows(table) for table in ("inbox", "outbox", "consent_write", "hold")] == [
            [],
            [],
            [],
            [],
        ]
        self._assert_journalled()
        found = self.verify()
        assert found.unexcused == 0, found.samples
        assert set(found.excused) <= ({"not primary"} if twins else set()), found.samples

    def _due(self, number: int, delivered: int) -> int:
        """How often the vendor is to be handed the write for one of the people: who shares a call shares its fate."""
        together = not self.kind.singly and delivered > 1
        return delivered if number == BAD or together else 1

    def _assert_journalled(self) -> None:
        rows = sorted(self.rows("journal"), key=lambda row: row["id"])[self._journalled :]
        assert {(row["side"], row["op"]) for row in rows} == {(self.kind.side.value, self.kind.op)}, rows
        records = Counter(row["record_id"] for row in rows)
        assert len(records) == self.kind.people
        assert set(records.values()) == {1}, rows


class DynamicsWorld(World, DynamicsTwin):
    """The same with Dynamics 365."""

    batch_kind = "batch"
    tells_creates_apart = True  # by the ids that we give

    def crm_writes(self, method: str, request: httpx2.Request) -> bool:
        whole = request.url.path.endswith("/$batch")
        return whole and f"\n{method} /api".encode() in request.read()

    def crm_refusal(self, bad: bytes | None) -> Strike:
        return self.trouble.refuse_batch if bad is None else self.trouble.refuse_in_batch(bad)

    def crm_mark(self, crm_id: str) -> str:
        return f"contacts({crm_id})"


WORLDS = {"Salesforce": World, "Dynamics 365": DynamicsWorld}

# --- the kinds ----------------------------------------------------------------------------------------------------


def _old(number: int) -> str:
    return f"Old{number}"


def _new(number: int) -> str:
    return f"New{number}"


def _crm_people(world: World) -> None:
    """New people in the CRM."""
    world.crm_ids += [
        world.crm_new(Email=email_of(number), FirstName=_new(number)) for number in range(world.kind.people)
    ]


def _contact_people(world: World) -> None:
    """New people in ActiveCampaign."""
    world.contact_ids += [
        world.contact_new(email_of(number), firstName=_new(number), lastName="Ruiz")
        for number in range(world.kind.people)
    ]


def _leave(world: World) -> None:
    world.edit_contacts(lists=lambda _: {NEWS: 2})
    world.wait(COUNTED)


def _join_again(world: World) -> None:
    world.edit_contacts(lists=lambda _: {NEWS: 1})
    world.wait(COUNTED)


_TO_CRM: dict[str, Any] = {
    "side": Side.CRM,
    "op": "update",
    "call": CRM,
    "method": CALLS["update"],
    "begin": World.pairs,
}
_TO_CONTACT: dict[str, Any] = {
    "side": Side.ACTIVECAMPAIGN,
    "op": "update",
    "call": "update",
    "method": "PUT",
    "path": CONTACT_PATH,
    "repeatable": True,
    "begin": World.pairs,
}
_IN_VOLUME = Settings(import_updates_above=FEW)

KINDS = {
    "CRM create": Kind(
        side=Side.CRM,
        op="create",
        call=CRM,
        method=CALLS["create"],
        settings=Settings(creation=CreationRule.ALL, creation_object="contact"),
        begin=lambda world: None,
        edit=_contact_people,
        held=Snapshot.crm_names,
        wanted=lambda number: [_new(number)],
    ),
    "CRM update": Kind(
        **_TO_CRM,
        edit=lambda world: world.edit_contacts(firstName=_new),
        held=lambda now, number: now.in_crm(number, "FirstName"),
        wanted=lambda number: [_new(number)],
    ),
    "CRM update, emptied": Kind(
        **_TO_CRM,
        shape="emptied",
        edit=lambda world: world.edit_contacts(phone=lambda _: "", City=lambda _: ""),
        held=lambda now, number: now.in_crm(number, "Phone", "MailingCity"),
        wanted=lambda number: [None, None],
    ),
    "CRM update, e-mail": Kind(
        **_TO_CRM,
        shape="e-mail",
        edit=lambda world: world.edit_contacts(email=moved),
        held=lambda now, number: now.in_crm(number, "Email"),
        wanted=lambda number: [moved(number)],
    ),
    "CRM opt-out": Kind(
        **{**_TO_CRM, "op": "opt_out", "call": "", "begin": lambda world: world.pairs(lists={"1": 1})},
        edit=_leave,
        held=lambda now, number: now.in_crm(number, BOX),
        wanted=lambda number: [True],
    ),
    "CRM opt-out lifted": Kind(
        **{
            **_TO_CRM,
            "op": "lift_opt_out",
            "call": "",
            "begin": lambda world: world.pairs(opted_out=True, lists={"1": 2}),
        },
        settings=Settings(uncheck_opt_out=True),
        edit=_join_again,
        held=lambda now, number: now.in_crm(number, BOX),
        wanted=lambda number: [False],
    ),
    "contact create": Kind(
        side=Side.ACTIVECAMPAIGN,
        op="create",
        call="create",
        method="POST",
        path=CONTACTS,
        begin=lambda world: None,
        edit=_crm_people,
        held=Snapshot.contact_names,
        wanted=lambda number: [_new(number)],
    ),
    "contact update": Kind(
        **_TO_CONTACT,
        edit=lambda world: world.edit_crm(FirstName=_new),
        held=lambda now, number: now.in_contact(number, "firstName"),
        wanted=lambda number: [_new(number)],
    ),
    "contact update, emptied": Kind(
        **_TO_CONTACT,
        shape="emptied",
        edit=lambda world: world.edit_crm(Phone=lambda _: None, MailingCity=lambda _: None),
        held=lambda now, number: now.in_contact(number, "phone", "City"),
        wanted=lambda number: ["", ""],
    ),
    "contact update, e-mail": Kind(
        **_TO_CONTACT,
        shape="e-mail",
        edit=lambda world: world.edit_crm(Email=moved),
        held=lambda now, number: now.in_contact(number, "email"),
        wanted=lambda number: [moved(number)],
    ),
    "import of creates": Kind(
        side=Side.ACTIVECAMPAIGN,
        op="create",
        call="import_create",
        method="POST",
        path=IMPORT,
        people=MANY,
        begin=lambda world: None,
        edit=_crm_people,
        held=Snapshot.contact_names,
        wanted=lambda number: [_new(number)],
    ),
    "import of updates": Kind(
        side=Side.ACTIVECAMPAIGN,
        op="update",
        call="import_update",
        method="POST",
        path=IMPORT,
        people=MANY,
        settings=_IN_VOLUME,
        begin=World.pairs,
        edit=lambda world: world.edit_crm(FirstName=_new),
        held=lambda now, number: now.in_contact(number, "firstName"),
        wanted=lambda number: [_new(number)],
    ),
    "contact opt-out": Kind(
        side=Side.ACTIVECAMPAIGN,
        op="opt_out",
        call="",
        method="POST",
        path=MEMBERSHIPS,
        repeatable=True,
        begin=lambda world: world.pairs(lists={"1": 1}),
        edit=lambda world: world.edit_crm(**{BOX: lambda _: True}),
        held=lambda now, number: now.in_contact(number, "lists"),
        wanted=lambda number: [{"1": "2"}],
    ),
}
