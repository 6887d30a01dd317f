"""What the org says about its objects and fields. Source: Salesforce REST, describeGlobal and describe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crosswalk_sandbox.salesforce import record_types
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.schema import NUMERIC, Field, Object

SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "address": "urn:address", "location": "urn:location", "time": "xsd:time",
}  # fmt: skip
BYTES_PER_CHARACTER = 3
WHOLE_DIGITS = 8
# the flags of describeGlobal that an object's row in the table may name, and those that hold for all or none
OBJECT_RIGHTS = (
    "createable", "updateable", "deletable", "undeletable", "mergeable", "searchable", "feedEnabled",
    "replicateable", "triggerable", "layoutable",
)  # fmt: skip
EVERY_OBJECT: dict[str, Any] = {
    "activateable": False, "associateEntityType": None, "associateParentEntity": None, "custom": False,
    "customSetting": False, "deepCloneable": False, "deprecatedAndHidden": False, "hasSubtypes": False,
    "isInterface": False, "isSubtype": False, "mruEnabled": True, "queryable": True, "retrieveable": True,
}  # fmt: skip
EVERY_DESCRIBE: dict[str, Any] = {
    "actionOverrides": [], "compactLayoutable": True, "dataTranslationEnabled": None,
    "defaultImplementation": None, "extendedBy": None, "extendsInterfaces": None, "implementedBy": None,
    "implementsInterfaces": None, "listviewable": None, "lookupLayoutable": None, "namedLayoutInfos": [],
    "networkScopeFieldName": None, "searchLayoutable": True, "sobjectDescribeOption": "FULL",
    "supportedScopes": [{"label": "All records", "name": "everything"}],
}  # fmt: skip
EVERY_FIELD: dict[str, Any] = {
    "aiPredictionField": False, "cascadeDelete": False, "controllerName": None,
    "defaultValueFormula": None, "dependentPicklist": False, "deprecatedAndHidden": False,
    "displayLocationInDecimal": False, "encrypted": False, "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False, "highScaleNumber": False,
    "inlineHelpText": None, "mask": None, "maskType": None, "queryByDistance": False,
    "referenceTargetField": None, "relationshipOrder": None, "restrictedDelete": False,
    "searchPrefilterable": False, "writeRequiresMasterRead": False,
}  # fmt: skip


def all_objects(call: Call) -> Answer:
    """`GET /sobjects`."""
    sobjects = [_summary(call, kind) for kind in call.org.visible]
    return Answer(content={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})


def basic(call: Call) -> Answer:
    """`GET /sobjects/{object}`."""
    return Answer(content={"objectDescribe": _summary(call, call.kind), "recentItems": []})


def full(call: Call) -> Answer:
    """`GET /sobjects/{object}/describe`; 304 when nothing changed since the date of the request."""
    kind, since = call.kind, call.header_time("if-modified-since")
    if since is not None and call.org.described_at <= since:
        return Answer(status=304)
    summary = _summary(call, kind)
    content = {
        **summary,
        **EVERY_DESCRIBE,
        "childRelationships": list(_child_relationships(call, kind)),
        "fields": [_field(field) for field in kind.fields.values()],
        "recordTypeInfos": record_types.infos(call, kind),
    }
    return Answer(content=dict(sorted(content.items())))


def _summary(call: Call, kind: Object) -> dict[str, Any]:
    path = call.path(f"/sobjects/{kind.name}")
    urls = {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"}
    summary = {
        **EVERY_OBJECT,
        **{right: right in kind.is_ for right in OBJECT_RIGHTS},
        "keyPrefix": kind.prefix,
        "label": kind.label,
        "labelPlural": kind.plural,
        "name": kind.name,
        "urls": urls,
    }
    return dict(sorted(summary.items()))


def _child_relationships(call: Call, kind: Object) -> Iterator[dict[str, Any]]:
    """Every reference of any object that may point to this one."""
    names = {(child.object, child.field): child for child in kind.children}
    for other in call.org.visible:
        for field in other.fields.values():
            if kind.name in field.to:
                named = names.get((other.name, field.name))
                yield {
                    "cascadeDelete": bool(named and named.cascades),
                    "childSObject": other.name,
                    "deprecatedAndHidden": False,
                    "field": field.name,
                    "junctionIdListNames": [],
                    "junctionReferenceTo": [],
                    "relationshipName": named.name if named else None,
                    "restrictedDelete": False,
                }


def _field(field: Field) -> dict[str, Any]:
    """One field with all keys of describe."""
    is_ = field.is_
    described = {
        **EVERY_FIELD,
        "aggregatable": field.aggregatable,
        "autoNumber": "autoNumber" in is_,
        "byteLength": field.length * (1 if field.type in ("id", "reference") else BYTES_PER_CHARACTER),
        "calculated": field.calculated,
        "calculatedFormula": field.formula,
        "caseSensitive": False,
        "compoundFieldName": field.compound,
        "createable": "createable" in is_,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" and field.default is None else field.default,
        "defaultedOnCreate": "defaulted" in is_,
        "digits": WHOLE_DIGITS if field.type == "int" else 0,
        "externalId": "externalId" in is_,
        "extraTypeInfo": _extra_type(field),
        "filterable": field.filterable,
        "groupable": field.groupable,
        "htmlFormatted": "html" in is_,
        "idLookup": "idLookup" in is_,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name == "Name",
        "namePointing": len(field.to) > 1,
        "nillable": "nillable" in is_,
        "permissionable": field.permissionable,
        "picklistValues": [_value(field, value) for value in field.values],
        "polymorphicForeignKey": len(field.to) > 1,
        "precision": field.precision if field.type in NUMERIC else 0,
        "referenceTo": field.to,
        "relationshipName": field.relationship,
        "restrictedPicklist": "restricted" in is_,
        "scale": field.scale,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": "unique" in is_,
        "updateable": "updateable" in is_,
    }
    return dict(sorted(described.items()))


def _extra_type(field: Field) -> str | None:
    if field.compound == "Name" or (field.name == "Name" and field.object in ("Lead", "Contact", "User")):
        return "personname"
    if field.type == "textarea":
        return "richtextarea" if "html" in field.is_ else "plaintextarea"
    return None


def _value(field: Field, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": value == field.default,
        "label": value,
        "validFor": None,
        "value": value,
    }
