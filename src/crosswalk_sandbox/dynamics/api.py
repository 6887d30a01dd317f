"""The resources of the Web API, by the parts of their paths. Source: Dataverse Web API reference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crosswalk_sandbox.dynamics.answers import VERSIONS, Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError, missing_segment
from crosswalk_sandbox.http import Response

SEGMENT = re.compile(r"([\w.$]+)(?:\((.*)\))?", re.DOTALL)


def answered(call: Call) -> Response:
    """The answer to a call of a user who is signed in. Raises ODataError."""
    segments = call.request.segments[2:]
    if not segments or segments[0] not in VERSIONS:
        raise missing_segment(segments[0] if segments else "data")
    parts = segments[1:]
    if not parts:
        return _service_document(call)
    if parts in (("WhoAmI",), ("WhoAmI()",)):
        return _who_am_i(call)
    raise missing_segment(parts[0])


def template(segments: Sequence[str]) -> str | None:
    """The path with `{key}` in the place of keys; None when it has a part that no path has."""
    parts = []
    for segment in segments:
        if not (found := SEGMENT.fullmatch(segment)):
            return None
        parts.append(f"{found[1]}({{key}})" if found[2] else found[1])
    return "/" + "/".join(parts)


def must_get(call: Call) -> None:
    """Refuse what is not a reading. Raises ODataError."""
    if call.request.method != "GET":
        text = "The requested resource does not support http method "
        raise ODataError("0x8006088b", f"{text}'{call.request.method}'.")


def _service_document(call: Call) -> Response:
    must_get(call)
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in call.environment.schema.by_set]
    return answer(200, {"@odata.context": f"{call.base}/$metadata", "value": sets})


def _who_am_i(call: Call) -> Response:
    """Source: WhoAmI Function."""
    must_get(call)
    user = call.environment.rows["systemuser"][call.user]
    return answer(200, {
        "@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
        "BusinessUnitId": user["businessunitid"],
        "UserId": call.user,
        "OrganizationId": call.environment.id,
    })  # fmt: skip
