"""RetrieveMetadataChanges: one query over tables, columns, keys and relationships. Source: Query schema definitions."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.metadata import columns, definitions, resources
from crosswalk_sandbox.dynamics.metadata.definitions import Json
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.http import Response

ARGUMENT = re.compile(r"(\w+)=(@\w+|'[^']*'|[^,]*)(?:,|$)")
CONTEXT = "Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse"
ALWAYS = ("MetadataId", "HasChanged", "@odata.type")
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": lambda one, other: float(one) > float(other),
    "LessThan": lambda one, other: float(one) < float(other),
    "In": lambda one, others: one in others,
    "NotIn": lambda one, others: one not in others,
}
# of a query: which part of a table's definition it is about
PARTS = {
    "AttributeQuery": ("Attributes",),
    "KeyQuery": ("Keys",),
    "RelationshipQuery": ("ManyToOneRelationships", "OneToManyRelationships", "ManyToManyRelationships"),
}


def serve(call: Call, arguments: str) -> Response:
    """What a query finds; nothing when the client's stamp is that of the schema now. Raises ODataError."""
    given = {name: _value(call, text) for name, text in ARGUMENT.findall(arguments)}
    query = _query(given.get("Query"))
    stamp = str(call.environment.schema.version)
    found: list[Json] = []
    if given.get("ClientVersionStamp") != stamp:
        entities = ((table, definitions.entity(table)) for table in call.environment.schema)
        wanted = _test(columns.part(query, "Criteria"))
        found = [_entity(call, table, row, query) for table, row in entities if wanted(row)]
    content = {"EntityMetadata": found, "ServerVersionStamp": stamp, "DeletedMetadata": None}
    return answer(200, {"@odata.context": f"{call.base}/$metadata#{CONTEXT}", **content})


def _value(call: Call, text: str) -> str:
    """An argument: a literal, or the alias of a query parameter."""
    return ((call.request.param(text) or "") if text.startswith("@") else text).strip("'")


def _query(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "null")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ODataError(PAYLOAD, "The parameter 'Query' must be an EntityQueryExpression.")
    return found


def _entity(call: Call, table: Table, row: Json, query: Mapping[str, Any]) -> Json:
    """A table's definition with the parts that the query is about."""
    shown = _chosen(row, query)
    names = columns.part(query, "Properties").get("PropertyNames") or ()
    for name, parts in PARTS.items():
        inner = columns.part(query, name)
        for each in parts:
            if inner or each in names:
                wanted = _test(columns.part(inner, "Criteria"))
                shown[each] = [_chosen(row, inner) for row in _rows(call, table, each) if wanted(row)]
    return shown


def _rows(call: Call, table: Table, part: str) -> list[Json]:
    if part == "Attributes":
        return [
            resources.whole_attribute(call, table, number, column)
            for number, column in enumerate(table.columns.values(), 1)
        ]
    return list(resources.COLLECTIONS[part](call, table))


def _chosen(row: Json, query: Mapping[str, Any]) -> Json:
    """The properties that a query names; without any of them all."""
    properties = columns.part(query, "Properties")
    names = properties.get("PropertyNames")
    if properties.get("AllProperties") or not names:
        return dict(row)
    return {name: value for name, value in row.items() if name in names or name in ALWAYS}


def _test(criteria: Mapping[str, Any]) -> Callable[[Json], bool]:
    """A MetadataFilterExpression as a function. Raises ODataError."""
    tests = [_condition(each) for each in columns.parts(criteria, "Conditions")]
    tests += [_test(each) for each in columns.parts(criteria, "Filters")]
    joined = any if criteria.get("FilterOperator") == "Or" and tests else all
    return lambda row: joined(each(row) for each in tests)


def _condition(condition: Mapping[str, Any]) -> Callable[[Json], bool]:
    name, word = condition.get("PropertyName"), condition.get("ConditionOperator")
    compare = OPERATORS.get(str(word))
    if compare is None or not isinstance(name, str):
        raise ODataError(PAYLOAD, f"The condition on '{name}' with '{word}' is not valid.")
    wanted = _wanted(condition.get("Value"), several=str(word).endswith("In"))

    def found(row: Json) -> bool:
        value = row.get(name)
        value = value.get("Value") if isinstance(value, dict) else value
        return compare(_plain(value), wanted)

    return found


def _wanted(value: Any, *, several: bool) -> Any:
    """The value of a condition, which stands in an object with its type, lists also as text."""
    value = value.get("Value") if isinstance(value, dict) else value
    if not several:
        return _plain(value)
    if isinstance(value, str):
        value = re.findall(r"[^\[\]'\",\s]+", value)
    return {_plain(each) for each in value or ()}


def _plain(value: Any) -> Any:
    return str(value).lower() if value is not None else None
