"""Making many-to-many relationships and taking them away, with their intersect tables.

Source: Create and update table relationships using the Web API; ManyToManyRelationshipMetadata.
"""

from __future__ import annotations

from dataclasses import replace

from crosswalk_sandbox.dynamics.answers import Call
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.metadata import definitions, resources
from crosswalk_sandbox.dynamics.metadata.columns import Json, invalid, schema_name_of
from crosswalk_sandbox.dynamics.metadata.tables import next_code
from crosswalk_sandbox.dynamics.relationships import Tie
from crosswalk_sandbox.dynamics.schema import Column, Schema, Table


def create(call: Call, definition: Json) -> str:
    """Make a relationship; its schema name. Raises ODataError."""
    schema = call.environment.schema
    tie = _tie(schema, definition)
    check_name(schema, tie.name)
    for each in {tie.first, tie.second}:
        _check_free(schema, schema[each], tie)
    if schema.find(tie.table) is not None:
        raise ODataError("0x80047013", f"An entity with the specified name {tie.table} already exists.")
    schema.put(_intersect(schema, tie, str(definition.get("IntersectEntityName") or tie.name)))
    call.environment.rows[tie.table] = {}
    schema.ties.put(tie)
    return tie.name


def delete(call: Call, name: str) -> None:
    """Take a relationship of the environment's own away, with its ties. Raises ODataError."""
    here = call.environment
    tie = next(each for each in here.schema.ties if each.name == name)
    if not tie.custom:
        raise invalid(f"The relationship {name} cannot be deleted: it is a system relationship.")
    here.schema.ties.remove(name)
    here.schema.remove(tie.table)
    del here.rows[tie.table]
    here.forget_indexes()


def check_name(schema: Schema, name: str) -> None:
    """A schema name belongs to one relationship. Raises ODataError."""
    taken = {each["SchemaName"].lower() for each in definitions.relationships(schema)}
    if name.lower() in taken | {tie.name.lower() for tie in schema.ties}:
        raise ODataError("0x80047007", f"An entity relationship with the name {name} already exists.")


def _tie(schema: Schema, definition: Json) -> Tie:
    name = schema_name_of(definition)
    first, second = (_table(schema, definition, f"Entity{number}LogicalName") for number in (1, 2))
    one = str(definition.get("Entity1NavigationPropertyName") or name)
    two = str(definition.get("Entity2NavigationPropertyName") or name)
    if first == second and one == two:
        two = f"{two}_referenced"
    table = str(definition.get("IntersectEntityName") or name).lower()
    return Tie(
        name=name, table=table, first=first, second=second, first_navigation=one, second_navigation=two
    )


def _table(schema: Schema, definition: Json, name: str) -> str:
    """A table that can take part. Raises ODataError."""
    found = schema.find(str(definition.get(name)))
    if found is None:
        raise resources.absent("entity", str(definition.get(name)))
    if found.intersect:
        raise invalid(f"The entity {found.name} cannot take part in a many-to-many relationship.")
    return found.name


def _check_free(schema: Schema, table: Table, tie: Tie) -> None:
    """Navigation properties are new to their tables. Raises ODataError."""
    taken = {*table.navigations, *table.properties, *schema.collections(table.name)}
    taken |= {end.navigation for end in schema.ties.of_table(table.name)}
    for end in tie.ends:
        if end.table == table.name and end.navigation in taken:
            raise invalid(f"The navigation property {end.navigation} already exists on {table.name}.")


def _intersect(schema: Schema, tie: Tie, schema_name: str) -> Table:
    """The table whose rows are the ties."""
    like = schema["systemuserroles"]
    key = f"{tie.table}id"
    names = {like.key: key, "systemuserid": tie.columns[0], "roleid": tie.columns[1]}
    found = [_column(column, tie.table, names.get(name, name)) for name, column in like.columns.items()]
    return Table(
        name=tie.table,
        schema_name=schema_name,
        set_name=f"{tie.table}set",
        label=schema_name,
        plural=schema_name,
        code=next_code(schema),
        key=key,
        title=key,
        tracked=False,
        columns={column.name: column for column in found},
        custom=True,
        intersect=True,
    )


def _column(like: Column, table: str, name: str) -> Column:
    return replace(like, table=table, name=name, schema_name=name, label=name)
