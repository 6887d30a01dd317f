"""The columns of a table as fields: kinds, options by label, lookups, amounts, dates.

Source: Dataverse, attribute types and their metadata. Options are shown and travel by their labels, and are stored by
their numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from enum import StrEnum

from ...core.schema import Field, Nature, Option
from ...core.values import NUMBER_KINDS, Kind, clean_text
from .metadata import Attribute, Definition, Detail, OptionRow, Relation
from .names import PLUMBING, aliases


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


def wanted_by_forms(definition: Definition, columns: Mapping[str, Column]) -> tuple[str, ...]:
    """Return the columns that people must fill in and programs need not. Source: level ApplicationRequired."""
    asked = [
        each.logical_name
        for each in definition.attributes
        if each.required_level and each.required_level.value == "ApplicationRequired"
    ]
    known = [columns[name] for name in asked if name in columns]
    return tuple(each.field.name for each in known if each.field.creatable and each.type not in _FILLED_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the definition says of one column."""

    attribute: Attribute
    type: str
    detail: Detail
    targets: tuple[Target, ...]
    label: str
    is_key: bool


def columns_of(definition: Definition, email: str) -> Iterable[Column]:
    """Yield the columns that are fields; `email` names the one that holds the match key."""
    told = list(_told(definition))
    labels = {each.label.casefold() for each in told}
    for each in told:
        others = aliases(each.attribute.logical_name, each.label, labels)
        yield _column(definition, each, others, is_email=each.attribute.logical_name == email)


def _told(definition: Definition) -> Iterable[_Told]:
    """Yield the columns that hold something of their own: ids of nothing but themselves do not, except the record's."""
    pointing: dict[str, list[Target]] = {}
    for relation in definition.relations:
        pointing.setdefault(relation.referencing_attribute, []).extend(_target(relation))
    for attribute in definition.attributes:
        name, type_ = attribute.logical_name, _type(attribute)
        is_key = name == definition.table.primary_id_attribute
        if _is_shown(attribute) and type_ in KINDS and (is_key or type_ != "Uniqueidentifier"):
            yield _Told(
                attribute=attribute,
                type=type_,
                detail=definition.details.get(name) or Detail(name),
                targets=tuple(pointing.get(name, ())),
                label=_label(attribute),
                is_key=is_key,
            )


def _target(relation: Relation) -> Iterable[Target]:
    name = relation.referencing_entity_navigation_property_name
    if name:
        yield Target(table=relation.referenced_entity, navigation=name)


def _is_shown(attribute: Attribute) -> bool:
    shown = attribute.is_valid_for_read and attribute.is_valid_o_data_attribute
    return shown and attribute.attribute_of is None and attribute.logical_name not in PLUMBING


def _type(attribute: Attribute) -> str:
    """Return a column's type; choices of several options call themselves virtual in the older word."""
    named = attribute.attribute_type_name.value if attribute.attribute_type_name else None
    return named.removesuffix("Type") if named else attribute.attribute_type or ""


def _column(definition: Definition, told: _Told, others: tuple[str, ...], *, is_email: bool) -> Column:
    attribute, detail, type_ = told.attribute, told.detail, told.type
    behaviour = _behaviour(detail) if type_ == "DateTime" else None
    labels = _labels(detail.options)
    kind = Kind.EMAIL if is_email else _kind(type_, detail, behaviour)
    scale = _scale(type_, detail, definition.currency_digits) if kind in NUMBER_KINDS else None
    ours = _may_be_written(told)
    return Column(
        field=Field(
            name=attribute.logical_name,
            label=told.label,
            kind=kind,
            vendor_type=type_ if behaviour is None else f"{type_} ({behaviour})",
            aliases=others,
            options=tuple(Option(value=label, label=label) for label in labels.values()),
            restricted=kind in {Kind.CHOICE, Kind.CHOICES},
            length=detail.max_length,
            precision=_digits(detail, scale),
            scale=scale,
            required=_required(type_, attribute, detail),
            creatable=ours and attribute.is_valid_for_create,
            writable=ours and attribute.is_valid_for_update,
            nature=_nature(attribute, detail),
        ),
        type=type_,
        labels=labels,
        targets=told.targets,
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
    if not options:
        return {}
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


def _may_be_written(told: _Told) -> bool:
    """Tell whether a value of ours can be written.

    A record's id is given by us alone, and an id without its table does not say where a lookup with several tables
    shall point to.
    """
    if told.is_key or told.type in _SEVERAL:
        return False
    return told.type not in _LOOKUPS or len(told.targets) == 1


def _nature(attribute: Attribute, detail: Detail) -> Nature:
    if attribute.source_type == _CALCULATED:
        return Nature.FORMULA
    if attribute.source_type == _ROLLUP:
        return Nature.SUMMARY
    if detail.auto_number_format:
        return Nature.AUTO_NUMBER
    if attribute.is_secured:
        return Nature.SECURED  # what was held while we might not see it is looked at again when this ends
    rich = detail.format_name is not None and detail.format_name.value == "RichText"
    return Nature.RICH_TEXT if rich else Nature.PLAIN
