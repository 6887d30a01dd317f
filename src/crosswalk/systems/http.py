"""HTTP for all systems: budget, retries, time-outs, and one kind of failure, without a secret in it.

A vendor's client hands in what it knows (which statuses it understands, how to read an error body, what the
headers say about limits); everything else about a call is decided here.
"""

from __future__ import annotations

import gzip
import ipaddress
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec
import structlog

from ..core import catalogue
from ..core.clock import Clock
from ..core.failures import FailureKind, Halted, SystemFailure
from ..core.lanes import Meter
from ..core.patience import somebody_waits
from ..core.structs import decoder
from ..core.system import Budget, Paused, Short
from ..core.words import joined
from ..core.words import keepable as _
from .mending import mend_surrogates

T = TypeVar("T")

TRIES = 5
PATIENCE = 90.0  # seconds after which no further try begins
LONGEST_WAIT = 60.0  # a longer Retry-After is the budget's business, not a sleep's
LONGEST_PAUSE = 86_400.0  # no vendor's limit counts longer than a day
FIRST_WAIT = 0.5
_UNREACHABLE = "unreachable"  # nothing was sent: no such name, refused, no answer
SHORT = "quota_share"  # in the catalogue: what we may use of the day's calls is gone
CONNECT_TIMEOUT = 10.0
WORTH_PACKING = 8_192  # bytes of a body
_FASTEST = 1  # gzip's level: the network is slower than its gain at higher ones

_OVERLOADED = frozenset({500, 502, 503, 504})
_NOTHING_TO_READ = frozenset({202, 204, 304})
_READS = frozenset({"GET", "HEAD"})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)

_log = structlog.get_logger(__name__)
logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole URLs, with e-mails and old-style keys


class Answer(msgspec.Struct, kw_only=True):
    """What a vendor answered. Times are our clock's; `headers` ignores letter case."""

    vendor: str
    path: str  # without query: it may stand in a message
    status: int
    headers: Mapping[str, str]
    body: bytes
    requested_at: datetime
    received_at: datetime

    @property
    def vendor_time(self) -> datetime | None:
        """The vendor's clock when it answered (whole seconds), or None without a `Date` header."""
        return http_date(self.headers.get("date", ""))

    def decode(self, type_: type[T]) -> T:
        """Decode the JSON body. Raises SystemFailure: TRANSIENT if it is no JSON, BUG if of another shape."""
        try:
            return decoder(type_).decode(self.body)
        except msgspec.ValidationError as error:
            failure = SystemFailure(
                FailureKind.BUG,
                _("{vendor} answered {path} in a shape that we do not know: {detail}").format(
                    vendor=self.vendor, path=self.path, detail=error
                ),
                cure=_("Check the address. If it is right, please report this message."),
            )
        except (msgspec.DecodeError, UnicodeDecodeError):
            failure = SystemFailure(
                FailureKind.TRANSIENT, _no_json_message(self), cure=_(CHECK_ADDRESS), code="no_json"
            )
        raise failure


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it is sent at every try."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    accept: frozenset[int]
    may_be_empty: bool
    is_json: bool  # what is asked for

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class _Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why a try brought no usable answer."""

    kind: FailureKind
    message: str
    cure: str = ""
    code: str = ""
    effect: bool = False  # the vendor may have done what was asked
    wait: float | None = None  # seconds the vendor asked us to wait
    ours: bool = False  # our own limit: the vendor was not asked


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
        call = self._prepare(
            method, path_or_url, query, headers or {}, json, form, body, accept, may_be_empty, is_json
        )
        give_up = self._clock.now() + timedelta(seconds=PATIENCE)
        in_doubt = False
        tries = 0
        while True:
            try:
                outcome = self._attempt(call)
            except Halted as halted:
                halted.in_doubt = in_doubt
                raise
            if isinstance(outcome, Answer):
                return self._accepted(outcome, call, in_doubt)
            tries += 1
            in_doubt = in_doubt or (outcome.effect and method not in _READS)
            if outcome.ours:
                raise SystemFailure(
                    outcome.kind,
                    outcome.message,
                    cure=outcome.cure,
                    code=outcome.code,
                    in_doubt=in_doubt,
                    entry=SHORT,
                )
            wait = outcome.wait if outcome.wait is not None else FIRST_WAIT * 2 ** (tries - 1)
            if outcome.kind is FailureKind.QUOTA or outcome.wait is not None:
                self._budget.learn(pause=wait, crowded=outcome.code == "429")
            late = self._clock.now() + timedelta(seconds=wait) > give_up
            last = tries == TRIES or (outcome.code == _UNREACHABLE and somebody_waits())
            if last or late or wait > LONGEST_WAIT or (outcome.effect and not repeatable):
                raise _failure(outcome, in_doubt, wait, self._clock.now())
            # No jitter: the budget already spreads the calls of all workers.
            self._clock.sleep(wait)

    def _prepare(
        self,
        method: str,
        path_or_url: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        json: object,
        form: Mapping[str, str] | None,
        body: bytes | None,
        accept: frozenset[int],
        may_be_empty: bool,
        is_json: bool,
    ) -> _Call:
        url = path_or_url if "://" in path_or_url else self.base_url + path_or_url
        require_secure(url)
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, quote_via=quote)
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
        return _Call(
            method=method,
            url=url,
            headers=sent,
            content=content,
            accept=accept,
            may_be_empty=may_be_empty,
            is_json=is_json,
        )

    def _attempt(self, call: _Call) -> Answer | _Trouble:
        try:
            self._budget.wait()
        except Paused as pause:
            return _resting(self.vendor, pause.seconds)
        except Short as short:
            return _short(self.vendor, short.meter)
        outcome = self._exchange(call)
        if isinstance(outcome, _Trouble):
            return outcome
        if self._learn is not None:
            self._learn(outcome, self._budget)
        return _judge(outcome, call)

    def _exchange(self, call: _Call) -> Answer | _Trouble:
        """Send and receive once, counting time and calls."""
        requested_at = self._clock.now()
        began = time.perf_counter()
        outcome: httpx2.Response | _Trouble
        try:
            outcome = self._client.request(call.method, call.url, headers=call.headers, content=call.content)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            outcome = _lost(error, self.vendor, call.url)
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
        if isinstance(outcome, _Trouble):
            return outcome
        return self._answer(outcome, call, requested_at)

    def _answer(self, response: httpx2.Response, call: _Call, requested_at: datetime) -> Answer:
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

    def _accepted(self, answer: Answer, call: _Call, in_doubt: bool) -> Answer:
        if answer.status in call.accept:
            return answer
        failure = self._explain(answer)
        failure.in_doubt = failure.in_doubt or in_doubt
        raise failure


def require_secure(url: str) -> None:
    """Raise SystemFailure(PERMISSION) unless `url` is https, or http on a loopback address."""
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        return
    raise SystemFailure(
        FailureKind.PERMISSION,
        _("{url} is not a secure address: nothing was sent to it.").format(url=public_url(url)),
        cure=_("Use the address that begins with https://; plain http is accepted only for localhost."),
        code="insecure_address",
    )


def public_url(url: str) -> str:
    """Return `url` without user, password, query and fragment, fit for a message."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else url.partition("?")[0]


def explain_by_status(answer: Answer) -> SystemFailure:
    """Turn an answer into a failure by its status alone."""
    kind = _KIND_OF_STATUS.get(answer.status, FailureKind.BUG)
    if answer.status >= 500:
        kind = FailureKind.TRANSIENT
    message = _("{vendor} answered {path} with status {status}.")
    return SystemFailure(
        kind,
        message.format(vendor=answer.vendor, path=answer.path, status=answer.status),
        cure=_(_CURE_OF_KIND.get(kind, REPORT)),
        code=str(answer.status),
    )


def mark(text: str) -> str:
    """Mark a text for translation where it is shown, not where it is written."""
    return text


NEXT_RUN = mark("Nothing is lost: the next run goes on from here.")
REACH = mark("Check the address and that this machine may reach it.")
CHECK_ADDRESS = mark(
    "If this stays, check the address: a proxy or a sign-in page may answer in the vendor's place."
)
REPORT = mark("Start the sync again. If this stays, please report this message.")
_CURE_OF_KIND = {
    FailureKind.TRANSIENT: NEXT_RUN,
    FailureKind.QUOTA: NEXT_RUN,
    FailureKind.AUTH: mark("Save new credentials for this connection."),
    FailureKind.PERMISSION: mark("Give the connection's user the right to do this."),
}
_KIND_OF_STATUS = {
    400: FailureKind.DATA,
    401: FailureKind.AUTH,
    403: FailureKind.PERMISSION,
    404: FailureKind.CONFLICT,
    409: FailureKind.CONFLICT,
    422: FailureKind.DATA,
    429: FailureKind.QUOTA,
}


def _judge(answer: Answer, call: _Call) -> Answer | _Trouble:
    """Tell whether an answer is final, or worth another try."""
    if answer.status in call.accept:
        complete = _complete(answer, call.may_be_empty) if call.is_json else not is_web_page(answer)
        return answer if complete else _broken(answer)
    if answer.status == 429:
        return _Trouble(
            kind=FailureKind.QUOTA,
            message=_("{vendor} takes no more calls for now (status 429).").format(vendor=answer.vendor),
            cure=_(NEXT_RUN),
            code="429",
            wait=_retry_after(answer),
        )
    if answer.status in _OVERLOADED:
        return _Trouble(
            kind=FailureKind.TRANSIENT,
            message=_("{vendor} is not available at the moment (status {status} for {path}).").format(
                vendor=answer.vendor, status=answer.status, path=answer.path
            ),
            cure=_(NEXT_RUN),
            code=str(answer.status),
            effect=True,
            wait=_retry_after(answer),
        )
    _mended(answer)  # a refusal may quote the value that it is about
    return answer


def _complete(answer: Answer, may_be_empty: bool) -> bool:
    """Tell whether the body is complete JSON, or rightly empty."""
    if not answer.body:
        return may_be_empty or answer.status in _NOTHING_TO_READ
    return _mended(answer)


def _mended(answer: Answer) -> bool:
    """Tell whether the body is complete JSON; halves of characters in it are replaced."""
    if _is_json(answer.body):
        return True
    mended = mend_surrogates(answer.body)
    if mended == answer.body or not _is_json(mended):
        return False
    answer.body = mended
    return True


def _is_json(body: bytes) -> bool:
    try:
        decoder(msgspec.Raw).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _broken(answer: Answer) -> _Trouble:
    return _Trouble(
        kind=FailureKind.TRANSIENT,
        message=_no_json_message(answer),
        cure=_(CHECK_ADDRESS),
        code="no_json",
        effect=True,
    )


def _no_json_message(answer: Answer) -> str:
    if is_web_page(answer):
        text = _("{vendor} answered {path} with a web page instead of data (status {status}).")
    else:
        text = _("{vendor}'s answer to {path} broke off or is no JSON (status {status}).")
    return text.format(vendor=answer.vendor, path=answer.path, status=answer.status)


def is_web_page(answer: Answer) -> bool:
    """Tell whether the body is HTML."""
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


def _lost(error: httpx2.RequestError | httpx2.InvalidURL, vendor: str, url: str) -> _Trouble:
    """Describe a failed exchange by the error's class alone: its text and request may hold secrets."""
    never_sent = isinstance(error, (*_NEVER_SENT, httpx2.InvalidURL))
    if never_sent:
        text = _("{vendor} cannot be reached at {address}.")
    elif isinstance(error, httpx2.TimeoutException):
        text = _("{vendor} did not answer in time at {address}.")
    else:
        text = _("The connection to {vendor} at {address} was lost before the answer was complete.")
    return _Trouble(
        kind=FailureKind.TRANSIENT,
        message=text.format(vendor=vendor, address=public_url(url)),
        cure=_(REACH) if never_sent else _(NEXT_RUN),
        code=_UNREACHABLE if never_sent else "connection_lost",
        effect=not never_sent,
    )


def _resting(vendor: str, seconds: float) -> _Trouble:
    return _Trouble(
        kind=FailureKind.QUOTA,
        message=_("{vendor} takes no calls for now.").format(vendor=vendor),
        cure=_(NEXT_RUN),
        code="paused",
        wait=seconds,
    )


def _short(vendor: str, meter: Meter) -> _Trouble:
    said = catalogue.say(
        SHORT, vendor=vendor, ours=meter.ours, cap=meter.cap, used=meter.used, limit=meter.limit
    )
    return _Trouble(kind=FailureKind.QUOTA, message=said.message, cure=said.cure, code=SHORT, ours=True)


def _failure(trouble: _Trouble, in_doubt: bool, wait: float, now: datetime) -> SystemFailure:
    message = trouble.message
    if wait > LONGEST_WAIT:
        until = now + timedelta(seconds=wait)
        later = _("It asks for no call before {time}.").format(time=f"{until:%Y-%m-%d %H:%M:%S} UTC")
        message = joined(message, later)
    return SystemFailure(
        trouble.kind,
        message,
        cure=trouble.cure,
        code=trouble.code,
        in_doubt=in_doubt,
        retry_after=wait if trouble.wait is not None or trouble.kind is FailureKind.QUOTA else None,
    )


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds a `Retry-After` header asks for (number or date)."""
    raw = answer.headers.get("retry-after", "").strip()
    try:
        return max(0.0, min(float(raw), LONGEST_PAUSE))
    except ValueError:
        until = http_date(raw)
    if until is None:
        return None
    seconds = (until - (answer.vendor_time or answer.received_at)).total_seconds()
    return max(0.0, min(seconds, LONGEST_PAUSE))


def http_date(raw: str) -> datetime | None:
    """Read a `Date` header; None where it is none."""
    try:
        moment = parsedate_to_datetime(raw)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Load the trusted certificates once: it takes longer than an idle run may."""
    return httpx2.create_ssl_context(trust_env=False)
