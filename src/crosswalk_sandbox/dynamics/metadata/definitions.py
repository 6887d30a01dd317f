"""Tables, columns and relationships as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.labels import ENGLISH
from crosswalk_sandbox.dynamics.schema import CHOICES, MULTIPLE, REFERENCES, Column, Schema, Table
from crosswalk_sandbox.dynamics.states import STATUS_OF_STATE, state_of

Json = dict[str, Any]
MOST_INTEGER = 2_147_483_647
MOST_NUMBER = 100_000_000_000
MOST_MONEY = 922_337_203_685_477


def label(text: str | None) -> Json:
    """A label in the one language that there is."""
    if text is None:
        return {"LocalizedLabels": [], "UserLocalizedLabel": None}
    one = {
        "Label": text,
        "LanguageCode": ENGLISH,
        "IsManaged": True,
        "MetadataId": ids.make(0, f"label {text}"),
        "HasChanged": None,
    }
    return {"LocalizedLabels": [one], "UserLocalizedLabel": one}


def managed(value: Any, name: str) -> Json:
    """A managed property."""
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": name}


def entity(table: Table) -> Json:
    """An entity definition without its attributes."""
    return {
        "MetadataId": table.id,
        "LogicalName": table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "CollectionSchemaName": table.schema_name + "s",
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.title,
        "ObjectTypeCode": table.code,
        "DisplayName": label(table.label),
        "DisplayCollectionName": label(table.plural),
        "Description": label(None),
        "OwnershipType": "UserOwned" if table.owned else "OrganizationOwned",
        "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": managed(True, "canchangetrackingbeenabled"),
        "IsOptimisticConcurrencyEnabled": True,
        "IsDuplicateDetectionEnabled": managed(table.owned, "isduplicatedetectionenabled"),
        "IsCustomEntity": False,
        "IsManaged": True,
        "IsActivity": False,
        "IsIntersect": False,
        "IsPrivate": False,
        "IsLogicalEntity": False,
        "IsValidForAdvancedFind": True,
        "DataProviderId": None,
        "TableType": "Standard",
        "HasChanged": None,
    }


def attribute(table: Table, number: int, column: Column) -> Json:
    """What all attributes have in common."""
    virtual = column.type == MULTIPLE
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{cast_name(column)}",
        "MetadataId": column.id,
        "EntityLogicalName": table.name,
        "LogicalName": column.name,
        "SchemaName": column.schema_name,
        "AttributeType": "Virtual" if virtual else column.type,
        "AttributeTypeName": {"Value": f"{column.type}Type"},
        "AttributeOf": column.part_of,
        "ColumnNumber": number,
        "DisplayName": label(column.label),
        "Description": label(None),
        "RequiredLevel": managed(column.required, "canmodifyrequirementlevelsettings"),
        "IsValidForCreate": column.creatable,
        "IsValidForUpdate": column.updatable,
        "IsValidForRead": True,
        "IsValidForForm": column.json_name is not None,
        "IsValidForGrid": column.json_name is not None,
        "IsValidODataAttribute": column.json_name is not None,
        "IsCustomAttribute": column.custom,
        "IsManaged": not column.custom,
        "IsPrimaryId": column.name == table.key,
        "IsPrimaryName": column.name == table.title,
        "IsSecured": False,
        "IsLogical": column.part_of is not None,
        "IsFilterable": True,
        "IsSearchable": False,
        "IsRetrievable": True,
        "SourceType": 0,
        "IntroducedVersion": "5.0.0.0",
        "HasChanged": None,
    }


def cast_name(column: Column) -> str:
    """The derived type of an attribute."""
    if column.type in REFERENCES:
        return "LookupAttributeMetadata"
    named = {"Uniqueidentifier": "UniqueIdentifier", "Virtual": ""}.get(column.type, column.type)
    return f"{named}AttributeMetadata"


def typed(column: Column) -> Json:
    """What an attribute has by its derived type."""
    kind = column.type
    if kind == "String":
        size = (column.length or 0) * 2
        return {
            "MaxLength": column.length,
            "DatabaseLength": size,
            "Format": column.format,
            "FormatName": {"Value": column.format},
            "AutoNumberFormat": "",
        }
    if kind == "Memo":
        return {"MaxLength": column.length, "Format": column.format}
    if kind == "DateTime":
        shown = "DateOnly" if column.behaviour == "DateOnly" else "DateAndTime"
        return {"Format": shown, "DateTimeBehavior": {"Value": column.behaviour}}
    if kind in REFERENCES:
        return {"Targets": list(column.targets)}
    return _numeric(column) or _choice(column)


def _numeric(column: Column) -> Json:
    if column.type in ("Integer", "BigInt"):
        least = -MOST_INTEGER - 1 if column.type == "Integer" else -(2**63)
        return {"MinValue": least, "MaxValue": -least - 1}
    if column.type in ("Decimal", "Double"):
        return {"MinValue": -MOST_NUMBER, "MaxValue": MOST_NUMBER, "Precision": column.precision}
    if column.type != "Money":
        return {}
    base = column.name.endswith("_base")
    of = column.name.removesuffix("_base") if base else None
    bounds = {"MinValue": -MOST_MONEY, "MaxValue": MOST_MONEY, "Precision": column.precision}
    return {
        **bounds,
        "PrecisionSource": 0 if column.custom else 2,
        "IsBaseCurrency": base,
        "CalculationOf": of,
    }


def _choice(column: Column) -> Json:
    if column.type == "Boolean":
        return {"DefaultValue": False}
    return {"DefaultFormValue": -1} if column.type in CHOICES or column.type == MULTIPLE else {}


def option_set(column: Column) -> Json:
    """The options of a choice."""
    facts = {
        "MetadataId": ids.make(0, f"options {column.table} {column.name}"),
        "Name": f"{column.table}_{column.name}",
        "IsGlobal": False,
        "IsCustomOptionSet": column.custom,
        "IsManaged": not column.custom,
        "OptionSetType": column.type if column.type in {"Boolean", "State", "Status"} else "Picklist",
        "DisplayName": label(column.label),
        "Description": label(None),
        "IsCustomizable": managed(True, "iscustomizable"),
        "HasChanged": None,
    }
    options = [_option(column, value, text) for value, text in column.options.items()]
    if column.type != "Boolean":
        return {**facts, "Options": options}
    return {**facts, "TrueOption": options[1], "FalseOption": options[0]}


def _option(column: Column, value: int, text: str) -> Json:
    more: Json = {}
    if column.type == "State":
        more = {"DefaultStatus": STATUS_OF_STATE[column.table][value][0], "InvariantName": text}
    if column.type == "Status":
        more = {"State": state_of(column.table, value), "TransitionData": None}
    return {
        "Value": value,
        "Label": label(text),
        "Description": label(None),
        "Color": None,
        "IsManaged": not column.custom,
        "ExternalValue": "",
        "MetadataId": None,
        "HasChanged": None,
        **more,
    }


def many_to_one(schema: Schema, table: Table) -> Iterator[Json]:
    """The relationships by which a table's lookups lead to others."""
    for navigation, (column, target) in table.navigations.items():
        name = f"{target}_{table.name}_{column.name}"
        yield {
            "MetadataId": ids.make(0, f"relationship {name}"),
            "SchemaName": name,
            "RelationshipType": "OneToManyRelationship",
            "IsCustomRelationship": column.custom,
            "ReferencedEntity": target,
            "ReferencedAttribute": schema[target].key,
            "ReferencedEntityNavigationPropertyName": name,
            "ReferencingEntity": table.name,
            "ReferencingAttribute": column.name,
            "ReferencingEntityNavigationPropertyName": navigation,
        }


def one_to_many(schema: Schema, table: Table) -> Iterator[Json]:
    """The relationships by which others' lookups lead to a table."""
    for other in schema:
        yield from (each for each in many_to_one(schema, other) if each["ReferencedEntity"] == table.name)
