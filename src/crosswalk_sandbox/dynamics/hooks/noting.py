"""Notes the events for which there are steps, with their execution context as JSON.

Source: Use webhooks; RemoteExecutionContext.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.hooks.event import Event
from crosswalk_sandbox.dynamics.schema import CHOICES, MULTIPLE, REFERENCES, Column, Table

STEPS, ENDPOINTS, FILTERS, MESSAGES = (
    "sdkmessageprocessingstep", "serviceendpoint", "sdkmessagefilter", "sdkmessage",
)  # fmt: skip
WEBHOOK, AFTER = 8, 40  # the contract; the stage
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
Json = dict[str, Any]


def note(environment: Environment, message: str, table: Table, row: Row, sent: Row | None = None) -> None:
    """Note an event of a row for each step that waits for it; of an update the columns that were `sent`."""
    if not environment.rows.get(STEPS):
        return
    for step, endpoint in _steps(environment, message, table, sent):
        environment.events.append(_event(environment, message, table, row, sent, step, endpoint))


def _steps(
    environment: Environment, message: str, table: Table, sent: Row | None
) -> Iterator[tuple[Row, Row]]:
    """The steps that wait for this, with their endpoints."""
    rows = environment.rows
    for step in rows[STEPS].values():
        endpoint = rows[ENDPOINTS].get(step.get("eventhandler", ""), {})
        about = rows[FILTERS].get(step.get("sdkmessagefilterid", ""))
        wanted = {each.strip() for each in step.get("filteringattributes", "").split(",") if each.strip()}
        if (
            endpoint.get("contract") == WEBHOOK
            and step["stage"] == AFTER
            and step.get("statecode", 0) == 0
            and rows[MESSAGES][step["sdkmessageid"]]["name"] == message
            and (about is None or about["primaryobjecttypecode"] == table.name)
            and (message != "Update" or not wanted or wanted & (sent or {}).keys())
        ):
            yield step, endpoint


def _event(
    environment: Environment,
    message: str,
    table: Table,
    row: Row,
    sent: Row | None,
    step: Row,
    endpoint: Row,
) -> Event:
    correlation = environment.new_id()
    organization = str(environment.rows["organization"][environment.id]["name"])
    return Event(
        url=endpoint.get("url", ""),
        auth_type=endpoint.get("authtype"),
        auth_value=endpoint.get("authvalue", ""),
        table=table.name,
        message=message,
        organization=organization,
        correlation=correlation,
        body={
            **_circumstances(environment, message, correlation, organization, step),
            **_about(table, message, row, sent),
        },
    )


def _circumstances(
    environment: Environment, message: str, correlation: str, organization: str, step: Row
) -> Json:
    """Who did it, when, and which step tells of it."""
    session = environment.session
    user = session.user or environment.caller
    return {
        "BusinessUnitId": environment.unit,
        "CorrelationId": correlation,
        "Depth": 1,
        "InitiatingUserId": session.behalf_of or user,
        "UserId": user,
        "MessageName": message,
        "Mode": step["mode"],
        "Stage": AFTER,
        "IsolationMode": 1,
        "OrganizationId": environment.id,
        "OrganizationName": organization,
        "OperationId": correlation,
        "OperationCreatedOn": _date(environment.now()),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "RequestId": None,
        "SharedVariables": [],
        "SecondaryEntityName": "none",
        "OwningExtension": _reference(STEPS, step["sdkmessageprocessingstepid"]),
        "PreEntityImages": [],
        "PostEntityImages": [],
        "ParentContext": None,
    }


def _about(table: Table, message: str, row: Row, sent: Row | None) -> Json:
    """The row and its columns."""
    key = row[table.key]
    names = {*(sent if sent is not None else row), table.key, "modifiedon", "modifiedby"}
    target = {
        "__type": f"Entity:{CONTRACTS}",
        "LogicalName": table.name,
        "Id": key,
        "Attributes": [
            {"key": name, "value": _value(table.columns[name], row)}
            for name in sorted(names)
            if name in table.columns
        ],
        "EntityState": None,
        "FormattedValues": [],
        "KeyAttributes": [],
        "RelatedEntities": [],
        "RowVersion": None,
    }
    shown = _reference(table.name, key) if message == "Delete" else target
    return {
        "PrimaryEntityName": table.name,
        "PrimaryEntityId": key,
        "InputParameters": [{"key": "Target", "value": shown}],
        "OutputParameters": [{"key": "id", "value": key}] if message == "Create" else [],
    }


def _value(column: Column, row: Row) -> Any:
    """A value in the words of the data contract."""
    value = row.get(column.name)
    if value is None:
        return None
    if column.type in REFERENCES:
        return _reference(row.get(column.target_column) or column.targets[0], value)
    if column.type in CHOICES:
        return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}
    if column.type == MULTIPLE:
        return [{"__type": f"OptionSetValue:{CONTRACTS}", "Value": int(each)} for each in value.split(",")]
    if column.type == "Money":
        return {"__type": f"Money:{CONTRACTS}", "Value": float(value)}
    if column.type == "DateTime":
        return _date(value)
    return float(value) if isinstance(value, Decimal) else value


def _reference(table: str, key: str) -> Json:
    return {
        "__type": f"EntityReference:{CONTRACTS}",
        "Id": key,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def _date(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"/Date({int(moment.timestamp() * 1000)})/"
