"""Options of choices: added, renamed, taken away. Source: InsertOptionValue, UpdateOptionValue, DeleteOptionValue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.custom import FIRST_OPTION
from crosswalk_sandbox.dynamics.metadata import columns, resources
from crosswalk_sandbox.dynamics.metadata.changing import check_solution
from crosswalk_sandbox.dynamics.metadata.columns import invalid, label_of
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column, OptionSet, Schema
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response


@dataclass(frozen=True, kw_only=True)
class _Options:
    """The options of one column, or of a global option set and all columns that take theirs from it."""

    schema: Schema
    shared: OptionSet | None
    columns: tuple[Column, ...]

    @property
    def now(self) -> Mapping[int, str]:
        """Number to label."""
        return self.shared.options if self.shared else self.columns[0].options

    def put(self, options: Mapping[int, str]) -> None:
        if self.shared:
            self.schema.put_option_set(replace(self.shared, options=options))
        for column in self.columns:
            self.schema.put_column(replace(column, options=options))


def insert(call: Call) -> Response:
    """One option more; without a number it gets the next one. Raises ODataError."""
    body, options = _read(call)
    value = body.get("Value")
    value = max([FIRST_OPTION - 1, *options.now]) + 1 if value is None else _number(value)
    if value in options.now:
        raise invalid(f"An option with the value {value} already exists.")
    options.put({**options.now, value: _label(body)})
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.InsertOptionValueResponse"
    return answer(200, {"@odata.context": context, "NewOptionValue": value})


def update(call: Call) -> Response:
    """Another label. Raises ODataError."""
    body, options = _read(call)
    options.put({**options.now, _known(body, options.now): _label(body)})
    return Response(204, b"", ODATA)


def delete(call: Call) -> Response:
    """One option less; rows keep its number. Raises ODataError."""
    body, options = _read(call)
    gone = _known(body, options.now)
    options.put({value: label for value, label in options.now.items() if value != gone})
    return Response(204, b"", ODATA)


def _read(call: Call) -> tuple[dict[str, Any], _Options]:
    """The body, and the options that it is about. Raises ODataError."""
    check_solution(call)
    body, schema = json_body(call), call.environment.schema
    if name := body.get("OptionSetName"):
        rights.require_named(call.environment, "prvWriteOptionSet")
        shared = columns.option_set(schema, f"Name='{name}'")
        return body, _Options(schema=schema, shared=shared, columns=tuple(_users(schema, shared)))
    rights.require_named(call.environment, "prvWriteAttribute")
    table = resources.find_table(call, f"LogicalName='{body.get('EntityLogicalName')}'")
    column = resources.find_column(table, f"LogicalName='{body.get('AttributeLogicalName')}'")
    if column.type not in ("Picklist", MULTIPLE):
        raise invalid(f"The attribute {column.name} has no options that can be changed.")
    if column.option_set:
        raise invalid(f"The options of {column.name} are those of the option set {column.option_set}.")
    return body, _Options(schema=schema, shared=None, columns=(column,))


def _users(schema: Schema, shared: OptionSet) -> Iterable[Column]:
    return (
        column for table in schema for column in table.columns.values() if column.option_set == shared.name
    )


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"The option value {value} is not valid.")
    return value


def _known(body: Mapping[str, Any], options: Mapping[int, str]) -> int:
    value = _number(body.get("Value"))
    if value not in options:
        raise invalid(f"There is no option with the value {value}.")
    return value


def _label(body: Mapping[str, Any]) -> str:
    if not (text := label_of(body, "Label")):
        raise invalid("An option needs a label.")
    return text
