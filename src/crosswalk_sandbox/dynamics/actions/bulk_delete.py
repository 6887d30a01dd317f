"""BulkDelete: a job that deletes what a query finds. Source: BulkDelete Action; QueryExpression ComplexType."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics.actions.parameters import NAMESPACE, Parameters
from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query.fetch import Entity, Fetch, Filter, Rule
from crosswalk_sandbox.dynamics.records import fetching, saving
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

KNOWN = (
    "QuerySet", "JobName", "SendEmailNotification", "ToRecipients", "CCRecipients", "RecurrencePattern",
    "StartDateTime", "SourceImportId", "RunNow",
)  # fmt: skip
SHORT = {
    "Equal": "eq", "NotEqual": "ne", "GreaterThan": "gt", "GreaterEqual": "ge", "LessThan": "lt", "LessEqual": "le",
    "DoesNotBeginWith": "not-begin-with", "DoesNotEndWith": "not-end-with",
}  # fmt: skip
BULK_DELETE, COMPLETED, SUCCEEDED, FAILED = 13, 3, 30, 31


def serve(call: Call) -> Response:
    """Delete the rows of all queries at once, and leave the job that says how it went. Raises ODataError."""
    body = json_body(call)
    sent = Parameters("BulkDelete", body, KNOWN)
    rights.require_named(call.environment, "prvBulkDelete")
    queries = body.get("QuerySet")
    if not isinstance(queries, list) or not queries:
        raise ODataError("0x80040203", "Required field 'QuerySet' is missing or has no queries.")
    failures = [error for each in queries for error in _deleted(call, each)]
    job = _job(call, sent.text("JobName"), failures)
    context = f"{call.base}/$metadata#{NAMESPACE}BulkDeleteResponse"
    return answer(200, {"@odata.context": context, "JobId": job})


def _deleted(call: Call, query: Mapping[str, Any]) -> list[str]:
    """Delete what a query finds; why rows could not be deleted. Raises ODataError."""
    fetch = _fetch(query)
    table = call.environment.schema.find(fetch.entity.name)
    failures = []
    for row in fetching.rows_of(call, fetch):
        try:
            if table and row[table.key] in call.environment.rows[table.name]:
                saving.delete(call.environment, table, row[table.key])
        except ODataError as error:
            failures.append(error.message)
    return failures


def _fetch(query: Mapping[str, Any]) -> Fetch:
    """A QueryExpression as FetchXML would have it. Raises ODataError."""
    filters = (_filter(query["Criteria"]),) if query.get("Criteria") else ()
    entity = Entity(
        name=str(query.get("EntityName")), alias="", attributes=(), everything=False, filters=filters,
        order=(), links=(),
    )  # fmt: skip
    return Fetch(
        entity=entity, aggregate=False, distinct=False, top=None, page=1, count=None, cookie=None, total=False
    )


def _filter(criteria: Mapping[str, Any]) -> Filter:
    return Filter(
        any=criteria.get("FilterOperator") in ("Or", 1),
        rules=tuple(map(_rule, criteria.get("Conditions") or ())),
        filters=tuple(map(_filter, criteria.get("Filters") or ())),
    )


def _rule(condition: Mapping[str, Any]) -> Rule:
    word = str(condition.get("Operator"))
    values = (each.get("Value") if isinstance(each, dict) else each for each in condition.get("Values") or ())
    return Rule(
        entity="",
        attribute=str(condition.get("AttributeName")),
        operator=SHORT.get(word) or re.sub(r"(?<!^)(?=[A-Z])", "-", word).lower(),
        values=tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values),
    )


def _job(call: Call, name: str, failures: list[str]) -> str:
    here = call.environment
    key, now = here.new_id(), here.now()
    row: Row = {
        "asyncoperationid": key, "name": name, "operationtype": BULK_DELETE, "statecode": COMPLETED,
        "statuscode": FAILED if failures else SUCCEEDED, "createdon": now, "startedon": now, "completedon": now,
        "modifiedon": now, "createdby": call.user, "modifiedby": call.user,
    }  # fmt: skip
    here.put("asyncoperation", {**row, **({"message": failures[0]} if failures else {})})
    return key
