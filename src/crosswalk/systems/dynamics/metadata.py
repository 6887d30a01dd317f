"""A table's definition as Dataverse tells it: one batch of metadata queries, decoded.

Source: Dataverse Web API, EntityDefinitions, attribute casts, ManyToOneRelationships; what a type has of its own is
shown only behind a cast to that type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..answers import Answer
from .batch import Request
from .client import Client, accepted

_TABLE = "LogicalName,EntitySetName,PrimaryIdAttribute,DisplayName,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled"
_COMMON = (
    "LogicalName,AttributeType,AttributeTypeName,AttributeOf,DisplayName,RequiredLevel,IsValidForCreate,"
    "IsValidForUpdate,IsValidForRead,IsValidODataAttribute,IsSecured,SourceType"
)
_OPTIONS = ("$expand", "OptionSet($select=Options),GlobalOptionSet($select=Options)")
_STATES = ("$expand", "OptionSet($select=Options)")
# cast → what is asked for behind it
_CASTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "String": [("$select", "LogicalName,MaxLength,FormatName,AutoNumberFormat")],
    "Memo": [("$select", "LogicalName,MaxLength")],
    "Integer": [("$select", "LogicalName,MinValue,MaxValue")],
    "Decimal": [("$select", "LogicalName,MinValue,MaxValue,Precision")],
    "Double": [("$select", "LogicalName,MinValue,MaxValue,Precision")],
    "Money": [("$select", "LogicalName,MinValue,MaxValue,Precision,PrecisionSource")],
    "DateTime": [("$select", "LogicalName,DateTimeBehavior")],
    "Picklist": [("$select", "LogicalName,DefaultFormValue"), _OPTIONS],
    "MultiSelectPicklist": [("$select", "LogicalName"), _OPTIONS],
    "State": [("$select", "LogicalName"), _STATES],
    "Status": [("$select", "LogicalName"), _STATES],
}
_RELATIONS = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
_CURRENCIES = [("$select", "currencyprecision")]


class _Localized(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    label: str | None = None


class Label(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A text in several languages."""

    user_localized_label: _Localized | None = None
    localized_labels: list[_Localized] = []

    @property
    def text(self) -> str:
        """The text in our user's language, else in any; empty if there is none."""
        texts = [self.user_localized_label, *self.localized_labels]
        return next((each.label for each in texts if each is not None and each.label), "")


class Value(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A wrapped value, as managed properties and names of types are."""

    value: str | None = None


class OptionRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One option of a choice."""

    value: int
    label: Label = Label()


class _OptionSet(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    options: list[OptionRow] = []


class Attribute(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A column, as all types are shown."""

    logical_name: str
    attribute_type: str | None = None
    attribute_type_name: Value | None = None
    attribute_of: str | None = None
    display_name: Label | None = None
    required_level: Value | None = None
    is_valid_for_create: bool = False
    is_valid_for_update: bool = False
    is_valid_for_read: bool = True
    is_valid_o_data_attribute: bool = msgspec.field(name="IsValidODataAttribute", default=True)
    is_secured: bool | None = None
    source_type: int | None = None


class Detail(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What a column's type has of its own; what another type has is absent."""

    logical_name: str
    max_length: int | None = None
    format_name: Value | None = None
    auto_number_format: str | None = None
    min_value: float | None = None
    max_value: float | None = None
    precision: int | None = None
    precision_source: int | None = None
    date_time_behavior: Value | None = None
    default_form_value: int | None = None
    option_set: _OptionSet | None = None
    global_option_set: _OptionSet | None = None

    @property
    def options(self) -> list[OptionRow]:
        """The options, the table's own or those it shares with others."""
        own = self.option_set.options if self.option_set else []
        return own or (self.global_option_set.options if self.global_option_set else [])


class Relation(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One table that a lookup may point to, and the name by which it is bound (letter case counts)."""

    referencing_attribute: str
    referenced_entity: str
    referencing_entity_navigation_property_name: str | None = None


class TableRow(msgspec.Struct, frozen=True, rename="pascal"):
    """A table."""

    logical_name: str
    entity_set_name: str
    primary_id_attribute: str
    display_name: Label | None = None
    change_tracking_enabled: bool = False
    is_optimistic_concurrency_enabled: bool = False


class _Currency(msgspec.Struct, frozen=True):
    currencyprecision: int | None = None


class _Attributes(msgspec.Struct, frozen=True):
    value: list[Attribute]


class _Details(msgspec.Struct, frozen=True):
    value: list[Detail]


class _Relations(msgspec.Struct, frozen=True):
    value: list[Relation]


class _Currencies(msgspec.Struct, frozen=True):
    value: list[_Currency]


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """All that is told about a table."""

    table: TableRow
    attributes: list[Attribute]
    details: Mapping[str, Detail]  # by column
    relations: Sequence[Relation]
    currency_digits: int | None  # the most decimal places of any currency; None: not told


def read_definition(client: Client, table: str) -> Definition:
    """Ask for a table's definition, in one call. Raises SystemFailure, CONFLICT for a table that is not there."""
    requests = list(_requests(table))
    answers = iter(client.batch(requests, repeatable=True))
    row = accepted(next(answers)).decode(TableRow)
    attributes = accepted(next(answers)).decode(_Attributes).value
    relations = accepted(next(answers)).decode(_Relations).value
    currencies = next(answers)
    details = [each for answer in answers for each in accepted(answer).decode(_Details).value]
    return Definition(
        table=row,
        attributes=attributes,
        details={each.logical_name: each for each in details},
        relations=relations,
        currency_digits=_most_digits(currencies),
    )


def _requests(table: str) -> Iterable[Request]:
    definition = f"/EntityDefinitions(LogicalName='{table}')"
    yield Request(path=definition, query=[("$select", _TABLE)])
    yield Request(path=f"{definition}/Attributes", query=[("$select", _COMMON)])
    yield Request(path=f"{definition}/ManyToOneRelationships", query=[("$select", _RELATIONS)])
    yield Request(path="/transactioncurrencies", query=_CURRENCIES)
    for cast, query in _CASTS.items():
        path = f"{definition}/Attributes/Microsoft.Dynamics.CRM.{cast}AttributeMetadata"
        yield Request(path=path, query=query)


def _most_digits(answer: Answer) -> int | None:
    """Return the most decimal places of any currency; a user who may not see them has amounts of unknown precision."""
    if answer.status != 200:
        return None
    rows = answer.decode(_Currencies).value
    return max((row.currencyprecision for row in rows if row.currencyprecision is not None), default=None)


def set_names(client: Client, tables: Iterable[str]) -> dict[str, str]:
    """Return the names by which tables stand in addresses. Source: EntitySetName, which is not to be guessed."""
    wanted = list(dict.fromkeys(tables))
    requests = [
        Request(
            path=f"/EntityDefinitions(LogicalName='{table}')",
            query=[("$select", "LogicalName,EntitySetName,PrimaryIdAttribute")],
        )
        for table in wanted
    ]
    answers = client.batch(requests, repeatable=True) if requests else []
    rows = [accepted(answer).decode(TableRow) for answer in answers]
    return {row.logical_name: row.entity_set_name for row in rows}
