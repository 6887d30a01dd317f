"""What ran: the list of runs, and one run with its writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core import catalogue
from crosswalk.core.failures import FailureKind
from crosswalk.core.pace import duration
from crosswalk.store import past_runs, tasks
from crosswalk.store.models import Connection, Run, Task
from crosswalk.store.past_runs import Written
from crosswalk.store.runs import said_of
from crosswalk.web import run_words as words
from crosswalk.web.alerts import Alert
from crosswalk.web.labels import Labels, labels_of, reason
from crosswalk.web.live import live
from crosswalk.web.pages import is_part, now

from .tasks import go_on

SIZE = 30  # runs of a page
WRITES = 25  # of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A run as lists and its own page show it."""

    run: Run
    word: str | Promise
    icon: str
    colour: str
    kind: str | Promise
    by: str  # who asked for it; empty: nobody
    took: str
    writes: Sequence[tuple[str, int]]  # system → how many


def runs(request: HttpRequest, connection: Connection) -> HttpResponse:
    """List a connection's runs, newest first."""
    state = request.GET.get("state", "")
    chosen = {
        "state": state if state in words.RUN_STATES else "",
        "wrote": "1" if "wrote" in request.GET else "",
    }
    found = past_runs.page(
        connection.id,
        state=chosen["state"],
        wrote=bool(chosen["wrote"]),
        before=number_in(request.GET, "before"),
        size=SIZE + 1,
    )
    shown = found[:SIZE]
    asked = past_runs.tasks_of(shown)
    kept = {name: value for name, value in chosen.items() if value}
    return render(
        request,
        "web/runs/runs.html",
        {
            "rows": [_row(connection, run, asked.get(run.id)) for run in shown],
            "states": [(name, look[0]) for name, look in words.RUN_STATES.items()],
            **chosen,
            "older": urlencode({**kept, "before": shown[-1].id}) if len(found) > SIZE else "",
            "newest": urlencode(kept),
            "is_first": "before" not in request.GET,
        },
    )


def number_in(query: QueryDict, name: str) -> int | None:
    """Return a number of an address; None where there is none that can be one."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _row(connection: Connection, run: Run, task: Task | None) -> Row:
    word, icon, colour = words.RUN_STATES[run.state]
    return Row(
        run=run,
        word=word,
        icon=icon,
        colour=colour,
        kind=words.RUN_KINDS.get(run.kind, run.kind),
        by=_by(run, task),
        took=duration(max(0.0, ((run.ended_at or now()) - run.started_at).total_seconds())),
        writes=_writes(connection, run.counts),
    )


def _by(run: Run, task: Task | None) -> str:
    if task is not None:
        return task.asked_by
    return "" if run.kind == "scheduled" else _("command line")


def _writes(connection: Connection, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many writes each system took."""
    sides = {name.partition(" ")[0] for name in counts}
    return [
        (
            words.system_of(connection, side),
            sum(count for name, count in counts.items() if name.startswith(f"{side} ")),
        )
        for side in sorted(sides, reverse=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a field."""

    label: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write of a run as its page shows it."""

    record: str  # what people know it by
    side: str
    id: str
    what: str | Promise
    system: str
    at: datetime
    changes: Sequence[Change]


def run(request: HttpRequest, connection: Connection, run: int) -> HttpResponse:
    """Show one run: live while it goes on, then what came of it and what it wrote."""
    found = Run.objects.filter(connection=connection, id=run).first()
    if found is None:
        raise Http404
    running = live(connection) if found.state == "running" else None
    if is_part(request):
        if running is None:
            return go_on(request, reverse("run", args=[connection.id, run]))
        return render(request, "web/runs/live.html", {"live": running})
    task = past_runs.tasks_of([found]).get(found.id)
    after = number_in(request.GET, "after") or 0
    written = past_runs.writes_of(found, after=after, size=WRITES + 1)
    labels = labels_of(connection)
    return render(
        request,
        "web/runs/run.html",
        {
            "row": _row(connection, found, task),
            "task": task,
            "live": running,
            "alert": _alert(found, task),
            "counts": _counts(connection, found.counts),
            "writes": [_write(connection, each, labels) for each in written[:WRITES]],
            "more": urlencode({"after": written[WRITES - 1].id}) if len(written) > WRITES else "",
            "is_first": not after,
        },
    )


def _counts(connection: Connection, counts: Mapping[str, int]) -> list[tuple[str, str | Promise, int]]:
    """Return system, what was done, and how often."""
    told = []
    for name, count in sorted(counts.items(), reverse=True):
        side, _blank, operation = name.partition(" ")
        told.append((words.system_of(connection, side), words.OPERATIONS.get(operation, operation), count))
    return told


def _alert(run: Run, task: Task | None) -> Alert | None:
    """Return why a run did not come to a good end."""
    if not run.error and run.state != "interrupted":
        return None
    harmless = run.state in {"stopped", "interrupted"}
    message, cure = said_of(run)
    if run.state == "interrupted":
        message = _("Its worker, or the database, went away in the middle.")
    if task is not None:
        cure = tasks.said_of(task).cure or cure
    return Alert(
        colour="info" if harmless else "danger",
        icon="info" if harmless else "circle-x",
        message=message,
        cure=cure or _cure(run),
        code=task.code if task is not None else _code(run),
    )


def _code(run: Run) -> str:
    return catalogue.of_failure(FailureKind(run.failure)).code if run.failure else ""


def _cure(run: Run) -> str:
    """Say what to do next, where nobody said it more exactly."""
    if run.state in {"stopped", "interrupted"}:
        return _("What was written stays; the next run goes on from there.")
    if run.state == "braked":
        return _("Make a new plan and look at it; if it is right, apply it.")
    if run.failure in {"transient", "quota"}:
        return _("Nothing is lost. It is tried again with the next run.")
    if run.failure == "auth":
        return _("An administrator signs in again, in the connection's settings. Nothing is lost.")
    return _("Nothing is lost. Mend what it names, then sync again.")


def _write(connection: Connection, written: Written, labels: Labels) -> Write:
    object = (written.object or "") if written.side == "crm" else "contact"
    names = labels.get((written.side, object), {})
    return Write(
        record=written.key or written.record_id,
        side=written.side,
        id=written.record_id,
        what=words.OPERATIONS.get(written.op, written.op),
        system=words.system_of(connection, written.side),
        at=written.at,
        changes=[
            Change(label=names.get(name, name), before=before, after=after, reason=reason(why))
            for name, (before, after, why) in written.fields.items()
        ],
    )
