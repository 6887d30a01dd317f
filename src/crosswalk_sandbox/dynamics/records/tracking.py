"""Change tracking: all rows first, then what changed since a token. Source: Use change tracking to synchronize data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from crosswalk_sandbox.dynamics.answers import ANNOTATIONS, PAGE_SIZE, Call, answer, applied
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import queries
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

PREFERENCE = "odata.track-changes"
REFUSED = ("$filter", "$orderby", "$expand", "$top")
OPTIONS = frozenset({"$select", "$deltatoken", "$skiptoken"})
TOKEN = re.compile(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)")
COOKIE = re.compile(r'<cookie since="(\d+)" until="(\d+)" after="(\d)!(\d+)" istracking="True" />')
WRITTEN = "%m/%d/%Y %H:%M:%S"
CHANGED, DELETED = 0, 1  # deleted rows come last


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A reading of changes: after one version, up to another, and where it stands."""

    since: int
    until: int
    after: tuple[int, int]  # changed or deleted, version


def asked(call: Call) -> bool:
    """Whether a query is one of changes."""
    tracked = PREFERENCE in call.preferences or call.request.param("$deltatoken") is not None
    return tracked or COOKIE.fullmatch(call.request.param("$skiptoken") or "") is not None


def changes_of(call: Call, table: Table) -> Response:
    """One page of rows or changes. Raises ODataError."""
    _check(call, table)
    walk = _walk(call)
    size = queries.page_size(call)
    entries = _entries(call, table, walk)
    content: dict[str, Any] = {"@odata.context": f"{queries.context_of(call, table)}/$delta"}
    link = _delta_link(call, walk)
    if len(entries) > size:
        link = {"@odata.nextLink": _link(call, "$skiptoken", _cookie(walk, entries[size - 1][0]))}
    content |= link
    shower = queries.shower_of(call, table)
    gone = f"{call.base}/$metadata#{table.set_name}/$deletedEntity"
    content["value"] = [
        {"@odata.context": gone, "id": entry, "reason": "deleted"}
        if isinstance(entry, str)
        else shower.show(entry)
        for _, entry in entries[:size]
    ]
    return answer(200, content, applied(call, PREFERENCE, PAGE_SIZE, ANNOTATIONS))


def count_of(call: Call, table: Table) -> int:
    """How many rows `$count` with a token counts: those that changed or went since. Raises ODataError."""
    _check(call, table)
    return len(_entries(call, table, _walk(call)))


def _check(call: Call, table: Table) -> None:
    if not table.tracked:
        text = f"Entity {table.name} does not have change tracking enabled."
        raise ODataError("0x80072491", text)
    rights.require_everywhere(call.environment, "Read", table)
    for name in REFUSED:
        if call.request.param(name) is not None:
            text = f'The "{name[1:]}" query parameter isn\'t supported when Change Tracking is enabled.'
            raise ODataError("0x80060888", text)
    queries.check_options(call, OPTIONS)


def _walk(call: Call) -> Walk:
    """Where the reading stands, by its token or cookie. Raises ODataError."""
    here = call.environment
    if found := COOKIE.fullmatch(call.request.param("$skiptoken") or ""):
        since, until, kind, version = map(int, found.groups())
        return Walk(since=since, until=until, after=(kind, version))
    since = 0
    if (token := call.request.param("$deltatoken")) is not None:
        since = _since(here, token)
    return Walk(since=since, until=here.version, after=(CHANGED, since))


def _since(environment: Environment, token: str) -> int:
    found = TOKEN.fullmatch(token)
    try:
        moment = datetime.strptime(found[2], WRITTEN).replace(tzinfo=UTC) if found else None
    except ValueError:
        moment = None
    if found is None or moment is None:
        raise ODataError("0x80040203", "The delta token is not valid.")
    days = environment.rows["organization"][environment.id]["expirechangetrackingindays"]
    if environment.clock.now() - moment > timedelta(days=days):
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise ODataError("0x80044352", text)
    return int(found[1])


def _entries(call: Call, table: Table, walk: Walk) -> list[tuple[tuple[int, int], Row | str]]:
    """What is still to come, with its place: rows, and the keys of those that were deleted."""
    here = call.environment
    rows = here.rows[table.name]
    found: list[tuple[tuple[int, int], Row | str]] = [
        ((CHANGED, version), row)
        for row in rows.values()
        if walk.after < (CHANGED, version := row["versionnumber"]) and version <= walk.until
    ]
    if walk.since == 0:
        return found
    return found + [
        ((DELETED, version), key)
        for name, key, version in here.deleted
        if name == table.name and key not in rows
        if max(walk.after, (DELETED, walk.since)) < (DELETED, version) and version <= walk.until
    ]


def _delta_link(call: Call, walk: Walk) -> dict[str, str]:
    token = f"{walk.until}!{call.environment.clock.now().strftime(WRITTEN)}"
    return {"@odata.deltaLink": _link(call, "$deltatoken", token)}


def _cookie(walk: Walk, after: tuple[int, int]) -> str:
    place = f"{after[0]}!{after[1]}"
    return f'<cookie since="{walk.since}" until="{walk.until}" after="{place}" istracking="True" />'


def _link(call: Call, name: str, token: str) -> str:
    select = call.request.param("$select")
    chosen = f"$select={quote(select, safe=',')}&" if select else ""
    return f"{call.base}/{'/'.join(call.request.segments[3:])}?{chosen}{name}={quote(token, safe='')}"
