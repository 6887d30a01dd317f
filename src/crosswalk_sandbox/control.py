"""The control API around a system: log, counts, people, faults, dump and clock.

It answers on the system's own port below `/_sandbox/` and is itself neither logged nor counted.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from operator import itemgetter
from typing import Any

import msgspec

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.faults import FaultAnswers, Faults, from_json
from crosswalk_sandbox.http import Broken, Request, Response, json_response
from crosswalk_sandbox.load.report import Report
from crosswalk_sandbox.state import SavedSystem, StateError
from crosswalk_sandbox.system import PersonError, System

PREFIX = "/_sandbox/"


class Entry(msgspec.Struct, kw_only=True):
    """One line of the log. `status` is null while the request runs and 0 when no answer was sent."""

    n: int
    method: str
    path: str
    query: str
    route: str
    token: bool
    batch: int | None
    at: datetime
    status: int | None = None
    ms: float | None = None


class PersonOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST person` takes."""

    object: str
    op: str
    user: str = ""
    id: str | int | None = None
    values: dict[str, Any] = {}
    commits_after: float = 0  # seconds until anybody sees it, with the stamp of now


class ClockOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST clock` takes; the three are applied in this order."""

    set: datetime | None = None
    advance: float | None = None
    freeze: bool | None = None


class Controlled:
    """A system with its control API, log and faults: the handler that a port or a transport serves."""

    def __init__(
        self,
        system: System,
        clock: Clock,
        *,
        sleep: Callable[[float], None] = time.sleep,
        latency: float = 0,
        loaded: Report | None = None,
        save: Callable[[], Any] | None = None,
    ) -> None:
        self.system = system
        self.clock = clock
        self.faults = Faults(sleep)
        self._sleep = sleep
        self._latency = latency  # seconds that every answer of the vendor takes more
        self._loaded = loaded or Report(folder="")
        self._save_all = save  # writes the file of all systems together
        self._log: list[Entry] = []
        self._uncommitted: list[tuple[datetime, datetime, PersonOrder]] = []  # seen from, stamp, order
        self._under_way: Counter[str] = Counter()  # requests, by Authorization
        self._log_lock = threading.Lock()
        self._system_lock = threading.Lock()
        self._doors: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "log"): self._show_log,
            ("GET", "counts"): lambda _: self.counts(),
            ("POST", "reset"): lambda _: self.reset(),
            ("POST", "person"): self._person,
            ("GET", "faults"): lambda _: self.faults.as_json(),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "dump"): lambda _: self.dump(),
            ("GET", "load"): lambda _: self._loaded.as_json(),
            ("GET", "clock"): lambda _: self._show_clock(),
            ("POST", "clock"): self._set_clock,
            ("POST", "save"): lambda _: self._save(),
            **{name: self._locked(door) for name, door in system.doors().items()},
        }

    def handle(self, request: Request) -> Response:
        """Answer a vendor's or a control request. Raises Broken for a fault that ends the connection."""
        if request.path.startswith(PREFIX):
            return self._control(request)
        entry = self._enter(request)
        started = time.perf_counter()
        try:
            with self._under_way_with(request) as counted:
                response = self._dated(self._vendor(counted, entry.route))
                entry.status = response.status
        except Broken as broken:
            entry.status = broken.response.status if broken.response else 0
            raise Broken(self._dated(broken.response) if broken.response else None) from None
        finally:
            entry.ms = round((time.perf_counter() - started) * 1000, 3)
        return response

    @contextmanager
    def _under_way_with(self, request: Request) -> Iterator[Request]:
        """The request with the number of those that are under way beside it; at the end what is added to each."""
        caller = self.system.caller(request)
        with self._log_lock:
            beside = self._under_way[caller]
            self._under_way[caller] += 1
        try:
            yield replace(request, beside=beside) if beside else request
        finally:
            if self._latency:
                self._sleep(self._latency)
            with self._log_lock:
                self._under_way[caller] -= 1

    def ready(self, base_url: str) -> dict[str, str]:
        """The system's part of the ready line, with its control address."""
        return {**self.system.ready(base_url), "control": base_url + PREFIX}

    def log(self, after: int = 0) -> list[Entry]:
        """The vendor requests number `after` + 1 and later."""
        with self._log_lock:
            return self._log[max(after, 0) :]

    def counts(self) -> dict[str, Any]:
        """Vendor calls by method and route; calls for tokens apart and not in the total."""
        with self._log_lock:
            calls = Counter(entry.route for entry in self._log if not entry.token)
            tokens = sum(entry.token for entry in self._log)
        return {"calls": dict(sorted(calls.items())), "token_calls": tokens, "total": calls.total()}

    def reset(self) -> dict[str, Any]:
        """Everything back to the start of the seed."""
        with self._system_lock, self._log_lock:
            self.faults.clear()
            self.clock.reset()
            self.system.reset()
            self._log.clear()
            self._uncommitted.clear()
        return {}

    def person(
        self,
        object_name: str,
        op: str,
        *,
        user: str = "",
        record_id: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Do what a person does in the vendor's pages; the record after it. Raises PersonError."""
        order = PersonOrder(object=object_name, op=op, user=user, id=record_id, values=dict(values or {}))
        with self._system():
            return self._obey(order)

    def persons(self, orders: Sequence[PersonOrder]) -> list[dict[str, Any]]:
        """Do several things in one go, within one second; the records after them. Raises PersonError.

        What comes before one that is refused stays done.
        """
        with self._system(), self.clock.held():
            return [self._numbered(number, order) for number, order in enumerate(orders, start=1)]

    def _numbered(self, number: int, order: PersonOrder) -> dict[str, Any]:
        try:
            return self._obey(order)
        except PersonError as error:
            raise PersonError(f"order {number}: {error}") from error

    def _obey(self, order: PersonOrder) -> dict[str, Any]:
        """Do it; what is committed late is only noted, and answered with nothing."""
        if order.commits_after > 0:
            now = self.clock.now()
            self._uncommitted.append((now + timedelta(seconds=order.commits_after), now, order))
            return {}
        record_id = None if order.id is None else str(order.id)
        return self.system.person(order.user, order.object, order.op, record_id, order.values)

    @contextmanager
    def _system(self) -> Iterator[None]:
        """The system to oneself, with what was to be committed by now."""
        with self._system_lock:
            if self._uncommitted:
                self._commit()
            yield

    def _commit(self) -> None:
        """Do what is due under its old stamp; what is refused by then is not done."""
        now = self.clock.now()
        due = sorted((each for each in self._uncommitted if each[0] <= now), key=itemgetter(0))
        self._uncommitted = [each for each in self._uncommitted if each[0] > now]
        for _, stamp, order in due:
            with suppress(PersonError), self.clock.held(stamp):
                self._obey(msgspec.structs.replace(order, commits_after=0))

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every record by object, deleted ones too."""
        with self._system():
            return self.system.dump()

    def saved(self) -> SavedSystem:
        """The system and its clock, to be kept; neither log nor faults."""
        with self._system_lock:
            return SavedSystem(clock=self.clock.saved(), holds=msgspec.Raw(self.system.save()))

    def restore(self, saved: SavedSystem) -> None:
        """Go on from what was kept. Raises ValueError."""
        with self._system_lock:
            self.clock.restore(saved.clock)
            self.system.restore(bytes(saved.holds))

    def _save(self) -> Any:
        if self._save_all is None:
            raise ValueError("there is no file to save to: start the sandbox with --state FILE")
        return self._save_all()

    def _enter(self, request: Request) -> Entry:
        """Put the request into the log before it is handled."""
        entry = Entry(
            n=0,
            method=request.method,
            path=request.path,
            query=request.raw_query,
            route=self.system.route(request),
            token=self.system.is_token_call(request),
            batch=self.system.batch_size(request),
            at=self.clock.now(),
        )
        with self._log_lock:
            self._log.append(entry)
            entry.n = len(self._log)
        return entry

    def _vendor(self, request: Request, route: str) -> Response:
        order = self.faults.due(route, request)
        if order is None:
            return self._answer(request)
        answers = FaultAnswers(
            handle=lambda: self._answer(request),
            throttled=lambda limit: self.system.throttled(request, limit),
            failed=lambda status: self.system.failed(request, status),
        )
        return self.faults.strike(order, answers)

    def _answer(self, request: Request) -> Response:
        try:
            with self._system():
                return self.system.handle(request)
        except Exception:  # noqa: BLE001 - the sandbox must go on: a bug of its own is shown and answered as one
            traceback.print_exc(file=sys.stderr)
            return Response(500, b"the sandbox failed, see its stderr", {"content-type": "text/plain"})

    def _dated(self, response: Response) -> Response:
        date = format_datetime(self.clock.now(), usegmt=True)
        return Response(response.status, response.body, {"date": date, **response.headers})

    def _control(self, request: Request) -> Response:
        door = self._doors.get((request.method, request.path[len(PREFIX) :].strip("/")))
        if door is None:
            known = ", ".join(f"{method} {name}" for method, name in self._doors)
            return json_response(404, {"message": f"The control API has: {known}"})
        try:
            return json_response(200, door(request))
        except (PersonError, StateError, ValueError) as error:
            return json_response(400, {"message": str(error)})

    def _locked(self, door: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """A system's own door, with the system to itself."""

        def answer(request: Request) -> Any:
            with self._system_lock:
                return door(request)

        return answer

    def _show_log(self, request: Request) -> list[Entry]:
        return self.log(int(request.param("after") or 0))

    def _person(self, request: Request) -> Any:
        """Take one order, or a list of them that are obeyed in one go."""
        order = msgspec.json.decode(request.body, type=PersonOrder | list[PersonOrder])
        if isinstance(order, list):
            return self.persons(order)
        with self._system():
            return self._obey(order)

    def _add_faults(self, request: Request) -> list[dict[str, Any]]:
        """Take one order or a list of them; all faults that stand after it."""
        body = msgspec.json.decode(request.body)
        for order in [from_json(item) for item in (body if isinstance(body, list) else [body])]:
            self.faults.add(order)
        return self.faults.as_json()

    def _clear_faults(self, _: Request) -> list[dict[str, Any]]:
        self.faults.clear()
        return self.faults.as_json()

    def _show_clock(self) -> dict[str, Any]:
        now = self.clock.now().isoformat()
        return {"now": now, "offset": round(self.clock.offset, 3), "frozen": self.clock.frozen}

    def _set_clock(self, request: Request) -> dict[str, Any]:
        order = msgspec.json.decode(request.body, type=ClockOrder)
        if order.set is not None:
            if order.set.tzinfo is None:
                raise ValueError("set needs a time with its zone, such as 2026-03-02T08:00:00Z")
            self.clock.set(order.set)
        if order.advance is not None:
            self.clock.advance(order.advance)
        if order.freeze is not None:
            self.clock.freeze(order.freeze)
        return self._show_clock()
