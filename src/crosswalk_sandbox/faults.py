"""Faults that a test orders: which request they hit, and what goes wrong there."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import unquote, unquote_plus

import msgspec

from crosswalk_sandbox.http import Broken, Request, Response, json_response

Kind = Literal["status", "delay", "drop", "truncate", "html", "kill", "throttle", "twice"]
Limit = Literal["requests", "work", "at_once"]
HTML_PAGE = b"<html><head><title>Service</title></head><body><h1>Please stand by</h1></body></html>"


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST faults` takes."""

    kind: Kind | None = None  # left out: `kill` when a process is named
    route: str | None = None  # "PUT /contacts/{id}", "/contacts/*", "PUT *"; None is every request
    holding: str = ""  # text that the query or the body has, as decoded from the address
    at_request: int | None = None  # 1 is the next matching request
    rate: float | None = None  # share of the matching requests, by `seed`
    seed: int = 0
    when: Literal["before", "after"] = "before"  # before or after the request took effect
    times: int | None = None  # default: 1, or without end for a rate
    kill: int | None = None  # process id
    status: int | None = None
    body: Any = None  # of a status fault: text, or anything else as JSON
    headers: dict[str, str] = {}
    seconds: float = 1.0  # of a delay
    limit: Limit = "requests"  # of a throttle, where the vendor has several
    clean: bool = False  # of a truncated answer: its length says what is sent, only the JSON is broken


def check(order: FaultOrder) -> str | None:
    """What is wrong with an order, or None."""
    kind = kind_of(order)
    wrongs = {
        "kind is missing": kind is None,
        "at_request and rate exclude each other": order.at_request is not None and order.rate is not None,
        "at_request counts from 1": order.at_request is not None and order.at_request < 1,
        "rate is between 0 and 1": order.rate is not None and not 0 <= order.rate <= 1,
        "times is at least 1": order.times is not None and order.times < 1,
        "kind status needs a status": kind == "status" and order.status is None,
        "status is between 200 and 599": order.status is not None and not 200 <= order.status <= 599,
        "kind kill needs kill, a process id above 1": kind == "kill" and (order.kill or 0) < 2,
        "kill goes with kind kill": order.kill is not None and kind not in (None, "kill"),
        "seconds is not negative": order.seconds < 0,
    }
    return next((text for text, applies in wrongs.items() if applies), None)


def kind_of(order: FaultOrder) -> Kind | None:
    """The kind of an order, also where naming a process says it."""
    return order.kind or ("kill" if order.kill is not None else None)


@dataclass(slots=True, kw_only=True)
class Fault:
    """An order and how far it has come."""

    id: int
    order: FaultOrder
    chance: random.Random
    seen: int = 0
    fired: int = 0

    def due(self, route: str, request: Request) -> bool:
        """Count a matching request; whether the fault hits it."""
        if not (_matches(self.order.route, route, request) and _holds(self.order.holding, request)):
            return False
        self.seen += 1
        order = self.order
        if order.rate is not None:
            hit = self.chance.random() < order.rate and (order.times is None or self.fired < order.times)
        else:
            first = order.at_request or 1
            hit = first <= self.seen < first + (order.times or 1)
        self.fired += hit
        return hit

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "seen": self.seen, "fired": self.fired, **msgspec.to_builtins(self.order)}


def _matches(pattern: str | None, route: str, request: Request) -> bool:
    """Whether a pattern names this route (with or without method), or the address itself."""
    if pattern is None:
        return True
    template = route.partition(" ")[2]
    names = (route, template, f"{request.method} {request.path}", request.path)
    return any(fnmatchcase(name, pattern) for name in names)


def _holds(text: str, request: Request) -> bool:
    """Whether a request asks for something in these words, in its address or in its body."""
    return (
        not text or text in unquote_plus(request.raw_query) or text in unquote(request.body.decode("latin-1"))
    )


@dataclass(slots=True)
class Faults:
    """The ordered faults of one system. Thread-safe."""

    sleep: Callable[[float], None] = time.sleep
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last_id: int = 0

    def add(self, order: FaultOrder) -> dict[str, Any]:
        with self._lock:
            self._last_id += 1
            fault = Fault(id=self._last_id, order=order, chance=random.Random(order.seed))
            self._faults.append(fault)
            return fault.as_json()

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]

    def due(self, route: str, request: Request) -> FaultOrder | None:
        """Count the request for every fault; the first fault that hits it."""
        with self._lock:
            hits = [fault.order for fault in self._faults if fault.due(route, request)]
        return hits[0] if hits else None

    def strike(self, order: FaultOrder, answers: FaultAnswers) -> Response:
        """Let the fault happen around the request. Raises Broken when no whole answer comes of it."""
        kind = kind_of(order)
        if kind == "delay":
            return self._delay(order, answers)
        if kind == "twice":
            answers.handle()
            return answers.handle()
        effect = answers.handle() if order.when == "after" else None
        if kind == "kill":
            os.kill(order.kill or 0, signal.SIGKILL)
        if kind in ("kill", "drop"):
            raise Broken()
        if kind == "truncate":
            return _cut(order, effect or json_response(200, {"message": "this answer ends too early"}))
        return _replaced(order, answers)

    def _delay(self, order: FaultOrder, answers: FaultAnswers) -> Response:
        if order.when == "before":
            self.sleep(order.seconds)
            return answers.handle()
        response = answers.handle()
        self.sleep(order.seconds)
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAnswers:
    """What a fault can ask for: the request's true handling, and the vendor's own refusals."""

    handle: Callable[[], Response]
    throttled: Callable[[Limit], Response]
    failed: Callable[[int], Response]


def _cut(order: FaultOrder, response: Response) -> Response:
    if not order.clean:
        raise Broken(response)
    return Response(response.status, response.body[: len(response.body) // 2], response.headers)


def _replaced(order: FaultOrder, answers: FaultAnswers) -> Response:
    """Another answer in place of the true one."""
    if order.kind == "throttle":
        return answers.throttled(order.limit)
    if order.kind == "html":
        return Response(order.status or 502, HTML_PAGE, {"content-type": "text/html", **order.headers})
    status = order.status or 500
    if order.body is None:
        response = answers.failed(status)
        return Response(status, response.body, {**response.headers, **order.headers})
    if isinstance(order.body, str):
        return Response(status, order.body.encode(), {"content-type": "text/plain", **order.headers})
    return json_response(status, order.body, order.headers)


def from_json(body: Mapping[str, Any]) -> FaultOrder:
    """Read an order. Raises ValueError (msgspec's included) with a text for people."""
    order = msgspec.convert(body, FaultOrder)
    if wrong := check(order):
        raise ValueError(wrong)
    return order
