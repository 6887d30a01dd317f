"""Columns as their definitions ask for them. Source: Create and update column definitions using the Web API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics.custom import FIRST_OPTION
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.ids import canonical
from crosswalk_sandbox.dynamics.labels import ENGLISH
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column, OptionSet, Schema

Json = Mapping[str, Any]
Facts = dict[str, Any]
SCHEMA_NAME = re.compile(r"(?!mscrm)[A-Za-z][A-Za-z0-9]{1,7}_[A-Za-z]\w*", re.ASCII | re.IGNORECASE)
TYPE = re.compile(
    r"#?Microsoft\.Dynamics\.CRM\.(?:Complex)?(\w+)AttributeMetadata"
)  # Complex: in CreateEntities
# by type: what the name ends with, the type, and the length of text
COMPANIONS: Mapping[str, tuple[tuple[str, str, int | None], ...]] = {
    "File": (("_name", "String", 200),),
    "Image": (("id", "Uniqueidentifier", None), ("_url", "String", 200), ("_timestamp", "BigInt", None)),
}
LEVELS = frozenset({"None", "Recommended", "ApplicationRequired"})
TEXT_FORMATS = frozenset({"Text", "Email", "Phone", "Url", "TextArea", "TickerSymbol"})
BEHAVIOURS = frozenset({"UserLocal", "DateOnly", "TimeZoneIndependent"})
MOST_INTEGER = 2_147_483_647
MOST_NUMBER = 100_000_000_000
MOST_MONEY = 922_337_203_685_477


def invalid(text: str) -> ODataError:
    """A definition that cannot be."""
    return ODataError("0x80040203", text)


def part(definition: Json, name: str) -> Json:
    """The object that a definition has by that name; an empty one without it. Raises ODataError."""
    found = definition.get(name)
    if found is not None and not isinstance(found, dict):
        raise ODataError(PAYLOAD, f"Error identified in Payload provided by the user: {name} is no object.")
    return found or {}


def parts(definition: Json, name: str) -> list[Json]:
    """The objects that a definition has by that name. Raises ODataError."""
    found = definition.get(name)
    if found is not None and not (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
        raise ODataError(
            PAYLOAD, f"Error identified in Payload provided by the user: {name} is no collection."
        )
    return found or []


def label_of(definition: Json, name: str) -> str:
    """The text of a label in the one language that there is; empty without one. Raises ODataError."""
    for each in parts(part(definition, name), "LocalizedLabels"):
        if each.get("LanguageCode") != ENGLISH:
            text = (
                f"The specified language code is not valid for this organization: {each.get('LanguageCode')}"
            )
            raise ODataError("0x80044243", text)
        return str(each.get("Label") or "")
    return ""


def schema_name_of(definition: Json) -> str:
    """The schema name, which has a prefix. Raises ODataError."""
    name = definition.get("SchemaName")
    if not isinstance(name, str) or not SCHEMA_NAME.fullmatch(name):
        raise invalid(f"The schema name '{name}' is not valid: it begins with a publisher's prefix and '_'.")
    return name


def column(schema: Schema, table: str, definition: Json) -> Column:
    """The column that a definition asks for. Raises ODataError."""
    found = TYPE.fullmatch(str(definition.get("@odata.type")))
    if found is None or found[1] not in MAKERS:
        text = f"Cannot create an attribute of the type '{definition.get('@odata.type')}'."
        raise ODataError(PAYLOAD, text)
    schema_name = schema_name_of(definition)
    facts: Facts = {"length": None, "precision": None, "options": {}, "creatable": True, "updatable": True}
    facts |= {"secured": definition.get("IsSecured") is True, **MAKERS[found[1]](schema, definition)}
    return Column(
        table=table,
        name=schema_name.lower(),
        schema_name=schema_name,
        label=label_of(definition, "DisplayName") or schema_name,
        description=label_of(definition, "Description"),
        type=found[1],
        required=_required(definition),
        targets=(),
        part_of=None,
        custom=True,
        **facts,
    )


def companions(made: Column) -> list[Column]:
    """The columns that come and go with another: nobody writes them."""
    if made.type == "Money":
        return [base_of(made)]
    named = COMPANIONS.get(made.type, ())
    return [_companion(made, ending, type_, length) for ending, type_, length in named]


def _companion(made: Column, ending: str, type_: str, length: int | None) -> Column:
    return replace(
        made,
        name=made.name + ending,
        schema_name=made.schema_name + ending,
        label=made.label,
        type=type_,
        length=length,
        required="None",
        creatable=False,
        updatable=False,
        max_kilobytes=None,
        secured=False,
    )


def base_of(money: Column) -> Column:
    """The column with an amount in the base currency."""
    return replace(
        money,
        name=f"{money.name}_base",
        schema_name=f"{money.schema_name}_Base",
        label=f"{money.label} (Base)",
        required="None",
        creatable=False,
        updatable=False,
        secured=False,
    )


def lookup(table: str, definition: Json, targets: Sequence[str], relationships: Mapping[str, str]) -> Column:
    """The lookup of a relationship, or the customer lookup of two. Raises ODataError."""
    schema_name = schema_name_of(definition)
    return Column(
        table=table,
        name=schema_name.lower(),
        schema_name=schema_name,
        label=label_of(definition, "DisplayName") or schema_name,
        description=label_of(definition, "Description"),
        type="Customer" if len(targets) > 1 else "Lookup",
        length=None,
        required=_required(definition),
        creatable=True,
        updatable=True,
        precision=None,
        targets=tuple(targets),
        part_of=None,
        options={},
        custom=True,
        relationships=relationships,
    )


def changed(schema: Schema, old: Column, definition: Json) -> Column:
    """The column as a complete definition puts it; name, type and options stay. Raises ODataError."""
    found = TYPE.fullmatch(str(definition.get("@odata.type")))
    kind = "Lookup" if old.type in ("Customer", "Owner") else old.type
    if found is None or found[1] != kind:
        raise ODataError(PAYLOAD, f"The type of the attribute '{old.name}' cannot be changed.")
    facts: Facts = (
        {} if kind in ("Lookup", *_CHOICES) or kind not in MAKERS else MAKERS[kind](schema, definition)
    )
    label = label_of(definition, "DisplayName") or old.label
    required = old.required if old.required == "SystemRequired" else _required(definition)
    description = label_of(definition, "Description") if "Description" in definition else old.description
    facts["secured"] = definition.get("IsSecured", old.secured) is True
    return replace(old, label=label, description=description, required=required, **facts)


def options_of(definition: Json) -> dict[int, str]:
    """The options of an option set; those without a value get the next ones. Raises ODataError."""
    options: dict[int, str] = {}
    for each in parts(definition, "Options"):
        value = each.get("Value")
        value = max([FIRST_OPTION - 1, *options]) + 1 if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or value in options:
            raise invalid(f"The option value {value} is not valid or is there twice.")
        options[value] = label_of(each, "Label")
    return options


def option_set(schema: Schema, key: str) -> OptionSet:
    """The global option set of a key: `Name='x'` or a GUID. Raises ODataError."""
    named = re.fullmatch(r"Name='([^']*)'", key)
    for each in schema.option_sets.values():
        if (named and each.name == named[1]) or each.id == canonical(key):
            return each
    raise ODataError("0x8004024a", f"Could not find an optionset with the specified key {key}.")


def _required(definition: Json) -> str:
    level = part(definition, "RequiredLevel").get("Value", "None")
    if level not in LEVELS:
        raise invalid(f"The required level '{level}' is not valid for a custom attribute.")
    return str(level)


def _within(definition: Json, name: str, least: int, most: int, otherwise: int) -> int:
    value = definition.get(name)
    value = otherwise if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise invalid(f"The value {value} of {name} is not valid: it must be between {least} and {most}.")
    return value


def _bounds(definition: Json, most: int, least: int | None = None) -> Facts:
    """The least and the greatest value."""
    found = []
    for name, otherwise in (("MinValue", -most if least is None else least), ("MaxValue", most)):
        value = definition.get(name)
        value = otherwise if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise invalid(f"The value {value} of {name} is not valid.")
        found.append(Decimal(value))
    if not -most - 1 <= found[0] <= found[1] <= most:
        raise invalid(f"MinValue {found[0]} and MaxValue {found[1]} are not valid.")
    return {"minimum": found[0], "maximum": found[1]}


def _string(_: Schema, definition: Json) -> Facts:
    format_ = part(definition, "FormatName").get("Value") or definition.get("Format") or "Text"
    if format_ not in TEXT_FORMATS:
        raise invalid(f"The format '{format_}' is not valid for a string attribute.")
    return {"length": _within(definition, "MaxLength", 1, 4000, 100), "format": format_}


def _memo(_: Schema, definition: Json) -> Facts:
    return {"length": _within(definition, "MaxLength", 1, 1_048_576, 2000), "format": "TextArea"}


def _integer(_: Schema, definition: Json) -> Facts:
    return _bounds(definition, MOST_INTEGER, -MOST_INTEGER - 1)


def _decimal(_: Schema, definition: Json) -> Facts:
    return {**_bounds(definition, MOST_NUMBER), "precision": _within(definition, "Precision", 0, 10, 2)}


def _double(_: Schema, definition: Json) -> Facts:
    return {**_bounds(definition, MOST_NUMBER), "precision": _within(definition, "Precision", 0, 5, 2)}


def _money(_: Schema, definition: Json) -> Facts:
    source = _within(definition, "PrecisionSource", 0, 2, 2)
    precision = _within(definition, "Precision", 0, 4, 2)
    return {**_bounds(definition, MOST_MONEY), "precision": precision, "precision_source": source}


def _datetime(_: Schema, definition: Json) -> Facts:
    behaviour = part(definition, "DateTimeBehavior").get("Value", "UserLocal")
    format_ = definition.get("Format") or "DateOnly"
    if behaviour not in BEHAVIOURS or format_ not in ("DateOnly", "DateAndTime"):
        raise invalid(f"The format '{format_}' with the behavior '{behaviour}' is not valid.")
    if behaviour == "DateOnly" and format_ != "DateOnly":
        raise invalid("An attribute whose behavior is DateOnly needs the format DateOnly.")
    return {"behaviour": behaviour, "format": format_}


def _file(_: Schema, definition: Json) -> Facts:
    size = _within(definition, "MaxSizeInKB", 1, 10_485_760, 32_768)
    return {"max_kilobytes": size, "creatable": False, "updatable": False}


def _image(_: Schema, definition: Json) -> Facts:
    return {"max_kilobytes": _within(definition, "MaxSizeInKB", 1, 30_720, 10_240)}


def _boolean(_: Schema, definition: Json) -> Facts:
    found = part(definition, "OptionSet")
    both = [part(found, name) for name in ("FalseOption", "TrueOption") if found.get(name)]
    if len(both) < 2:
        raise invalid("A boolean attribute needs an OptionSet with TrueOption and FalseOption.")
    options = {number: label_of(each, "Label") for number, each in enumerate(both)}
    return {"options": options, "default": definition.get("DefaultValue") is True}


def _choice(schema: Schema, definition: Json) -> Facts:
    facts: Facts = {"default": definition.get("DefaultFormValue")}
    if bound := definition.get("GlobalOptionSet@odata.bind"):
        found = re.fullmatch(r"(?:.*/api/data/v9\.[0-2])?/?GlobalOptionSetDefinitions\((.+)\)", str(bound))
        if found is None:
            raise ODataError(PAYLOAD, f"Resource not found for the segment '{bound}'.")
        shared = option_set(schema, found[1])
        return {**facts, "options": dict(shared.options), "option_set": shared.name}
    own = part(definition, "OptionSet")
    if not own:
        raise invalid("A choice needs an OptionSet or a GlobalOptionSet.")
    return {**facts, "options": options_of(own)}


_CHOICES = ("Boolean", "Picklist", MULTIPLE)
MAKERS: dict[str, Callable[[Schema, Json], Facts]] = {
    "String": _string, "Memo": _memo, "Integer": _integer, "BigInt": lambda _, __: {},
    "Decimal": _decimal, "Double": _double, "Money": _money, "DateTime": _datetime, "Boolean": _boolean,
    "Picklist": _choice, MULTIPLE: _choice, "File": _file, "Image": _image,
}  # fmt: skip
