"""Calls to one account's API v3."""

from __future__ import annotations

from collections.abc import Sequence

import httpx2

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure
from ...core.system import Budget
from ...core.words import keepable as _
from ..answers import Answer
from ..http import HttpClient
from .auth import Credentials
from .errors import VENDOR, explain, read_errors

Query = Sequence[tuple[str, str]]
OK = frozenset({200})
WHO_AM_I = "/users/me"
NO_RIGHT = "403"  # code of a call that the key's user may not make
_REFUSED = frozenset({401, 403})


class Api:
    """Signed calls; failures in the user's words; the budget learns the account's limit."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        budget: Budget,
        clock: Clock,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.per_second: float | None = None  # the account's limit, once an answer named it
        self._headers = credentials.headers()
        self.http = HttpClient(
            vendor=VENDOR,
            base_url=credentials.base_url,
            budget=budget,
            clock=clock,
            transport=transport,
            learn=self._learn,
            explain=self._explain,
        )

    def get(self, path: str, query: Query = (), accept: frozenset[int] = OK) -> Answer:
        """Read; repeated until answered."""
        return self.http.request(
            "GET", path, query=query, headers=self._headers, repeatable=True, accept=accept
        )

    def post(self, path: str, body: object, accept: frozenset[int], *, repeatable: bool = False) -> Answer:
        """Create; never repeated when it may have taken effect, unless doing it again changes nothing."""
        return self.http.request(
            "POST", path, headers=self._headers, json=body, repeatable=repeatable, accept=accept
        )

    def put(self, path: str, body: object, accept: frozenset[int]) -> Answer:
        """Set values; repeating it changes nothing."""
        return self.http.request(
            "PUT", path, headers=self._headers, json=body, repeatable=True, accept=accept
        )

    def _learn(self, answer: Answer, budget: Budget) -> None:
        """Tell the budget the account's calls per second. Source: API v3, Rate limits."""
        raw = answer.headers.get("ratelimit-limit", "")
        if raw.isdigit() and int(raw) > 0 and float(raw) != self.per_second:
            self.per_second = float(raw)
            budget.learn(per_second=self.per_second)

    def _explain(self, answer: Answer) -> SystemFailure:
        if answer.status not in _REFUSED:
            return explain(answer)
        # The vendor answers 403 to a wrong key and to a missing right alike: who-am-I tells them apart.
        alike = answer.status == 403 and not answer.path.endswith(WHO_AM_I)
        if not alike or self.get(WHO_AM_I, accept=frozenset({200, *_REFUSED})).status in _REFUSED:
            return SystemFailure(
                FailureKind.AUTH,
                _("The API key was refused by ActiveCampaign."),
                cure=_("Copy the API key again from ActiveCampaign (Settings, Developer) and save it."),
                code=str(answer.status),
            )
        errors = read_errors(answer)
        return SystemFailure(
            FailureKind.PERMISSION,
            _("ActiveCampaign does not allow this to the key's user: {path} ({reason}).").format(
                path=answer.path, reason=errors[0].message if errors else "403"
            ),
            cure=_("Use the key of a user in the Admin group, and look at the account's contact limit."),
            code=NO_RIGHT,
        )
