"""The audit log: who did what."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from crosswalk.core.act_words import lines
from crosswalk.core.acts import ACTS, told
from crosswalk.store import acts
from crosswalk.store.acts import Wanted
from crosswalk.store.connections import all_connections
from crosswalk.store.models import Act
from crosswalk.web.cells import defused

PAGE = 50
_PIECE = 1_000  # rows of a download that are read at once


def audit(request: HttpRequest) -> HttpResponse:
    """Show what people did, the latest first."""
    wanted = _wanted(request)
    before = request.GET.get("before", "")
    found = acts.listed(wanted, before=int(before) if before.isdecimal() else None, limit=PAGE + 1)
    numbers = {each.id for each in all_connections()}
    people, connections, done = acts.known()
    context = {
        "rows": [_row(each, numbers) for each in found[:PAGE]],
        "wanted": wanted,
        "people": _with(people, wanted.person),
        "connections": _with(connections, wanted.connection),
        "done": sorted(((each, _told(each)) for each in _with(done, wanted.what)), key=lambda each: each[1]),
        "older": _address("audit", wanted, before=found[PAGE - 1].id) if len(found) > PAGE else "",
        "newest": _address("audit", wanted) if before else "",
        "download": _address("audit-download", wanted),
        "is_narrowed": wanted != Wanted(),
    }
    return render(request, "web/audit/audit.html", context)


def _wanted(request: HttpRequest) -> Wanted:
    return Wanted(**{name: request.GET.get(name, "") for name in Wanted.__struct_fields__})


def _address(route: str, wanted: Wanted, **more: object) -> str:
    asked = {**msgspec.structs.asdict(wanted), **more}
    return f"{reverse(route)}?{urlencode({name: value for name, value in asked.items() if value})}"


def _with(names: list[str], wanted: str) -> list[str]:
    """Return the names to choose from, the one that is chosen among them."""
    return sorted({*names, *filter(None, [wanted])})


def _told(what: str) -> str:
    return told(what) if what in ACTS else what


def _row(act: Act, numbers: set[int]) -> dict[str, Any]:
    return {
        "act": act,
        "told": _told(act.what),
        "number": act.connection_id if act.connection_id in numbers else None,
        "lines": lines(act.detail),
    }


def download(request: HttpRequest) -> StreamingHttpResponse:
    """Hand the log over as a table, narrowed as the page is."""
    answer = StreamingHttpResponse(_table(_wanted(request)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="crosswalk-audit.csv"'
    return answer


class _Echo:
    def write(self, text: str) -> str:
        return text


def _table(wanted: Wanted) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["at", "person", "door", "what", "connection", "detail"])
    before = None
    while found := acts.listed(wanted, before=before, limit=_PIECE):
        for each in found:
            detail = msgspec.json.encode(each.detail).decode()
            cells = [each.at.isoformat(), each.person, each.door, each.what, each.connection_name, detail]
            yield writer.writerow(defused(*cells))
        before = found[-1].id
