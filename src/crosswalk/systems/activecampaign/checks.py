"""The set-up checks of an account: each says what was found, what it is needed for, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import Check, ObjectUse
from ...core.words import keepable as _
from ..answers import mark
from .client import NO_RIGHT, WHO_AM_I, Api
from .records import ContactPage
from .schema import CONTACT, Count, Meta

CLOCK_TOLERANCE = 60.0  # seconds
_ADDRESS_CODES = frozenset({"wrong_address", "unreachable", "no_json"})
_GROUP = mark(
    "In ActiveCampaign, Settings, Users and groups: put the key's user into the Admin group, or give the user's group"
    " the right “{right}”."
)
# states in which an account works; the vendor does not document them
_WORKING = frozenset({"", "active", "1", "ok", "trial"})


class _User(msgspec.Struct):
    username: str | None = None
    email: str | None = None


class _Me(msgspec.Struct):
    user: _User


class _Account(msgspec.Struct):
    account: str | None = None
    status: str | int | None = None
    subscriber_limit: Count = None
    subscriber_total: Count = None


class _Lists(msgspec.Struct):
    meta: Meta = msgspec.field(default_factory=Meta)


class Checks:
    """One walk through the checks; without an address and a sign-in only the clock can be judged besides."""

    def __init__(self, api: Api, describe: Callable[[], Schema], uses: Sequence[ObjectUse]) -> None:
        self._api = api
        self._describe = describe
        self._uses = uses

    def run(self) -> list[Check]:
        """Make the checks in order."""
        checks = list(self._sign_in())
        signed_in = all(check.ok for check in checks)
        if signed_in:
            for name, step in (
                ("account", self._account),
                ("contacts", self._contacts),
                ("fields", self._fields),
                ("imports", self._imports),
                ("tags", self._tags),
                ("lists", self._lists),
            ):
                checks += _tried(name, step)
            checks.append(_limits(self._api.per_second))
        if signed_in or self._api.http.clock_difference:
            checks.append(_clock(self._api.http.clock_difference))
        return checks

    def _sign_in(self) -> Iterator[Check]:
        address = self._api.http.base_url
        try:
            user = self._api.get(WHO_AM_I).decode(_Me).user
        except SystemFailure as failure:
            reached = failure.code not in _ADDRESS_CODES and failure.kind is not FailureKind.BUG
            if reached:
                yield _good("address", _("The API answers at {address}.").format(address=address))
            yield _bad("sign-in" if reached else "address", failure)
            return
        yield _good("address", _("The API answers at {address}.").format(address=address))
        yield _good("sign-in", _("The API key is accepted."))
        yield _good("user", _("Signed in as {user}.").format(user=user.username or user.email or "?"))

    def _account(self) -> Iterator[Check]:
        answer = self._api.get("/settings/account", accept=frozenset({200, 403}))
        if answer.status == 403:
            yield _good(
                "account", _("The key's user is not in the Admin group: the contact limit is not shown.")
            )
            return
        account = answer.decode(_Account)
        state = str("" if account.status is None else account.status)
        if state.lower() not in _WORKING:
            yield Check(
                name="account",
                ok=False,
                message=_("The account {account} is “{state}”.").format(
                    account=account.account or "?", state=state
                ),
                cure=_("See Settings, Billing in ActiveCampaign: the trial or contract may have ended."),
            )
        yield _contact_limit(account)

    def _contacts(self) -> Iterator[Check]:
        try:
            page = self._api.get("/contacts", [("limit", "1")]).decode(ContactPage)
        except SystemFailure as failure:
            yield _lacking("contacts", failure, _("Contacts: view, add, edit"))
            return
        total = page.meta.count()
        yield _good(
            "contacts",
            _("{count} contacts can be read, to see what changes in ActiveCampaign.").format(
                count="?" if total is None else total
            ),
        )

    def _fields(self) -> Iterator[Check]:
        try:
            schema = self._describe()
        except SystemFailure as failure:
            yield _lacking("fields", failure, _("Contacts: manage custom fields"))
            return
        yield _good("fields", _("{count} contact fields can be read.").format(count=len(schema.fields)))
        for use in self._uses:
            if use.object == CONTACT:
                yield _mapped(schema, use)

    def _imports(self) -> Iterator[Check]:
        try:
            self._api.get("/import/bulk_import")
        except SystemFailure as failure:
            yield _lacking("imports", failure, _("Contacts: import"))
            return
        yield _good("imports", _("Imports, by which many contacts are made in one call, can be used."))

    def _tags(self) -> Iterator[Check]:
        try:
            self._api.get("/tags", [("limit", "1")])
        except SystemFailure as failure:
            yield _lacking("tags", failure, _("Contacts: manage tags"))
            return
        yield _good("tags", _("Tags can be read, for contacts that a tag lets into the CRM."))

    def _lists(self) -> Iterator[Check]:
        try:
            total = self._api.get("/lists", [("limit", "1")]).decode(_Lists).meta.count()
        except SystemFailure as failure:
            yield _lacking("lists", failure, _("Lists: all whose members take part"))
            return
        yield _good(
            "lists",
            _("{count} lists can be seen, for opt-outs to travel both ways.").format(
                count="?" if total is None else total
            ),
        )


def contact_room(api: Api) -> int | None:
    """Return how many contacts may still be added; None when the account does not say so to this key.

    Source: API v3, Account info (Admin group only, else 403).
    """
    try:
        answer = api.get("/settings/account", accept=frozenset({200, 403}))
        return _room(answer.decode(_Account)) if answer.status == 200 else None
    except SystemFailure as failure:
        if failure.kind is FailureKind.AUTH:
            raise
        return None


def _room(account: _Account) -> int | None:
    """Limits of 0 or less are taken for none."""
    total, limit = _shown(account.subscriber_total), _shown(account.subscriber_limit)
    if not (total.isdigit() and limit.isdigit() and int(limit) > 0):
        return None
    return max(0, int(limit) - int(total))


def _contact_limit(account: _Account) -> Check:
    total, limit = _shown(account.subscriber_total), _shown(account.subscriber_limit)
    full = _room(account) == 0
    return Check(
        name="contact limit",
        ok=not full,
        message=_("Account {account}: {total} of {limit} contacts.").format(
            account=account.account or "?", total=total, limit=limit
        ),
        cure=_("New contacts may be refused: delete some, or choose a larger plan.") if full else "",
    )


def _shown(count: Count) -> str:
    return "?" if count is None else str(count)


def _mapped(schema: Schema, use: ObjectUse) -> Check:
    gone = [name for name in use.reads if name not in schema.fields]
    closed = [name for name in use.writes if name in schema.fields and not schema.fields[name].writable]
    if not gone and not closed:
        return _good(
            "mapped fields", _("All {count} mapped fields are there.").format(count=len(set(use.reads)))
        )
    return Check(
        name="mapped fields",
        ok=False,
        message=_("Mapped fields that are gone: {gone}; that cannot be written: {closed}.").format(
            gone=", ".join(gone) or "–", closed=", ".join(closed) or "–"
        ),
        cure=_("Take them out of the mapping, or make the field again in ActiveCampaign and map that."),
    )


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


def _tried(name: str, step: Callable[[], Iterator[Check]]) -> list[Check]:
    try:
        return list(step())
    except SystemFailure as failure:
        return [_bad(name, failure)]


def _good(name: str, message: str) -> Check:
    return Check(name=name, ok=True, message=message)


def _bad(name: str, failure: SystemFailure) -> Check:
    return Check(name=name, ok=False, message=failure.message, cure=failure.cure)


def _lacking(name: str, failure: SystemFailure, right: str) -> Check:
    """A failed check; where the user lacks a right, the cure names it."""
    cure = _(_GROUP).format(right=right) if failure.code == NO_RIGHT else failure.cure
    return Check(name=name, ok=False, message=failure.message, cure=cure)
