"""The metadata's resources: EntityDefinitions and what lies below, and how queries choose from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError, missing_property, missing_segment
from crosswalk_sandbox.dynamics.metadata import definitions
from crosswalk_sandbox.dynamics.metadata.columns import option_set
from crosswalk_sandbox.dynamics.metadata.definitions import Json
from crosswalk_sandbox.dynamics.query import conditions, parser
from crosswalk_sandbox.dynamics.query.syntax import Expansion, Path
from crosswalk_sandbox.dynamics.schema import CHOICES, MULTIPLE, Column, Key, Table
from crosswalk_sandbox.dynamics.security import ties
from crosswalk_sandbox.http import Response

Parts = Sequence[tuple[str, str | None]]
ANY_NAME = re.compile(r"(LogicalName|SchemaName)='([^']*)'")
NAME_KEY = re.compile(r"LogicalName='([^']*)'")
CAST = "Microsoft.Dynamics.CRM."
DERIVED = frozenset({
    "Options", "ReferencedEntity", "ReferencedAttribute", "ReferencedEntityNavigationPropertyName",
    "ReferencingEntity", "ReferencingAttribute", "ReferencingEntityNavigationPropertyName",
    "IntersectEntityName", "Entity1LogicalName", "Entity1IntersectAttribute", "Entity1NavigationPropertyName",
    "Entity2LogicalName", "Entity2IntersectAttribute", "Entity2NavigationPropertyName",
})  # fmt: skip
CASTS = frozenset(
    f"{CAST}{name}"
    for name in ("OptionSetMetadata", "OneToManyRelationshipMetadata", "ManyToManyRelationshipMetadata")
)
OPTIONS = frozenset({"$select", "$filter", "$expand", "api-version"})
ALWAYS = ("@odata.type", "MetadataId")
NO_ROW = "00000000-0000-0000-0000-000000000000"
KINDS = {bool: "boolean", int: "number", str: "string"}


def entities(call: Call, key: str | None) -> Response:
    """`GET EntityDefinitions`, all or one. Raises ODataError."""
    if key is not None:
        table = find_table(call, key)
        return _one(call, "EntityDefinitions", _expanded_entity(call, table))
    rows = [_expanded_entity(call, table) for table in call.environment.schema]
    return _many(call, "EntityDefinitions", "EntityMetadata", rows)


def below(call: Call, key: str, parts: Sequence[tuple[str, str | None]]) -> Response:
    """What lies below one entity definition. Raises ODataError."""
    table = find_table(call, key)
    name, inner = parts[0]
    if name == "Attributes":
        return _attributes(call, table, inner, parts[1:])
    if name not in COLLECTIONS and inner is None:
        return _property(call, f"EntityDefinitions('{table.name}')", definitions.entity(table), parts)
    collection = COLLECTIONS.get(name)
    if collection is None or len(parts) > 1 or (inner is not None and name not in _BY_KEY):
        raise missing_segment(name)
    context = f"EntityDefinitions('{table.name}')/{name}"
    rows = list(collection(call, table))
    return _many(call, context, name, rows) if inner is None else _one(call, context, _named(rows, inner))


def relationships(call: Call, key: str | None, cast: str | None = None) -> Response:
    """`GET RelationshipDefinitions`, all or one; all show more when cast to their type. Raises ODataError."""
    if key is not None:
        return _one(call, "RelationshipDefinitions", find_relationship(call, key))
    rows = _all_relationships(call)
    if cast is not None:
        rows = [row for row in rows if row["@odata.type"] == f"#{cast}"]
    return _cast(call, "RelationshipDefinitions", rows, "RelationshipMetadataBase", cast)


def option_sets(call: Call, key: str | None, cast: str | None = None) -> Response:
    """`GET GlobalOptionSetDefinitions`, all or one; all show options when cast to their type. Raises ODataError."""
    context = "GlobalOptionSetDefinitions"
    schema = call.environment.schema
    if key is not None:
        return _one(call, context, definitions.global_option_set(option_set(schema, key)))
    rows = [definitions.global_option_set(each) for each in schema.option_sets.values()]
    return _cast(call, context, rows, "OptionSetMetadataBase", cast)


def _cast(call: Call, context: str, rows: list[Json], base: str, cast: str | None) -> Response:
    """All rows; what only derived types have is chosen and filtered through a cast. Raises ODataError."""
    if cast is not None and cast not in CASTS:
        raise missing_segment(cast)
    if cast is None:
        named = re.findall(r"\w+", f"{call.request.param('$select')} {call.request.param('$filter')}")
        if found := next((name for name in named if name in DERIVED), None):
            raise missing_property(found, base)
    return _many(call, f"{context}/{cast}" if cast else context, (cast or base).removeprefix(CAST), rows)


def find_relationship(call: Call, key: str) -> Json:
    """The relationship of a key. Raises ODataError."""
    return _named(_all_relationships(call), key)


def _all_relationships(call: Call) -> list[Json]:
    schema = call.environment.schema
    return [*definitions.relationships(schema), *ties.metadata(schema)]


def find_key(table: Table, key: str) -> Key:
    """The alternate key of a key. Raises ODataError."""
    named = NAME_KEY.fullmatch(key)
    for each in table.keys:
        if (named and each.name == named[1]) or definitions.key_id(table, each) == ids.canonical(key):
            return each
    raise absent("entitykey", named[1] if named else "", NO_ROW if named else key)


def find_column(table: Table, key: str) -> Column:
    """The column of a key. Raises ODataError."""
    named = NAME_KEY.fullmatch(key)
    for column in table.columns.values():
        if (named and column.name == named[1]) or column.id == ids.canonical(key):
            return column
    raise absent("attribute", named[1] if named else "", NO_ROW if named else key)


def _named(rows: Sequence[Json], key: str) -> Json:
    """The definition of a key: `LogicalName='x'`, `SchemaName='x'` or a GUID. Raises ODataError."""
    named = ANY_NAME.fullmatch(key)
    for row in rows:
        if (named and row.get(named[1]) == named[2]) or row["MetadataId"] == ids.canonical(key):
            return row
    raise absent("component", named[2] if named else "", NO_ROW if named else key)


def find_table(call: Call, key: str) -> Table:
    """The table of a key. Raises ODataError."""
    named = NAME_KEY.fullmatch(key)
    for table in call.environment.schema:
        if (named and table.name == named[1]) or table.id == ids.canonical(key):
            return table
    name, row = (named[1], NO_ROW) if named else ("", key)
    raise absent("entity", name, row)


def absent(kind: str, name: str, row: str = NO_ROW) -> ODataError:
    """No such piece of metadata."""
    text = f"Could not find an {kind} with specified name {name} and Id {row}."
    return ODataError("0x8004024a", text)


def _expanded_entity(call: Call, table: Table) -> Json:
    return {
        **definitions.entity(table),
        "Attributes": [_common(call, table, *each) for each in enumerate(table.columns.values(), 1)],
        "Keys": list(definitions.keys(call.environment, table)),
        "ManyToOneRelationships": list(definitions.many_to_one(call.environment.schema, table)),
        "OneToManyRelationships": list(definitions.one_to_many(call.environment.schema, table)),
        "ManyToManyRelationships": list(ties.metadata(call.environment.schema, table.name)),
    }


def _attributes(
    call: Call, table: Table, key: str | None, rest: Sequence[tuple[str, str | None]]
) -> Response:
    """`.../Attributes`, one or all, cast to a derived type or not; of one also a property. Raises ODataError."""
    cast = rest[0][0].removeprefix(CAST) if rest and _is_cast(rest[0][0]) else None
    below = rest[1:] if cast else rest
    if below and key is None:
        raise missing_segment(below[0][0])
    columns = [(n, each) for n, each in enumerate(table.columns.values(), 1) if _is_of(each, cast)]
    context = f"EntityDefinitions('{table.name}')/Attributes" + (f"/{CAST}{cast}" if cast else "")
    if key is None:
        rows = [_attribute(call, table, *each, cast) for each in columns]
        return _many(call, context, cast or "AttributeMetadata", rows)
    wanted = find_column(table, key)
    for number, column in columns:
        if column is wanted:
            row = _attribute(call, table, number, column, cast)
            return _property(call, context, row, below) if below else _one(call, context, row)
    raise absent("attribute", wanted.name)


def _property(call: Call, context: str, row: Json, parts: Parts) -> Response:
    """A property of a definition, or one within it; `/$value` is its text. Raises ODataError."""
    found: Any = row
    for name, key in parts:
        if name == "$value" and not isinstance(found, dict | list):
            text = str(found).lower() if isinstance(found, bool) else str(found)
            return Response(200, text.encode(), {"content-type": "text/plain", **ODATA})
        if not isinstance(found, dict) or name not in found or key is not None:
            raise missing_segment(name)
        found = found[name]
    if isinstance(found, dict) and "MetadataId" in found:
        return _one(call, f"{context}/{parts[-1][0]}", found)
    shown = {"@odata.context": f"{call.base}/$metadata#{context}/{parts[-1][0]}"}
    return answer(200, shown | (found if isinstance(found, dict) else {"value": found}))


def _is_cast(segment: str) -> bool:
    return segment.startswith(CAST) and segment.endswith("AttributeMetadata") and "Enum" not in segment


def _is_of(column: Column, cast: str | None) -> bool:
    return cast in (None, "AttributeMetadata") or definitions.cast_name(column) == cast


def _attribute(call: Call, table: Table, number: int, column: Column, cast: str | None) -> Json:
    """An attribute; what its type has besides shows only through the cast to it, or alone."""
    if cast is None:
        return _common(call, table, number, column)
    row = whole_attribute(call, table, number, column)
    del row["@odata.type"]
    return row


def _common(call: Call, table: Table, number: int, column: Column) -> Json:
    """What all attributes have in common; the environment's rules say which are under column security or required."""
    rules, path = call.environment.rules, f"{table.name}.{column.name}"
    shown = definitions.attribute(table, number, column) | {
        "IsSecured": column.secured or path in rules.secured
    }
    if level := rules.levels.get(path):
        shown["RequiredLevel"] = definitions.managed(level, "canmodifyrequirementlevelsettings")
    return shown


def whole_attribute(call: Call, table: Table, number: int, column: Column) -> Json:
    """An attribute with what its type has besides."""
    row = _common(call, table, number, column) | definitions.typed(column)
    if column.type in CHOICES or column.type in ("Boolean", MULTIPLE):
        shared = call.environment.schema.option_sets.get(column.option_set)
        whole = definitions.global_option_set(shared) if shared else None
        row |= {"OptionSet": whole or definitions.option_set(column), "GlobalOptionSet": whole}
    return row


COLLECTIONS: dict[str, Callable[[Call, Table], Iterable[Json]]] = {
    "Keys": lambda call, table: definitions.keys(call.environment, table),
    "ManyToOneRelationships": lambda call, table: definitions.many_to_one(call.environment.schema, table),
    "OneToManyRelationships": lambda call, table: definitions.one_to_many(call.environment.schema, table),
    "ManyToManyRelationships": lambda call, table: ties.metadata(call.environment.schema, table.name),
}
_BY_KEY = frozenset({"Keys", "ManyToOneRelationships", "OneToManyRelationships", "ManyToManyRelationships"})
NAVIGATIONS = frozenset({*COLLECTIONS, "Attributes", "OptionSet", "GlobalOptionSet"})


def _one(call: Call, context: str, row: Json) -> Response:
    _check_options(call)
    select, expand = _chosen(call)
    shown = _shown(row, select, expand, "MetadataBase")
    return answer(200, {"@odata.context": f"{call.base}/$metadata#{context}/$entity", **shown})


def _many(call: Call, context: str, type_: str, rows: list[Json]) -> Response:
    """All rows that the query asks for; metadata is never paged."""
    _check_options(call)
    select, expand = _chosen(call)
    if text := call.option("$filter"):
        test = conditions.test(parser.parse_filter(text), _Resolver(rows, type_))
        rows = [row for row in rows if test(row)]
    shown = [_shown(row, select, expand, type_) for row in rows]
    return answer(200, {"@odata.context": f"{call.base}/$metadata#{context}", "value": shown})


def _check_options(call: Call) -> None:
    for name, _ in call.request.query:
        if name.startswith("$") and name not in OPTIONS:
            raise ODataError("0x80060888", f"The query parameter {name} is not supported.")


def _chosen(call: Call) -> tuple[tuple[str, ...], tuple[Expansion, ...]]:
    select, expand = call.request.param("$select"), call.request.param("$expand")
    return (
        parser.parse_select(select) if select else (),
        parser.parse_expand(expand) if expand else (),
    )


def _shown(row: Json, select: Sequence[str], expand: Sequence[Expansion], type_: str) -> Json:
    """The chosen properties, and what is expanded; MetadataId always. Raises ODataError."""
    if unknown := [name for name in select if name != "*" and name not in row]:
        raise missing_property(unknown[0], type_)
    wanted = {*select, *ALWAYS} if select and "*" not in select else row.keys() - NAVIGATIONS
    shown = {name: value for name, value in row.items() if name in wanted}
    for each in expand:
        if each.name not in row or each.name not in NAVIGATIONS:
            raise missing_property(each.name, type_)
        shown[each.name] = _expansion(row[each.name], each)
    return shown


def _expansion(value: Any, each: Expansion) -> Any:
    if isinstance(value, list):
        return [_shown(row, each.select, each.expand, each.name) for row in value]
    return _shown(value, each.select, each.expand, each.name) if value is not None else None


class _Resolver(conditions.Resolver):
    """Properties of definitions, also those of objects within them."""

    def __init__(self, rows: Sequence[Json], type_: str) -> None:
        self._rows = rows
        self._type = type_

    def __call__(self, path: Path) -> conditions.Property:
        """The property, whose kind is that of the values that occur. Raises ODataError."""

        def get(row: Any) -> Any:
            for name in path.names:
                row = row.get(name) if isinstance(row, dict) else None
            return row

        if self._rows and not any(path.names[0] in row for row in self._rows):
            raise missing_property(path.names[0], self._type)
        sample = next((value for row in self._rows if (value := get(row)) is not None), "")
        kind = "enum" if path.names == ("AttributeType",) else KINDS.get(type(sample), "string")
        return conditions.Property(kind, get)
