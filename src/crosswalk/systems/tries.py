"""Tries: what is sent each time, why one brought no usable answer, and whether there is a next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import msgspec

from ..core import catalogue
from ..core.clock import Clock
from ..core.failures import FailureKind, SystemFailure
from ..core.lanes import Meter
from ..core.patience import somebody_waits
from ..core.words import joined
from ..core.words import keepable as _
from .addresses import public_url
from .answers import (
    CHECK_ADDRESS,
    NEXT_RUN,
    REACH,
    Answer,
    http_date,
    is_complete,
    is_web_page,
    mended,
    no_json_message,
)

TRIES = 5
PATIENCE = 90.0  # seconds after which no further try begins
LONGEST_WAIT = 60.0  # a longer Retry-After is the budget's business, not a sleep's
LONGEST_PAUSE = 86_400.0  # no vendor's limit counts longer than a day
FIRST_WAIT = 0.5
SHORT = "quota_share"  # in the catalogue: what we may use of the day's calls is gone
_UNREACHABLE = "unreachable"  # nothing was sent: no such name, refused, no answer
_OVERLOADED = frozenset({500, 502, 503, 504})
_READS = frozenset({"GET", "HEAD"})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it is sent at every try."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    accept: frozenset[int]
    may_be_empty: bool
    is_json: bool  # what is asked for
    repeatable: bool  # is tried again after what may have taken effect

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why a try brought no usable answer."""

    kind: FailureKind
    message: str
    cure: str = ""
    code: str = ""
    effect: bool = False  # the vendor may have done what was asked
    wait: float | None = None  # seconds the vendor asked us to wait
    ours: bool = False  # our own limit: the vendor was not asked


class Patience:
    """Tells after a try in vain when the next one begins, and gives up in the end."""

    def __init__(self, call: Call, clock: Clock) -> None:
        self.in_doubt = False  # something other than a read may have taken effect
        self._call = call
        self._clock = clock
        self._until = clock.now() + timedelta(seconds=PATIENCE)
        self._tries = 0

    def note(self, trouble: Trouble) -> float:
        """Count a try in vain; return how long to wait for the next. Raises SystemFailure where the limit is ours."""
        self._tries += 1
        self.in_doubt = self.in_doubt or (trouble.effect and self._call.method not in _READS)
        if trouble.ours:
            raise SystemFailure(
                trouble.kind,
                trouble.message,
                cure=trouble.cure,
                code=trouble.code,
                in_doubt=self.in_doubt,
                entry=SHORT,
            )
        return trouble.wait if trouble.wait is not None else FIRST_WAIT * 2 ** (self._tries - 1)

    def require_next(self, trouble: Trouble, wait: float) -> None:
        """Raise SystemFailure unless there is a next try after that time."""
        now = self._clock.now()
        late = now + timedelta(seconds=wait) > self._until
        last = self._tries == TRIES or (trouble.code == _UNREACHABLE and somebody_waits())
        if last or late or wait > LONGEST_WAIT or (trouble.effect and not self._call.repeatable):
            raise _failure(trouble, self.in_doubt, wait, now)


def judge(answer: Answer, call: Call) -> Answer | Trouble:
    """Tell whether an answer is final, or worth another try."""
    if answer.status in call.accept:
        complete = is_complete(answer, call.may_be_empty) if call.is_json else not is_web_page(answer)
        return answer if complete else _broken(answer)
    if answer.status == 429:
        return Trouble(
            kind=FailureKind.QUOTA,
            message=_("{vendor} takes no more calls for now (status 429).").format(vendor=answer.vendor),
            cure=_(NEXT_RUN),
            code="429",
            wait=_retry_after(answer),
        )
    if answer.status in _OVERLOADED:
        return Trouble(
            kind=FailureKind.TRANSIENT,
            message=_("{vendor} is not available at the moment (status {status} for {path}).").format(
                vendor=answer.vendor, status=answer.status, path=answer.path
            ),
            cure=_(NEXT_RUN),
            code=str(answer.status),
            effect=True,
            wait=_retry_after(answer),
        )
    mended(answer)  # a refusal may quote the value that it is about
    return answer


def _broken(answer: Answer) -> Trouble:
    return Trouble(
        kind=FailureKind.TRANSIENT,
        message=no_json_message(answer),
        cure=_(CHECK_ADDRESS),
        code="no_json",
        effect=True,
    )


def lost(error: httpx2.RequestError | httpx2.InvalidURL, vendor: str, url: str) -> Trouble:
    """Describe a failed exchange by the error's class alone: its text and request may hold secrets."""
    never_sent = isinstance(error, (*_NEVER_SENT, httpx2.InvalidURL))
    if never_sent:
        text = _("{vendor} cannot be reached at {address}.")
    elif isinstance(error, httpx2.TimeoutException):
        text = _("{vendor} did not answer in time at {address}.")
    else:
        text = _("The connection to {vendor} at {address} was lost before the answer was complete.")
    return Trouble(
        kind=FailureKind.TRANSIENT,
        message=text.format(vendor=vendor, address=public_url(url)),
        cure=_(REACH) if never_sent else _(NEXT_RUN),
        code=_UNREACHABLE if never_sent else "connection_lost",
        effect=not never_sent,
    )


def resting(vendor: str, seconds: float) -> Trouble:
    """The budget rests for so many seconds."""
    return Trouble(
        kind=FailureKind.QUOTA,
        message=_("{vendor} takes no calls for now.").format(vendor=vendor),
        cure=_(NEXT_RUN),
        code="paused",
        wait=seconds,
    )


def used_up(vendor: str, meter: Meter) -> Trouble:
    """Our share of the day's calls is gone."""
    said = catalogue.say(
        SHORT, vendor=vendor, ours=meter.ours, cap=meter.cap, used=meter.used, limit=meter.limit
    )
    return Trouble(kind=FailureKind.QUOTA, message=said.message, cure=said.cure, code=SHORT, ours=True)


def _failure(trouble: Trouble, in_doubt: bool, wait: float, now: datetime) -> SystemFailure:
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
