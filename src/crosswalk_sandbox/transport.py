"""The sandbox without sockets: an httpx2 transport that hands requests to systems in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx2

from crosswalk_sandbox.http import Broken, Handler, Response, make_request


class SandboxTransport(httpx2.BaseTransport):
    """Routes by `host:port` (or plain host) to handlers; an unknown host cannot be connected to.

    Use as `httpx2.Client(transport=SandboxTransport({"activecampaign.example": controlled.handle}))`.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = dict(handlers)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the system does. Raises the errors that a broken connection raises."""
        address = request.url.netloc.decode("ascii")
        handler = self._handlers.get(address) or self._handlers.get(request.url.host)
        if handler is None:
            raise httpx2.ConnectError(f"no system at {request.url.host}", request=request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        try:
            response = handler(make_request(request.method, target, headers, request.read()))
        except Broken as broken:
            if broken.response is None:
                raise httpx2.RemoteProtocolError("disconnected without an answer", request=request) from None
            half = _Half(broken.response, request)
            return httpx2.Response(broken.response.status, headers=broken.response.headers, stream=half)
        body = b"" if request.method == "HEAD" else response.body
        return httpx2.Response(response.status, headers=response.headers, content=body)


class _Half(httpx2.SyncByteStream):
    """A body whose connection ends in the middle."""

    def __init__(self, response: Response, request: httpx2.Request) -> None:
        self._response = response
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield self._response.body[: len(self._response.body) // 2]
        raise httpx2.RemoteProtocolError("disconnected inside an answer", request=self._request)
