"""The set-up checks: each says what is right or wrong, what it is needed for, and what to do about it.

Source: Salesforce REST API, versions, limits, queryAll, sObject Describe; OAuth 2.0, userinfo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from ...core.failures import SystemFailure
from ...core.system import Check, ObjectUse
from ...core.words import joined
from ...core.words import keepable as _
from ..answers import Answer, mark
from ..checking import CrmChecks, Step, failed, good
from .client import API_VERSION, Client
from .errors import API_IS_OFF
from .schema import OBJECTS, Described, SObject

LEAST_SHARE = 0.05  # of the day's calls that should be left

_SETTINGS = mark("Setup, Permission Sets, the integration user's set, Object Settings")


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Limit(msgspec.Struct, frozen=True, rename="pascal"):
    max: int
    remaining: int


class _Limits(msgspec.Struct, frozen=True):
    requests: _Limit | None = msgspec.field(name="DailyApiRequests", default=None)


class _UserInfo(msgspec.Struct, frozen=True):
    organization_id: str
    preferred_username: str = ""
    name: str = ""
    is_salesforce_integration_user: bool | None = None
    is_app_installed: bool | None = None


@dataclass(frozen=True, slots=True)
class _Right:
    """What the integration user may do with an object's records."""

    name: str
    described_as: str  # the attribute of `Described`
    needed_for: str


_RIGHTS = (
    _Right(mark("read"), "queryable", mark("to see what changes in Salesforce")),
    _Right(mark("edit"), "updateable", mark("to write what changed in ActiveCampaign")),
    _Right(mark("create"), "createable", mark("to make records of contacts that may become one")),
)


class Checks(CrmChecks[Client, Described]):
    """The checks of one org."""

    def steps(self) -> Iterator[Step]:
        signed_in, reached = frozenset({"sign-in"}), frozenset({"api"})
        yield Step("address", self._address)
        yield Step("sign-in", self._sign_in, frozenset({"address"}))
        yield Step("user", self._user, signed_in)
        yield Step("api", self._api, signed_in)
        for sobject in OBJECTS.values():
            if not self._uses or sobject.object in self._uses:
                yield Step(sobject.object, self._object_step(sobject), reached)
        yield Step(
            "clock", lambda: self.clock(_("Salesforce's clock differs from this machine's by {seconds} s."))
        )

    def _address(self) -> Iterator[Check]:
        login = self._client.session.http
        versions = login.request("GET", "/services/data/", repeatable=True).decode(list[_Version])
        speaks = any(each.version == API_VERSION for each in versions)
        if speaks:
            message = _("{url} is Salesforce and speaks version {version} of the API.")
        else:
            message = _("{url} does not speak version {version} of the API.")
        yield Check(
            name="address",
            ok=speaks,
            message=message.format(url=login.base_url, version=API_VERSION),
            cure="" if speaks else _("Update Crosswalk, or check the address."),
        )

    def _sign_in(self) -> Iterator[Check]:
        token = self._client.session.sign_in()
        yield good(
            "sign-in",
            _("Salesforce accepts the credentials; the org's address is {url}.").format(
                url=token.instance_url
            ),
        )

    def _user(self) -> Iterator[Check]:
        user = self._client.userinfo().decode(_UserInfo)
        yield good(
            "user",
            _("Crosswalk acts as {user} ({name}) in org {org}.").format(
                user=user.preferred_username, name=user.name, org=user.organization_id
            ),
        )
        if user.is_salesforce_integration_user is not None:
            yield _dedicated(user.is_salesforce_integration_user)
        if user.is_app_installed is not None:
            yield _app(user.is_app_installed)

    def _api(self) -> Iterator[Check]:
        try:
            limits = self._client.read("/limits")
        except SystemFailure as failure:
            if failure.code in API_IS_OFF:
                raise
            yield good("api", _("The API is on for this user."))
            yield failed("quota", failure)
            return
        yield good("api", _("The API is on for this user."))
        yield _quota(limits)

    def _object_step(self, sobject: SObject) -> Callable[[], Iterator[Check]]:
        return lambda: self._object(sobject)

    def _object(self, sobject: SObject) -> Iterator[Check]:
        try:
            described = self._describe(sobject.object)
        except SystemFailure as failure:
            yield _out_of_reach(sobject, failure)
            return
        use = self._uses.get(sobject.object)
        for right in _RIGHTS:
            if use is None or _needed(right, use):
                yield _right(described, right)
        yield _email(described)
        if use is None or use.creates:
            yield _required(described)
        if use is not None:
            yield _mapped(described, use)
        if use is None or use.consent:
            yield _opt_out(described)
        if described.queryable:
            yield self._deletions(sobject)

    def _deletions(self, sobject: SObject) -> Check:
        name = f"{sobject.object} deletions"
        statement = f"SELECT Id, IsDeleted, MasterRecordId FROM {sobject.name} LIMIT 1"
        try:
            self._client.query(statement, deleted=True)
        except SystemFailure as failure:
            return failed(name, failure)
        return good(name, _("{object}: deletions and merges can be followed.").format(object=sobject.name))


def _dedicated(is_integration_user: bool) -> Check:
    if is_integration_user:
        return good("integration user", _("The user has the licence for integrations and is nobody's own."))
    return good(
        "integration user",
        _(
            "The user has no Salesforce Integration licence: a person's own user works too, but then their edits look"
            " like ours in Salesforce's history."
        ),
    )


def _app(installed: bool) -> Check:
    if installed:
        return good("app", _("The app is installed in the org."))
    return Check(
        name="app",
        ok=False,
        message=_("The app is not installed in the org: Salesforce blocks it for users who never used it."),
        cure=_("Create the app in this org: Setup, External Client App Manager, New External Client App."),
    )


def _quota(answer: Answer) -> Check:
    limit = answer.decode(_Limits).requests
    if limit is None:
        return good("quota", _("Salesforce does not tell this user how many calls are left."))
    enough = limit.remaining >= limit.max * LEAST_SHARE
    return Check(
        name="quota",
        ok=enough,
        message=_("{remaining} of {max} API calls in 24 hours are left.").format(
            remaining=limit.remaining, max=limit.max
        ),
        cure="" if enough else _("Find out which tool uses the calls, or sync less often."),
    )


def _out_of_reach(sobject: SObject, failure: SystemFailure) -> Check:
    return Check(
        name=sobject.object,
        ok=False,
        message=_("{object}: {reason}").format(object=sobject.name, reason=failure.message),
        cure=_(
            "{settings}, {object}: tick Read, Edit and Create. An org without {object} needs no such right: leave it"
            " out of the mapping."
        ).format(settings=_(_SETTINGS), object=sobject.name),
    )


def _needed(right: _Right, use: ObjectUse) -> bool:
    return {"read": True, "edit": bool(use.writes), "create": use.creates}[right.name]


def _right(described: Described, right: _Right) -> Check:
    name, given = described.sobject.name, getattr(described, right.described_as)
    if given:
        message = _("{object}: the integration user may {right}, {purpose}.")
    else:
        message = _("{object}: the integration user may not {right}; it is needed {purpose}.")
    return Check(
        name=f"{described.sobject.object} {right.name}",
        ok=given,
        message=message.format(object=name, right=_(right.name), purpose=_(right.needed_for)),
        cure=""
        if given
        else _("{settings}, {object}, Edit: tick {right}.").format(
            settings=_(_SETTINGS), object=name, right=right.name.capitalize()
        ),
    )


def _email(described: Described) -> Check:
    sobject = described.sobject
    seen = sobject.email in described.schema.fields
    if seen:
        message = _("{object}: the e-mail field, by which records find each other, can be read.")
    else:
        message = _(
            "{object}: the integration user does not see the e-mail field, by which records find each other."
        )
    return Check(
        name=f"{sobject.object} e-mail",
        ok=seen,
        message=message.format(object=sobject.name),
        cure="" if seen else _field_cure(sobject, _("{field}: Read").format(field=sobject.email)),
    )


def _required(described: Described) -> Check:
    needed = ", ".join(field.name for field in described.schema.fields.values() if field.required)
    return good(
        f"{described.sobject.object} required fields",
        _("A new {object} needs: {fields}.").format(object=described.sobject.name, fields=needed or "–"),
    )


def _mapped(described: Described, use: ObjectUse) -> Check:
    """Judge the mapped fields: those that are hidden or gone, and those that must be written and cannot."""
    sobject, fields = described.sobject, described.schema.fields
    hidden = [name for name in use.reads if name not in fields]
    closed = [name for name in use.writes if name in fields and not fields[name].writable]
    lacking = [_("{field}: Read").format(field=name) for name in hidden]
    lacking += [_("{field}: Edit").format(field=name) for name in closed]
    if not lacking:
        message = _(
            "{object}: all {count} mapped fields can be read, and those to be written can be written."
        )
        return good(
            f"{sobject.object} mapped fields", message.format(object=sobject.name, count=len(use.reads))
        )
    message = _(
        "{object}: mapped fields that are hidden or gone: {hidden}; that cannot be written: {closed}."
    )
    return Check(
        name=f"{sobject.object} mapped fields",
        ok=False,
        message=message.format(
            object=sobject.name, hidden=", ".join(hidden) or "–", closed=", ".join(closed) or "–"
        ),
        cure=joined(
            _field_cure(sobject, "; ".join(lacking)),
            _("Take fields that are gone out of the mapping; map formula fields with to_crm “never”."),
        ),
    )


def _opt_out(described: Described) -> Check:
    """Judge the box that says who wants no e-mail: field-level security often hides it."""
    sobject = described.sobject
    box = described.schema.fields.get(sobject.opt_out)
    good = box is not None and box.writable
    if good:
        message = _(
            "{object}: the opt-out box {field} can be read and ticked, for opt-outs to travel both ways."
        )
    elif box is not None:
        message = _(
            "{object}: the opt-out box {field} cannot be ticked: opt-outs of ActiveCampaign do not arrive."
        )
    else:
        message = _("{object}: the opt-out box {field} is hidden: opt-outs of Salesforce do not travel.")
    lacking = _("{field}: Read and Edit").format(field=sobject.opt_out)
    return Check(
        name=f"{sobject.object} opt-out",
        ok=good,
        message=message.format(object=sobject.name, field=sobject.opt_out),
        cure="" if good else joined(_field_cure(sobject, lacking), _("Or set settings.consent to false.")),
    )


def _field_cure(sobject: SObject, lacking: str) -> str:
    return _("{settings}, {object}, Field Permissions, tick: {fields}.").format(
        settings=_(_SETTINGS), object=sobject.name, fields=lacking
    )
