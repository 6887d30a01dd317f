"""The environment as a system of the sandbox: doors, routes, sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from crosswalk_sandbox.dynamics import access, api, custom, ids, persons, seed
from crosswalk_sandbox.dynamics.answers import API, Call, refused
from crosswalk_sandbox.dynamics.entra import Entra
from crosswalk_sandbox.dynamics.entra.apps import App
from crosswalk_sandbox.dynamics.entra.service import object_of, serves, template
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import STATUS, ODataError
from crosswalk_sandbox.dynamics.files.stored import Files
from crosswalk_sandbox.dynamics.hooks import jobs
from crosswalk_sandbox.dynamics.hooks.sending import Sender
from crosswalk_sandbox.dynamics.loading import Export
from crosswalk_sandbox.dynamics.places import Places
from crosswalk_sandbox.dynamics.protection import Protection, ThrottledError, beyond
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.rules import Rules
from crosswalk_sandbox.dynamics.saved import SavedEnvironment, saved_table
from crosswalk_sandbox.dynamics.schema import CHOICES, MULTIPLE, Table, load
from crosswalk_sandbox.dynamics.security import roles
from crosswalk_sandbox.dynamics.security.roles import RoleOrder
from crosswalk_sandbox.http import Request, Response, json_response
from crosswalk_sandbox.system import Doors, Record, World

MOST_ADDRESS = 32_768  # characters of path and query
MOST_BYTES = 128 * 1024 * 1024
DIGITS = frozenset({"Decimal", "Money"})  # text in the state file, so that no digit is lost


class Dynamics:
    """One environment and its tenant, seeded from the invented population."""

    name = "dynamics"

    def __init__(self, world: World) -> None:
        self._places = Places()
        self._sender = Sender()
        self._requests = 0  # to the Web API, each with an id of its own
        self.entra = Entra(world.seed, world.clock, self._places)
        self.environment = Environment(
            load(custom.columns()), world.clock, self._places, world.seed, world.job_seconds
        )
        self.environment.directory = self.entra.apps.object_id_of
        app = self.entra.apps.default
        seed.plant(self.environment, world.population, app.client_id, app.object_id)
        self._usual = self.environment.schema.kept()  # without what exports added
        if world.folder:
            Export(world.folder, self.environment).plant()
        self._start = (self.environment.snapshot(), self.environment.version)
        self.protection = Protection(world.limits)
        self._schema = self.environment.schema.kept()

    def reset(self) -> None:
        """Data and apps back to the start of the seed; tokens live on until they expire."""
        rows, version = self._start
        self.environment.rows = {name: dict(found) for name, found in rows.items()}
        self.environment.schema.go_back(self._schema)
        self.environment.forget_indexes()
        self.environment.version, self.environment.made = version, 0
        self.environment.deleted, self.environment.files = [], Files()
        self.environment.rules, self.environment.later = Rules(), []
        self._sender.forget()
        self.entra.reset()
        self.protection.reset()

    def save(self) -> bytes:
        """Everything it holds, as JSON."""
        here = self.environment
        rows = {name: list(found.values()) for name, found in here.rows.items()}
        saved = SavedEnvironment(
            rows=rows,
            version=here.version,
            made=here.made,
            deleted=here.deleted,
            entra=self.entra.saved(),
            used=self.protection.saved(),
            rules=here.rules,
            later=here.later,
            tables=[
                saved_table(table) for table in here.schema if table is not self._usual[0].get(table.name)
            ],
            option_sets=list(here.schema.option_sets.values()),
            ties=list(here.schema.ties),
            files=here.files.stored,
            schema_version=here.schema.version,
        )
        return msgspec.json.encode(saved)

    def restore(self, saved: bytes) -> None:
        """Go on from what was kept. Raises ValueError."""
        found = msgspec.json.decode(saved, type=SavedEnvironment)
        self._restore_schema(found)
        for name, rows in found.rows.items():
            if name in self.environment.rows:
                self.environment.load(name, [self._revived(name, row) for row in rows])
        self.environment.version, self.environment.made = found.version, found.made
        self.environment.deleted, self.environment.files.stored = found.deleted, found.files
        self.entra.restore(found.entra)
        self.protection.restore(found.used)
        self.environment.rules, self.environment.later = found.rules, found.later

    def _restore_schema(self, found: SavedEnvironment) -> None:
        schema = self.environment.schema
        schema.go_back(self._usual)
        for table in found.tables:
            columns = {column.name: column for column in table.columns}
            if table.made:
                facts = msgspec.structs.asdict(table.made)
                schema.put(Table(name=table.name, columns=columns, tracked=False, **facts))
                self.environment.rows.setdefault(table.name, {})
            old = schema[table.name]
            schema.put(replace(old, columns=columns, keys=tuple(table.keys), tracked=table.tracked))
        for each in found.option_sets:
            schema.put_option_set(each)
        for tie in found.ties or ():
            schema.ties.put(tie)
        schema.version = found.schema_version

    def doors(self) -> Doors:
        """The tenant's apps and the environment's roles and rules: read them, make or change some."""
        return {
            ("GET", "apps"): lambda _: list(self.entra.apps),
            ("POST", "apps"): lambda request: self.set_app(object_of(request)),
            ("POST", "revoke"): lambda request: self.entra.revoke(object_of(request)),
            ("GET", "roles"): lambda _: roles.shown(self.environment),
            ("POST", "roles"): self._set_role,
            ("GET", "rules"): lambda _: self.environment.rules,
            ("POST", "rules"): lambda request: self.set_rules(object_of(request)),
            ("DELETE", "rules"): lambda _: self.set_rules(None),
            ("GET", "options"): lambda _: self.options(),
            ("GET", "webhooks"): lambda _: list(self._sender.deliveries),
        }

    def options(self) -> dict[str, dict[str, dict[int, str]]]:
        """What the numbers in choices stand for: table, column, number, label."""
        return {
            table.name: {
                each.name: dict(each.options)
                for each in table.columns.values()
                if each.type in CHOICES or each.type == MULTIPLE
            }
            for table in self.environment.schema
        }

    def set_rules(self, sent: Mapping[str, Any] | None) -> Rules:
        """Replace the rules that are named; None brings back those of the start. Raises ValueError."""
        here = self.environment
        here.rules = Rules() if sent is None else here.rules.changed(sent, here.schema)
        return here.rules

    def _set_role(self, request: Request) -> dict[str, dict[str, Any]]:
        return roles.change(self.environment, msgspec.json.decode(request.body, type=RoleOrder))

    def set_app(self, order: Mapping[str, Any]) -> App:
        """Register an app or change one. Raises ValueError."""
        return self.entra.apps.change(order)

    def ready(self, base_url: str) -> dict[str, str]:
        """Learn the own address; what a client needs to sign in."""
        self._places.address = base_url
        app = self.entra.apps.default
        return {
            "url": base_url,
            "authority": base_url,
            "tenant": self.entra.tenant,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "access_token": self.entra.token_for(app, base_url, base_url),
        }

    def handle(self, request: Request) -> Response:
        """The vendor's answer, errors included."""
        if serves(request):
            return self.entra.handle(request) or Response(404)
        if request.segments[:2] != API:
            return Response(404)
        self._catch_up()
        self._requests += 1
        number = ids.make(self._requests, "request")
        response = self._called(request)
        self._send()
        response.headers.update({"req_id": number, "x-ms-service-request-id": number})
        return response

    def _called(self, request: Request) -> Response:
        """The answer of the Web API."""
        if len(request.path) + len(request.raw_query) > MOST_ADDRESS:
            return Response(414, b"The request URL is too long.", {"content-type": "text/plain"})
        if len(request.body) > MOST_BYTES:
            return refused(ODataError("0x8004418a", "The request body is too long."))
        try:
            user = access.caller(self.environment, self.entra, request)
            return self._metered(request, user)
        except ThrottledError as error:
            return refused(error.error, error.headers)
        except access.NotSignedInError as error:
            return access.refused(self.environment, self.entra, request, error.text)
        except ODataError as error:
            return refused(error, request=request)

    def _catch_up(self) -> None:
        """Let happen what logic was to do by now, and note which webhooks failed."""
        while not self._sender.failures.empty():
            jobs.webhook_failed(self.environment, self._sender.failures.get())
        if self.environment.later:
            saving.catch_up(self.environment)

    def _send(self) -> None:
        """Send what happened to webhooks."""
        events, self.environment.events = self.environment.events, []
        for event in events:
            self._sender.send(event, self.environment.rules.webhooks)

    def _metered(self, request: Request, user: str) -> Response:
        """The answer within the user's limits. Raises ThrottledError."""
        if not self.protection.limits.enforced:
            return self._answered(request, user)
        use, version = self.protection.of(user), self.environment.version
        use.take(self.environment.clock.now(), request.beside)
        response = self._answered(request, user)
        now = self.environment.clock.now()
        use.spend(
            now,
            self.environment.rules.costs.of(request, response, max(0, self.environment.version - version)),
        )
        response.headers.update(use.remaining(now))
        return response

    def _answered(self, request: Request, user: str) -> Response:
        try:
            session = access.session(self.environment, user, request.headers)
            with self.environment.acting(session):
                return api.answered(Call(environment=self.environment, request=request, user=session.user))
        except ODataError as error:
            return refused(error, request=request)

    def route(self, request: Request) -> str:
        """Method and path template; `?` stands for a path that does not exist."""
        if serves(request):
            return f"{request.method} {template(request)}"
        known = api.template(request.segments) if request.segments[:2] == API else None
        return f"{request.method} {known or '?'}"

    def is_token_call(self, request: Request) -> bool:
        """Sign-in does not count as use of the API."""
        return serves(request)

    def caller(self, request: Request) -> str:
        """The user or application of the token, whichever of its tokens it is."""
        return access.claimed(request)

    def batch_size(self, request: Request) -> int | None:
        """How many requests a batch carries."""
        if request.path.endswith("Multiple"):
            return request.body.count(b"@odata.type")
        return request.body.count(b" HTTP/1.1") if request.path.endswith("/$batch") else None

    def throttled(self, request: Request, limit: str = "requests") -> Response:
        """One request too many: within five minutes, at once, or after too much work."""
        error = beyond(limit, self.protection.limits, 30)
        return refused(error.error, error.headers)

    def failed(self, request: Request, status: int) -> Response:
        """An error of that status."""
        if self.is_token_call(request):
            text = "AADSTS90033: A transient error has occurred. Please try again."
            error = {"error": "temporarily_unavailable", "error_description": text, "error_codes": [90033]}
            return json_response(status, error)
        if status == 401:
            return access.refused(self.environment, self.entra, request, "")
        if status == 429:
            return self.throttled(request)
        code = next((code for code, known in STATUS.items() if known == status), "0x80040216")
        return refused(ODataError(code, "An unexpected error occurred.", status=status))

    def person(
        self, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
    ) -> Record:
        """Do what a person does in the vendor's pages; the record after it. Raises PersonError."""
        self._catch_up()
        try:
            return persons.act(self.environment, user, object_name, op, record_id, values)
        finally:
            self._send()

    def dump(self) -> dict[str, list[Record]]:
        """Every record by table."""
        self._catch_up()
        return {name: [dict(row) for row in rows.values()] for name, rows in self.environment.rows.items()}

    def _revived(self, table: str, row: Row) -> Row:
        columns = self.environment.schema[table].columns
        return {
            name: Decimal(value) if name in columns and columns[name].type in DIGITS else value
            for name, value in row.items()
        }
