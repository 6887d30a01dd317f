"""A connection's own page: how it stands, what is going on, how fresh it is, what it calls, its last runs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crosswalk.store import connections, consent_links, halts, history, schedules
from crosswalk.store.models import Connection
from crosswalk.sync import usage
from crosswalk.sync.approval import needs_plan
from crosswalk.sync.states import Standing, standing
from crosswalk.web import words
from crosswalk.web.live import live
from crosswalk.web.pages import is_part, now, person
from crosswalk.web.run_words import RUN_STATES
from crosswalk.web.setup.schedule_words import schedule_words

from .overview import row

_RUNS = 5
COUNTED = "counted"


def connection(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show how a connection stands and what is going on; the page renews these parts itself, each by its own.

    How many records take part is counted for a request of its own: all links are looked at, and the rest need not wait.
    """
    part = request.GET.get("part")
    if is_part(request) and part == "live":
        return render(request, "web/runs/of_connection.html", _going_on(connection))
    if is_part(request) and part == COUNTED:
        return render(request, "web/connection_counted.html", _counted(connection))
    found = standing(connection, now())
    context: dict[str, Any] = {
        "rows": [row(found, found.condition(), person(request))],
        "stopped": halts.stopped(),
        "alone": True,
    }
    if is_part(request):
        return render(request, "web/standings.html", context)
    shown = {**context, **_going_on(connection), **_figures(connection, found)}
    if part == COUNTED:  # asked for without scripts
        shown |= _counted(connection)
    return render(request, "web/connection.html", shown)


def _going_on(connection: Connection) -> dict[str, Any]:
    return {
        "live": live(connection),
        "mapped": any(each.fields for each in connections.mapping_of(connection).objects),
        "needs_plan": needs_plan(connection.id),
        "paused": halts.is_paused(connection),
    }


def _figures(connection: Connection, found: Standing) -> dict[str, Any]:
    """Return what is stored about a connection; no system is asked."""
    kept = schedules.of(connection)
    return {
        "fresh": _fresh(found),
        "calls": [_calls(each) for each in usage.figures(connection, now())],
        "kept": kept,
        "starts": "" if kept is None else schedule_words(kept.schedule),
        "runs": [{**each, "look": RUN_STATES[each["state"]]} for each in history.runs(connection, _RUNS)],
    }


def _counted(connection: Connection) -> dict[str, Any]:
    """Count which records take part."""
    links, skipped = history.links(connection.id), history.skipped(connection.crm_id)
    return {
        "counted": links,
        "closed": [(words.closed(reason), count) for reason, count in links["closed_reasons"].items()],
        "skipped": [(words.SKIPPED.get(why, why), count) for why, count in skipped.items()],
        "opted_out": consent_links.opted_out(connection.id),
    }


def _fresh(found: Standing) -> dict[str, Any]:
    took = found.freshness.latency
    return {
        "oldest": found.oldest_seconds if found.freshness.oldest_at else None,
        "cursors": [
            {"system": each.system, "feed": words.FEEDS.get(each.feed, each.feed), "read_at": each.read_at}
            for each in found.freshness.cursors
        ],
        "edits": took.count,
        "half": _finite(took.within(0.5)),
        "most": _finite(took.within(0.95)),
    }


def _finite(seconds: float | None) -> float | None:
    return None if seconds == float("inf") else seconds


def _calls(told: dict[str, Any]) -> dict[str, Any]:
    stopped = [words.LANES[lane] for lane in told["stopped"]]
    return {**told, "stopped": stopped, "is_counted": told["limit"] is not None}
