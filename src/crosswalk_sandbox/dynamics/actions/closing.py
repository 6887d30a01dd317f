"""WinOpportunity and LoseOpportunity: an opportunity is closed, and an activity says so.

Source: Dynamics 365 Sales, WinOpportunity and LoseOpportunity actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics.actions.parameters import Parameters
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import addresses, saving
from crosswalk_sandbox.dynamics.records.links import BIND
from crosswalk_sandbox.dynamics.states import CLOSED, STATUS_OF_STATE

WON, LOST = 1, 2
COMPLETED = {"statecode": 1, "statuscode": 2}  # of the activity
AT_WILL = -1  # of Status: the state's default
TIE = f"opportunityid{BIND}"


def serve(environment: Environment, user: str, body: Mapping[str, Any], state: int) -> None:
    """The action as it is called. Raises ODataError."""
    sent = Parameters(
        "WinOpportunity" if state == WON else "LoseOpportunity", body, ("Status", "OpportunityClose")
    )
    status = sent.integer("Status")
    activity = sent.plain("OpportunityClose")
    if not isinstance(activity.get(TIE), str):
        raise ODataError("0x80040203", f"Required field '{TIE}' is missing: OpportunityClose.")
    address = addresses.find(environment, activity[TIE])
    if address.table.name != "opportunity":
        raise ODataError("0x80040203", "OpportunityClose must name an opportunity.")
    close(environment, user, addresses.row_of(environment, address), state, status, activity)


def close(
    environment: Environment, user: str, deal: Row, state: int, status: int, activity: Mapping[str, Any]
) -> None:
    """Close an open opportunity as won or lost. Raises ODataError."""
    if deal["statecode"] != 0:
        raise ODataError(*CLOSED["opportunity"])
    table, activities = environment.schema["opportunity"], environment.schema["opportunityclose"]
    tie = {TIE: f"/opportunities({deal[table.key]})"}
    made = saving.create(environment, user, activities, {"subject": "", **activity, **tie}, None)
    environment.put(activities.name, {**made, **COMPLETED})
    revenue = made.get("actualrevenue", deal.get("estimatedvalue") if state == WON else None)
    reason = STATUS_OF_STATE["opportunity"][state][0] if status == AT_WILL else status
    closed = {
        "statecode": state,
        "statuscode": reason,
        "actualclosedate": made.get("actualend", environment.now())[:10],
        **({} if revenue is None else {"actualvalue": revenue}),
    }
    saving.update(environment, user, table, deal, closed)
