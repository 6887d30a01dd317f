"""Calls to one org: token, version, limits, queries.

Source: Salesforce REST API, headers, query, queryAll, query locators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import httpx2

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure
from ...core.system import Budget
from ...core.words import keepable as _
from ..answers import REPORT, Answer
from ..http import HttpClient
from .auth import Token
from .errors import Refused, explain, is_about_concurrency
from .session import Session

API_VERSION = "60.0"
_HEADERS = {"Sforce-Call-Options": "client=Crosswalk/1.0"}
_LARGEST_PAGES = {"Sforce-Query-Options": "batchSize=2000"}
_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
_PAUSES = (2.0, 5.0, 15.0)  # seconds, when too many calls run at once


class Client:
    """Calls to one org as one user. Signs in when first needed and again when the token has expired."""

    def __init__(
        self, session: Session, *, budget: Budget, clock: Clock, transport: httpx2.BaseTransport | None
    ) -> None:
        self.session = session
        self.http = HttpClient(
            vendor="Salesforce",
            base_url=session.http.base_url,  # calls name the whole address: only the token knows the host
            budget=budget,
            clock=clock,
            transport=transport,
            learn=_learn_usage,
            explain=explain,
            packs=True,
        )
        self._budget = budget
        self._clock = clock

    def now(self) -> datetime:
        """Our clock's time."""
        return self._clock.now()

    def read(self, resource: str, *, query: Sequence[tuple[str, str]] = (), json: object = None) -> Answer:
        """Read a resource of the API version, with a body if there is one; repeats by itself."""
        return self._read(data_path(resource), query=query, json=json)

    def read_csv(self, resource: str, *, query: Sequence[tuple[str, str]] = ()) -> Answer:
        """Read a resource that answers with CSV; whether it is complete is the caller's business."""
        return self._read(data_path(resource), query=query, headers={"Accept": "text/csv"}, is_json=False)

    def sleep(self, seconds: float) -> None:
        """Wait, by our clock."""
        self._clock.sleep(seconds)

    def userinfo(self) -> Answer:
        """Ask who we are. Source: OAuth 2.0, userinfo endpoint."""
        return self._read("/services/oauth2/userinfo")

    def query(self, soql: str, *, deleted: bool = False) -> Answer:
        """Run a statement; `deleted` takes in deleted and merged records."""
        resource = "/queryAll" if deleted else "/query"
        return self._read(data_path(resource), query=[("q", soql)], headers=_LARGEST_PAGES)

    def further(self, next_url: str) -> Answer:
        """Read the page that an answer named as its next."""
        if not next_url.startswith("/"):
            raise SystemFailure(
                FailureKind.BUG, _("Salesforce named a next page outside your org."), cure=_(REPORT)
            )
        return self._read(next_url, headers=_LARGEST_PAGES)

    def write(self, method: str, resource: str, json: object) -> Answer:
        """Change something, at most once: raises SystemFailure `in_doubt` when it may have happened.

        Assignment rules stay off: they would change owners on every update.
        """
        headers = {"Sforce-Auto-Assign": "FALSE"}
        return self._call(method, data_path(resource), json=json, headers=headers, repeatable=False)

    def _read(
        self,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: object = None,
        headers: Mapping[str, str] | None = None,
        is_json: bool = True,
    ) -> Answer:
        method = "GET" if json is None else "POST"
        try:
            return self._call(
                method, path, query=query, json=json, headers=headers, repeatable=True, is_json=is_json
            )
        except SystemFailure as failure:
            failure.in_doubt = False  # a POST that only reads changes nothing
            raise

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool,
        is_json: bool = True,
    ) -> Answer:
        def send(token: Token) -> Answer:
            return self.http.request(
                method,
                token.instance_url + path,
                query=query,
                json=json,
                headers={**_HEADERS, **(headers or {}), "Authorization": f"Bearer {token.value}"},
                repeatable=repeatable,
                is_json=is_json,
            )

        token = self.session.token()
        pauses = iter(_PAUSES)
        renewed = False
        while True:
            try:
                return send(token)
            except Refused as refusal:
                # Neither of these two was carried out: even a write may be sent again.
                if _is_expired(refusal) and not renewed:
                    token = self.session.renew(token)
                    renewed = not token.shared  # one that was there already may have expired too
                elif not is_about_concurrency(refusal) or not self._pause(pauses):
                    raise

    def _pause(self, pauses: Iterator[float]) -> bool:
        """Wait until the next try; false when there is none."""
        seconds = next(pauses, None)
        if seconds is None:
            return False
        self._budget.learn(pause=seconds)
        self._clock.sleep(seconds)
        return True


def _is_expired(refusal: Refused) -> bool:
    """Tell whether the token was refused; userinfo says so with 403 and a bare word."""
    return refusal.status == 401 or (refusal.status == 403 and not refusal.errors)


def data_path(resource: str) -> str:
    """Return the path of a REST resource in the API version that we speak."""
    return f"/services/data/v{API_VERSION}{resource}"


def _learn_usage(answer: Answer, budget: Budget) -> None:
    """Take in `Sforce-Limit-Info: api-usage=790/115000`."""
    usage = _USAGE.search(answer.headers.get("sforce-limit-info", ""))
    if usage:
        budget.learn(used_today=int(usage.group(1)), limit_today=int(usage.group(2)))
