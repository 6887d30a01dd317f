"""Sends events to webhooks, one after the other, beside the answers to calls.

Loopback alone is called. Source: Use webhooks, sizes, time limit and retry.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import time
from contextlib import closing
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import msgspec

from crosswalk_sandbox.dynamics.hooks.event import Event

HEADER_KEY, HEADERS, QUERY = 4, 5, 6  # how a webhook is shown that it is meant: authtype
MOST_BYTES = 256 * 1024
TIMEOUT = 60.0
AGAIN = frozenset({502, 503, 504})
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
LEFT_OUT = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")


class Habits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events go out; what the vendor does now and then, by their numbers from 1."""

    delay: float = 0.2  # real seconds until an event is sent
    lose: int = 0  # every how-manyth is lost; 0: none
    double: int = 0  # every how-manyth is sent twice


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event, for the control API."""

    number: int
    url: str
    table: str
    message: str
    status: int | None  # of the last answer; none where nobody answered
    attempts: int
    fate: str  # delivered, failed or lost

    @property
    def failed(self) -> bool:
        return self.fate == "failed"


class Sender:
    """A queue of events and the thread that sends them, which starts with the first."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.failures: queue.SimpleQueue[Delivery] = queue.SimpleQueue()  # still to become jobs that failed
        self._queue: queue.SimpleQueue[tuple[Event, Habits]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def send(self, event: Event, habits: Habits) -> None:
        """Send it later."""
        self._queue.put((event, habits))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="webhooks")
            self._thread.start()

    def forget(self) -> None:
        self.deliveries = []

    def _run(self) -> None:
        while True:
            event, habits = self._queue.get()
            time.sleep(habits.delay)
            number = len(self.deliveries) + 1
            done = _lost(event) if _each(number, habits.lose) else _delivered(event)
            if _each(number, habits.double):
                done = _delivered(event)
            done = msgspec.structs.replace(done, number=number)
            if done.failed:
                self.failures.put(done)
            self.deliveries.append(done)


def _each(number: int, distance: int) -> bool:
    return distance > 0 and number % distance == 0


def _lost(event: Event) -> Delivery:
    return _delivery(event, None, 0, "lost")


def _delivered(event: Event) -> Delivery:
    """Send it, and once more where the answer asks for that."""
    status, attempts = _posted(event), 1
    if status in AGAIN:
        status, attempts = _posted(event), 2
    good = status is not None and 200 <= status < 300
    return _delivery(event, status, attempts, "delivered" if good else "failed")


def _delivery(event: Event, status: int | None, attempts: int, fate: str) -> Delivery:
    return Delivery(
        number=0,
        url=event.url,
        table=event.table,
        message=event.message,
        status=status,
        attempts=attempts,
        fate=fate,
    )


def _posted(event: Event) -> int | None:
    """The status of the answer; none where nobody answers in time, or who is not on this machine."""
    place = urlsplit(event.url)
    if place.hostname not in LOCAL:
        return None
    body, more = _sized(event)
    head = {**_headers(event), **more, "Content-Type": "application/json"}
    try:
        with closing(_connection(place.scheme, place.hostname or "", place.port)) as connection:
            connection.request("POST", _target(event), body, head)
            answer = connection.getresponse()
            answer.read()
            return answer.status
    except (OSError, http.client.HTTPException):
        return None


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()  # on loopback a certificate of anybody's own will do
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT)


def _sized(event: Event) -> tuple[bytes, dict[str, str]]:
    """The body, without its largest parts where it is too long."""
    body = msgspec.json.encode(event.body)
    if len(body) <= MOST_BYTES:
        return body, {}
    left = {name: value for name, value in event.body.items() if name not in LEFT_OUT}
    return msgspec.json.encode(left), {"x-ms-dynamics-msg-size-exceeded": "True"}


def _headers(event: Event) -> dict[str, str]:
    known = {
        "x-ms-dynamics-organization": event.organization,
        "x-ms-dynamics-entity-name": event.table,
        "x-ms-dynamics-request-name": event.message,
        "x-ms-correlation-request-id": event.correlation,
    }
    return known | (_settings(event) if event.auth_type == HEADERS else {})


def _target(event: Event) -> str:
    place = urlsplit(event.url)
    added = {HEADER_KEY: f"code={quote(event.auth_value, safe='')}", QUERY: urlencode(_settings(event))}
    query = "&".join(each for each in (place.query, added.get(event.auth_type or 0, "")) if each)
    return f"{place.path or '/'}{'?' + query if query else ''}"


def _settings(event: Event) -> dict[str, str]:
    """The names and values of an authvalue in XML; none where it is no such thing."""
    if event.auth_type not in (HEADERS, QUERY):
        return {}
    try:
        found = ElementTree.fromstring(event.auth_value).iter("setting")
    except ElementTree.ParseError:
        return {}
    return {each.get("name", ""): each.get("value", "") for each in found}
