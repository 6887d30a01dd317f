"""Pages about errors: what happened, whether data is safe, what to do next, and an id that finds the log's lines."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crosswalk.core import catalogue
from crosswalk.core.failures import SystemFailure, UserError

from .requests import HEADER

_SAFE = gettext_noop("Nothing was changed.")
# status → (title, whether data is safe, what next)
_WORDS = {
    400: (gettext_noop("This cannot be done"), _SAFE, gettext_noop("Go back and correct it.")),
    403: (
        gettext_noop("You may not do this"),
        _SAFE,
        gettext_noop("Ask an administrator for the role that may, or go back to the overview."),
    ),
    404: (
        gettext_noop("There is no such page"),
        _SAFE,
        gettext_noop("What it was about may have been removed. Look for it from the overview."),
    ),
    409: (
        gettext_noop("Somebody else changed this meanwhile"),
        gettext_noop("Theirs is stored; yours is not."),
        gettext_noop("Go back, load the page anew, and make your change to what is there now."),
    ),
    429: (
        gettext_noop("Too many wrong passwords"),
        _SAFE,
        gettext_noop(
            "Wait a quarter of an hour, then try again; an administrator can give you a link with which you choose a"
            " new password."
        ),
    ),
    500: (
        gettext_noop("This should not have happened"),
        gettext_noop(
            "What is stored is complete: a change that failed half-way was undone. Runs are not touched by it."
        ),
        gettext_noop(
            "Try again. If it happens again, report it with the lines that the log has about this request."
        ),
    ),
    502: (
        gettext_noop("A system could not be asked"),
        _SAFE,
        gettext_noop("Try again in a minute."),
    ),
    503: (
        gettext_noop("The database cannot be reached"),
        gettext_noop(
            "What is stored is safe, and runs go on where they were once it is back. Your last change was not stored."
        ),
        gettext_noop("Try again in a minute. Administrators: crosswalk db status says whether it runs."),
    ),
}


def page(
    request: HttpRequest,
    status: int,
    *,
    title: str = "",
    following: str = "",
    code: str = "",
    message: str = "",
) -> HttpResponse:
    """Answer with the page about a status; `title`, `message` and `following` (what next) say it more exactly.

    `code` is of the error catalogue.
    """
    words = _WORDS[status]
    return render(
        request,
        "web/error.html",
        {
            "status": status,
            "code": code,
            "message": message,
            "title": title or _(words[0]),
            "safe": _(words[1]),
            "following": following or _(words[2]),
            "request_id": request.META.get(HEADER, ""),
        },
        status=status,
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer somebody whose role does not do."""
    return page(request, 403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer that there is nothing at an address."""
    return page(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer after an exception: the database is away, or it is a mistake of ours."""
    away = isinstance(sys.exception(), OperationalError | InterfaceError)
    return page(request, 503 if away else 500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was made for somebody else, or for an earlier sign-in."""
    return page(
        request,
        403,
        title=_("This form is too old"),
        following=_("Go back, load the page anew, and try again. Cookies must be allowed for this address."),
    )


def locked_out(request: HttpRequest, *_arguments: object) -> HttpResponse:
    """Answer somebody who gave too many wrong passwords."""
    return page(request, 429)


class Failures:
    """Middleware: what a person asked for cannot be done, or a system could not be asked; the page says why."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SystemFailure | UserError):
            return None
        said = told(error)
        return page(
            request,
            502 if isinstance(error, SystemFailure) else 400,
            message=said.message,
            following=said.cure,
            code=said.code,
        )


def told(error: SystemFailure | UserError) -> catalogue.Said:
    """Return code, message and cure of what went wrong, as forms and pages show them."""
    return catalogue.told(error)
