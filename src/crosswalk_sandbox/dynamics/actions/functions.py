"""Functions of no row, which are read. Source: Web API function reference."""

from __future__ import annotations

import re
from collections.abc import Callable

from crosswalk_sandbox.dynamics.actions import duplicates
from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.metadata import changes
from crosswalk_sandbox.dynamics.security import holders, rights
from crosswalk_sandbox.http import Response

VERSION = "9.2.25051.00123"
NAMES = re.compile(r"EntityNames=(@\w+|\[.*\])")


def _version(call: Call, _: str) -> Response:
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveVersionResponse"
    return answer(200, {"@odata.context": context, "Version": VERSION})


def _total_record_count(call: Call, arguments: str) -> Response:
    """How many rows tables have. Raises ODataError."""
    found = NAMES.fullmatch(arguments)
    text = found[1] if found else ""
    text = (call.request.param(text) or "") if text.startswith("@") else text
    names = re.findall(r"\w+", text)
    if not names or any(name not in call.environment.rows for name in names):
        raise ODataError("0x80040203", f"EntityNames must be logical names of tables: {text}")
    for name in names:
        rights.require(call.environment, "Read", call.environment.schema[name])
    counts = [len(call.environment.rows[name]) for name in names]
    collection = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": counts}
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse"
    return answer(200, {"@odata.context": context, "EntityRecordCountCollection": collection})


UNBOUND: dict[str, Callable[[Call, str], Response]] = {
    "RetrieveDuplicates": duplicates.serve,
    "RetrieveMetadataChanges": changes.serve,
    "RetrieveRolePrivilegesRole": holders.privileges_of_role,
    "RetrieveTotalRecordCount": _total_record_count,
    "RetrieveVersion": _version,
}
