"""What was given out: authorization codes, approvals with their refresh tokens, and access tokens.

Everything runs out on the org's clock. Source: Salesforce, OAuth 2.0: session timeout, refresh token
policies, refresh token rotation, five approvals for each user and app.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.salesforce.sign_in.apps import App, refreshes, secret

CODE_LIVES = timedelta(minutes=15)
MOST_GRANTS = 5  # of one user for one app


@dataclass(slots=True, kw_only=True)
class Grant:
    """A user's approval of an app; it ends with its refresh token, and its access tokens with it."""

    app: str  # client id
    user: str
    scope: str  # parts separated by blanks, in the order in which they were asked for
    refresh_token: str | None  # None when the scope has none
    made: datetime
    used: datetime
    rotated_out: list[str] = field(default_factory=list)  # earlier refresh tokens


@dataclass(slots=True, kw_only=True)
class Session:
    """A live access token."""

    app: str
    user: str
    scope: str
    grant: int | None  # None where no user approved it by hand
    stated: bool  # came of a signed statement
    made: datetime
    used: datetime


@dataclass(slots=True, kw_only=True)
class Code:
    """An authorization code on its way to the app."""

    app: str
    user: str
    scope: str
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    made: datetime
    spent: bool = False


@dataclass(slots=True, kw_only=True)
class Given:
    """All of it, as it is kept."""

    count: int = 0  # of all secrets ever given out
    codes: dict[str, Code] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    browsers: dict[str, str] = field(default_factory=dict)  # cookie to the user who signed in there


class Tokens:
    """Gives out, finds and revokes."""

    def __init__(self, key: bytes, clock: Clock, org_id: str) -> None:
        self._key = key
        self._clock = clock
        self._org_id = org_id
        self.given = Given()

    def new_code(self, app: App, user: str, scope: str, **details: str | None) -> str:
        """A code for a user who allowed the app; `details` are redirect_uri, challenge and nonce."""
        code = f"aPrx{self._secret('code')}=="
        self.given.codes[code] = Code(
            app=app.client_id,
            user=user,
            scope=scope,
            redirect_uri=details["redirect_uri"] or "",
            challenge=details["challenge"],
            nonce=details["nonce"],
            made=self._clock.now(),
        )
        return code

    def code_lives(self, code: Code) -> bool:
        return not code.spent and self._clock.now() - code.made <= CODE_LIVES

    def new_grant(self, app: App, user: str, scope: str, refresh_token: str | None = None) -> int:
        """Note an approval; one beyond five of this user and app ends the oldest."""
        now = self._clock.now()
        if refresh_token is None and refreshes(scope):
            refresh_token = self._refresh_token()
        self.given.count += 1
        self.given.grants[self.given.count] = Grant(
            app=app.client_id, user=user, scope=scope, refresh_token=refresh_token, made=now, used=now
        )
        for old in list(self._approvals(app, user))[:-MOST_GRANTS]:
            self.end_grant(old)
        return self.given.count

    def approved(self, app: App, user: str) -> list[Grant]:
        """The live approvals of an app by a user."""
        return [self.given.grants[number] for number in self._approvals(app, user)]

    def new_session(
        self, app: App, user: str, scope: str, *, grant: int | None = None, stated: bool = False
    ) -> str:
        """A new access token: the 15 characters of the org, an exclamation mark, a secret."""
        now = self._clock.now()
        token = f"{self._org_id[:15]}!AQEAQ{self._secret('access token')}"
        self.given.sessions[token] = Session(
            app=app.client_id, user=user, scope=scope, grant=grant, stated=stated, made=now, used=now
        )
        return token

    def session_lives(self, session: Session, app: App) -> bool:
        return not app.blocked and self._clock.now() - session.used <= app.session

    def stated_session(self, app: App, user: str) -> str | None:
        """The live token of an earlier signed statement, which the org gives out again."""
        for token, session in self.given.sessions.items():
            same = session.stated and (session.app, session.user) == (app.client_id, user)
            if same and self.session_lives(session, app):
                return token
        return None

    def grant_with(self, refresh_token: str) -> tuple[int, Grant] | None:
        """The approval that has, or once had, this refresh token."""
        for number, grant in self.given.grants.items():
            if refresh_token == grant.refresh_token or refresh_token in grant.rotated_out:
                return number, grant
        return None

    def grant_lives(self, grant: Grant, app: App) -> bool:
        """Whether the policy of its app lets the refresh token serve once more."""
        now, seconds = self._clock.now(), timedelta(seconds=app.refresh_token_seconds)
        if app.blocked or app.refresh_token_policy == "at_once":
            return False
        if app.refresh_token_policy == "idle":
            return now - grant.used <= seconds
        return app.refresh_token_policy == "until_revoked" or now - grant.made <= seconds

    def rotate(self, grant: Grant) -> None:
        """Give an approval a new refresh token in place of its old one."""
        if grant.refresh_token is not None:
            grant.rotated_out.append(grant.refresh_token)
            grant.refresh_token = self._refresh_token()

    def end_grant(self, number: int) -> None:
        """End an approval and its access tokens."""
        del self.given.grants[number]
        for token in [token for token, each in self.given.sessions.items() if each.grant == number]:
            del self.given.sessions[token]

    def forget(self, app: App) -> None:
        """Drop access tokens of an app that died of idleness, and its codes that ran out."""
        for token in [t for t, each in self._sessions_of(app) if not self.session_lives(each, app)]:
            del self.given.sessions[token]
        limit = self._clock.now() - 2 * CODE_LIVES  # a while longer, so that it is known why they fail
        for code in [code for code, each in self.given.codes.items() if each.made < limit]:
            del self.given.codes[code]

    def new_browser(self, user: str) -> str:
        """A cookie for a browser in which the user signed in."""
        cookie = self._secret("browser")
        self.given.browsers[cookie] = user
        return cookie

    def _sessions_of(self, app: App) -> Iterator[tuple[str, Session]]:
        return ((token, each) for token, each in self.given.sessions.items() if each.app == app.client_id)

    def _approvals(self, app: App, user: str) -> Iterator[int]:
        for number, grant in self.given.grants.items():
            if (grant.app, grant.user) == (app.client_id, user):
                yield number

    def _refresh_token(self) -> str:
        return "5Aep861" + self._secret("refresh token")

    def _secret(self, purpose: str) -> str:
        self.given.count += 1
        return secret(self._key, f"{purpose} {self.given.count}")
