"""`?sql=`: rows or figures of one SELECT. Source: Microsoft's Python client, query.sql."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query import sql
from crosswalk_sandbox.dynamics.query.conditions import folded
from crosswalk_sandbox.dynamics.query.fetch import INVALID
from crosswalk_sandbox.dynamics.query.sql import Selected
from crosswalk_sandbox.dynamics.records import fetching
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.http import Response

OPTION = "sql"
COOKIE = f"@{fetching.CRM}fetchxmlpagingcookie"
PAGE = re.compile(r'<cookie pagenumber="(\d+)"')


def serve(call: Call, table: Table, text: str) -> Response:
    """The answer to a SELECT from the table of the address. Raises ODataError."""
    selected = sql.parse(text, table.key)
    if selected.fetch.entity.name != table.name:
        text = (
            f"The table '{selected.fetch.entity.name}' of the SQL is not that of the address, '{table.name}'."
        )
        raise ODataError(INVALID, text)
    page = PAGE.match(call.request.param("$skiptoken") or "")
    found = fetching.content_of(call, replace(selected.fetch, page=int(page[1]) if page else 1))
    rows = [{name: row.get(name) for name in selected.columns} for row in found["value"]]
    content: dict[str, Any] = {"@odata.context": f"{call.base}/$metadata#{table.set_name}"}
    content["value"] = _ordered(selected, rows) if selected.fetch.aggregate else rows
    if COOKIE in found:
        token = quote(found[COOKIE], safe="")
        content["@odata.nextLink"] = (
            f"{call.base}/{table.set_name}?sql={quote(text, safe='')}&$skiptoken={token}"
        )
    return answer(200, content)


def _ordered(selected: Selected, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures in the order that was asked for, as far as their names say it."""
    for name, descending in reversed(selected.order):
        if name in selected.columns:
            rows.sort(key=lambda row: (row[name] is not None, folded(row[name])), reverse=descending)
    top = selected.fetch.top
    return rows[:top] if top else rows
