"""RetrieveDuplicates: the rows that the published rules take for the same. Source: Detect duplicate data."""

from __future__ import annotations

import json
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_segment
from crosswalk_sandbox.dynamics.records import guards, queries
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

NAMESPACE = "Microsoft.Dynamics.CRM."
WANTED = ("BusinessEntity", "MatchingEntityName", "PagingInfo")


def serve(call: Call, arguments: str) -> Response:
    """The function with its parameters, which are aliases such as `@p1`. Raises ODataError."""
    given = {name: _value(call, arguments, name) for name in WANTED}
    table, row = _entity(call, given["BusinessEntity"])
    other = call.environment.schema.find(str(given["MatchingEntityName"]))
    if other is None:
        raise missing_segment(str(given["MatchingEntityName"]))
    paging = given["PagingInfo"] if isinstance(given["PagingInfo"], dict) else {}
    size, page = int(paging.get("Count") or 50), int(paging.get("PageNumber") or 1)
    seen = {each[other.key] for each in rights.readable(call.environment, other)}
    found = [each for each in _duplicates(call, table, other, row) if each[other.key] in seen][
        (page - 1) * size : page * size
    ]
    shower = queries.shower_of(call, other)
    context = f"{call.base}/$metadata#{other.set_name}"
    return answer(200, {"@odata.context": context, "value": [shower.show(each) for each in found]})


def _duplicates(call: Call, table: Table, other: Table, row: Row) -> list[Row]:
    found: dict[str, Row] = {}
    for rule in call.environment.rules.duplicates:
        if (rule.object, rule.other) == (table.name, other.name):
            for each in guards.duplicates(call.environment, rule, row, row.get(table.key, "")):
                found[each[other.key]] = each
    return list(found.values())


def _entity(call: Call, value: Any) -> tuple[Table, Row]:
    """The row that is compared: one that there is, by its key, or values. Raises ODataError."""
    if not isinstance(value, dict):
        raise ODataError("0x80040203", "Required field 'BusinessEntity' is missing.")
    type_ = str(value.get("@odata.type", "")).removeprefix("#").removeprefix(NAMESPACE)
    table = call.environment.schema.find(type_)
    if table is None:
        raise ODataError("0x80048d19", f"A type named '{type_}' could not be resolved.")
    key = ids.canonical(str(value.get(table.key, ""))) or ""
    known = call.environment.rows[table.name].get(key, {})
    return table, {**known, **{name: each for name, each in value.items() if not name.startswith("@")}}


def _value(call: Call, arguments: str, name: str) -> Any:
    """A parameter behind its alias. Raises ODataError."""
    named = dict(part.strip().partition("=")[::2] for part in arguments.split(","))
    text = call.request.param(named.get(name, "")) or ""
    try:
        return json.loads(text.replace("'", '"')) if text else None
    except ValueError:
        raise ODataError("0x80048d19", f"The parameter '{name}' cannot be read: {text}") from None
