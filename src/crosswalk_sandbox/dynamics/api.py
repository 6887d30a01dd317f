"""The resources of the Web API, by the parts of their paths. Source: Dataverse Web API reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from crosswalk_sandbox.dynamics import access, batches
from crosswalk_sandbox.dynamics.actions import calls as actions
from crosswalk_sandbox.dynamics.actions import functions
from crosswalk_sandbox.dynamics.answers import ODATA, VERSIONS, Call, answer, refused
from crosswalk_sandbox.dynamics.errors import ODataError, missing_segment
from crosswalk_sandbox.dynamics.metadata import changing, csdl, resources
from crosswalk_sandbox.dynamics.records import related
from crosswalk_sandbox.dynamics.records import resources as rows
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import holders, metadata_rights
from crosswalk_sandbox.http import Request, Response

# headers of a batch that count for the requests in it, unless they have their own
PASSED_ON = frozenset(
    {"callerobjectid", "mscrmcallerid", "mscrm.suppressduplicatedetection", "mscrm.bypasscustompluginexecution",
     "mscrm.bypassbusinesslogicexecution"}
)  # fmt: skip
SEGMENT = re.compile(r"([\w.$]+)(?:\((.*)\))?", re.DOTALL)


def answered(call: Call) -> Response:
    """The answer to a call of a user who is signed in. Raises ODataError."""
    segments = call.request.segments[2:]
    if not segments or segments[0] not in VERSIONS:
        raise missing_segment(segments[0] if segments else "data")
    parts = [_part(segment) for segment in segments[1:]]
    if not parts:
        return _service_document(call)
    if parts in ([("WhoAmI", None)], [("WhoAmI", "")]):
        return _who_am_i(call)
    if parts == [("$batch", None)] and call.request.method == "POST":
        return batches.serve(call, lambda request: _within(call, request))
    metadata_rights.check(call, parts)
    if parts == [("$metadata", None)]:
        return _metadata(call)
    if parts[0][0] == "EntityDefinitions":
        return _definitions(call, parts)
    if done := actions.unbound(call, parts):
        return done
    if found := _PLAIN.get(parts[0][0]):
        return found(call, parts[0][1], _cast(parts[1:]))
    if len(parts) == 1 and (asked := functions.UNBOUND.get(parts[0][0])):
        must_get(call)
        return asked(call, parts[0][1] or "")
    if table := call.environment.schema.by_set.get(parts[0][0]):
        return _of_rows(call, table, parts)
    raise missing_segment(parts[0][0])


def _of_rows(call: Call, table: Table, parts: Sequence[tuple[str, str | None]]) -> Response:
    """The answer for a set, a row or what lies below it. Raises ODataError."""
    if done := actions.bound(call, table, parts) or holders.serve(call, table, parts):
        return done
    if parts[0][1] is not None and len(parts) > 1:
        return related.serve(call, table, parts[0][1], parts[1:])
    return rows.serve(call, table, parts[0][1], parts[1:])


def _cast(rest: Sequence[tuple[str, str | None]]) -> str | None:
    """The type that a path casts to, if it does. Raises ODataError."""
    if len(rest) > 1 or any(key is not None for _, key in rest):
        raise missing_segment(rest[-1][0])
    return rest[0][0] if rest else None


def _within(call: Call, request: Request) -> Response:
    """The answer to a request of a batch."""
    if request.segments[3:] == ("$batch",):
        return refused(ODataError("0x80060888", "A batch cannot hold another batch."))
    here = call.environment
    try:
        headers = {name: value for name, value in here.session.headers.items() if name in PASSED_ON}
        session = access.session(here, here.session.behalf_of or call.user, {**headers, **request.headers})
        with here.acting(session):
            return answered(Call(environment=here, request=request, user=session.user))
    except ODataError as error:
        return refused(error, request=request)


def _part(segment: str) -> tuple[str, str | None]:
    """The name and the key of a part of the path. Raises ODataError."""
    if not (found := SEGMENT.fullmatch(segment)):
        raise missing_segment(segment)
    return found[1], found[2]


def _metadata(call: Call) -> Response:
    must_get(call)
    annotations = (call.request.param("annotations") or "").lower() == "true"
    text = csdl.document(call.environment.schema, annotations=annotations)
    return Response(200, text.encode(), {"content-type": "application/xml", **ODATA})


def _definitions(call: Call, parts: Sequence[tuple[str, str | None]]) -> Response:
    if call.request.method != "GET":
        return changing.serve(call, parts)
    key = parts[0][1]
    if len(parts) == 1:
        return resources.entities(call, key)
    if key is None:
        raise missing_segment(parts[1][0])
    return resources.below(call, key, parts[1:])


def _relationships(call: Call, key: str | None, cast: str | None) -> Response:
    if call.request.method == "GET":
        return resources.relationships(call, key, cast)
    return changing.relationships(call, key)


def _option_sets(call: Call, key: str | None, cast: str | None) -> Response:
    if call.request.method == "GET":
        return resources.option_sets(call, key, cast)
    return changing.option_sets(call, key)


_PLAIN: dict[str, Callable[[Call, str | None, str | None], Response]] = {
    "RelationshipDefinitions": _relationships,
    "GlobalOptionSetDefinitions": _option_sets,
}


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
