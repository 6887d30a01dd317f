"""What monitoring asks for: `/healthz`, `/readyz` and `/metrics`.

They are answered before anything else, whatever name the installation was called by: probes know addresses only.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from . import metrics, readiness

Answerer = Callable[[HttpRequest], HttpResponse]


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer: the process is alive. Nothing else is asked."""
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether work can be done, and what stands in the way; 503 when it cannot."""
    found = readiness.findings()
    ready = not any(found.values())
    checks = {name: {"ok": not wrong, "message": wrong} for name, wrong in found.items()}
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, which shows the token of CROSSWALK_METRICS_TOKEN; without one there is no such page."""
    token = os.environ.get("CROSSWALK_METRICS_TOKEN", "")
    if not token:
        return HttpResponse("CROSSWALK_METRICS_TOKEN is not set.\n", "text/plain; charset=utf-8", 404)
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode(), token.encode()):
        return HttpResponse(
            "Show the token: Authorization: Bearer\n",
            "text/plain; charset=utf-8",
            401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(metrics.exposition(), metrics.CONTENT_TYPE)


_PAGES: dict[str, Answerer] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}


class Operations:
    """Middleware that answers monitoring and passes everything else on."""

    def __init__(self, get_response: Answerer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = _PAGES.get(request.path_info)
        if page is None:
            return self._get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        answer = page(request)
        answer["Cache-Control"] = "no-store"
        return answer
