"""Every request has an id, which finds the lines that the log has about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bound_contextvars

from crosswalk.core.acts import acting

HEADER = "X-Request-Id"


class Requests:
    """Middleware that gives each request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = uuid.uuid4().hex[:12]
        request.META[HEADER] = number
        with bound_contextvars(request=number):
            answer = self._get_response(request)
        answer[HEADER] = number
        return answer


class Acting:
    """Middleware: what changes while a request is answered was done by the person who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"} or not request.user.is_authenticated:
            return self._get_response(request)
        with acting(request.user.name, "web"):
            return self._get_response(request)
