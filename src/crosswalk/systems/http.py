"""HTTP for all systems: budget, retries, time-outs, and one kind of failure, without a secret in it.

A vendor's client hands in what it knows (which statuses it understands, how to read an error body, what the
headers say about limits); everything else about a call is decided here and in `tries`.
"""

from __future__ import annotations

import gzip
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

import httpx2
import msgspec
import structlog

from ..core.clock import Clock
from ..core.failures import FailureKind, Halted, SystemFailure
from ..core.system import Budget, Paused, Short
from .addresses import public_url, require_secure
from .answers import Answer, explain_by_status
from .tries import Call, Patience, Trouble, judge, lost, resting, used_up

CONNECT_TIMEOUT = 10.0
_USUAL_SECONDS = 0.3  # of a call
WORTH_PACKING = 8_192  # bytes of a body
_FASTEST = 1  # gzip's level: the network is slower than its gain at higher ones

_log = structlog.get_logger(__name__)
logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole URLs, with e-mails and old-style keys

Explain = Callable[[Answer], SystemFailure]
Learn = Callable[[Answer, Budget], None]


class HttpClient:
    """Calls to one vendor on behalf of one tenant.

    `learn` is shown every answer and tells the budget what its headers say. `explain` turns an answer whose
    status the caller did not accept into a failure in the user's words; without it the status alone speaks.
    A vendor that unpacks bodies (`packs`) is sent large ones packed; all are asked for packed answers.
    `seconds_in_http` and `calls` count every try.
    """

    def __init__(
        self,
        *,
        vendor: str,
        base_url: str,
        budget: Budget,
        clock: Clock,
        transport: httpx2.BaseTransport | None = None,
        timeout: float = 60.0,
        learn: Learn | None = None,
        explain: Explain | None = None,
        packs: bool = False,
    ) -> None:
        require_secure(base_url)
        self.vendor = vendor
        self.base_url = base_url.rstrip("/")
        self.seconds_in_http = 0.0
        self.calls = 0
        self.clock_difference = 0.0  # vendor's clock minus ours, in seconds, as last measured
        self._budget = budget
        self._clock = clock
        self._learn = learn
        self._explain = explain or explain_by_status
        self._packs = packs
        self._client = httpx2.Client(
            transport=transport or httpx2.HTTPTransport(trust_env=False, verify=trusted()),
            timeout=httpx2.Timeout(timeout, connect=CONNECT_TIMEOUT),
            trust_env=False,
            follow_redirects=False,
        )

    def seconds_a_call(self) -> float:
        """Return how long calls took so far, on average; what is usual where none was made."""
        return self.seconds_in_http / self.calls if self.calls else _USUAL_SECONDS

    def __repr__(self) -> str:
        return f"<HttpClient {self.vendor} {public_url(self.base_url)}>"

    def close(self) -> None:
        """Close pooled connections."""
        self._client.close()

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        repeatable: bool,
        accept: frozenset[int] = frozenset({200}),
        may_be_empty: bool = False,
        is_json: bool = True,
    ) -> Answer:
        """Make one call and return its answer: its status is in `accept`, its body is complete JSON or rightly empty.

        Without `is_json` any text but a web page will do, and the caller tells whether it is complete. `body` is sent
        as it is; `headers` say what it is.

        A `repeatable` call is tried again after lost connections, time-outs, overload and broken answers;
        any call after a refused connection, unless somebody waits, or 429, where nothing happened. Raises
        SystemFailure, `in_doubt` when something other than a read may have taken effect.
        """
        sent, content = self._body(headers or {}, json, form, body)
        return self._answered(
            Call(
                method=method,
                url=self._url(path_or_url, query),
                headers=sent,
                content=content,
                accept=accept,
                may_be_empty=may_be_empty,
                is_json=is_json,
                repeatable=repeatable,
            )
        )

    def _url(self, path_or_url: str, query: Sequence[tuple[str, str]]) -> str:
        url = path_or_url if "://" in path_or_url else self.base_url + path_or_url
        require_secure(url)
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, quote_via=quote)
        return url

    def _body(
        self, headers: Mapping[str, str], json: object, form: Mapping[str, str] | None, body: bytes | None
    ) -> tuple[dict[str, str], bytes | None]:
        """Return headers and body as they are sent, large ones packed where the vendor unpacks them."""
        sent = {"Accept": "application/json", **headers}
        content = body
        if form is not None:
            content = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        elif json is not None:
            content = msgspec.json.encode(json)
            sent["Content-Type"] = "application/json"
        if content is not None and self._packs and len(content) >= WORTH_PACKING:
            content = gzip.compress(content, _FASTEST, mtime=0)
            sent["Content-Encoding"] = "gzip"
        return sent, content

    def _answered(self, call: Call) -> Answer:
        """Try until there is an answer, or none is to be expected any more."""
        patience = Patience(call, self._clock)
        while True:
            try:
                outcome = self._attempt(call)
            except Halted as halted:
                halted.in_doubt = patience.in_doubt
                raise
            if isinstance(outcome, Answer):
                return self._accepted(outcome, call, patience.in_doubt)
            wait = patience.note(outcome)
            if outcome.kind is FailureKind.QUOTA or outcome.wait is not None:
                self._budget.learn(pause=wait, crowded=outcome.code == "429")
            patience.require_next(outcome, wait)
            # No jitter: the budget already spreads the calls of all workers.
            self._clock.sleep(wait)

    def _attempt(self, call: Call) -> Answer | Trouble:
        try:
            self._budget.wait()
        except Paused as pause:
            return resting(self.vendor, pause.seconds)
        except Short as short:
            return used_up(self.vendor, short.meter)
        outcome = self._exchange(call)
        if isinstance(outcome, Trouble):
            return outcome
        if self._learn is not None:
            self._learn(outcome, self._budget)
        return judge(outcome, call)

    def _exchange(self, call: Call) -> Answer | Trouble:
        """Send and receive once, counting time and calls."""
        requested_at = self._clock.now()
        began = time.perf_counter()
        outcome: httpx2.Response | Trouble
        try:
            outcome = self._client.request(call.method, call.url, headers=call.headers, content=call.content)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            outcome = lost(error, self.vendor, call.url)
        took = time.perf_counter() - began
        self.seconds_in_http += took
        self.calls += 1
        status = outcome.status_code if isinstance(outcome, httpx2.Response) else None
        _log.debug(
            "call",
            vendor=self.vendor,
            method=call.method,
            path=call.path,
            status=status,
            ms=round(took * 1000, 1),
        )
        if isinstance(outcome, Trouble):
            return outcome
        return self._answer(outcome, call, requested_at)

    def _answer(self, response: httpx2.Response, call: Call, requested_at: datetime) -> Answer:
        answer = Answer(
            vendor=self.vendor,
            path=call.path,
            status=response.status_code,
            headers=response.headers,
            body=response.content,
            requested_at=requested_at,
            received_at=self._clock.now(),
        )
        vendor_time = answer.vendor_time
        if vendor_time is not None:
            middle = answer.requested_at + (answer.received_at - answer.requested_at) / 2
            # The header is cut to whole seconds: half a second is the expected remainder.
            self.clock_difference = (vendor_time - middle).total_seconds() + 0.5
        return answer

    def _accepted(self, answer: Answer, call: Call, in_doubt: bool) -> Answer:
        if answer.status in call.accept:
            return answer
        failure = self._explain(answer)
        failure.in_doubt = failure.in_doubt or in_doubt
        raise failure


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Load the trusted certificates once: it takes longer than an idle run may."""
    return httpx2.create_ssl_context(trust_env=False)
