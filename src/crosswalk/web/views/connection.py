"""A connection's own page: how it stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crosswalk.store.models import Connection
from crosswalk.sync.states import standings
from crosswalk.web.pages import is_part, now

from .overview import row


def connection(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show how a connection stands; the page renews this part itself."""
    (found,) = standings(now(), [connection.id])
    rows = [row(found.condition(), found.facts)]
    template = "web/standings.html" if is_part(request) else "web/connection.html"
    return render(request, template, {"rows": rows})
