"""What somebody prefers goes with them to every browser, and stands in cookies: pages about errors ask no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import get_language

from crosswalk.core.language import speaking

from .pages import THEME_COOKIE, known

_YEAR = 31536000


class Preferences:
    """Middleware that keeps the cookies as the person wants them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with speaking(get_language() or "en", browser=True):  # texts that are not the web's speak it too
            answer = self._get_response(request)
            if isinstance(answer, StreamingHttpResponse):  # a file, which is made while it is sent
                parts = cast(Iterator[bytes], answer.streaming_content)  # nothing here is asynchronous
                answer.streaming_content = _within(copy_context(), parts)
        user = known(request)
        if user is not None:
            _keep(request, answer, THEME_COOKIE, user.theme)
            _keep(request, answer, settings.LANGUAGE_COOKIE_NAME, user.language)
        return answer


def _within(context: Context, parts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield parts that are made as they would have been in a context, language and door among it."""
    while (part := context.run(next, parts, None)) is not None:
        yield part


def _keep(request: HttpRequest, answer: HttpResponseBase, name: str, wanted: str) -> None:
    if request.COOKIES.get(name, "") == wanted:
        return
    if wanted:
        secure = bool(settings.SESSION_COOKIE_SECURE)
        answer.set_cookie(name, wanted, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(name)
