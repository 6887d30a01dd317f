"""The columns of a table as fields: kinds, options by label, lookups, amounts, dates.

Source: Dataverse, attribute types and their metadata. Options are shown and travel by their labels, and are stored by
their numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from enum import StrEnum
from gettext import gettext as _

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import OPT_OUT, Field, Nature, Option, Schema
from ...core.values import NUMBER_KINDS, Kind, clean_text
from .client import Client
from .errors import Refused
from .metadata import Attribute, Definition, Detail, OptionRow, Relation, read_definition
from .names import PLUMBING, aliases


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One of our objects in Dataverse's terms."""

    object: str  # our name
    name: str  # the table's logical name
    privilege: str  # what its privileges' names end with
    email: str  # the column that holds the match key
    opt_out: str = "donotbulkemail"  # the column that an opt-out sets
    no_mail: tuple[str, ...] = ("donotbulkemail", "donotemail")  # any of them set: no mail to this person


TABLES = {
    table.object: table
    for table in (
        Table(object="lead", name="lead", privilege="Lead", email="emailaddress1"),
        Table(object="contact", name="contact", privilege="Contact", email="emailaddress1"),
    )
}


class Behaviour(StrEnum):
    """What a date and time means."""

    USER_LOCAL = "UserLocal"  # a moment, in UTC
    DATE_ONLY = "DateOnly"
    TIME_ZONE_INDEPENDENT = "TimeZoneIndependent"  # what a clock on the wall shows; its `Z` means nothing


# type → kind. Source: AttributeTypeName without its ending; types that are not here are no fields for us.
KINDS = {
    "String": Kind.TEXT,
    "Memo": Kind.TEXT,
    "Integer": Kind.NUMBER,
    "BigInt": Kind.NUMBER,
    "Decimal": Kind.NUMBER,
    "Double": Kind.NUMBER,
    "Money": Kind.CURRENCY,
    "Boolean": Kind.BOOLEAN,
    "DateTime": Kind.DATETIME,
    "Picklist": Kind.CHOICE,
    "State": Kind.CHOICE,
    "Status": Kind.CHOICE,
    "MultiSelectPicklist": Kind.CHOICES,
    "Lookup": Kind.REFERENCE,
    "Customer": Kind.REFERENCE,
    "Owner": Kind.REFERENCE,
    "Uniqueidentifier": Kind.REFERENCE,
}
_FORMATS = {"Email": Kind.EMAIL, "Phone": Kind.PHONE, "Url": Kind.URL}
_LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
_SEVERAL = frozenset({"Customer", "Owner"})  # lookups of accounts and contacts, of users and teams
_WHOLE = frozenset({"Integer", "BigInt"})
_ONE_LINE = 255  # a text with line ends of more characters is a long text
_WITH_LINES = frozenset({"TextArea", "RichText"})
# What Dataverse fills in by itself although it may not be empty.
_FILLED_IN = frozenset({"State", "Status", "Boolean", "Owner", "Uniqueidentifier"})
_CALCULATED, _ROLLUP = 1, 2  # SourceType
_BY_COLUMN, _BY_CURRENCY = 0, 2  # PrecisionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A table that a lookup may point to, and the name by which it is bound; letter case counts."""

    table: str
    navigation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a field stands in rows and bodies."""

    field: Field
    type: str  # the vendor's
    labels: Mapping[int, str] = made(default_factory=dict)  # of options, by number
    targets: tuple[Target, ...] = ()  # of a lookup
    behaviour: Behaviour | None = None  # of a date and time
    secured: bool = False  # an empty value may be a hidden one: it is then unknown

    @property
    def wire_name(self) -> str:
        """The name in rows and in `$select`."""
        return f"_{self.field.name}_value" if self.type in _LOOKUPS else self.field.name

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of options, by label."""
        return {label: number for number, label in self.labels.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A table's schema and what else its rows need."""

    table: Table
    schema: Schema
    columns: Mapping[str, Column]  # by field name
    set_name: str  # the table's name in addresses
    key: str  # the column of the record's id
    tracked: bool  # whether changes are kept for those who ask
    versioned: bool  # whether If-Match is honoured
    wanted_by_forms: tuple[str, ...] = ()  # fields that people must fill in and programs need not

    def known(self, fields: Iterable[str]) -> list[str]:
        """Return `fields` as a list. Raises SystemFailure(MAPPING) naming the first that does not exist."""
        names = list(fields)
        for name in [self.table.email, *names]:
            if name not in self.columns and name != OPT_OUT:
                raise field_gone(self.table, name)
        return names


def table_of(name: str) -> Table:
    """Return the definition of one of our objects. Raises SystemFailure(MAPPING) for any other name."""
    if name not in TABLES:
        raise SystemFailure(
            FailureKind.MAPPING,
            _("Dynamics 365 has no object for {object}.").format(object=name),
            cure=_("Use one of: {objects}.").format(objects=", ".join(TABLES)),
        )
    return TABLES[name]


def field_gone(table: Table, name: str) -> SystemFailure:
    """Say that a column does not exist, or not for us."""
    return SystemFailure(
        FailureKind.MAPPING,
        _("The table {table} has no column {field} (any more).").format(table=table.name, field=name),
        cure=_("Remove {field} from the mapping, or correct its name.").format(field=name),
        code="0x80060888",
    )


def describe(client: Client, table: Table) -> Described:
    """Read a table's definition. Raises SystemFailure, MAPPING where the environment has no such table."""
    try:
        definition = read_definition(client, table.name)
    except Refused as refusal:
        if refusal.status == 404:
            raise _no_table(table, refusal) from None
        raise
    return described(table, definition)


def _no_table(table: Table, refusal: Refused) -> SystemFailure:
    return SystemFailure(
        FailureKind.MAPPING,
        _("This environment has no table {table}.").format(table=table.name),
        cure=_("Leads come with Dynamics 365 Sales: install it, or take {object} out of the mapping.").format(
            object=table.object
        ),
        code=refusal.code,
    )


def described(table: Table, definition: Definition) -> Described:
    """Turn a definition into a schema and what belongs to it."""
    row = definition.table
    columns = {column.field.name: column for column in _columns(table, definition)}
    fields = {name: column.field for name, column in columns.items()}
    return Described(
        table=table,
        schema=Schema(
            object=table.object,
            fields=fields,
            email=table.email,
            opt_out=table.opt_out if table.opt_out in fields else None,
            also_consent=tuple(name for name in table.no_mail if name != table.opt_out),
        ),
        columns=columns,
        set_name=row.entity_set_name,
        key=row.primary_id_attribute,
        tracked=row.change_tracking_enabled,
        versioned=row.is_optimistic_concurrency_enabled,
        wanted_by_forms=tuple(
            each.logical_name
            for each in definition.attributes
            if each.required_level and each.required_level.value == "ApplicationRequired"
            if each.logical_name in fields and fields[each.logical_name].creatable
            if _type(each) not in _FILLED_IN
        ),
    )


def _columns(table: Table, definition: Definition) -> Iterable[Column]:
    pointing: dict[str, list[Target]] = {}
    for relation in definition.relations:
        pointing.setdefault(relation.referencing_attribute, []).extend(_target(relation))
    key = definition.table.primary_id_attribute
    shown = [attribute for attribute in definition.attributes if _is_field(attribute, key)]
    labels = [(each.logical_name, _label(each)) for each in shown]
    for attribute in shown:
        detail = definition.details.get(attribute.logical_name) or Detail(attribute.logical_name)
        targets = tuple(pointing.get(attribute.logical_name, ()))
        column = _column(table, definition, attribute, detail, targets)
        others = aliases(attribute.logical_name, labels)
        yield replace(column, field=replace(column.field, aliases=others)) if others else column


def _target(relation: Relation) -> Iterable[Target]:
    name = relation.referencing_entity_navigation_property_name
    if name:
        yield Target(table=relation.referenced_entity, navigation=name)


def _is_field(attribute: Attribute, key: str) -> bool:
    """Tell whether a column holds something of its own: ids of nothing but itself do not, except the record's."""
    shown = attribute.is_valid_for_read and attribute.is_valid_o_data_attribute
    own = attribute.attribute_of is None and attribute.logical_name not in PLUMBING
    odd = _type(attribute) == "Uniqueidentifier" and attribute.logical_name != key
    return shown and own and not odd and _type(attribute) in KINDS


def _type(attribute: Attribute) -> str:
    """Return a column's type; choices of several options call themselves virtual in the older word."""
    named = attribute.attribute_type_name.value if attribute.attribute_type_name else None
    return named.removesuffix("Type") if named else attribute.attribute_type or ""


def _column(
    table: Table, definition: Definition, attribute: Attribute, detail: Detail, targets: tuple[Target, ...]
) -> Column:
    type_ = _type(attribute)
    behaviour = _behaviour(detail) if type_ == "DateTime" else None
    labels = _labels(detail.options)
    kind = Kind.EMAIL if attribute.logical_name == table.email else _kind(type_, detail, behaviour)
    number = kind in NUMBER_KINDS
    scale = _scale(type_, detail, definition.currency_digits) if number else None
    return Column(
        field=Field(
            name=attribute.logical_name,
            label=_label(attribute),
            kind=kind,
            vendor_type=type_ if behaviour is None else f"{type_} ({behaviour})",
            options=tuple(Option(value=label, label=label) for label in labels.values()),
            restricted=kind in {Kind.CHOICE, Kind.CHOICES},
            length=detail.max_length,
            precision=_digits(detail, scale) if number else None,
            scale=scale,
            required=_required(type_, attribute, detail),
            creatable=attribute.is_valid_for_create and _may_be_written(definition, attribute, targets),
            writable=attribute.is_valid_for_update and _may_be_written(definition, attribute, targets),
            nature=_nature(attribute, detail),
        ),
        type=type_,
        labels=labels,
        targets=targets,
        behaviour=behaviour,
        secured=bool(attribute.is_secured),
    )


def _label(attribute: Attribute) -> str:
    return (attribute.display_name.text if attribute.display_name else "") or attribute.logical_name


def _kind(type_: str, detail: Detail, behaviour: Behaviour | None) -> Kind:
    if behaviour is Behaviour.DATE_ONLY:
        return Kind.DATE
    format_ = detail.format_name.value if detail.format_name else None
    long = (detail.max_length or 0) > _ONE_LINE
    if long and (type_ == "Memo" or (type_ == "String" and format_ in _WITH_LINES)):
        return Kind.LONG_TEXT
    return _FORMATS.get(format_ or "", KINDS[type_]) if type_ == "String" else KINDS[type_]


def _behaviour(detail: Detail) -> Behaviour:
    told = detail.date_time_behavior.value if detail.date_time_behavior else None
    return next((each for each in Behaviour if each == told), Behaviour.USER_LOCAL)


def _labels(options: Sequence[OptionRow]) -> dict[int, str]:
    """Return what each option is called; of those with one and the same label, each with its number behind it."""
    plain = {option.value: clean_text(option.label.text) or str(option.value) for option in options}
    often = Counter(plain.values())
    return {number: label if often[label] == 1 else f"{label} ({number})" for number, label in plain.items()}


def _scale(type_: str, detail: Detail, currency_digits: int | None) -> int | None:
    """Return the decimal places; of an amount they may be the currency's, or a setting that is not told."""
    if type_ in _WHOLE:
        return 0
    if type_ != "Money" or detail.precision_source in {None, _BY_COLUMN}:
        return detail.precision
    return currency_digits if detail.precision_source == _BY_CURRENCY else None


def _digits(detail: Detail, scale: int | None) -> int | None:
    """Return the digits in all that the largest number has."""
    bounds = [abs(bound) for bound in (detail.min_value, detail.max_value) if bound is not None]
    if not bounds or scale is None:
        return None
    return len(str(int(max(bounds)))) + scale


def _required(type_: str, attribute: Attribute, detail: Detail) -> bool:
    """Tell whether a create needs a value. Source: of the levels, only SystemRequired is enforced by the API."""
    level = attribute.required_level.value if attribute.required_level else None
    if level != "SystemRequired" or not attribute.is_valid_for_create or type_ in _FILLED_IN:
        return False
    return type_ != "Picklist" or detail.default_form_value in {None, -1}


def _may_be_written(definition: Definition, attribute: Attribute, targets: Sequence[Target]) -> bool:
    """Tell whether a value of ours can be written.

    A record's id is given by us alone, and an id without its table does not say where a lookup with several tables
    shall point to.
    """
    if attribute.logical_name == definition.table.primary_id_attribute:
        return False
    type_ = _type(attribute)
    return type_ not in _SEVERAL and (type_ not in _LOOKUPS or len(targets) == 1)


def _nature(attribute: Attribute, detail: Detail) -> Nature:
    if attribute.source_type == _CALCULATED:
        return Nature.FORMULA
    if attribute.source_type == _ROLLUP:
        return Nature.SUMMARY
    if detail.auto_number_format:
        return Nature.AUTO_NUMBER
    rich = detail.format_name is not None and detail.format_name.value == "RichText"
    return Nature.RICH_TEXT if rich else Nature.PLAIN
