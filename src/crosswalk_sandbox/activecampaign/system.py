"""ActiveCampaign as a system of the sandbox: sign-in, the account's rate limit, routing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from crosswalk_sandbox.activecampaign import routes, state
from crosswalk_sandbox.activecampaign.calls import Call
from crosswalk_sandbox.activecampaign.errors import VendorError, failure, forbidden, message
from crosswalk_sandbox.activecampaign.habits import Rules
from crosswalk_sandbox.activecampaign.imports import Imports
from crosswalk_sandbox.activecampaign.loading import Export
from crosswalk_sandbox.activecampaign.persons import People, dump
from crosswalk_sandbox.activecampaign.routes import Router, path_ids
from crosswalk_sandbox.activecampaign.seed import INTEGRATION_USER, fill
from crosswalk_sandbox.activecampaign.store import Account, User
from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.limits import Window
from crosswalk_sandbox.system import Doors, Record, World

PER_SECOND = 5
SECOND = 0.95  # a little less than one, since calls sent evenly do not arrive evenly
UNLIMITED = 100_000
BATCHES = {"POST /import/bulk_import": "contacts", "POST /fieldOption/bulk": "fieldOptions"}
NO_SUCH_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"


class ActiveCampaign:
    """One account with its users, keys and data."""

    name = "activecampaign"

    def __init__(self, world: World) -> None:
        self._world = world
        self._base_url = ""
        self._export = Export(world.folder, self._bare()) if world.folder else None
        self.reset()

    def reset(self) -> None:
        """The demo account as it was at the start."""
        account = self._bare()
        if self._export:
            self._export.fill(account)
        self._open(account)

    def save(self) -> bytes:
        """Everything the account holds, as JSON."""
        self.imports.work()
        return state.save(self.account, self.imports, self._window)

    def restore(self, saved: bytes) -> None:
        """Go on from what was kept. Raises ValueError."""
        self._open(Account(self._world.clock, self._world.seed))
        state.restore(saved, self.account, self.imports, self._window)
        self._users = {user.key: user for user in self.account.users.values()}

    def _open(self, account: Account) -> None:
        """Serve that account from now on."""
        world = self._world
        self.account = account
        self.account.base_url = self._base_url
        self.imports = Imports(self.account, world.limits, world.job_seconds)
        self._people = People(self.account)
        self._window = Window(limit=world.limits.widened(PER_SECOND), seconds=SECOND)
        self._users = {user.key: user for user in self.account.users.values()}
        self._router = Router(
            {
                **routes.ROUTES,
                routes.IMPORT_QUEUE: lambda _, call: self.imports.queue(call),
                routes.IMPORT_TOTALS: lambda _, call: self.imports.totals(call),
                routes.IMPORT_INFO: lambda _, call: self.imports.info(call),
            }
        )

    def _bare(self) -> Account:
        """The account with its own settings and the invented people, of whom there are none beside exports."""
        account = Account(self._world.clock, self._world.seed)
        fill(account, self._world)
        return account

    def handle(self, request: Request) -> Response:
        """The vendor's answer; what imports were due by now is done first."""
        self.imports.work()
        if request.segments[:2] != routes.BASE:
            return Response(404, NO_SUCH_PAGE, {"content-type": "text/html"})
        try:
            user = self._signed_in(request)
        except VendorError as error:
            return error.response
        now = self._world.clock.now()
        if self._world.limits.enforced and not self._window.take(now):
            return self.throttled(request)
        response = self._answer(request, user)
        return Response(response.status, response.body, {**self._limit_headers(), **response.headers})

    def route(self, request: Request) -> str:
        """Such as `PUT /contacts/{id}`."""
        return self._router.route(request)

    def is_token_call(self, request: Request) -> bool:
        """Never: keys do not expire."""
        return False

    def caller(self, request: Request) -> str:
        """The key of the call."""
        return request.headers.get("api-token", "")

    def batch_size(self, request: Request) -> int | None:
        """How many contacts or options a bulk call carries."""
        name = BATCHES.get(self.route(request))
        if name is None:
            return None
        try:
            items = msgspec.json.decode(request.body)[name]
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            return 0
        return len(items) if isinstance(items, list) else 0

    def throttled(self, request: Request, limit: str = "requests") -> Response:
        """429 with Retry-After in whole seconds; its body is no JSON."""
        wait = self._window.wait(self._world.clock.now())
        headers = {"content-type": "text/plain", "retry-after": str(wait), **self._limit_headers()}
        return Response(429, b"Too Many Requests", {**headers, "ratelimit-remaining": "0"})

    def failed(self, request: Request, status: int) -> Response:
        """An error of that status in the vendor's shape."""
        return self.throttled(request) if status == 429 else failure(status)

    def person(
        self, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
    ) -> Record:
        """A person at work in the vendor's pages. Raises PersonError."""
        self.imports.work()
        return self._people.act(user, object_name, op, record_id, values)

    def dump(self) -> dict[str, list[Record]]:
        """Everything the account holds."""
        self.imports.work()
        return dump(self.account, self.imports)

    def doors(self) -> Doors:
        """The account's rules: read them, change some, or go back to those of the start."""
        return {
            ("GET", "rules"): lambda _: self.account.rules,
            ("POST", "rules"): lambda request: self.set_rules(
                msgspec.json.decode(request.body, type=dict[str, Any])
            ),
            ("DELETE", "rules"): lambda _: self.set_rules(None),
        }

    def set_rules(self, sent: Mapping[str, Any] | None) -> Rules:
        """Replace the rules that are named; None takes all back. Raises ValueError."""
        account = self.account
        titles = {field.title for field in account.fields.values()}
        account.rules = Rules() if sent is None else account.rules.changed(sent, titles)
        return account.rules

    def ready(self, base_url: str) -> dict[str, str]:
        """Address and key of the integration's user."""
        self._base_url = self.account.base_url = base_url
        return {"url": base_url, "key": self.account.users[INTEGRATION_USER].key}

    def _signed_in(self, request: Request) -> User:
        user = self._users.get(request.headers.get("api-token", ""))
        if user is None:
            raise forbidden()
        return user

    def _answer(self, request: Request, user: User) -> Response:
        template = self._router.template(request)
        if template is None:
            return failure(404)
        route = self._router.route(request)
        handler = self._router.handler(route)
        try:
            if handler is None:
                raise message(405, f"Method {request.method} is not allowed here")
            return handler(self.account, Call(request=request, user=user, ids=path_ids(request, route)))
        except VendorError as error:
            return error.response

    def _limit_headers(self) -> dict[str, str]:
        if not self._world.limits.enforced:
            return {"ratelimit-limit": str(UNLIMITED), "ratelimit-remaining": str(UNLIMITED)}
        remaining = self._window.remaining(self._world.clock.now())
        return {"ratelimit-limit": str(self._window.limit), "ratelimit-remaining": str(remaining)}
