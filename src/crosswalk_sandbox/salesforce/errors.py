"""How an org says no: problems, the HTTP status of each code, and the exceptions that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Source: Salesforce REST, status codes and error responses; every other code is a 400
STATUS = {
    "INVALID_SESSION_ID": 401,
    "INVALID_AUTH_HEADER": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "INVALID_CROSS_REFERENCE_KEY": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "PRECONDITION_FAILED": 412,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal. `fields` is None where the vendor leaves the key out of single-record answers."""

    code: str
    message: str
    fields: tuple[str, ...] | None = None
    beside: Mapping[str, Any] | None = None  # what single-record answers show in place of the fields

    def single(self) -> dict[str, Any]:
        """As a member of the array that answers every other call."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        more = {"fields": self.fields} if self.beside is None else self.beside
        return body if self.fields is None else {**body, **more}

    def of_record(self) -> dict[str, Any]:
        """As a member of a collection result's `errors`, where the code has another name."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or ()}


class ApiError(Exception):
    """The whole request fails: an HTTP status and an array with one problem."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.problem = Problem(code, _writable(message))
        self.status = status or STATUS.get(code, 400)


class RecordError(Exception):
    """One record is refused: alone an HTTP status, in a collection a result that is no success."""

    def __init__(
        self,
        code: str,
        message: str,
        fields: tuple[str, ...] = (),
        *,
        status: int | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.problem = Problem(code, _writable(message), fields, beside)
        self.status = status or RECORD_STATUS.get(code, 400)


# the same code is a 400 when a field refers to a record, and a 404 when the address does
RECORD_STATUS = {code: STATUS[code] for code in ("INSUFFICIENT_ACCESS_OR_READONLY",)}


def _writable(message: str) -> str:
    """The message without halves of characters, which a client may have sent and UTF-8 cannot say."""
    return message.encode("utf-8", "replace").decode("utf-8")
