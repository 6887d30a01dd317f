"""Functions of a Dataverse environment: those of queries, and those of no row."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."


@pytest.fixture
def days(opening: Any) -> DataverseEnvironment:
    """Contacts met in the days and years around the clock's Monday, 2 March 2026, 12:00."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    met = {
        "year ago": "2025-03-01T10:00:00Z",
        "month ago": "2026-02-03T10:00:00Z",
        "saturday": "2026-02-28T23:59:59Z",
        "sunday": "2026-03-01T00:00:00Z",
        "morning": "2026-03-02T08:00:00Z",
        "evening": "2026-03-02T20:00:00Z",
        "tomorrow": "2026-03-03T01:00:00Z",
        "april": "2026-04-01T00:00:00Z",
    }
    for number, (name, moment) in enumerate(met.items()):
        body = {
            "lastname": name,
            "new_lastmeeting": moment,
            "new_birthday": moment[:10],
            "numberofchildren": number,
            "new_score": number / 2,
        }
        assert environment.call("POST", "/contacts", body).status_code == 204
    environment.call("POST", "/contacts", {"lastname": "never"})
    return environment


def found(environment: DataverseEnvironment, filter_: str) -> set[str]:
    rows = environment.get(f"/contacts?$select=lastname&$filter={quote(filter_)}")["value"]
    return {row["lastname"] for row in rows}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("Today(PropertyName='new_lastmeeting')", {"morning", "evening"}),
        ("Today(PropertyName='new_birthday')", {"morning", "evening"}),
        ("Yesterday(PropertyName='new_lastmeeting')", {"sunday"}),
        ("Tomorrow(PropertyName='new_lastmeeting')", {"tomorrow"}),
        ("LastXDays(PropertyName='new_lastmeeting',PropertyValue=2)", {"saturday", "sunday", "morning"}),
        ("LastXHours(PropertyName='new_lastmeeting',PropertyValue=4)", {"morning"}),
        ("Last7Days(PropertyName='new_lastmeeting')", {"saturday", "sunday", "morning"}),
        ("NextXDays(PropertyName='new_lastmeeting',PropertyValue=1)", {"evening", "tomorrow"}),
        ("NextXMonths(PropertyName='new_lastmeeting',PropertyValue=1)", {"evening", "tomorrow", "april"}),
        ("OlderThanXMonths(PropertyName='new_lastmeeting',PropertyValue=1)", {"year ago"}),
        ("OlderThanXYears(PropertyName='new_lastmeeting',PropertyValue=1)", {"year ago"}),
        ("ThisWeek(PropertyName='new_lastmeeting')", {"sunday", "morning", "evening", "tomorrow"}),
        ("LastMonth(PropertyName='new_lastmeeting')", {"month ago", "saturday"}),
        ("NextMonth(PropertyName='new_birthday')", {"april"}),
        ("LastYear(PropertyName='new_birthday')", {"year ago"}),
        ("On(PropertyName='new_lastmeeting',PropertyValue='2026-03-02')", {"morning", "evening"}),
        ("OnOrBefore(PropertyName='new_birthday',PropertyValue='2026-02-03')", {"year ago", "month ago"}),
        ("OnOrAfter(PropertyName='new_lastmeeting',PropertyValue='2026-03-03')", {"tomorrow", "april"}),
        ('Between(PropertyName=\'numberofchildren\',PropertyValues=["2","3"])', {"saturday", "sunday"}),
        ('Between(PropertyName=\'new_score\',PropertyValues=["0.5","1"])', {"month ago", "saturday"}),
        (
            "Between(PropertyName='new_lastmeeting',PropertyValues=['2026-03-01T00:00:00Z','2026-03-02T08:00:00Z'])",
            {"sunday", "morning"},
        ),
        ("NotBetween(PropertyName='numberofchildren',PropertyValues=['1','6'])", {"year ago", "april"}),
        ("In(PropertyName='numberofchildren',PropertyValues=['1','7'])", {"month ago", "april"}),
        ("In(PropertyName='new_score',PropertyValues=['0.50'])", {"month ago"}),
        ("NotIn(PropertyName='lastname',PropertyValues=['NEVER'])", None),
        ("EqualUserId(PropertyName='createdby')", None),
        ("NotEqualUserId(PropertyName='createdby')", set()),
    ],
)
def test_a_query_function(days: DataverseEnvironment, function: str, expected: set[str] | None) -> None:
    name = function.replace("'createdby'", "'_createdby_value'")
    answer = found(days, f"{CRM}{name}")
    if expected is None:
        assert len(answer) >= 8
    else:
        assert answer == expected


@pytest.mark.parametrize(
    "function",
    [
        "Nonsense(PropertyName='lastname')",
        "LastXDays(PropertyName='lastname',PropertyValue=2)",
        "LastXDays(PropertyName='createdon')",
        "Between(PropertyName='numberofchildren',PropertyValues=['1'])",
        "In(PropertyName='lastname')",
        "In(PropertyName='nobody',PropertyValues=['1'])",
        "In(PropertyValues=['1'])",
    ],
)
def test_query_functions_that_are_refused(days: DataverseEnvironment, function: str) -> None:
    assert days.refusal("GET", f"/contacts?$filter={quote(CRM + function)}")[0] == "0x80060888"


def test_values_that_functions_cannot_take(days: DataverseEnvironment) -> None:
    for function in (
        "LastXDays(PropertyName='createdon',PropertyValue=0)",
        "LastXYears(PropertyName='createdon',PropertyValue=99999)",
        "In(PropertyName='numberofchildren',PropertyValues=['x'])",
    ):
        assert days.refusal("GET", f"/contacts?$filter={quote(CRM + function)}")[0] == "0x80040203"


def query(**parts: Any) -> str:
    return f"/RetrieveMetadataChanges(Query=@p1)?@p1={quote(json.dumps(parts))}"


def criteria(name: str, value: Any, operator: str = "Equals") -> dict[str, Any]:
    condition = {"PropertyName": name, "ConditionOperator": operator, "Value": value}
    return {"FilterOperator": "And", "Conditions": [condition], "Filters": []}


def test_the_schema_in_one_query(environment: DataverseEnvironment) -> None:
    text = {"Type": "System.String", "Value": "contact"}
    types = {"Type": "System.String[]", "Value": "['new_region','new_score']"}
    asked = query(
        Properties={"AllProperties": False, "PropertyNames": ["LogicalName", "Attributes"]},
        Criteria=criteria("LogicalName", text),
        AttributeQuery={
            "Properties": {"AllProperties": True},
            "Criteria": criteria("LogicalName", types, "In"),
        },
    )
    answer = environment.get(asked)
    (contact,) = answer["EntityMetadata"]
    assert contact.keys() == {"LogicalName", "MetadataId", "HasChanged", "Attributes"}
    by_name = {each["LogicalName"]: each for each in contact["Attributes"]}
    assert by_name.keys() == {"new_region", "new_score"}
    assert by_name["new_score"]["Precision"] == 2
    assert by_name["new_region"]["@odata.type"] == "#Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    assert by_name["new_region"]["OptionSet"]["Options"]


def test_the_schema_is_not_told_again_to_who_knows_it(environment: DataverseEnvironment) -> None:
    stamp = environment.get(query(Properties={"PropertyNames": ["LogicalName"]}))["ServerVersionStamp"]
    path = f"/RetrieveMetadataChanges(Query=@p1,ClientVersionStamp=@p2)?@p1={{}}&@p2='{stamp}'"
    assert environment.get(path)["EntityMetadata"] == []
    key = {"SchemaName": "acx_Key", "KeyAttributes": ["lastname"]}
    environment.call("POST", "/EntityDefinitions(LogicalName='lead')/Keys", key)
    assert environment.get(path)["EntityMetadata"] != []


def test_schema_queries_that_are_refused(environment: DataverseEnvironment) -> None:
    assert environment.refusal("GET", "/RetrieveMetadataChanges(Query=@p1)?@p1=x")[0] == "0x80048d19"
    wrong = query(Criteria=criteria("LogicalName", "contact", "Like"))
    assert environment.refusal("GET", wrong)[0] == "0x80048d19"


def test_what_derived_types_have_is_chosen_through_casts(environment: DataverseEnvironment) -> None:
    (plain,) = environment.get("/GlobalOptionSetDefinitions")["value"]
    assert plain["@odata.type"] == f"#{CRM}OptionSetMetadata"
    (cast,) = environment.get(f"/GlobalOptionSetDefinitions/{CRM}OptionSetMetadata?$select=Options")["value"]
    assert len(cast["Options"]) == len(plain["Options"]) == 5
    for query in (
        "/GlobalOptionSetDefinitions?$select=Options",
        "/RelationshipDefinitions?$filter=ReferencedEntity eq 'x'",
    ):
        assert environment.refusal("GET", query)[0] == "0x80060888"
    path = f"/RelationshipDefinitions/{CRM}OneToManyRelationshipMetadata"
    filter_ = quote("SchemaName eq 'contact_customer_accounts'")
    (found,) = environment.get(f"{path}?$filter={filter_}&$select=ReferencingEntity,ReferencedEntity")[
        "value"
    ]
    assert (found["ReferencingEntity"], found["ReferencedEntity"]) == ("contact", "account")
    assert (
        environment.refusal("GET", f"/RelationshipDefinitions/{CRM}Nonsense", status=404)[0] == "0x8006088a"
    )


def test_version_and_counts(environment: DataverseEnvironment) -> None:
    assert environment.get("/RetrieveVersion()")["Version"].startswith("9.2.")
    counts = environment.get("/RetrieveTotalRecordCount(EntityNames=['contact','lead'])")
    assert counts["EntityRecordCountCollection"]["Values"] == [12, 12]
    assert environment.refusal("GET", "/RetrieveTotalRecordCount(EntityNames=['x'])")[0] == "0x80040203"
