"""The body of a request as JSON. Source: Compose HTTP requests and handle errors."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics.answers import Call
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records.values import PAYLOAD


def json_body(call: Call) -> dict[str, Any]:
    """The JSON object of the body, numbers with every digit. Raises ODataError."""
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        text = f"The content type '{kind}' is not supported for a request with a body."
        raise ODataError("0x80060888", text, status=415)
    try:
        found = json.loads(call.request.body.decode("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ODataError(PAYLOAD, f"Error identified in Payload provided by the user: {error}") from None
    if not isinstance(found, dict):
        raise ODataError(PAYLOAD, "Error identified in Payload provided by the user: an object is expected")
    return found
