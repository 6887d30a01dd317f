"""Calls to one environment: token, headers, batches, links to further pages.

Source: Dataverse Web API, HTTP requests and headers, paging, service protection limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure
from ...core.sign_in import Tokens
from ...core.system import Budget
from ..answers import Answer
from ..http import HttpClient
from ..refusals import Refused
from ..tries import LONGEST_WAIT
from . import batch
from .auth import Token
from .errors import explain
from .protection import Protection
from .session import Session

ROOT = "/api/data/v9.2"
_HEADERS = {"OData-MaxVersion": "4.0", "OData-Version": "4.0"}
_CALLER = "CallerObjectId"
_DONE = frozenset({200, 201, 204})
_PAUSES = (0.5, 1.0, 2.0)  # seconds between tries, where a batch's answer broke off

Query = Sequence[tuple[str, str]]


class Who(msgspec.Struct, frozen=True, rename="pascal"):
    """Who we are in an environment."""

    user_id: str
    organization_id: str


class Client:
    """Calls to one environment as one user. Signs in when first needed and again before the token ends."""

    def __init__(
        self, session: Session, *, budget: Budget, clock: Clock, transport: httpx2.BaseTransport | None
    ) -> None:
        self.session = session
        self.environment = session.credentials.environment
        self.http = HttpClient(
            vendor="Dynamics 365",
            base_url=self.environment,
            budget=budget,
            clock=clock,
            transport=transport,
            learn=Protection().learn,
            explain=explain,
        )
        self._budget = budget
        self._clock = clock

    def now(self) -> datetime:
        """Our clock's time."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Wait, by our clock."""
        self._clock.sleep(seconds)

    def who(self) -> Who:
        """Return who we are: as stored with the tokens, else as the environment says, once and for all."""
        stored = self.session.tokens.read()
        if stored.get("user_id") and stored.get("organization_id"):
            return Who(user_id=stored["user_id"], organization_id=stored["organization_id"])
        who = self.ask_who()

        def change(tokens: Tokens) -> Tokens:
            return {**tokens, "user_id": who.user_id, "organization_id": who.organization_id}

        self.session.tokens.renew(change)
        return who

    def ask_who(self, *, as_caller: bool = False) -> Who:
        """Ask the environment who we are: ourselves, or those `as_caller` for whom we write. Source: WhoAmI."""
        headers = self._caller() if as_caller else {}
        found = self._call("GET", f"{ROOT}/WhoAmI", headers=headers, repeatable=True).decode(Who)
        return Who(user_id=found.user_id.lower(), organization_id=found.organization_id.lower())

    def read(self, path: str, *, query: Query = (), prefer: Sequence[str] = ()) -> Answer:
        """Read a resource below the Web API's address; repeats by itself."""
        return self._call("GET", ROOT + path, query=query, headers=_preferring(prefer), repeatable=True)

    def follow(self, link: str, *, prefer: Sequence[str] = ()) -> Answer:
        """Read what an answer named as its next page or its delta, unchanged.

        The token goes to our environment only, whatever host the link names.
        """
        parts = urlsplit(urljoin(f"{self.environment}{ROOT}/", link))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self._call("GET", path, headers=_preferring(prefer), repeatable=True)

    def pages(self, path: str, *, query: Query = (), prefer: Sequence[str] = ()) -> Iterator[Answer]:
        """Yield the answers of a query from its first page to its last."""
        answer = self.read(path, query=query, prefer=prefer)
        while True:
            yield answer
            link = next_link(answer)
            if link is None:
                return
            answer = self.follow(link, prefer=prefer)

    def write(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        prefer: Sequence[str] = (),
        repeatable: bool = False,
    ) -> Answer:
        """Change something: raises SystemFailure `in_doubt` when it may have happened.

        Only what is `repeatable` without harm is sent again by itself.
        """
        sent = {**self._caller(), **_preferring(prefer), **(headers or {})}
        return self._call(
            method,
            ROOT + path,
            query=query,
            json=json,
            headers=sent,
            repeatable=repeatable,
            accept=_DONE,
            may_be_empty=True,
        )

    def batch(self, requests: Sequence[batch.Request], *, repeatable: bool) -> list[Answer]:
        """Send up to 1,000 requests in one call and return their answers, whatever their statuses.

        A request that failed stops none of the others. Raises SystemFailure `in_doubt` when one may have happened and
        nobody says so; never for requests that are all GET.
        """
        reads = all(each.method == "GET" for each in requests)
        sent = {
            **({} if reads else self._caller()),
            "Content-Type": batch.CONTENT_TYPE,
            **_preferring(["odata.continue-on-error"]),
        }
        pauses = iter(_PAUSES if repeatable or reads else ())
        while True:
            try:
                answer = self._call(
                    "POST",
                    f"{ROOT}/$batch",
                    body=batch.encode(requests, ROOT),
                    headers=sent,
                    repeatable=repeatable or reads,
                    is_json=False,
                )
                answers = batch.decode(answer, requests, ROOT)
            except SystemFailure as failure:
                failure.in_doubt = failure.in_doubt and not reads
                if failure.code == batch.BROKEN_OFF and (seconds := next(pauses, None)) is not None:
                    self._clock.sleep(seconds)
                    continue
                raise
            self._rest(answers)
            return answers

    def _rest(self, answers: Sequence[Answer]) -> None:
        """Let all processes pause as long as the refused parts of a batch ask for."""
        waits = [answer.headers.get("retry-after", "") for answer in answers if answer.status == 429]
        seconds = [float(wait) for wait in waits if wait.isdigit()]
        if waits:
            self._budget.learn(pause=max(seconds, default=LONGEST_WAIT))

    def _caller(self) -> dict[str, str]:
        caller = self.session.credentials.caller_object_id
        return {_CALLER: caller} if caller else {}

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        json: object = None,
        body: bytes | None = None,
        headers: Mapping[str, str],
        repeatable: bool,
        accept: frozenset[int] = frozenset({200}),
        may_be_empty: bool = False,
        is_json: bool = True,
    ) -> Answer:
        def send(token: Token) -> Answer:
            return self.http.request(
                method,
                self.environment + path,
                query=query,
                json=json,
                body=body,
                headers={**_HEADERS, **headers, "Authorization": f"Bearer {token.value}"},
                repeatable=repeatable,
                accept=accept,
                may_be_empty=may_be_empty,
                is_json=is_json,
            )

        return self._with_token(send)

    def _with_token(self, send: Callable[[Token], Answer]) -> Answer:
        token = self.session.token()
        renewed = False
        while True:
            try:
                return send(token)
            except Refused as refusal:
                # A call with a refused token was not carried out: even a write may be sent again.
                if refusal.status != 401 or renewed:
                    raise
                token = self.session.renew(token)
                renewed = not token.shared  # one that was there already may have been refused too


class _Linked(msgspec.Struct, frozen=True):
    link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def next_link(answer: Answer) -> str | None:
    """Return the address of the page after this one."""
    return answer.decode(_Linked).link


def accepted(answer: Answer) -> Answer:
    """Return an answer out of a batch. Raises SystemFailure if it is a refusal."""
    if answer.status in _DONE:
        return answer
    failure = explain(answer)
    if answer.status >= 500:
        failure.kind = FailureKind.TRANSIENT
    raise failure


def _preferring(wishes: Sequence[str]) -> dict[str, str]:
    return {"Prefer": ",".join(wishes)} if wishes else {}
