"""Looking for a record, and what there is to say about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import Side
from crosswalk.store import holds, search
from crosswalk.store.models import Connection
from crosswalk.sync.context import CONTACT
from crosswalk.sync.explain import explain
from crosswalk.sync.explain_stored import stored
from crosswalk.sync.explained import Explanation, LinkExplanation
from crosswalk.sync.seeking import Sought, is_email, seek
from crosswalk.sync.setup import open_context
from crosswalk.web import alerts, services, telling
from crosswalk.web.pages import person
from crosswalk.web.roles import MANAGERS
from crosswalk.web.vendors import names_of, object_word, record_page

_SHORTEST = 2  # characters to look for


def records(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Look for records by e-mail address, its beginning, or an id; names are asked for in both systems."""
    return _results(request, connection, request.GET.get("q", "").strip())


def _results(request: HttpRequest, connection: Connection, asked: str, **more: Any) -> HttpResponse:
    found = _found(connection, asked, request.GET.get("after", "")) if len(asked) >= _SHORTEST else None
    context = {
        "asked": asked,
        "too_short": 0 < len(asked) < _SHORTEST,
        "rows": None if found is None else _rows(connection, found),
        "more": ""
        if found is None or found.after is None
        else f"{reverse('records', args=[connection.id])}?{urlencode({'q': asked, 'after': found.after})}",
        "ask": _to_ask(asked, found),
        **_shared(request, connection),
        **more,
    }
    return render(request, "web/records/search.html", context)


def _to_ask(asked: str, found: search.Found | None) -> str:
    """Return what both systems can be asked for; nothing when an id was found or too little is known."""
    if found is None or any(asked in {each.crm_id, each.activecampaign_id} for each in found.links):
        return ""
    if "@" in asked:
        return "address" if is_email(asked) else ""
    return "" if any(asked == each.record_id for each in found.records) else "name"


def _found(connection: Connection, asked: str, after: str) -> search.Found:
    by_id = search.by_id(connection, asked)
    if by_id.links or by_id.records:
        return by_id
    return search.by_key(connection, asked, after=after)


def _rows(connection: Connection, found: search.Found) -> list[dict[str, Any]]:
    links = [
        {
            "key": each.key,
            "object": object_word(each.object),
            "crm_id": each.crm_id,
            "activecampaign_id": each.activecampaign_id,
            "told": telling.of_link(each),
            "address": _address(connection, *_end(each)),
        }
        for each in found.links
    ]
    others = [
        {
            "key": each.key,
            "object": object_word(each.object),
            f"{each.side.value}_id": each.record_id,
            "told": telling.of_known(each),
            "address": _address(connection, each.side.value, each.record_id),
        }
        for each in found.records
    ]
    return sorted([*links, *others], key=lambda row: row["key"] or "")


def _end(tied: search.Tied) -> tuple[str, str]:
    if tied.crm_id:
        return Side.CRM.value, tied.crm_id
    return Side.ACTIVECAMPAIGN.value, tied.activecampaign_id or ""


def _address(connection: Connection, side: str, record_id: str) -> str:
    return reverse("record", args=[connection.id, side, record_id]) if record_id else ""


def _shared(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    names = names_of(connection)
    return {
        "crm_name": names[Side.CRM],
        "activecampaign_name": names[Side.ACTIVECAMPAIGN],
        "may_decide": person(request).role in MANAGERS,
    }


@require_POST
def find(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Ask both systems for the records with an e-mail address, or of people with a name."""
    asked = request.POST.get("q", "").strip()
    if len(asked) < _SHORTEST:
        return _results(request, connection, asked)
    try:
        sought = seek(connection, asked, services.vault(), services.clock())
    except (UserError, SystemFailure) as error:
        return _results(request, connection, asked, alert=alerts.failed(error))
    return _results(request, connection, asked, live=_live(connection, sought))


def _live(connection: Connection, sought: Sequence[Sought]) -> dict[str, Any]:
    names = names_of(connection)
    people = [
        {
            "title": named.name or named.email or named.id,
            "email": named.email if named.name else "",
            "system": names[each.side],
            "object": object_word(each.object),
            "id": named.id,
            "address": _address(connection, each.side.value, named.id),
        }
        for each in sought
        for named in each.found
    ]
    failed = {str(each.failure): each.failure for each in sought if each.failure is not None}
    return {
        "people": sorted(people, key=lambda each: str(each["title"]).casefold()),
        "more": any(each.more for each in sought),
        "alerts": [alerts.failed(failure) for failure in failed.values()],
    }


# --- one record --------------------------------------------------------------------------------------------------


def record(request: HttpRequest, connection: Connection, side: str, record: str) -> HttpResponse:
    """Show what is stored of a record, in words first."""
    end = _side(side)
    return _page(request, connection, end, record, stored(connection, end, record))


@require_POST
def read(request: HttpRequest, connection: Connection, side: str, record: str) -> HttpResponse:
    """Read both sides of a record now, and say what would be decided."""
    end = _side(side)
    try:
        with closing(open_context(connection.name, services.vault(), services.clock())) as context:
            found = explain(context, end, record)
    except (UserError, SystemFailure) as error:
        known = stored(connection, end, record)
        return _page(request, connection, end, record, known, alert=alerts.failed(error))
    return _page(request, connection, end, record, found, live=True)


def _side(side: str) -> Side:
    if side not in set(Side):
        raise Http404
    return Side(side)


def _page(
    request: HttpRequest,
    connection: Connection,
    side: Side,
    record_id: str,
    found: Explanation | None,
    *,
    live: bool = False,
    alert: alerts.Alert | None = None,
) -> HttpResponse:
    names, tied = names_of(connection), search.tied(connection, side, record_id)
    if not tied and found is not None:
        tied = [each for link in found.links if link.crm_id for each in _tied_to(connection, link)]
    key = next((each.key for each in tied if each.key), None)
    context = {
        "side": side.value,
        "record_id": record_id,
        "system": names[side],
        "title": key or _key(found) or record_id,
        "told": telling.of_record(found, tied, names),
        "found": found,
        "links": _links(connection, found, tied, names) if found is not None else [],
        "live": live,
        "alert": alert,
        **_shared(request, connection),
    }
    return render(request, "web/records/record.html", context)


def _tied_to(connection: Connection, link: LinkExplanation) -> Sequence[search.Tied]:
    open_link = link.closed_reason is None and link.crm_id is not None
    return search.tied(connection, Side.CRM, link.crm_id or "") if open_link else []


def _key(found: Explanation | None) -> str | None:
    rows: Sequence[Mapping[str, Any]] = found.directory if found is not None else []
    return next((row["key"] for row in rows if row["key"]), None)


def _links(
    connection: Connection, found: Explanation, tied: Sequence[search.Tied], names: telling.Names
) -> list[dict[str, Any]]:
    held = holds.numbers_of([each.id for each in tied])
    return [_link(connection, each, names, held) for each in found.links]


def _link(
    connection: Connection,
    link: LinkExplanation,
    names: telling.Names,
    held: Mapping[tuple[str, str], int],
) -> dict[str, Any]:
    labels = {each.crm_field: each.crm_label for each in link.fields}
    labels |= {each.activecampaign_field: each.activecampaign_label for each in link.fields}
    return {
        "link": link,
        "object": object_word(link.object),
        "closed": telling.closed_text(link.closed_reason, names) if link.closed_reason is not None else "",
        "crm_page": record_page(connection, Side.CRM, link.object, link.crm_id) if link.crm_id else "",
        "contact_page": record_page(connection, Side.ACTIVECAMPAIGN, CONTACT, link.activecampaign_id)
        if link.activecampaign_id
        else "",
        "fields": [(each, held.get((link.crm_id or "", each.crm_field))) for each in link.fields],
        "hold": held.get((link.crm_id or "", "")),
        "writes": [_write(row, labels, names) for row in link.journal],
        "evidence": [{**each, "system": names[Side(each["side"])]} for each in link.consent["evidence"]],
        "has_consent": any(link.consent.values()),
    }


def _write(row: Mapping[str, Any], labels: Mapping[str, str], names: telling.Names) -> dict[str, Any]:
    return {
        "at": row["at"],
        "run": row["run"],
        "op": row["op"],
        "system": names[Side(row["side"])],
        "changes": [
            {
                "label": labels.get(name, name),
                "before": before,
                "after": after,
                "reason": telling.reason_text(why),
            }
            for name, (before, after, why) in row["fields"].items()
        ],
    }
