"""Between the product and the vendors, and between it and its database: where a history's events happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import httpx2
from django.db import connection as database
from django.db.backends.postgresql.base import DatabaseWrapper
from tests.simulation.history import Event

from crosswalk_sandbox.http import make_request

if TYPE_CHECKING:  # needs a configured Django
    from tests.simulation.world import World

COMMIT = "COMMIT"
WRITING = {"insert", "update", "delete", "with", "copy", "truncate"}
LONG_PAUSE = 90  # seconds: longer than a run waits
ENDING = ("ROLLBACK", "RELEASE")  # what a client sends while it falls is no work of the dead

# name → status of the vendor's refusal; those without one break the connection or the process
FAULTS: dict[str, int | None] = {
    "throttled": 429,
    "throttled for long": 429,
    "unavailable": 503,
    "server error": 500,
    "dropped": None,
    "cut": None,
    "killed": None,
}


class Killed(BaseException):
    """The process is no more: nothing catches this, and nothing works until it is started anew."""


class Trace:
    """Everything that went over the wire, and when: equal traces are equal histories."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, *parts: object) -> None:
        """One more line."""
        self.lines.append(" ".join(str(part) for part in parts))


class Events:
    """The events of the run that is under way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[Event] = []
        self._seen: Counter[str] = Counter()
        self.dead = False
        self.fired: Counter[str] = Counter()

    def arm(self, events: tuple[Event, ...]) -> None:
        """These belong to the next run."""
        self._waiting = list(events)
        self._seen.clear()
        self.dead = False

    def due(self, place: str) -> list[Event]:
        """Count a request or COMMIT; what happens around it."""
        if not self._waiting:
            return []
        for part in {event.part for event in self._waiting}:
            self._seen[part] += _matches(part, place)
        found = [
            event
            for event in self._waiting
            if _matches(event.part, place) and self._seen[event.part] == event.at
        ]
        self._waiting = [event for event in self._waiting if event not in found]
        return found

    def prepare(self, event: Event) -> None:
        """What comes before the failure: time passes, people act."""
        self._world.tell(f"    {event.told()}")
        self._world.clock.sleep(event.late)
        for act in event.acts:
            self._world.meanwhile(act)
        if event.late:
            self.fired["late answer" if event.after else "late request"] += 1
        if event.fault:
            name = event.fault if event.fault == "killed" else f"{event.fault} by {self._world.called}"
            self.fired[f"{name}, {'after' if event.after else 'before'} the effect"] += 1

    def die(self) -> None:
        """End the process."""
        self.dead = True
        raise Killed


def _matches(part: str, place: str) -> bool:
    return place == COMMIT if part == COMMIT else part in place and place != COMMIT


class FaultyWire(httpx2.BaseTransport):
    """Lets the run's events happen around requests, and shows the ledger what every request did."""

    def __init__(self, inner: httpx2.BaseTransport, world: World, trace: Trace) -> None:
        self._inner = inner
        self._world = world
        self._trace = trace

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        world, events = self._world, self._world.events
        if events.dead:
            raise Killed
        asked = world.clock.now()
        world.called = request.url.host.partition(".")[0]
        route = self._route(request)
        if world.called == "activecampaign":
            world.departures.append(asked)
        if route_writes(route):
            world.sent.append(route)
            world.check_intent(route)
        due = events.due(route)
        for event in due:
            if not event.after:
                events.prepare(event)
                if (instead := self._fail(event, request)) is not None:
                    self._trace.add(f"{asked:%d %H:%M:%S.%f}", route, event.fault)
                    return instead
        written, under_way = len(world.ledger.writes), world.imports_under_way()
        response = self._inner.handle_request(request)
        world.see_ours(asked, route, request, response)
        self._trace.add(f"{asked:%d %H:%M:%S.%f}", route, _digest(request), response.status_code)
        writes = world.ledger.writes[written:]
        for event in due:
            if event.after:
                if event.fault:
                    world.ledger.doubt(writes)
                    world.unheard |= world.imports_under_way() - under_way
                events.prepare(event)
                response = self._fail(event, request, response) or response
        took = (world.clock.now() - asked).total_seconds()
        if took > request.extensions["timeout"]["read"]:
            events.fired["read time-out"] += 1
            world.ledger.doubt(writes)
            world.unheard |= world.imports_under_way() - under_way
            raise httpx2.ReadTimeout("too slow", request=request)
        return response

    def _route(self, request: httpx2.Request) -> str:
        world = self._world
        if world.called == world.org.vendor:
            return world.org.route(request)
        return f"{request.method} {request.url.path}"

    def _fail(
        self, event: Event, request: httpx2.Request, response: httpx2.Response | None = None
    ) -> httpx2.Response | None:
        """The answer in place of the true one, if it is another. Raises what a broken connection raises."""
        if event.fault == "killed":
            self._world.events.die()
        if event.fault == "dropped":
            raise httpx2.RemoteProtocolError("disconnected without an answer", request=request)
        if event.fault == "cut" and response is not None:
            half = response.content[: len(response.content) // 2]
            headers = {"content-type": response.headers.get("content-type", "")}
            return httpx2.Response(response.status_code, headers=headers, content=half)
        status = FAULTS.get(event.fault)
        return self._refusal(request, status, event) if status else response

    def _refusal(self, request: httpx2.Request, status: int, event: Event) -> httpx2.Response:
        """The vendor's own words for that status."""
        system = self._world.systems[self._world.called].system
        target = request.url.raw_path.decode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = make_request(request.method, target, headers, request.content)
        refused = system.throttled(given) if status == 429 else system.failed(given, status)
        pause = {"retry-after": str(LONG_PAUSE)} if event.fault == "throttled for long" else {}
        return httpx2.Response(
            refused.status, headers={**refused.headers, **pause}, content=refused.body, request=request
        )


def route_writes(route: str) -> bool:
    """Whether a request may change records."""
    return not route.startswith(("GET", "READ")) and "/oauth2/" not in route


def _digest(request: httpx2.Request) -> str:
    text = request.url.raw_path + b" " + request.content
    return blake2b(text, digest_size=6).hexdigest()


class Commits:
    """Lets events happen around COMMITs; a statement that commits itself counts too, but not the call budget's.

    These are the places at which the tests that kill real processes strike too.
    """

    def __init__(self) -> None:
        self.events: Events | None = None
        wrappers: Any = DatabaseWrapper  # a private method: the one place through which every COMMIT goes
        commit = wrappers._commit
        wrappers._commit = lambda wrapper: self._around(wrapper, lambda: commit(wrapper))
        database.execute_wrappers.append(self._execute)

    def _execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.events is None:
            return execute(sql, params, many, context)
        if self.events.dead and not sql.startswith(ENDING):
            raise Killed
        wrapper = context["connection"]
        words = sql.split(None, 2)
        alone = wrapper.get_autocommit() and not wrapper.in_atomic_block
        if not alone or words[0].lower() not in WRITING or words[1].lower() == "budget":
            return execute(sql, params, many, context)
        return self._around(wrapper, lambda: execute(sql, params, many, context))

    def _around(self, wrapper: Any, act: Callable[[], Any]) -> Any:
        events = self.events
        if events is None:
            return act()
        if events.dead:
            wrapper.connection.rollback()
            raise Killed
        due = events.due(COMMIT)
        if any(not event.after for event in due):
            self._strike([event for event in due if not event.after], wrapper)
        result = act()
        self._strike([event for event in due if event.after], wrapper)
        return result

    def _strike(self, due: list[Event], wrapper: Any) -> None:
        for event in due:
            assert self.events is not None
            self.events.prepare(event)
            if event.fault == "killed":
                if not event.after and not wrapper.get_autocommit():
                    wrapper.connection.rollback()  # what a server does with a session that is gone
                self.events.die()
