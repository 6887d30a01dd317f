"""The set-up checks: each says what is right or wrong, and what to do about it.

Source: Salesforce REST API, versions, limits, sObject Describe; OAuth 2.0, userinfo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from gettext import gettext as _

import msgspec

from ...core.failures import SystemFailure
from ...core.system import Check
from ..http import Answer
from .client import API_VERSION, Client
from .schema import OBJECTS, Described

LEAST_SHARE = 0.05  # of the day's calls that should be left
LARGEST_CLOCK_DIFFERENCE = 300.0  # seconds

Describe = Callable[[str], Described]


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


def run_checks(client: Client, describe: Describe) -> list[Check]:
    """Make the checks in order. What cannot work after a failed one is left out."""
    checks: list[Check] = []
    for name, step in _STEPS:
        try:
            checks += step(client, describe)
        except SystemFailure as failure:
            checks.append(Check(name=name, ok=False, message=failure.message, cure=failure.cure))
            break
    return checks


def _address(client: Client, _describe: Describe) -> Iterator[Check]:
    login = client.session.http
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


def _sign_in(client: Client, _describe: Describe) -> Iterator[Check]:
    client.session.token()
    yield Check(name="sign-in", ok=True, message=_("Salesforce accepts the credentials."))
    user = client.userinfo().decode(_UserInfo)
    yield Check(
        name="user",
        ok=True,
        message=_("Crosswalk acts as {user} ({name}) in org {org}.").format(
            user=user.preferred_username, name=user.name, org=user.organization_id
        ),
    )


def _api(client: Client, _describe: Describe) -> Iterator[Check]:
    limits = client.read("/limits")
    yield Check(name="api", ok=True, message=_("The API is on for this user."))
    yield _quota(limits)


def _quota(answer: Answer) -> Check:
    limit = answer.decode(_Limits).requests
    if limit is None:
        return Check(
            name="quota", ok=True, message=_("Salesforce does not tell this user how many calls are left.")
        )
    enough = limit.remaining >= limit.max * LEAST_SHARE
    return Check(
        name="quota",
        ok=enough,
        message=_("{remaining} of {max} API calls in 24 hours are left.").format(
            remaining=limit.remaining, max=limit.max
        ),
        cure="" if enough else _("Find out which tool uses the calls, or sync less often."),
    )


def _objects(_client: Client, describe: Describe) -> Iterator[Check]:
    for sobject in OBJECTS.values():
        try:
            yield from _object(describe(sobject.object))
        except SystemFailure as failure:
            message = _("{object}: {reason}").format(object=sobject.name, reason=failure.message)
            yield Check(name=sobject.object, ok=False, message=message, cure=failure.cure)


def _object(described: Described) -> Iterator[Check]:
    name = described.sobject.name
    rights = {
        _("read"): described.queryable,
        _("create"): described.createable,
        _("edit"): described.updateable,
        _("see the e-mail field"): described.sobject.email in described.schema.fields,
    }
    lacking = ", ".join(right for right, given in rights.items() if not given)
    if lacking:
        message = _("{object}: the integration user may not {rights}.").format(object=name, rights=lacking)
    else:
        message = _("{object}: the integration user may read, create and edit.").format(object=name)
    yield Check(
        name=described.sobject.object,
        ok=not lacking,
        message=message,
        cure=_("Grant this in a permission set of the integration user.") if lacking else "",
    )
    needed = ", ".join(field.name for field in described.schema.fields.values() if field.required)
    yield Check(
        name=f"{described.sobject.object} required fields",
        ok=True,
        message=_("A new {object} needs: {fields}.").format(object=name, fields=needed or "–"),
    )


def _clock(client: Client, _describe: Describe) -> Iterator[Check]:
    difference = client.http.clock_difference
    close = abs(difference) <= LARGEST_CLOCK_DIFFERENCE
    yield Check(
        name="clock",
        ok=close,
        message=_("Salesforce's clock is {seconds:+.0f} s from this machine's.").format(seconds=difference),
        cure="" if close else _("Set this machine's clock by a time server."),
    )


_STEPS: tuple[tuple[str, Callable[[Client, Describe], Iterator[Check]]], ...] = (
    ("address", _address),
    ("sign-in", _sign_in),
    ("api", _api),
    ("objects", _objects),
    ("clock", _clock),
)
