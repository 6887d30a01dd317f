"""What waits for a cure: by cause, one by one, and decided by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from crosswalk.core import catalogue
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.store import holds as stored
from crosswalk.store.holds import Held, Wanted
from crosswalk.store.models import Connection
from crosswalk.web import alerts, cures, holding
from crosswalk.web.holding import AT_ONCE, Ask, Decided
from crosswalk.web.pages import person
from crosswalk.web.roles import MANAGERS
from crosswalk.web.vendors import names_of, object_word

PAGE = 50
_ANSWERS = ("crm", "activecampaign", "typed", "record", "none", "retry")


class Decision(forms.Form):
    """What a person wants done with holds; the template draws it."""

    answer = forms.ChoiceField(
        choices=[(each, each) for each in _ANSWERS],
        error_messages={"required": gettext_lazy("Say what is to be done.")},
    )
    value = forms.CharField(required=False)
    record = forms.CharField(required=False)
    always = forms.BooleanField(required=False)
    everything = forms.BooleanField(required=False)
    after = forms.IntegerField(required=False, min_value=0)
    hold = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def clean(self) -> dict[str, Any]:
        """A candidate is one of those that were shown; holds are ticked, unless all are meant."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        ticked = [part.partition("-") for part in given.get("hold") or ()]
        given["ticked"] = {int(number): mark for number, _dash, mark in ticked if number.isdecimal()}
        if given.get("answer") == "record" and not given.get("record"):
            self.add_error("answer", _("Choose one of the candidates."))
        if not given.get("everything") and not given["ticked"]:
            self.add_error("hold", _("Tick what you decide about."))
        return given


def holds(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show what is held, by cause; of one cause, the holds."""
    if "cause" in request.GET:
        return _of_cause(request, connection, _wanted(request.GET))
    labels, found = holding.labels_of(connection), stored.causes(connection.id)
    causes = [
        {"cause": each, "heading": cures.heading(each.code), "sample": holding.shown(each.sample, labels)}
        for each in found
    ]
    total = sum(each.count for each in found)
    return render(
        request,
        "web/holds/causes.html",
        {"causes": causes, "total": total, "asked": "done" in request.GET, **_shared(request, connection)},
    )


def _wanted(given: QueryDict) -> Wanted:
    """Return which holds an address means. Raises Http404 for a cause that there is not."""
    entry = catalogue.find(given.get("cause", ""))
    if entry is None:
        raise Http404
    return Wanted(code=entry.code, object=given.get("object", ""), field=given.get("field", ""))


def _of_cause(
    request: HttpRequest,
    connection: Connection,
    wanted: Wanted,
    form: Decision | None = None,
    alert: alerts.Alert | None = None,
) -> HttpResponse:
    before = request.GET.get("before", "")
    found = stored.page(
        connection.id, wanted, before=int(before) if before.isdecimal() else None, limit=PAGE + 1
    )
    labels = holding.labels_of(connection)
    rows = [holding.shown(hold, labels) for hold in found[:PAGE]]
    parts = stored.parts(connection.id, wanted.code)
    chosen = [
        each for each in parts if wanted.object in ("", each.object) and wanted.field in ("", each.field)
    ]
    context = {
        "code": wanted.code,
        "title": holding.title(wanted.code),
        "heading": cures.heading(wanted.code),
        "wanted": wanted,
        "rows": rows,
        "count": sum(each.count for each in chosen),
        "parts": [_chip(connection, wanted, each, labels) for each in parts] if len(parts) > 1 else [],
        "all_address": _address(connection, Wanted(code=wanted.code)),
        "older": _address(connection, wanted, before=found[PAGE - 1].id) if len(found) > PAGE else "",
        "newest": _address(connection, wanted) if before else "",
        "asked": "done" in request.GET,
        "form": form,
        "alert": alert,
        "at_once": AT_ONCE,
        "same_reason": len({each.reason for each in rows}) == 1,
        "braked": all(each.braked for each in rows),
        "choosable": any(each.choosable for each in rows),
        "ambiguous": any(each.ambiguous for each in rows),
        **_shared(request, connection),
    }
    return render(request, "web/holds/of_cause.html", context)


def _chip(
    connection: Connection, wanted: Wanted, part: stored.Part, labels: holding.Labels
) -> dict[str, object]:
    label = labels.get((part.object, part.field), (part.field,))[0]
    return {
        "text": f"{object_word(part.object)}: {label}" if label else object_word(part.object),
        "count": part.count,
        "is_here": (wanted.object, wanted.field) == (part.object, part.field),
        "address": _address(connection, Wanted(code=wanted.code, object=part.object, field=part.field)),
    }


def _address(connection: Connection, wanted: Wanted, **more: object) -> str:
    """Return the address of the list of these holds."""
    asked = {"cause": wanted.code, "object": wanted.object, "field": wanted.field, **more}
    return (
        f"{reverse('holds', args=[connection.id])}?{urlencode({name: v for name, v in asked.items() if v})}"
    )


def _shared(request: HttpRequest, connection: Connection) -> dict[str, object]:
    names = names_of(connection)
    crm, activecampaign = names.values()
    return {
        "crm_name": crm,
        "activecampaign_name": activecampaign,
        "may_decide": person(request).role in MANAGERS,
    }


def hold(request: HttpRequest, connection: Connection, hold: int) -> HttpResponse:
    """Show one hold: both values, why, and what to do."""
    return _one(request, connection, _found(connection, hold))


def _found(connection: Connection, number: int) -> Held:
    found = stored.listed(connection.id, ids=[number])
    if not found:
        raise Http404
    return found[0]


def _one(
    request: HttpRequest,
    connection: Connection,
    held: Held,
    *,
    candidates: Sequence[tuple[str, object]] | None = None,
    form: Decision | None = None,
    alert: alerts.Alert | None = None,
) -> HttpResponse:
    shown = holding.shown(held, holding.labels_of(connection))
    context = {
        "hold": shown,
        "code": shown.code,
        "candidates": candidates,
        "form": form,
        "alert": alert,
        "asked": "done" in request.GET,
        "list_address": _address(connection, Wanted(code=held.code)),
        **_shared(request, connection),
    }
    return render(request, "web/holds/hold.html", context)


@require_POST
def candidates(request: HttpRequest, connection: Connection, hold: int) -> HttpResponse:
    """Show what the contacts hold now that a record may belong to."""
    held = _found(connection, hold)
    try:
        found = holding.read_candidates(connection, held)
    except (UserError, SystemFailure) as error:
        return _one(request, connection, held, alert=alerts.failed(error))
    return _one(request, connection, held, candidates=found)


@require_POST
def decide(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Keep what a person decides about the ticked holds, or about all of a cause."""
    wanted = _wanted(request.POST)
    form = Decision(_lists(request.POST))
    if not form.is_valid():
        return _again(request, connection, wanted, form)
    given = form.cleaned_data
    ask = Ask(
        answer=given["answer"],
        value=given["value"],
        always=given["always"],
        record=given["record"],
        ticked=given["ticked"],
        wanted=wanted if given["everything"] else None,
        after=given["after"] or 0,
    )
    try:
        decided = holding.decide(connection, ask)
    except (UserError, SystemFailure) as error:
        return _again(request, connection, wanted, form, alerts.failed(error))
    return _told(request, connection, wanted, form, decided)


def _lists(given: QueryDict) -> dict[str, object]:
    """Return what a form holds; of `hold`, all values."""
    return {**given.dict(), "hold": given.getlist("hold")}


def _again(
    request: HttpRequest,
    connection: Connection,
    wanted: Wanted,
    form: Decision,
    alert: alerts.Alert | None = None,
) -> HttpResponse:
    """Show the page again from which a decision came, with what was typed."""
    one = request.POST.get("one", "")
    if one.isdecimal():
        return _one(request, connection, _found(connection, int(one)), form=form, alert=alert)
    return _of_cause(request, connection, wanted, form, alert)


def _told(
    request: HttpRequest, connection: Connection, wanted: Wanted, form: Decision, decided: Decided
) -> HttpResponse:
    """Go back to the list; where something was refused or is left, say so first."""
    if not decided.refused and not decided.left:
        messages.success(request, _done(decided.done, form.cleaned_data["answer"]))
        remains = stored.page(connection.id, wanted, before=None, limit=1)
        address = _address(connection, wanted, done=1) if remains else None
        return redirect(address or f"{reverse('holds', args=[connection.id])}?done=1")
    context: Mapping[str, object] = {
        "alert": alerts.went_well(_done(decided.done, form.cleaned_data["answer"])) if decided.done else None,
        "decided": decided,
        "form": form,
        "wanted": wanted,
        "asked": decided.done > 0,
        "list_address": _address(connection, wanted),
        **_shared(request, connection),
    }
    return render(request, "web/holds/decided.html", context)


def _done(count: int, answer: str) -> str:
    if answer == "retry":
        text = ngettext("The next run tries one again.", "The next run tries {count} again.", count)
    else:
        text = ngettext(
            "One is decided; the next run writes it.", "{count} are decided; the next run writes them.", count
        )
    return text.format(count=count)
