"""What a vendor answered, what its status alone means, and the cures that all systems share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from ..core.failures import FailureKind, SystemFailure
from ..core.structs import decoder
from ..core.words import keepable as _
from .mending import mend_surrogates

T = TypeVar("T")
_NOTHING_TO_READ = frozenset({202, 204, 304})


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
                FailureKind.TRANSIENT, no_json_message(self), cure=_(CHECK_ADDRESS), code="no_json"
            )
        raise failure


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


def is_complete(answer: Answer, may_be_empty: bool) -> bool:
    """Tell whether the body is complete JSON, or rightly empty."""
    if not answer.body:
        return may_be_empty or answer.status in _NOTHING_TO_READ
    return mended(answer)


def mended(answer: Answer) -> bool:
    """Tell whether the body is complete JSON; halves of characters in it are replaced."""
    if _is_json(answer.body):
        return True
    whole = mend_surrogates(answer.body)
    if whole == answer.body or not _is_json(whole):
        return False
    answer.body = whole
    return True


def _is_json(body: bytes) -> bool:
    try:
        decoder(msgspec.Raw).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def no_json_message(answer: Answer) -> str:
    """Say that an answer is not what was asked for."""
    if is_web_page(answer):
        text = _("{vendor} answered {path} with a web page instead of data (status {status}).")
    else:
        text = _("{vendor}'s answer to {path} broke off or is no JSON (status {status}).")
    return text.format(vendor=answer.vendor, path=answer.path, status=answer.status)


def is_web_page(answer: Answer) -> bool:
    """Tell whether the body is HTML."""
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


def http_date(raw: str) -> datetime | None:
    """Read a `Date` header; None where it is none."""
    try:
        moment = parsedate_to_datetime(raw)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
