"""What codes mean, and what cures them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crosswalk.web import codes, cures


def index(request: HttpRequest) -> HttpResponse:
    """List all codes."""
    groups = [(_(title), entries) for title, entries in codes.groups()]
    return render(request, "web/codes/index.html", {"groups": groups})


def entry(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a code means, why it comes, and what to do."""
    found = codes.entry_of(code)
    if found is None:
        raise Http404
    context = {
        "entry": found,
        "heading": cures.heading(found.code),
        "page": codes.page(found.code, get_language() or codes.ENGLISH),
    }
    return render(request, "web/codes/entry.html", context)
