"""One connection between both sandboxes in this process, with the people on both sides and the proof at the end.

Time is one clock: the product's sleeping moves it, every call takes a little of it, and both sandboxes run with it.
Import this only when Django knows its database: the fixtures of tests/integration/sync do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx2
import msgspec
from django.db import connection as database
from tests.helpers.mappings import SOBJECTS, mapping_of

from crosswalk.core.mapping import MappingFile, Side
from crosswalk.store import connections, history, inbox, models
from crosswalk.store import holds as stored_holds
from crosswalk.store.holds import Held
from crosswalk.store.vault import Vault
from crosswalk.sync import holds, setup
from crosswalk.sync import run as runs
from crosswalk.sync.approval import run_released
from crosswalk.sync.choosing import Outcome, choose_value
from crosswalk.sync.context import Context
from crosswalk.sync.explain import explain
from crosswalk.sync.explained import Explanation
from crosswalk.sync.planning import make_plan
from crosswalk.sync.run import RunResult
from crosswalk.sync.verified import Verification
from crosswalk.sync.verify import verify
from crosswalk.systems import open_system
from crosswalk_sandbox.clock import Clock as SandboxClock
from crosswalk_sandbox.control import Controlled, PersonOrder
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox
from crosswalk_sandbox.transport import SandboxTransport

Row = dict[str, Any]
Hook = Callable[[str, httpx2.Request], httpx2.Response | None]

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CALL_TAKES = 0.05  # seconds
NAME = "demo"


class MovingClock:
    """The product's clock: it stands still but for calls, sleeping and tests."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._ids = 0

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(0.0, seconds))

    def new_id(self) -> str:
        self._ids += 1
        return f"id-{self._ids}"


class Wire(httpx2.BaseTransport):
    """Between product and sandboxes: lets time pass, and lets a test act at any request or answer."""

    def __init__(self, inner: httpx2.BaseTransport, clock: MovingClock) -> None:
        self.inner = self._vendors = inner
        self.import_is_done: Callable[[], bool] = lambda: False
        self._others: dict[str, httpx2.BaseTransport] = {}
        self._clock = clock
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self.calls: Counter[str] = Counter()
        self.may_uncheck = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._clock.sleep(CALL_TAKES)
        route = f"{request.method} {request.url.path}"
        if "/oauth2/" not in route:
            self.calls[self._system(request)] += 1
        self._check_consent(route, request)
        for hook in list(self.before):
            if (instead := hook(route, request)) is not None:
                return instead
        inner = self._others.get(request.url.host, self.inner)
        response = inner.handle_request(request)
        for hook in list(self.after):
            hook(route, request)
        return response

    def _check_consent(self, route: str, request: httpx2.Request) -> None:
        """No call ever subscribes anybody, and none unchecks an opt-out unless a test's admin turned it on."""
        if route == "POST /api/3/contactLists":
            assert msgspec.json.decode(request.content)["contactList"]["status"] == 2
        elif route.startswith(("POST /api/3", "PUT /api/3")):
            assert b"subscribe" not in request.content
            assert b'"list' not in request.content
        elif route.startswith("PATCH") and not self.may_uncheck:
            assert b'"HasOptedOutOfEmail":false' not in request.content
        elif route.endswith("/$batch") and b"PATCH" in request.content and not self.may_uncheck:
            assert b'"donotbulkemail":false' not in request.content
            assert b'"donotemail":false' not in request.content

    def add(self, host: str, transport: httpx2.BaseTransport) -> None:
        """Reach one more host."""
        self._others[host] = transport

    def _system(self, request: httpx2.Request) -> str:
        return request.url.host.partition(".")[0]

    def refuse(self, part: str, status: int, body: object) -> None:
        """Answer every request whose `METHOD path` contains `part` with this, until `allow`."""

        def hook(route: str, request: httpx2.Request) -> httpx2.Response | None:
            return httpx2.Response(status, json=body) if part in route else None

        self.before.append(hook)

    def refuse_address(self, address: str) -> None:
        """Have ActiveCampaign find an address wrong that both of us took for a good one."""
        title = "Email address is invalid."

        def hook(route: str, request: httpx2.Request) -> httpx2.Response | None:
            if address.encode() not in request.content:
                return None
            if "bulk_import" not in route:
                error = {"title": title, "source": {"pointer": "/data/attributes/email"}}
                return httpx2.Response(422, json={"errors": [error]})
            rows = msgspec.json.decode(request.content)["contacts"]
            number = next(n for n, row in enumerate(rows) if row["email"] == address)
            reasons = [{"contact": number, "failureReason": title}]
            return httpx2.Response(400, json={"success": 0, "message": "no", "failureReasons": reasons})

        self.before.append(hook)

    def allow(self) -> None:
        """Let everything through again."""
        self.before.clear()
        self.after.clear()

    def lose_answer(self, part: str) -> None:
        """Break the connection after the effect of the next request whose `METHOD path` contains `part`."""

        def drop() -> None:
            raise httpx2.RemoteProtocolError("disconnected without an answer")

        self.once(part, drop, after=True)

    def after_import(self, act: Callable[[], object]) -> None:
        """Let `act` happen when an import has just been done, before the product hears of it."""

        def hook(route: str, request: httpx2.Request) -> None:
            if "import" in route and self.import_is_done():
                self.after.remove(hook)
                act()

        self.after.append(hook)

    def calm(self) -> None:
        """The vendors' own answers again, whatever a test put before them."""
        self.allow()
        self.inner = self._vendors

    def once(self, part: str, act: Callable[[], object], *, after: bool = False, at: int = 1) -> None:
        """Let `act` happen around the `at`-th request from now on whose `METHOD path` contains `part`."""
        hooks = self.after if after else self.before
        seen = 0

        def hook(route: str, request: httpx2.Request) -> None:
            nonlocal seen
            seen += part in route
            if seen == at and part in route:
                hooks.remove(hook)
                act()

        hooks.append(hook)

    def once_where(self, where: Callable[[str, httpx2.Request], bool], act: Callable[[], object]) -> None:
        """Let `act` happen before the next request of that kind."""

        def hook(route: str, request: httpx2.Request) -> None:
            if where(route, request):
                self.before.remove(hook)
                act()

        self.before.append(hook)


class TwoSystems:
    """Both sides, the connection between them, and what may be asked of all three."""

    def __init__(
        self,
        key_file: Path,
        *,
        leads: int = 0,
        contacts: int = 0,
        subscribers: int = 0,
        package: bool = False,
        limits: str = "off",
        crm: str = "salesforce",
    ) -> None:
        self.clock = MovingClock()
        self.vendor = crm
        sizes = Sizes(leads=leads, contacts=contacts, subscribers=subscribers)
        sandbox = Sandbox(
            ["activecampaign", crm],
            Options(sizes=sizes, limits=Limits.parse(limits), package=package),
            clock=lambda: SandboxClock(self.clock.now),
            sleep=self.clock.sleep,
        )
        self.systems = sandbox.systems
        inner, self.ready = sandbox.transport()
        self.wire = Wire(inner, self.clock)
        self.wire.import_is_done = lambda: any(batch["status"] == "completed" for batch in self.imports())
        self.vault = Vault.at(key_file)
        self.opener = partial(open_system, transport=self.wire)
        self.contexts: dict[str, Context] = {}

    # --- the connection ---------------------------------------------------------------------------------------

    def connect(
        self,
        mapping: MappingFile | None = None,
        name: str = NAME,
        org: str = "salesforce",
        account: str = "activecampaign",
    ) -> TwoSystems:
        chosen = {"activecampaign": self.ready[account], self.vendor: self.ready[org]}
        credentials = {
            system: {key: value for key, value in ready.items() if key != "control"}
            for system, ready in chosen.items()
        }
        setup.add_connection(name, credentials, self.vault, self.clock, self.opener)
        self.set_mapping(mapping or mapping_of(), name)
        return self

    def set_mapping(self, mapping: MappingFile, name: str = NAME) -> None:
        setup.set_mapping(name, mapping, self.vault, self.clock, self.opener)
        self.contexts.pop(name, None)

    def remove(self, name: str) -> None:
        connections.remove(connections.get(name))
        self.contexts.pop(name, None)

    def context(self, name: str = NAME) -> Context:
        if name not in self.contexts:
            self.contexts[name] = setup.open_context(name, self.vault, self.clock, opener=self.opener)
        return self.contexts[name]

    def reopen(self, name: str = NAME) -> Context:
        """A new process: nothing is remembered but what the database holds."""
        self.contexts.pop(name, None)
        return self.context(name)

    def plan(self, name: str = NAME, applied: Mapping[str, Sequence[str]] | None = None) -> models.Plan:
        return make_plan(self.context(name), applied)

    def sync(
        self, name: str = NAME, *, plan: models.Plan | None = None, sweep_all: bool = False
    ) -> RunResult:
        self.wait(30)
        return runs.run(self.context(name), plan=plan, sweep_all=sweep_all)

    def try_records(self, plan: models.Plan, records: int, name: str = NAME) -> RunResult:
        """Try so many of a plan's records."""
        self.wait(30)
        return run_released(self.context(name), plan, records=records)

    def explain(self, side: Side, record_id: str, name: str = NAME) -> Explanation:
        return explain(self.context(name), side, record_id)

    def held_now(self, name: str = NAME) -> list[Held]:
        return stored_holds.listed(self.context(name).connection_id)

    def retry(self, name: str = NAME) -> int:
        found = self.held_now(name)
        holds.retry(self.context(name).connection_id, found, self.clock.now())
        return len(found)

    def choose(self, answer: Side | str, *, always: bool = False, name: str = NAME) -> Outcome:
        """Choose for everything that is held."""
        return choose_value(self.context(name), self.held_now(name), answer, always=always)

    def verify(self, name: str = NAME) -> Verification:
        return verify(self.context(name))

    # --- the CRM's own words, which differ from one to the other ------------------------------------------------

    @property
    def integration_user(self) -> str:
        """Who the product's own writes carry as their author in the CRM."""
        return str(self.systems["salesforce"].system.org.caller)  # type: ignore[attr-defined]

    def name(self, field: str) -> str:
        """The CRM's name of a field that tests call as Salesforce does."""
        return field

    def at_guard(self, object: str, act: Callable[[], object]) -> None:
        """Let `act` happen before the CRM's records are read once more, because they are to be written."""
        self.wire.once(f"POST /services/data/v60.0/composite/sobjects/{SOBJECTS[object]}", act)

    def at_write(self, act: Callable[[], object]) -> None:
        """Let `act` happen before the CRM's next update."""
        self.wire.once("PATCH /services/data", act)

    def writes_to(self, object: str, request: httpx2.Request) -> int:
        """How many records of an object a call updates in the CRM."""
        if request.method != "PATCH":
            return 0
        return request.content.count(f'"{SOBJECTS[object]}"'.encode())

    def hide_leads(self) -> None:
        """The feed of leads shows nothing until `wire.allow`."""

        def unseen(route: str, request: httpx2.Request) -> httpx2.Response | None:
            if "FROM Lead" not in unquote_plus(str(request.url)):
                return None
            return httpx2.Response(200, json={"totalSize": 0, "done": True, "records": []})

        self.wire.before.append(unseen)

    # --- time and calls ---------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def calls_of(self, act: Callable[[], object]) -> dict[str, int]:
        """How many calls each system got meanwhile; tokens are not counted."""
        self.wire.calls.clear()
        act()
        return dict(self.wire.calls)

    def marks(self) -> dict[str, int]:
        return {name: len(controlled.log()) for name, controlled in self.systems.items()}

    def routes_since(self, marks: Mapping[str, int]) -> list[str]:
        """`METHOD /route` of all calls since `marks`, both systems, tokens left out."""
        return [
            entry.route
            for name, controlled in self.systems.items()
            for entry in controlled.log(marks[name])
            if not entry.token
        ]

    def queries_since(self, marks: Mapping[str, int]) -> list[str]:
        """What was asked for after the path's `?` since `marks`."""
        return [
            unquote_plus(entry.query).partition(" WHERE ")[2] or unquote_plus(entry.query)
            for name, controlled in self.systems.items()
            for entry in controlled.log(marks[name])
            if not entry.token
        ]

    # --- people -----------------------------------------------------------------------------------------------

    def crm_new(self, object: str = "contact", /, **values: Any) -> str:
        """A person makes a CRM record; its id."""
        given = {"LastName": "Ruiz", **({"Company": "Harbour Ltd"} if object == "lead" else {}), **values}
        return str(self._crm(object, "create", None, given)["Id"])

    def crm_edit(self, object: str, record_id: str, **values: Any) -> None:
        self._crm(object, "edit", record_id, values)

    def crm_delete(self, object: str, record_id: str) -> None:
        self._crm(object, "delete", record_id, {})

    def crm_undelete(self, object: str, record_id: str) -> None:
        self._crm(object, "undelete", record_id, {})

    def crm_convert(self, lead_id: str, **options: Any) -> str:
        """A person converts a lead, with the options of `convertLead`; the id of the contact that it became."""
        return str(self._crm("lead", "convert", lead_id, options)["ConvertedContactId"])

    def crm_merge(self, object: str, winner: str, *losers: str, **values: Any) -> None:
        """A person merges up to two records into another, which gets `values` on the way."""
        self._crm(object, "merge", winner, {"recordToMergeIds": losers, "masterRecord": values})

    def crm_act(self, object: str, op: str, record_id: str, **values: Any) -> None:
        """A person does something that has a button of its own."""
        self._crm(object, op, record_id, values)

    def crm_purge(self, object: str, record_id: str) -> None:
        """A person takes a deleted record out of the recycle bin for good."""
        self._crm(object, "purge", record_id, {})

    def crm_edit_all(self, object: str, edits: Mapping[str, Row]) -> None:
        """A person changes several records, named by id, within one second."""
        self._edit_all("salesforce", SOBJECTS[object], edits)

    def crm_rules(self, **rules: Any) -> None:
        """An admin of the CRM sets its rules; see docs/sandbox-salesforce.md and docs/sandbox-dynamics.md."""
        self.systems[self.vendor].system.set_rules(rules)  # type: ignore[attr-defined]

    def crm_edit_late(self, object: str, record_id: str, seconds: float, **values: Any) -> None:
        """An edit that is seen only after so many seconds, with the stamp of now."""
        self._edit_late("salesforce", SOBJECTS[object], record_id, seconds, values)

    def _edit_late(self, system: str, object: str, record_id: str, seconds: float, values: Row) -> None:
        order = PersonOrder(object=object, op="edit", id=record_id, values=values, commits_after=seconds)
        self.systems[system].persons([order])

    def _edit_all(self, system: str, object: str, edits: Mapping[str, Row]) -> None:
        orders = [
            PersonOrder(object=object, op="edit", id=record_id, values=values)
            for record_id, values in edits.items()
        ]
        self.systems[system].persons(orders)

    def _crm(self, object: str, op: str, record_id: str | None, values: Row) -> Row:
        controlled = self.systems["salesforce"]
        return controlled.person(SOBJECTS[object], op, record_id=record_id, values=values)

    def contact_new(self, email: str, /, **values: Any) -> str:
        """A person makes a contact in ActiveCampaign; its id."""
        return str(self._contact("create", None, {"email": email, **values})["id"])

    def contact_edit(self, contact_id: str, **values: Any) -> None:
        self._contact("edit", contact_id, values)

    def contact_delete(self, contact_id: str) -> None:
        self._contact("delete", contact_id, {})

    def contact_merge(self, into: str, source: str, *, keep: str = "destination") -> None:
        """A person merges the contact `source` into another, and is done with it."""
        self._contact("merge", into, {"source": source, "keep": keep})

    def contact_anonymize(self, contact_id: str) -> None:
        self._contact("anonymize", contact_id, {})

    def contact_set_values(self, contact_id: str, **values: Any) -> None:
        """Custom values change without the contact's stamp."""
        self._contact("set_values", contact_id, values)

    def contacts_edit_all(self, edits: Mapping[str, Row]) -> None:
        """A person changes several contacts, named by id, within one second."""
        self._edit_all("activecampaign", "contact", edits)

    def contact_edit_late(self, contact_id: str, seconds: float, **values: Any) -> None:
        """An edit that is seen only after so many seconds, with the stamp of now."""
        self._edit_late("activecampaign", "contact", contact_id, seconds, values)

    def account_rules(self, **rules: Any) -> None:
        """ActiveCampaign behaves so from now on; see docs/sandbox.md."""
        self.systems["activecampaign"].system.set_rules(rules)  # type: ignore[attr-defined]

    def contact_tag(self, contact_id: str, tag: str) -> None:
        self._contact("tag", contact_id, {"tag": tag})

    def contact_untag(self, contact_id: str, tag: str) -> None:
        self._contact("untag", contact_id, {"tag": tag})

    def contact_bounce(self, contact_id: str) -> None:
        self._contact("bounce", contact_id, {})

    def _contact(self, op: str, contact_id: str | None, values: Row) -> Row:
        return self.systems["activecampaign"].person("contact", op, record_id=contact_id, values=values)

    # --- admins and accidents ---------------------------------------------------------------------------------

    def add_option(self, field: str, value: str) -> None:
        """An admin of the CRM gives a picklist of contacts one more option."""
        org = self.systems["salesforce"].system.org  # type: ignore[attr-defined]
        fields = org.schema["Contact"].fields
        fields[field] = replace(fields[field], values=(*fields[field].values, value))
        org.reset_grants()

    def hide_field(self, object: str, field: str, *, hidden: bool = True) -> None:
        """An admin of the CRM takes the integration user the right to see a field, or gives it back."""
        values = {
            "Field": f"{SOBJECTS[object]}.{field}",
            "PermissionsRead": not hidden,
            "PermissionsEdit": not hidden,
        }
        self.systems["salesforce"].person("FieldPermissions", "edit", values=values)

    def retype_field(self, object: str, field: str, convert: Callable[[Any], Any], **attributes: Any) -> None:
        """An admin of the CRM gives a field another type; its values are converted with it."""
        org = self.systems["salesforce"].system.org  # type: ignore[attr-defined]
        kind = org.schema[SOBJECTS[object]]
        kind.fields[field] = replace(kind.fields[field], **attributes)
        vars(kind).pop("_by_lower_name", None)
        for row in org.store[SOBJECTS[object]].rows.values():
            row[field] = None if row[field] is None else convert(row[field])
        org.reset_grants()

    def drop_contact_field(self, title: str) -> None:
        """Somebody deletes a custom field of ActiveCampaign, with all its values."""
        number = self.field(title).removeprefix("field/")
        ready = self.ready["activecampaign"]
        with httpx2.Client(transport=self.wire._vendors, trust_env=False) as client:
            headers = {"Api-Token": ready["key"]}
            answer = client.delete(f"{ready['url']}/api/3/fields/{number}", headers=headers)
        assert answer.status_code == 200, answer.text

    def undo(self, email: str, **attributes: str) -> None:
        """Set a contact's own attributes as if a write had never happened; its stamp stays."""
        account = self.systems["activecampaign"].system.account  # type: ignore[attr-defined]
        for name, value in attributes.items():
            setattr(account.with_email(email), name, value)

    def delay_imports(self, takes: timedelta) -> None:
        """Imports that are queued from now on take this long."""
        self.systems["activecampaign"].system.imports._takes = takes  # type: ignore[attr-defined]

    def second_org(self) -> Controlled:
        """Another, empty org of the CRM, which `connect` knows as `second`."""
        sandbox = Sandbox(
            ["salesforce"],
            Options(sizes=Sizes(leads=0, contacts=0, subscribers=0), seed=2, limits=Limits.parse("off")),
            clock=lambda: SandboxClock(self.clock.now),
            sleep=self.clock.sleep,
        )
        controlled = sandbox.systems["salesforce"]
        host = "second.sandbox.example"
        self.ready["second"] = controlled.ready(f"https://{host}")
        self.wire.add(host, SandboxTransport({host: controlled.handle}))
        controlled.system.org.id = "00D5g00000Second5" + "EA"  # type: ignore[attr-defined]
        return controlled

    def second_account(self) -> Controlled:
        """Another, empty account of ActiveCampaign, which `connect` knows as `second account`."""
        sandbox = Sandbox(
            ["activecampaign"],
            Options(sizes=Sizes(leads=0, contacts=0, subscribers=0), seed=2, limits=Limits.parse("off")),
            clock=lambda: SandboxClock(self.clock.now),
            sleep=self.clock.sleep,
        )
        controlled = sandbox.systems["activecampaign"]
        host = "second-account.sandbox.example"
        self.ready["second account"] = controlled.ready(f"https://{host}")
        self.wire.add(host, SandboxTransport({host: controlled.handle}))
        return controlled

    @contextmanager
    def another_session(self) -> Iterator[None]:
        """What happens inside has a database session of its own, as another process would."""
        ours = database.connection
        database.connection = None
        try:
            yield
        finally:
            database.close()
            database.connection = ours

    def readdress(self, email: str, other: str) -> None:
        """A contact has another address behind everybody's back, whoever has it already."""
        account = self.systems["activecampaign"].system.account  # type: ignore[attr-defined]
        account.with_email(email).email = other

    def spoil(self, email: str, title: str, text: str) -> None:
        """Something stores a custom value, perhaps one that its field's type does not allow; no stamp moves."""
        account = self.systems["activecampaign"].system.account  # type: ignore[attr-defined]
        field_id = int(self.field(title).removeprefix("field/"))
        account.set_value(account.with_email(email), field_id, text, account.now(), None)

    # --- what both sides hold ---------------------------------------------------------------------------------

    def field(self, title: str) -> str:
        """The name under which a mapping has the custom field of that title."""
        fields = self.systems["activecampaign"].dump()["field"]
        return "field/" + next(str(row["id"]) for row in fields if row["title"] == title)

    def crm(self, object: str, record_id: str) -> Row:
        return next(row for row in self.crm_all(object, deleted=True) if row["Id"] == record_id)

    def crm_all(self, object: str = "contact", *, deleted: bool = False) -> list[Row]:
        rows = self.systems["salesforce"].dump()[SOBJECTS[object]]
        return [row for row in rows if deleted or not row["IsDeleted"]]

    def contacts(self, email: str | None = None) -> list[Row]:
        """The live contacts of ActiveCampaign, or those with an address."""
        rows = [row for row in self.systems["activecampaign"].dump()["contact"] if row["deleted"] == "0"]
        return [row for row in rows if email is None or row["email"].lower() == email.lower()]

    def contact(self, email: str) -> Row:
        """The one live contact with that address."""
        (found,) = self.contacts(email)
        return found

    def held(self, email: str, name: str) -> str:
        """What a contact holds under a standard name, or in the custom field of that title; "" is empty."""
        row = self.contact(email)
        if name in row:
            return str(row[name])
        field_id = self.field(name).removeprefix("field/")
        values = {str(value["field"]): value["value"] for value in row["fieldValues"]}
        return str(values.get(field_id, ""))

    def imports(self) -> list[Row]:
        return self.systems["activecampaign"].dump()["import"]

    # --- what the product holds -------------------------------------------------------------------------------

    def holds(self, name: str = NAME) -> list[Row]:
        return [msgspec.structs.asdict(hold) for hold in self.held_now(name)]

    def links(self, name: str = NAME, **where: Any) -> list[models.Link]:
        found = models.Link.objects.filter(connection_id=self.context(name).connection_id, **where)
        return list(found.order_by("id"))

    def journal(self, name: str = NAME) -> list[Row]:
        """All writes, oldest first, with fields as {name: (before, after, reason)}."""
        rows: list[Row] = []
        for link_id in (
            models.Journal.objects.order_by("link_id").values_list("link_id", flat=True).distinct()
        ):
            rows += history.journal_of(link_id, limit=10_000)
        return sorted(rows, key=lambda row: (row["at"], row["run"] or 0))

    def waiting(self, name: str = NAME) -> int:
        return inbox.waiting(self.context(name).connection_id)

    def skipped(self, side: Side, record_id: str, name: str = NAME) -> str | None:
        row = models.Directory.objects.get(tenant_id=self.context(name).tenants[side], record_id=record_id)
        return row.skipped

    def rows(self, table: str) -> list[Row]:
        """All rows of a table."""
        with database.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column.name for column in cursor.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    # --- the proof at the end ---------------------------------------------------------------------------------

    def assert_quiet(self, name: str = NAME) -> Verification:
        """Nothing more is written, nothing waits, and every difference has its excuse."""
        first = self.sync(name)
        assert first.counts == {}, f"wrote again: {self.journal(name)[-3:]}"
        marks = self.marks()
        second = self.sync(name)
        assert second.counts == {}
        assert second.waiting == 0, self.rows("inbox")
        assert self.rows("outbox") == []
        assert [route for route in self.routes_since(marks) if route.startswith(("PUT", "PATCH"))] == []
        found = self.verify(name)
        assert found.unexcused == 0, found.samples
        return found
