"""Views: queries that are kept under a name. Source: Retrieve and execute predefined queries."""

from __future__ import annotations

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.answers import Call
from crosswalk_sandbox.dynamics.errors import missing_row
from crosswalk_sandbox.dynamics.security import rights

# query parameter → the table that keeps such views: everybody's, or one user's
TABLES = {"savedQuery": "savedquery", "userQuery": "userquery"}


def fetch_of(call: Call) -> str | None:
    """The FetchXML of the view that the address names; None if it names none. Raises ODataError."""
    for parameter, table in TABLES.items():
        if (given := call.request.param(parameter)) is not None:
            row = call.environment.rows[table].get(ids.canonical(given) or "")
            if row is None:
                raise missing_row(table, given)
            rights.require(call.environment, "Read", call.environment.schema[table], row)
            return str(row.get("fetchxml") or "")
    return None
