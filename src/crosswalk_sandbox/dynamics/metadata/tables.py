"""Making tables and taking them away.

Source: Create and update table definitions using the Web API; CreateEntities Action; the body that Microsoft's Python
client sends to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.metadata import columns
from crosswalk_sandbox.dynamics.metadata.columns import Json, invalid, label_of, schema_name_of
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.schema import Column, Schema, Table
from crosswalk_sandbox.dynamics.security import rights, roles
from crosswalk_sandbox.http import Response

REFERENCED = "0x8004f01f"
FIRST_CODE = 10_000
OWNERSHIP = ("UserOwned", "OrganizationOwned")
# what every table has, like accounts
STAMPS = (
    "createdby", "createdon", "createdonbehalfby", "modifiedby", "modifiedon", "modifiedonbehalfby", "versionnumber",
    "overriddencreatedon", "statecode", "statuscode",
)  # fmt: skip
OWNER = ("ownerid", "owningbusinessunit", "owningteam", "owninguser")


def create(call: Call) -> Response:
    """`POST EntityDefinitions`. Raises ODataError."""
    made = _made(call, json_body(call))
    address = f"{call.base}/EntityDefinitions({made.id})"
    return Response(204, b"", {**ODATA, "odata-entityid": address, "location": address})


def create_many(call: Call) -> Response:
    """CreateEntities: all of them or none. Raises ODataError."""
    rights.require_named(call.environment, "prvCreateEntity")
    name = call.request.param("SolutionUniqueName")
    solutions = call.environment.rows["solution"].values()
    if name and not any(row.get("uniquename") == name for row in solutions):
        raise ODataError("0x80040217", f"The solution with the unique name {name} does not exist.")
    made = [_made(call, each) for each in columns.parts(json_body(call), "Entities")]
    if not made:
        raise invalid("Entities has no table.")
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.CreateEntitiesResponse"
    return answer(200, {"@odata.context": context, "EntityIds": [table.id for table in made]})


def delete(call: Call, table: Table) -> Response:
    """Take an own table away with its rows, unless a lookup of another table leads there. Raises ODataError."""
    here = call.environment
    if not table.custom:
        raise invalid(f"The entity {table.name} cannot be deleted: it is a system entity.")
    others = (each for each in here.schema if each.name != table.name)
    if any(table.name in column.targets for other in others for column in other.columns.values()):
        text = f"The Entity({table.name}) component cannot be deleted because it is referenced by others."
        raise ODataError(REFERENCED, text)
    roles.remove_table(here, table)
    for tie in {end.tie for end in here.schema.ties.of_table(table.name)}:
        here.schema.ties.remove(tie.name)
        _drop(here, tie.table)
    _drop(here, table.name)
    return Response(204, b"", ODATA)


def _drop(environment: Environment, name: str) -> None:
    environment.schema.remove(name)
    del environment.rows[name]
    environment.forget_indexes()


def _made(call: Call, definition: Json) -> Table:
    """Make the table that a definition asks for. Raises ODataError."""
    here = call.environment
    table = _table(here.schema, definition)
    if here.schema.find(table.name) is not None:
        raise ODataError("0x80047013", f"An entity with the specified name {table.name} already exists.")
    here.schema.put(table)
    here.rows[table.name] = {}
    roles.add_table(here, table)
    return table


def _table(schema: Schema, definition: Json) -> Table:
    schema_name = schema_name_of(definition)
    name = schema_name.lower()
    if definition.get("OwnershipType", OWNERSHIP[0]) not in OWNERSHIP:
        raise invalid(f"The ownership '{definition.get('OwnershipType')}' is not valid.")
    given = [(each, columns.column(schema, name, each)) for each in columns.parts(definition, "Attributes")]
    titles = [column.name for each, column in given if each.get("IsPrimaryName") is True]
    if len(titles) != 1:
        raise invalid(f"The entity {name} needs one attribute with IsPrimaryName.")
    owned = definition.get("OwnershipType", OWNERSHIP[0]) == OWNERSHIP[0]
    own = [each for _, column in given for each in (column, *columns.companions(column))]
    found = [*_usual(schema, name, schema_name, owned=owned), *own]
    label = label_of(definition, "DisplayName") or schema_name
    return Table(
        name=name,
        schema_name=schema_name,
        set_name=_plural(name),
        label=label,
        plural=label_of(definition, "DisplayCollectionName") or _plural(label),
        code=next_code(schema),
        key=f"{name}id",
        title=titles[0],
        tracked=definition.get("ChangeTrackingEnabled") is True,
        columns={column.name: column for column in found},
        custom=True,
    )


def next_code(schema: Schema) -> int:
    """An object type code that no table has."""
    return max([FIRST_CODE, *(each.code for each in schema)]) + 1


def _usual(schema: Schema, name: str, schema_name: str, *, owned: bool) -> list[Column]:
    """The columns that a table has by itself."""
    like = schema["account"].columns
    facts: dict[str, Any] = {"table": name, "custom": False}
    key = replace(
        like["accountid"], name=f"{name}id", schema_name=f"{schema_name}Id", label=schema_name, **facts
    )
    names = (*STAMPS, *(OWNER if owned else ()))
    return [key, *(replace(like[each], **facts) for each in names if each in like)]


def _plural(word: str) -> str:
    """As the vendor names sets: read it from the definition, it follows English only roughly."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
