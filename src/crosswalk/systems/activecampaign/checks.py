"""The set-up checks of an account: each says what was found and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from gettext import gettext as _

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import Check
from .client import WHO_AM_I, Api
from .records import ContactPage
from .schema import Count

CLOCK_TOLERANCE = 60.0  # seconds
_ADDRESS_CODES = frozenset({"wrong_address", "unreachable", "no_json"})


class _User(msgspec.Struct):
    username: str | None = None
    email: str | None = None


class _Me(msgspec.Struct):
    user: _User


class _Account(msgspec.Struct):
    account: str | None = None
    subscriber_limit: Count = None
    subscriber_total: Count = None


def run_checks(api: Api, describe: Callable[[], Schema]) -> list[Check]:
    """Walk the checks in order; without an address and a sign-in the others are not tried."""
    sign_in = list(_sign_in(api))
    if not all(check.ok for check in sign_in):
        return sign_in
    rest = [
        _tried("account", lambda: _account(api)),
        _tried("fields", lambda: _fields(describe())),
        _tried("contacts", lambda: _contacts(api)),
    ]
    return [*sign_in, *rest, _clock(api.http.clock_difference), _limits(api.per_second)]


def _sign_in(api: Api) -> Iterator[Check]:
    address = api.http.base_url
    try:
        user = api.get(WHO_AM_I).decode(_Me).user
    except SystemFailure as failure:
        reached = failure.code not in _ADDRESS_CODES and failure.kind is not FailureKind.BUG
        if reached:
            yield _good("address", _("The API answers at {address}.").format(address=address))
        yield _bad("sign-in" if reached else "address", failure)
        return
    yield _good("address", _("The API answers at {address}.").format(address=address))
    yield _good("sign-in", _("The API key is accepted."))
    yield _good("user", _("Signed in as {user}.").format(user=user.username or user.email or "?"))


def _account(api: Api) -> Check:
    answer = api.get("/settings/account", accept=frozenset({200, 403}))
    if answer.status == 403:
        return _good(
            "account", _("The key's user is not in the Admin group: the contact limit is not shown.")
        )
    account = answer.decode(_Account)
    return _good(
        "account",
        _("Account {account}: {total} of {limit} contacts.").format(
            account=account.account or "?",
            total=account.subscriber_total if account.subscriber_total is not None else "?",
            limit=account.subscriber_limit if account.subscriber_limit is not None else "?",
        ),
    )


def _fields(schema: Schema) -> Check:
    return _good("fields", _("{count} contact fields can be read.").format(count=len(schema.fields)))


def _contacts(api: Api) -> Check:
    total = api.get("/contacts", [("limit", "1")]).decode(ContactPage).meta.count()
    return _good("contacts", _("{count} contacts can be read.").format(count="?" if total is None else total))


def _clock(difference: float) -> Check:
    return Check(
        name="clock",
        ok=abs(difference) <= CLOCK_TOLERANCE,
        message=_("ActiveCampaign's clock differs from this machine's by {seconds} s.").format(
            seconds=round(difference)
        ),
        cure="" if abs(difference) <= CLOCK_TOLERANCE else _("Set this machine's clock, best by NTP."),
    )


def _limits(per_second: float | None) -> Check:
    if per_second is None:
        return _good("limits", _("The account names no limit; 5 calls a second are assumed."))
    return _good("limits", _("The account allows {limit} calls a second.").format(limit=f"{per_second:g}"))


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except SystemFailure as failure:
        return _bad(name, failure)


def _good(name: str, message: str) -> Check:
    return Check(name=name, ok=True, message=message)


def _bad(name: str, failure: SystemFailure) -> Check:
    return Check(name=name, ok=False, message=failure.message, cure=failure.cure)
