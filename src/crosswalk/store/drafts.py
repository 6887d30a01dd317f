"""Connections that are being set up: what is entered and signed in to so far, until both systems are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from crosswalk.core.failures import UserError
from crosswalk.core.keeping import DRAFT_DAYS
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.core.system import Check
from crosswalk.core.words import plain

from . import models
from .checked import checks_in, rows_of
from .connections import Account
from .keys import DRAFTS, sealing
from .vault import Vault


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one side of a draft; no secrets."""

    way: str = ""  # of signing in, that was chosen last
    typed: dict[str, str] = {}
    identity: str = ""  # of the account that was signed in to; empty before that
    checks: Sequence[Check] = ()
    checked_at: datetime | None = None


def begin(name: str, crm: str, person: str, now: datetime) -> models.Draft:
    """Store a draft in which nothing is entered yet."""
    return models.Draft.objects.create(
        key=uuid.uuid4().hex, name=name, crm=crm, begun_by=person, begun_at=now, changed_at=now
    )


def by_number(number: int) -> models.Draft | None:
    """Return a draft; None: there is none (any more)."""
    return models.Draft.objects.filter(id=number).first()


def all_drafts() -> list[models.Draft]:
    """Return every draft, by name."""
    return list(models.Draft.objects.order_by("name", "id"))


@contextmanager
def locked(number: int) -> Iterator[models.Draft]:
    """Hold a draft for one change, in which secrets may be sealed. Raises UserError when it is gone."""
    with sealing():
        found = models.Draft.objects.select_for_update().filter(id=number).first()
        if found is None:
            raise UserError(
                _("This set-up was finished or discarded meanwhile."),
                cure=_("Look at the overview."),
            )
        yield found


def entered(draft: models.Draft, side: Side) -> Entered:
    """Return what is known of one side."""
    found: dict[str, Any] = draft.sides.get(side.value, {})
    known = msgspec.convert(found, Entered)
    return msgspec.structs.replace(known, checks=checks_in(found.get("checks", ())))


def accounts(vault: Vault, draft: models.Draft) -> dict[Side, Account]:
    """Open the accounts that were signed in to. Raises UserError with another key file."""
    if not draft.secrets:
        return {}
    opened = vault.open(bytes(draft.secrets), DRAFTS.row(draft.key))
    return {Side(side): msgspec.json.decode(account, type=Account) for side, account in opened.items()}


def keep_entered(number: int, side: Side, known: Entered, now: datetime) -> None:
    """Keep what was entered for one side, and stay signed in where that was so."""
    with locked(number) as draft:
        _enter(draft, side, known, now)
        draft.save()


def keep_account(
    number: int, side: Side, account: Account, known: Entered, vault: Vault, now: datetime
) -> models.Draft:
    """Keep an account that was signed in to."""
    with locked(number) as draft:
        _enter(draft, side, known, now)
        have = {**accounts(vault, draft), side: account}
        texts = {each.value: msgspec.json.encode(have[each]).decode() for each in have}
        draft.secrets = vault.seal(texts, DRAFTS.row(draft.key))
        draft.save()
        return draft


def _enter(draft: models.Draft, side: Side, known: Entered, now: datetime) -> None:
    row = {**msgspec.to_builtins(known, enc_hook=plain), "checks": rows_of(known.checks)}
    draft.sides = {**draft.sides, side.value: row}
    draft.changed_at = now


def abandoned(now: datetime) -> list[models.Draft]:
    """Return the drafts that nobody went on with."""
    return list(models.Draft.objects.filter(changed_at__lt=now - timedelta(days=DRAFT_DAYS)).order_by("id"))


def forget_unchanged(draft: models.Draft) -> bool:
    """Remove a draft unless somebody went on with it, or removed it, since it was read."""
    with transaction.atomic():
        same = models.Draft.objects.select_for_update().filter(id=draft.id, changed_at=draft.changed_at)
        if not same.exists():
            return False
        forget(draft)
        return True


def forget(draft: models.Draft) -> None:
    """Remove a draft and what waits for it."""
    with transaction.atomic():
        models.BrowserSignIn.objects.filter(draft=draft).delete()
        models.Draft.objects.filter(id=draft.id).delete()
