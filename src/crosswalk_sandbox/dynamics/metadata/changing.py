"""Changing the schema: columns, alternate keys, relationships and global option sets.

Source: Create and update table and column definitions using the Web API; Define alternate keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from crosswalk_sandbox.dynamics import alternate_keys
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.metadata import columns, definitions, many_to_many, resources, tables
from crosswalk_sandbox.dynamics.metadata.columns import Json, invalid, label_of
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.schema import REFERENCES, Column, Key, OptionSet, Table
from crosswalk_sandbox.http import Response

Parts = Sequence[tuple[str, str | None]]
KEYED_TYPES = frozenset({"Decimal", "Integer", "String", "DateTime", "Lookup", "Picklist"})
MOST_KEYS, MOST_KEY_COLUMNS, MOST_KEY_BYTES = 10, 16, 900
BYTES = {"Decimal": 17, "Integer": 4, "DateTime": 8, "Lookup": 16, "Picklist": 4}
REFERENCED = "0x8004f01f"
CUSTOMERS = ("account", "contact")


def serve(call: Call, parts: Parts) -> Response:
    """A change of EntityDefinitions or what lies below. Raises ODataError."""
    check_solution(call)
    key = parts[0][1]
    if key is None:
        if call.request.method == "POST" and len(parts) == 1:
            return tables.create(call)
        raise _no_method(call)
    table = resources.find_table(call, key)
    if len(parts) == 1:
        return tables.delete(call, table) if call.request.method == "DELETE" else _put_table(call, table)
    name, inner = parts[1]
    if call.request.method == "PUT" and name == "Attributes" and inner is not None and len(parts) == 3:
        return _put_column(call, table, inner, parts[2][0])
    do = _BELOW.get((call.request.method, name, inner is not None))
    if do is None or len(parts) > 2:
        raise _no_method(call)
    return do(call, table, inner or "")


def check_solution(call: Call) -> None:
    """The solution that components are to land in must be there. Raises ODataError."""
    name = call.request.headers.get("mscrm.solutionuniquename")
    solutions = call.environment.rows["solution"].values()
    if name and not any(row.get("uniquename") == name for row in solutions):
        raise ODataError("0x80040217", f"The solution with the unique name {name} does not exist.")


def _no_method(call: Call) -> ODataError:
    text = f"The requested resource does not support http method '{call.request.method}'."
    return ODataError("0x8006088b", text)


def _made(call: Call, key: str) -> Response:
    """The answer to a creation."""
    address = f"{call.base}/{'/'.join(call.request.segments[3:])}({key})"
    return Response(204, b"", {**ODATA, "odata-entityid": address, "location": address})


def _done() -> Response:
    return Response(204, b"", ODATA)


def _put_table(call: Call, table: Table) -> Response:
    """A table's definition anew: change tracking can be turned on. Raises ODataError."""
    if call.request.method != "PUT":
        raise _no_method(call)
    tracked = json_body(call).get("ChangeTrackingEnabled", table.tracked)
    if table.tracked and not tracked:
        raise invalid("Change tracking cannot be turned off once it is on.")
    call.environment.schema.put(replace(table, tracked=tracked is True))
    return _done()


def _post_column(call: Call, table: Table, _: str) -> Response:
    schema = call.environment.schema
    made = columns.column(schema, table.name, json_body(call))
    _check_free(table, made)
    for each in (made, *columns.companions(made)):
        schema.put_column(each)
    return _made(call, made.id)


def _check_free(table: Table, made: Column) -> None:
    if made.name in table.columns:
        text = f"An attribute with the specified name {made.name} already exists."
        raise ODataError("0x80047013", text)


def _put_column(call: Call, table: Table, key: str, cast: str = "") -> Response:
    """A column's definition anew; its type is told by the body, or by the `cast` of the address. Raises ODataError."""
    old = resources.find_column(table, key)
    definition = {**({"@odata.type": cast} if cast else {}), **json_body(call)}
    call.environment.schema.put_column(columns.changed(call.environment.schema, old, definition))
    return _done()


def _delete_column(call: Call, table: Table, key: str) -> Response:
    old = resources.find_column(table, key)
    if not old.custom:
        raise ODataError(
            "0x80040203", f"The attribute {old.name} cannot be deleted: it is a system attribute."
        )
    if old.type in REFERENCES or any(old.name in each.columns for each in table.keys):
        text = f"The Attribute({old.name}) component cannot be deleted because it is referenced by others."
        raise ODataError(REFERENCED, text)
    _drop(call, table, {old.name, *(each.name for each in columns.companions(old))})
    return _done()


def _drop(call: Call, table: Table, names: set[str]) -> None:
    """Take columns away, and their values from all rows, whose versions stay."""
    here = call.environment
    left = {name: column for name, column in table.columns.items() if name not in names}
    here.schema.put(replace(table, columns=left))
    here.rows[table.name] = {key: _without(row, names) for key, row in here.rows[table.name].items()}


def _without(row: Row, names: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _post_key(call: Call, table: Table, _: str) -> Response:
    body = json_body(call)
    schema_name = columns.schema_name_of(body)
    names = tuple(map(str, body.get("KeyAttributes") or ()))
    _check_key(table, schema_name.lower(), names)
    made = Key(
        name=schema_name.lower(),
        schema_name=schema_name,
        label=label_of(body, "DisplayName") or schema_name,
        columns=names,
        asked=call.environment.clock.now().isoformat(),
        failed=alternate_keys.has_duplicates(call.environment, table, names),
    )
    call.environment.schema.put(replace(table, keys=(*table.keys, made)))
    return _made(call, definitions.key_id(table, made))


def _check_key(table: Table, name: str, names: Sequence[str]) -> None:
    """Source: Define alternate keys, limits. Raises ODataError."""
    if any(each.name == name for each in table.keys):
        raise invalid(f"An entity key with the name {name} already exists on entity {table.name}.")
    if len(table.keys) >= MOST_KEYS:
        raise invalid(f"The entity {table.name} already has {MOST_KEYS} alternate keys.")
    if not 1 <= len(names) <= MOST_KEY_COLUMNS or len(set(names)) < len(names):
        raise invalid(f"An entity key has between 1 and {MOST_KEY_COLUMNS} different attributes.")
    for each in names:
        column = table.columns.get(each)
        if column is None or column.json_name is None or column.type not in KEYED_TYPES:
            raise invalid(f"The attribute {each} cannot be part of an entity key of {table.name}.")
    if any({*each.columns} == {*names} for each in table.keys):
        raise invalid("An entity key with these attributes already exists.")
    size = sum(BYTES.get(table.columns[each].type, 2 * (table.columns[each].length or 0)) for each in names)
    if size > MOST_KEY_BYTES:
        raise invalid(f"The entity key has {size} bytes; at most {MOST_KEY_BYTES} are allowed.")


def _delete_key(call: Call, table: Table, key: str) -> Response:
    gone = resources.find_key(table, key)
    left = tuple(each for each in table.keys if each.name != gone.name)
    call.environment.schema.put(replace(table, keys=left))
    return _done()


_BELOW: dict[tuple[str, str, bool], Callable[[Call, Table, str], Response]] = {
    ("POST", "Attributes", False): _post_column,
    ("PUT", "Attributes", True): _put_column,
    ("DELETE", "Attributes", True): _delete_column,
    ("POST", "Keys", False): _post_key,
    ("DELETE", "Keys", True): _delete_key,
}


def reactivate_key(call: Call) -> Response:
    """Build the index of a key anew. Source: ReactivateEntityKey Action."""
    body = json_body(call)
    table = resources.find_table(call, f"LogicalName='{body.get('EntityLogicalName')}'")
    old = resources.find_key(table, f"LogicalName='{body.get('EntityKeyLogicalName')}'")
    failed = alternate_keys.has_duplicates(call.environment, table, old.columns)
    new = replace(old, failed=failed, asked=call.environment.clock.now().isoformat())
    call.environment.schema.put(
        replace(table, keys=tuple(new if each is old else each for each in table.keys))
    )
    return _done()


def relationships(call: Call, key: str | None) -> Response:
    """Make a lookup by its relationship, or take it away. Raises ODataError."""
    check_solution(call)
    if call.request.method == "POST" and key is None:
        body = json_body(call)
        kind = str(body.get("@odata.type")).rpartition(".")[2]
        if kind == "ManyToManyRelationshipMetadata":
            return _made(call, definitions.relationship_id(many_to_many.create(call, body)))
        if kind != "OneToManyRelationshipMetadata":
            raise invalid(f"Cannot create a relationship of the type '{kind}'.")
        made = _lookup(call, columns.part(body, "Lookup"), [body])
        return _made(call, definitions.relationship_id(made.relationships[made.targets[0]]))
    if call.request.method != "DELETE" or key is None:
        raise _no_method(call)
    found = resources.find_relationship(call, key)
    if "IntersectEntityName" in found:
        many_to_many.delete(call, found["SchemaName"])
        return _done()
    table = call.environment.schema[found["ReferencingEntity"]]
    column = table.columns[found["ReferencingAttribute"]]
    if not column.custom:
        raise invalid(
            f"The relationship {found['SchemaName']} cannot be deleted: it is a system relationship."
        )
    if any(column.name in each.columns for each in table.keys):
        raise ODataError(REFERENCED, f"The Attribute({column.name}) component is referenced by a key.")
    _drop(call, table, {column.name, column.target_column})
    return _done()


def customer_relationships(call: Call) -> Response:
    """A lookup of accounts and contacts. Source: CreateCustomerRelationships Action."""
    check_solution(call)
    body = json_body(call)
    made = _lookup(call, columns.part(body, "Lookup"), columns.parts(body, "OneToManyRelationships"))
    if set(made.targets) != {*CUSTOMERS}:
        raise invalid("A customer lookup needs a relationship with account and one with contact.")
    return answer(200, {
        "@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.CreateCustomerRelationshipsResponse",
        "RelationshipIds": [definitions.relationship_id(name) for name in made.relationships.values()],
        "AttributeId": made.id,
    })  # fmt: skip


def _lookup(call: Call, lookup: Json, bodies: Sequence[Json]) -> Column:
    """Make the lookup of relationships that come from one table. Raises ODataError."""
    schema = call.environment.schema
    named = {str(each.get("ReferencedEntity")): columns.schema_name_of(each) for each in bodies}
    tables = {str(each.get("ReferencingEntity")) for each in bodies}
    for name in (*named, *tables):
        if schema.find(name) is None:
            raise resources.absent("entity", name)
    if len(tables) != 1:
        raise invalid("The relationships of a lookup come from one table.")
    for name in named.values():
        many_to_many.check_name(schema, name)
    made = columns.lookup(tables.pop(), lookup, tuple(named), named)
    _check_free(schema[made.table], made)
    schema.put_column(made)
    return made


def option_sets(call: Call, key: str | None) -> Response:
    """Make a global option set, or take one away. Raises ODataError."""
    check_solution(call)
    schema = call.environment.schema
    if call.request.method == "POST" and key is None:
        made = _option_set(json_body(call))
        if made.name in schema.option_sets:
            raise ODataError("0x80048403", f"An option set with the name {made.name} already exists.")
        schema.put_option_set(made)
        return _made(call, made.id)
    if call.request.method != "DELETE" or key is None:
        raise _no_method(call)
    gone = columns.option_set(schema, key)
    used = any(column.option_set == gone.name for table in schema for column in table.columns.values())
    if used or not gone.custom:
        raise ODataError(REFERENCED, f"The OptionSet({gone.name}) component cannot be deleted.")
    schema.remove_option_set(gone.name)
    return _done()


def _option_set(body: dict[str, Any]) -> OptionSet:
    name = body.get("Name")
    if not isinstance(name, str) or not re.fullmatch(columns.SCHEMA_NAME, name):
        raise invalid(f"The name '{name}' is not valid: it begins with a publisher's prefix and '_'.")
    if not str(body.get("@odata.type")).endswith("Microsoft.Dynamics.CRM.OptionSetMetadata"):
        raise invalid("Only global option sets of the type OptionSetMetadata can be made here.")
    label = label_of(body, "DisplayName") or name
    return OptionSet(name=name, label=label, options=columns.options_of(body))


def publish(call: Call, *, all_of_it: bool) -> Response:
    """Publish customizations, which are in force already. Source: PublishXml Action, PublishAllXml Action."""
    if not all_of_it and "<importexportxml" not in str(json_body(call).get("ParameterXml")):
        raise invalid("ParameterXml is not valid: an importexportxml element is expected.")
    return _done()
