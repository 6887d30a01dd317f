"""Tables, columns and relationships as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crosswalk_sandbox.dynamics import alternate_keys, ids
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.labels import ENGLISH
from crosswalk_sandbox.dynamics.schema import (
    BLOBS,
    CHOICES,
    MULTIPLE,
    REFERENCES,
    Column,
    Key,
    OptionSet,
    Schema,
    Table,
)  # fmt: skip
from crosswalk_sandbox.dynamics.security import privileges
from crosswalk_sandbox.dynamics.states import state_of, statuses_of

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
        "IsCustomEntity": table.custom,
        "IsManaged": not table.custom,
        "IsActivity": False,
        "IsIntersect": table.intersect,
        "IsPrivate": False,
        "IsLogicalEntity": False,
        "IsValidForAdvancedFind": True,
        "DataProviderId": None,
        "TableType": "Standard",
        "Privileges": [_privilege(name) for name in privileges.of_table(table)],
        "HasChanged": None,
    }


def _privilege(name: str) -> Json:
    """A privilege as the complex type SecurityPrivilegeMetadata."""
    verbs = sorted(privileges.VERBS, key=len, reverse=True)
    return {
        "CanBeBasic": True,
        "CanBeDeep": True,
        "CanBeGlobal": True,
        "CanBeLocal": True,
        "CanBeEntityReference": False,
        "CanBeParentEntityReference": False,
        "Name": name,
        "PrivilegeId": privileges.id_of(name),
        "PrivilegeType": next(verb for verb in verbs if name[3:].startswith(verb)),
    }


def attribute(table: Table, number: int, column: Column) -> Json:
    """What all attributes have in common."""
    virtual = column.type == MULTIPLE or column.type in BLOBS
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
        "Description": label(column.description or None),
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
        shown = column.format or ("DateOnly" if column.behaviour == "DateOnly" else "DateAndTime")
        return {"Format": shown, "DateTimeBehavior": {"Value": column.behaviour}}
    if kind in REFERENCES:
        return {"Targets": list(column.targets)}
    if kind in BLOBS:
        picture = {"CanStoreFullImage": True, "IsPrimaryImage": False, "MaxHeight": 144, "MaxWidth": 144}
        return {"MaxSizeInKB": column.max_kilobytes, **(picture if kind == "Image" else {})}
    return _numeric(column) or _choice(column)


def _numeric(column: Column) -> Json:
    if column.type in ("Integer", "BigInt"):
        least = -MOST_INTEGER - 1 if column.type == "Integer" else -(2**63)
        return _bounds(column, least, -least - 1)
    if column.type in ("Decimal", "Double"):
        return {**_bounds(column, -MOST_NUMBER, MOST_NUMBER), "Precision": column.precision}
    if column.type != "Money":
        return {}
    base = column.name.endswith("_base")
    of = column.name.removesuffix("_base") if base else None
    return {
        **_bounds(column, -MOST_MONEY, MOST_MONEY),
        "Precision": column.precision,
        "PrecisionSource": column.precision_source,
        "IsBaseCurrency": base,
        "CalculationOf": of,
    }


def _bounds(column: Column, least: int, most: int) -> Json:
    minimum = least if column.minimum is None else column.minimum
    return {"MinValue": minimum, "MaxValue": most if column.maximum is None else column.maximum}


def _choice(column: Column) -> Json:
    if column.type == "Boolean":
        return {"DefaultValue": bool(column.default)}
    default = -1 if column.default is None else column.default
    return {"DefaultFormValue": default} if column.type in CHOICES or column.type == MULTIPLE else {}


def option_set(column: Column) -> Json:
    """The options of a choice of its own."""
    facts = {
        "MetadataId": ids.make(0, f"options {column.table} {column.name}"),
        "Name": f"{column.table}_{column.name}",
        "IsGlobal": False,
        "OptionSetType": column.type if column.type in {"Boolean", "State", "Status"} else "Picklist",
        **_set_facts(column.label, custom=column.custom),
    }
    options = [_option(column, value, text) for value, text in column.options.items()]
    if column.type != "Boolean":
        return {**facts, "Options": options}
    return {**facts, "TrueOption": options[1], "FalseOption": options[0]}


def global_option_set(found: OptionSet) -> Json:
    """A global option set."""
    return {
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata",
        "MetadataId": found.id,
        "Name": found.name,
        "IsGlobal": True,
        "OptionSetType": "Picklist",
        **_set_facts(found.label, custom=found.custom),
        "Options": [_plain_option(value, text, found.custom) for value, text in found.options.items()],
    }


def _set_facts(text: str, *, custom: bool) -> Json:
    return {
        "IsCustomOptionSet": custom,
        "IsManaged": not custom,
        "DisplayName": label(text),
        "Description": label(None),
        "IsCustomizable": managed(True, "iscustomizable"),
        "HasChanged": None,
    }


def _option(column: Column, value: int, text: str) -> Json:
    more: Json = {}
    if column.type == "State":
        more = {"DefaultStatus": statuses_of(column.table)[value][0], "InvariantName": text}
    if column.type == "Status":
        more = {"State": state_of(column.table, value), "TransitionData": None}
    return {**_plain_option(value, text, column.custom), **more}


def _plain_option(value: int, text: str, custom: bool) -> Json:
    return {
        "Value": value,
        "Label": label(text),
        "Description": label(None),
        "Color": None,
        "IsManaged": not custom,
        "ExternalValue": "",
        "MetadataId": None,
        "HasChanged": None,
    }


def key_id(table: Table, key: Key) -> str:
    """The id of an alternate key."""
    return ids.make(0, f"key {table.name} {key.name}")


def keys(environment: Environment, table: Table) -> Iterator[Json]:
    """The alternate keys of a table."""
    for key in table.keys:
        yield {
            "MetadataId": key_id(table, key),
            "LogicalName": key.name,
            "SchemaName": key.schema_name,
            "EntityLogicalName": table.name,
            "DisplayName": label(key.label),
            "KeyAttributes": list(key.columns),
            "EntityKeyIndexStatus": alternate_keys.status(environment, key),
            "IsManaged": False,
            "IsCustomizable": managed(True, "iscustomizable"),
            "IntroducedVersion": "1.0.0.0",
            "HasChanged": None,
        }


def relationship_id(name: str) -> str:
    """The id of a relationship."""
    return ids.make(0, f"relationship {name}")


def relationships(schema: Schema) -> Iterator[Json]:
    """All of them."""
    for table in schema:
        yield from many_to_one(schema, table)


def many_to_one(schema: Schema, table: Table) -> Iterator[Json]:
    """The relationships by which a table's lookups lead to others."""
    for navigation, (column, target) in table.navigations.items():
        name = column.relationship(target)
        yield {
            "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
            "MetadataId": relationship_id(name),
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
