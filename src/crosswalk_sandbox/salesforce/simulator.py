"""The Salesforce org as a system of the sandbox: doors, routes, sign-in, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from crosswalk_sandbox.credentials import bearer
from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.limits import Window
from crosswalk_sandbox.salesforce import batches, headers, later, package, persons, resources, scheduled, seed
from crosswalk_sandbox.salesforce.admin import Rules
from crosswalk_sandbox.salesforce.answers import Answer, Call, encode, refused, unpacked
from crosswalk_sandbox.salesforce.bulk import Bulk, Sizes
from crosswalk_sandbox.salesforce.errors import STATUS, ApiError, Problem
from crosswalk_sandbox.salesforce.loading import Export
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.queries import MOST_PAGE, Queries
from crosswalk_sandbox.salesforce.routes import Routes, Row
from crosswalk_sandbox.salesforce.schema import load
from crosswalk_sandbox.salesforce.sign_in import OAuth, serves, template
from crosswalk_sandbox.salesforce.sign_in.forms import BEARER
from crosswalk_sandbox.salesforce.state import Whole
from crosswalk_sandbox.system import Doors, Record, World

DATA_PATH = "/services/data"
CALLS_A_DAY = 100_000
CALLS_A_DAY_UNLIMITED = 5_000_000
DAY = 24 * 60 * 60.0


class Salesforce:
    """One org, seeded from the invented population."""

    name = "salesforce"

    def __init__(
        self, world: World, *, most_page: int = MOST_PAGE, converted_leads: int = 0, bulk: Sizes | None = None
    ) -> None:
        self._limits = world.limits
        schema = load(package.FIELDS if world.package else {})
        export = Export(world.folder, schema) if world.folder else None
        self._schema = export.schema if export else schema  # of the start
        self._usual = schema  # the same without what exports added
        self.org = Org(self._schema, world.clock, max(1, world.seed))
        self._start = seed.plant(self.org, world.population, converted_leads)
        if export:
            self._start = export.plant(self.org, self._start)
        self._oauth = OAuth(self.org, world.seed, world.limits)
        self._queries = Queries(most_page)
        self._bulk = Bulk(self.org, world.limits, world.job_seconds, bulk or Sizes())
        self._routes = Routes(self._stateful())
        self.reset()

    def reset(self) -> None:
        """Data, tokens and counters back to the start of the seed."""
        if self.org.base is not self._schema:
            self.org.adopt(self._schema)
        self.org.set_rules(Rules())
        self.org.later, self.org.emptied = [], None
        self._start.restore(self.org)
        self._oauth.reset()
        self._queries.reset()
        self._bulk.reset()
        most = self._limits.widened(CALLS_A_DAY) if self._limits.enforced else CALLS_A_DAY_UNLIMITED
        self._calls = Window(limit=most, seconds=DAY)

    def save(self) -> bytes:
        """Everything the org holds, as JSON."""
        self._bulk.advance()
        return self._whole().save(self._usual)

    def restore(self, saved: bytes) -> None:
        """Go on from what was kept. Raises ValueError."""
        self.reset()
        self._whole().restore(saved, self._usual)

    def doors(self) -> Doors:
        """The org's registered apps and the admin's rules: read them, register or change some."""
        return {
            ("GET", "rules"): lambda _: self.org.rules,
            ("POST", "rules"): lambda request: self.set_rules(_object(request)),
            ("DELETE", "rules"): lambda _: self.set_rules(None),
            ("GET", "apps"): lambda _: list(self._oauth.apps),
            ("POST", "apps"): lambda request: self._oauth.set_app(_object(request)),
        }

    def set_rules(self, sent: dict[str, Any] | None) -> Rules:
        """Replace the rules that are named; None takes all away. Raises ValueError."""
        org = self.org
        org.set_rules(Rules() if sent is None else org.rules.changed(sent, org.base))
        return org.rules

    def ready(self, base_url: str) -> dict[str, str]:
        """Learn the own address; what a client needs to sign in."""
        self.org.address = base_url
        return {
            "login_url": base_url,
            "instance_url": base_url,
            "client_id": self._oauth.apps.default.client_id,
            "client_secret": self._oauth.apps.default.client_secret,
            "username": self.org.store["User"].rows[self.org.caller]["Username"],
            "user_id": self.org.caller,
            "access_token": self._oauth.access_token,
            "refresh_token": self._oauth.refresh_token,
        }

    def handle(self, request: Request) -> Response:
        """The vendor's answer, errors included."""
        self._catch_up()
        if serves(request):
            return self._oauth.handle(request)
        if too_long := headers.too_long(request):
            return too_long
        try:
            answer = self._data(request)
        except ApiError as error:
            answer = refused(error)
        return encode(request, self._with_usage(answer))

    def route(self, request: Request) -> str:
        """Method and path template; `?` stands for a path that does not exist."""
        method = _method(request)
        if serves(request):
            return f"{method} {template(request)}"
        segments = _segments(request)
        if segments[:2] != ("services", "data"):
            return f"{method} ?"
        if len(segments) < 3:
            return f"{method} {DATA_PATH}"
        found = self._routes.find(method, segments[3:])
        return found[0].name if found else f"{method} ?"

    def is_token_call(self, request: Request) -> bool:
        """Sign-in does not count as use of the API."""
        return serves(request)

    def caller(self, request: Request) -> str:
        """The session of the call."""
        return request.headers.get("authorization", "")

    def batch_size(self, request: Request) -> int | None:
        """How many records a collection or a tree carries."""
        if _segments(request)[3:5] not in (("composite", "sobjects"), ("composite", "tree")):
            return None
        if named := request.param("ids"):
            return len(named.split(","))
        try:
            return batches.size(msgspec.json.decode(unpacked(request)))
        except (msgspec.DecodeError, ApiError):
            return None

    def throttled(self, request: Request, limit: str = "requests") -> Response:
        """Too many long requests at once: the refusal that passes soon."""
        text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        return self._error(request, "REQUEST_LIMIT_EXCEEDED", text, 403)

    def failed(self, request: Request, status: int) -> Response:
        """An error of that status: JSON from the servers, a page from the gateway before them."""
        if self.is_token_call(request):
            content = {"error": "unknown_error", "error_description": "retry your request"}
            return encode(request, Answer(status=status, content=content))
        code = next((code for code, known in STATUS.items() if known == status), None)
        if code is None:
            page = f"<html><title>Error {status}</title><body>Down for maintenance</body></html>"
            return Response(status, page.encode(), {"content-type": "text/html;charset=UTF-8"})
        return self._error(request, code, MESSAGES.get(code, "An unexpected error occurred."), status)

    def person(
        self, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
    ) -> Record:
        """Do what a person does in the org's pages; the record after it. Raises PersonError."""
        self._catch_up()
        return persons.act(self.org, user, object_name, op, record_id, values)

    def dump(self) -> dict[str, list[Record]]:
        """Every record by object, with all fields, deleted ones too."""
        self._catch_up()
        org = self.org
        return {
            kind.name: [persons.plain(org.full(kind, row)) for row in org.store[kind.name].rows.values()]
            for kind in org.schema
        }

    def _catch_up(self) -> None:
        """Do what the org does by itself as time goes by: empty the recycle bin, work on jobs."""
        self.org.purge()
        scheduled.fire(self.org)
        if self.org.later:
            later.edit(self.org)
        self._bulk.advance()

    def _whole(self) -> Whole:
        return Whole(
            org=self.org, sign_in=self._oauth, queries=self._queries, bulk=self._bulk, calls=self._calls
        )

    def _data(self, request: Request) -> Answer:
        """Answer a call below /services/data. Raises ApiError."""
        segments = _segments(request)
        if segments[:2] != ("services", "data"):
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        if len(segments) == 2:
            return resources.versions()
        resources.check_version(segments[2])
        user = self._signed_in(request)
        self._charge()
        return self._resource(user, request)

    def _charge(self) -> None:
        """Count a call. Raises ApiError when the day's calls are used up."""
        if not self._calls.take(self.org.clock.now()) and self._limits.enforced:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _resource(self, user: str, request: Request) -> Answer:
        """Answer a call of a user who is signed in. Raises ApiError."""
        segments = _segments(request)
        version = resources.check_version(segments[2])
        route, args = self._routes.get(_method(request), segments[3:])
        return route.handler(
            Call(
                org=self.org,
                request=request,
                version=version,
                args=args,
                actor=headers.actor(user, version, request),
                again=partial(self._within, user),
            )
        )

    def _within(self, user: str, request: Request, counts: bool) -> Answer:
        """Answer a call that is a part of another."""
        try:
            if counts:
                self._charge()
            return self._resource(user, request)
        except ApiError as error:
            return refused(error)

    def _signed_in(self, request: Request) -> str:
        """The user of the request's token. Raises ApiError."""
        scheme, token = bearer(request)
        if scheme and scheme not in BEARER:
            raise ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        entrance = self._oauth.entrance(token)
        if entrance is None:
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid")
        if not entrance.may_rest:
            raise ApiError("INVALID_SESSION_ID", "This session is not valid for use with the REST API")
        return entrance.user

    def _with_usage(self, answer: Answer) -> Answer:
        usage = {"sforce-limit-info": f"api-usage={self._used()}/{self._calls.limit}"}
        return replace(answer, headers={**usage, **answer.headers})

    def _used(self) -> int:
        return self._calls.limit - self._calls.remaining(self.org.clock.now())

    def _error(self, request: Request, code: str, text: str, status: int) -> Response:
        answer = Answer(status=status, content=[Problem(code, text).single()])
        return encode(request, self._with_usage(answer))

    def _limits_answer(self, call: Call) -> Answer:
        return Answer(content=resources.limits(self._used(), self._calls.limit, self._bulk.limits()))

    def _stateful(self) -> list[Row]:
        """The resources that remember something between calls."""
        return [
            ("GET", "limits", self._limits_answer),
            ("GET", "query", self._queries.query),
            ("GET", "queryAll", self._queries.query_all),
            ("GET", "query/{locator}", self._queries.more),
            ("GET", "queryAll/{locator}", self._queries.more),
            *self._bulk.rows(),
        ]


MESSAGES = {
    "INVALID_SESSION_ID": "Session expired or invalid",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "NOT_FOUND": "The requested resource does not exist",
    "SERVER_UNAVAILABLE": "The server is temporarily unavailable, please try again later",
    "UNKNOWN_EXCEPTION": "An unexpected error occurred. Please include this ErrorId if you contact support",
}


def _object(request: Request) -> dict[str, Any]:
    """The JSON object of a body. Raises ValueError."""
    return msgspec.json.decode(request.body, type=dict[str, Any])


def _method(request: Request) -> str:
    """The method, which a POST may replace by a header or a parameter."""
    if request.method != "POST":
        return request.method
    override = request.headers.get("x-http-method-override") or request.param("_HttpMethod")
    return (override or "POST").upper()


def _segments(request: Request) -> tuple[str, ...]:
    """The path's parts without an ending `.json`."""
    segments = request.segments
    if segments and segments[-1].endswith(".json"):
        return *segments[:-1], segments[-1].removesuffix(".json")
    return segments
