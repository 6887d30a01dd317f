"""A connection's own page: how it stands, and what is going on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crosswalk.store import halts
from crosswalk.store.models import Connection
from crosswalk.sync.approval import needs_plan
from crosswalk.sync.states import standings
from crosswalk.web.live import live
from crosswalk.web.pages import is_part, now

from .overview import row


def connection(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show how a connection stands and what is going on; the page renews these parts itself, each by its own."""
    if not is_part(request):
        return render(request, "web/connection.html", {**_standing(connection), **_going_on(connection)})
    if request.GET.get("part") == "live":
        return render(request, "web/runs/of_connection.html", _going_on(connection))
    return render(request, "web/standings.html", _standing(connection))


def _standing(connection: Connection) -> dict[str, Any]:
    (found,) = standings(now(), [connection.id])
    return {"rows": [row(found.condition(), found.facts)]}


def _going_on(connection: Connection) -> dict[str, Any]:
    return {
        "live": live(connection),
        "needs_plan": needs_plan(connection.id),
        "paused": halts.is_paused(connection),
    }
