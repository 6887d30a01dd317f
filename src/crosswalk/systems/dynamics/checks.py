"""The set-up checks, in the order of docs/setup-dynamics.md: what was found, what it is for, and what to do about it.

Source: Dataverse Web API, WhoAmI, application users, change tracking; OpenID Connect discovery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from ...core.failures import SystemFailure
from ...core.system import Check
from ...core.words import joined
from ...core.words import keepable as _
from ..answers import mark
from ..checking import CrmChecks, Step, failed, good
from . import column_checks
from .client import Client
from .privileges import EVERYWHERE, held
from .schema import TABLES, Described, Table

_ROLE = mark("Power Platform admin center, your environment, Settings, Users + permissions, Security roles")


class _Discovery(msgspec.Struct, frozen=True):
    token_endpoint: str
    issuer: str = ""


class _User(msgspec.Struct, frozen=True):
    fullname: str | None = None
    applicationid: str | None = None


class _Organization(msgspec.Struct, frozen=True):
    name: str | None = None
    expirechangetrackingindays: int | None = None


class _Organizations(msgspec.Struct, frozen=True):
    value: list[_Organization]


@dataclass(frozen=True, slots=True)
class _Right:
    """What the application user's role must allow for a table."""

    name: str
    verb: str  # of the privilege
    needed_for: str


_READ = _Right(mark("read"), "Read", mark("to see what changes in Dynamics 365"))
_WRITE = _Right(mark("write"), "Write", mark("to write what changed in ActiveCampaign"))
_CREATE = _Right(mark("create"), "Create", mark("to make records of contacts that may become one"))
_APPEND = _Right(mark("append"), "Append", mark("to write lookups"))


class Checks(CrmChecks[Client, Described]):
    """The checks of one environment."""

    _held: Mapping[str, str | None] | None = None  # privileges of ours, as far as they are told

    def steps(self) -> Iterator[Step]:
        yield Step("tenant", self._tenant)
        yield Step("sign-in", self._sign_in, frozenset({"tenant"}))
        yield Step("application user", self._user, frozenset({"sign-in"}))
        if self._client.session.credentials.caller_object_id:
            yield Step("on behalf of", self._caller, frozenset({"application user"}))
        yield Step("environment", self._environment, frozenset({"application user"}))
        for table in self._tables():
            yield Step(table.object, self._table_step(table), frozenset({"application user"}))
        yield Step(
            "clock", lambda: self.clock(_("Microsoft's clock differs from this machine's by {seconds} s."))
        )

    def _tables(self) -> list[Table]:
        return [table for name, table in TABLES.items() if not self._uses or name in self._uses]

    def _tenant(self) -> Iterator[Check]:
        given = self._client.session.credentials
        url = given.endpoints.removesuffix("/oauth2/v2.0") + "/v2.0/.well-known/openid-configuration"
        self._client.session.http.request("GET", url, repeatable=True).decode(_Discovery)
        yield good("tenant", _("Microsoft Entra ID knows the tenant {tenant}.").format(tenant=given.tenant))

    def _sign_in(self) -> Iterator[Check]:
        self._client.session.sign_in()
        yield good(
            "sign-in", _("Microsoft Entra ID accepts the credentials for {url}.").format(url=self._url)
        )

    @property
    def _url(self) -> str:
        return self._client.environment

    def _user(self) -> Iterator[Check]:
        who = self._client.ask_who()
        user = self._own_row(who.user_id)
        self._held = held(self._client, who.user_id, list(self._privileges()))
        client_id = self._client.session.credentials.client_id.lower()
        is_app = user is not None and (user.applicationid or "").lower() == client_id
        if is_app or user is None:
            message = _("Crosswalk acts as the application user {user}.")
        else:
            message = _(
                "Crosswalk acts as {user}, who is no application user: that works too, but then their edits look like"
                " ours in Dynamics 365."
            )
        yield good("application user", message.format(user=(user.fullname if user else None) or who.user_id))
        if self._held is not None and not any(self._held.values()):
            yield Check(
                name="security role",
                ok=False,
                message=_("The application user has no security role that allows anything here."),
                cure=_("Give it the role of docs/setup-dynamics.md: {role}.").format(role=_(_ROLE)),
            )

    def _own_row(self, user_id: str) -> _User | None:
        """Return our user's row; a role without the right to read users hides it, which harms nothing."""
        try:
            query = [("$select", "fullname,applicationid")]
            return self._client.read(f"/systemusers({user_id})", query=query).decode(_User)
        except SystemFailure:
            return None

    def _privileges(self) -> Iterator[str]:
        for table in self._tables():
            for right in (_READ, _WRITE, _CREATE, _APPEND):
                yield _privilege(table, right)

    def _caller(self) -> Iterator[Check]:
        person = self._client.ask_who(as_caller=True).user_id
        yield good("on behalf of", _("Crosswalk may write on behalf of the user {user}.").format(user=person))

    def _environment(self) -> Iterator[Check]:
        query = [("$select", "name,expirechangetrackingindays")]
        try:
            rows = self._client.read("/organizations", query=query).decode(_Organizations).value
        except SystemFailure:
            rows = []  # a role without the right to read it: nothing depends on it
        days = next((row.expirechangetrackingindays for row in rows if row.expirechangetrackingindays), None)
        name = next((row.name for row in rows if row.name), None) or self._url
        message = _("The environment is {name}.").format(name=name)
        if days:
            remembers = _(
                "It remembers changes for {days} days; after a longer rest everything is compared once."
            )
            message = joined(message, remembers.format(days=days))
        yield good("environment", message)

    def _table_step(self, table: Table) -> Callable[[], Iterator[Check]]:
        return lambda: self._table(table)

    def _table(self, table: Table) -> Iterator[Check]:
        described = self._describe(table.object)
        use = self._uses.get(table.object)
        yield column_checks.tracking(described)
        yield self._reading(described)
        if use is None or use.writes or use.consent:
            yield self._right(described, _WRITE)
        if use is None or use.creates:
            yield self._right(described, _CREATE)
            yield column_checks.required(described)
        if use is not None and any(
            described.columns[each].targets for each in column_checks.known(described, use.writes)
        ):
            yield self._right(described, _APPEND)
        yield column_checks.email(described)
        if use is not None:
            yield column_checks.mapped(described, use)
            yield from column_checks.secured(described, use)
            yield from column_checks.dates(described, use)
        if use is None or use.consent:
            yield column_checks.opt_out(described)

    def _reading(self, described: Described) -> Check:
        """Read one row as the sync will: change tracking shows rows only to who may read all of them."""
        name = f"{described.table.object} read"
        prefer = ["odata.track-changes"] if described.tracked else []
        query = [("$select", described.key)]
        try:
            self._client.read(f"/{described.set_name}", query=query, prefer=[*prefer, "odata.maxpagesize=1"])
        except SystemFailure as failure:
            return failed(name, failure)
        return self._right(described, _READ)

    def _right(self, described: Described, right: _Right) -> Check:
        table = described.table
        name = f"{table.object} {right.name}"
        purpose = {"table": table.name, "right": _(right.name), "purpose": _(right.needed_for)}
        depth = self._held.get(_privilege(table, right)) if self._held is not None else EVERYWHERE
        if self._held is None and right is not _READ:
            return good(
                name,
                _(
                    "{table}: whether the user may {right} ({purpose}) is not told; a refused write would say so."
                ).format(**purpose),
            )
        if depth == EVERYWHERE:
            return good(name, _("{table}: the user may {right}, {purpose}.").format(**purpose))
        if depth is None:
            message = _("{table}: the user may not {right}; it is needed {purpose}.")
        else:
            message = _("{table}: the user may {right} only some records; it is needed {purpose}.")
        cure = _("{role}, your role, {table}: set {right} to Organization.")
        return Check(
            name=name,
            ok=False,
            message=message.format(**purpose),
            cure=cure.format(role=_(_ROLE), table=table.name, right=right.verb),
        )


def _privilege(table: Table, right: _Right) -> str:
    return f"prv{right.verb}{table.privilege}"
