"""One call that goes wrong on its way: what the vendor gets of it, and what the product hears. Needs no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import httpx2
import msgspec

Strike = Callable[[httpx2.Request], httpx2.Response]
Carries = Callable[[httpx2.Request], bool]


class Outcome(StrEnum):
    """What may become of a write."""

    REFUSED_ONE = "refused, one record"
    REFUSED_WHOLE = "refused, the whole call"
    FAILED_BEFORE = "failed before"
    FAILED_AFTER = "failed after"
    ANSWER_LOST = "answer lost"
    LATE = "late"
    TWICE = "twice"


REFUSALS = (Outcome.REFUSED_ONE, Outcome.REFUSED_WHOLE)
REASON = "Not this one."


# a plug-in of Dynamics 365 declines
DECLINED = {"error": {"code": "0x80040265", "message": REASON}}


class Trouble(httpx2.BaseTransport):
    """Passes calls on to the vendors, but for those that are to go wrong.

    `heard` is told of every call that a vendor got, after it was worked on.
    """

    def __init__(self, inner: httpx2.BaseTransport, heard: Callable[[httpx2.Request], None]) -> None:
        self._inner = inner
        self._heard = heard
        self._due: tuple[Carries, Strike] | None = None
        self._once = False
        self._late: list[httpx2.Request] = []
        self.rewrite: Callable[[httpx2.Request, httpx2.Response], httpx2.Response] | None = None
        self.struck = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        while self._late:  # arrives before whatever its sender does next
            self.pass_on(self._late.pop())
        if self._due is not None and self._due[0](request):
            strike = self._due[1]
            self.struck += 1
            if self._once:
                self._due = None
            return strike(request)
        return self.pass_on(request)

    def pass_on(self, request: httpx2.Request) -> httpx2.Response:
        """Let the vendor work on a call."""
        response = self._inner.handle_request(request)
        self._heard(request)
        return self.rewrite(request, response) if self.rewrite is not None else response

    def once(self, carries: Carries, strike: Strike) -> None:
        """Have the next such call go wrong."""
        self._due, self._once = (carries, strike), True

    def always(self, carries: Carries, strike: Strike) -> None:
        """Have every such call go wrong until `cure`."""
        self._due, self._once = (carries, strike), False

    def cure(self) -> None:
        """Nothing goes wrong any more."""
        self._due = self.rewrite = None

    # --- once ---------------------------------------------------------------------------------------------------

    def fail_before(self, request: httpx2.Request) -> httpx2.Response:
        """The vendor is not there."""
        return httpx2.Response(503, json={}, request=request)

    def fail_after(self, request: httpx2.Request) -> httpx2.Response:
        """The vendor does it and fails to say so."""
        self.pass_on(request)
        return httpx2.Response(500, json={}, request=request)

    def lose_answer(self, request: httpx2.Request) -> httpx2.Response:
        """The vendor does it, and the connection breaks."""
        self.pass_on(request)
        raise httpx2.RemoteProtocolError("disconnected without an answer", request=request)

    def be_late(self, request: httpx2.Request) -> httpx2.Response:
        """Nobody answers in time; the vendor does it a little later."""
        self._late.append(request)
        raise httpx2.ReadTimeout("too slow", request=request)

    def repeat(self, request: httpx2.Request) -> httpx2.Response:
        """A proxy that lost the answer asks again."""
        self.pass_on(request)
        return self.pass_on(request)

    # --- refusals -----------------------------------------------------------------------------------------------

    def refuse_collection(self, request: httpx2.Request) -> httpx2.Response:
        """Salesforce declines a call as a whole, without saying whose fault it is."""
        return httpx2.Response(400, json=[{"errorCode": "JSON_PARSER_ERROR", "message": REASON}])

    def refuse_in_collection(self, bad: bytes) -> Strike:
        """Salesforce does what it is asked for all records but the one that holds this."""
        refusal = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": REASON, "fields": []}

        def strike(request: httpx2.Request) -> httpx2.Response:
            body = msgspec.json.decode(request.read())
            wrong = [bad in msgspec.json.encode(record) for record in body["records"]]
            good = [record for record, is_bad in zip(body["records"], wrong, strict=True) if not is_bad]
            done = iter(self._records(request, {**body, "records": good}) if good else [])
            refused = {"success": False, "errors": [refusal]}
            return httpx2.Response(200, json=[refused if is_bad else next(done) for is_bad in wrong])

        return strike

    def _records(self, request: httpx2.Request, body: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = msgspec.json.decode(self.pass_on(with_body(request, body)).read())
        return found

    def refuse_batch(self, request: httpx2.Request) -> httpx2.Response:
        """Dynamics 365 declines a batch as a whole, without saying whose fault it is."""
        return httpx2.Response(400, json=DECLINED)

    def refuse_in_batch(self, bad: bytes) -> Strike:
        """Dynamics 365 does what it is asked for all records but the one that holds this."""

        def strike(request: httpx2.Request) -> httpx2.Response:
            parts = _parts(request)
            good = [part for part in parts if bad not in part]
            done = iter(_parts(self.pass_on(_batch(request, good))) if good else [])
            told = [refused if bad in part else next(done) for part in parts]
            headers = {"content-type": request.headers["content-type"]}
            return httpx2.Response(200, content=_joined(request, told), headers=headers)

        refused = b"Content-Type: application/http\r\n\r\nHTTP/1.1 400 Bad Request\r\n"
        refused += b"Content-Type: application/json\r\n\r\n" + msgspec.json.encode(DECLINED)
        return strike

    def refuse_contact(self, request: httpx2.Request) -> httpx2.Response:
        """ActiveCampaign declines a call that carries one contact."""
        return httpx2.Response(422, json={"errors": [{"title": REASON}]})

    def refuse_import(self, bad: str) -> Strike:
        """ActiveCampaign declines an import for one of its contacts."""

        def strike(request: httpx2.Request) -> httpx2.Response:
            rows = msgspec.json.decode(request.read())["contacts"]
            number = next(number for number, row in enumerate(rows) if row["email"] == bad)
            reasons = [{"contact": number, "failureReason": REASON}]
            return httpx2.Response(400, json={"success": 0, "message": REASON, "failureReasons": reasons})

        return strike

    def fail_in_import(self, bad: str) -> Strike:
        """ActiveCampaign takes an import and says later that one of its contacts could not be imported."""

        def strike(request: httpx2.Request) -> httpx2.Response:
            body = msgspec.json.decode(request.read())
            good = [row for row in body["contacts"] if row["email"] != bad]
            self.rewrite = tell
            return self.pass_on(with_body(request, {**body, "contacts": good}))

        def tell(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if not request.url.path.endswith("/import/info"):
                return response
            return httpx2.Response(200, json={**msgspec.json.decode(response.read()), "failure": [bad]})

        return strike


def with_body(request: httpx2.Request, body: object) -> httpx2.Request:
    """The same call with another body."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
    return httpx2.Request(request.method, request.url, headers=headers, content=msgspec.json.encode(body))


def _mark(message: httpx2.Request | httpx2.Response) -> bytes:
    """What stands between the parts of a multipart body."""
    return b"--" + message.headers["content-type"].partition("boundary=")[2].strip('"').encode()


def _parts(message: httpx2.Request | httpx2.Response) -> list[bytes]:
    return [part.strip(b"\r\n") for part in message.read().split(_mark(message))[1:-1]]


def _joined(request: httpx2.Request, parts: list[bytes]) -> bytes:
    mark = _mark(request)
    return b"".join(mark + b"\r\n" + part + b"\r\n\r\n" for part in parts) + mark + b"--\r\n"


def _batch(request: httpx2.Request, parts: list[bytes]) -> httpx2.Request:
    """The same batch with fewer parts."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
    return httpx2.Request(request.method, request.url, headers=headers, content=_joined(request, parts))
