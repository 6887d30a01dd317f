"""Dynamics 365: sync configuration. The switches, new records in the CRM, and how often."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from crosswalk.store import connections
from crosswalk.store.models import Connection
from crosswalk.sync.schemas import schemas
from crosswalk.web import services
from crosswalk.web.pages import is_part

from . import shell
from .frequency import Frequency, NotSaved
from .objects import LABELS

NAME = "sync"


def sync(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show the step; look ahead, or save it and go on."""
    shell.require_step(connection, NAME)
    frequency = _frequency(request, connection)
    status = 200
    if request.method == "POST":
        if request.POST.get("do") == "save":
            status = _saved(frequency)
            if status == 200:
                return redirect(shell.after(connection, NAME))
        part = frequency.act(request)
        if part is not None and is_part(request):
            return frequency.part(request, part)
    context = {**frequency.context(request), "wrong": status != 200}
    return shell.render_step(request, connection, NAME, "web/records/sync.html", context, status=status)


def _frequency(request: HttpRequest, connection: Connection) -> Frequency:
    mapped = {item.object for item in connections.mapping_of(connection).objects if item.fields}
    objects = [object for object in LABELS if object in mapped]
    known = schemas(connection, objects, services.vault(), services.clock()).schemas.crm if objects else {}
    return Frequency(connection, known, request.POST if shell.is_sent(request) else None)


def _saved(frequency: Frequency) -> int:
    """Save everything that was changed, or nothing; return 200, or the status of the page that says why not."""
    if not frequency.is_valid():
        return 400
    try:
        with transaction.atomic():
            frequency.save()
    except NotSaved as refused:
        return refused.status
    return 200
