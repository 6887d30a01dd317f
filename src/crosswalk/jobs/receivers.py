"""Receivers of notices as a person gives them: checked, shown without what is secret, tried."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.language import speaking
from crosswalk.core.notice_words import of_test
from crosswalk.core.standard_webhooks import new_secret
from crosswalk.store.notices import Receiver
from crosswalk.systems.addresses import require_secure

from .delivery import EMAIL, WEBHOOK, send


def by_email(name: str, address: str, language: str) -> Receiver:
    """Return a receiver who is told by e-mail. Raises UserError for what is no address."""
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", address):
        raise UserError(
            _("{text} is no e-mail address.").format(text=address), cure=_("Write it as name@example.com.")
        )
    return Receiver(name=name, kind=EMAIL, language=language, to=address)


def by_webhook(name: str, url: str, language: str) -> Receiver:
    """Return a receiver who is told by signed POST, with a new secret. Raises UserError unless it is https."""
    try:
        require_secure(url)
    except (SystemFailure, ValueError):
        raise UserError(
            _("A webhook's address begins with https://."),
            cure=_("Give its whole address; plain http is accepted only for localhost."),
        ) from None
    return Receiver(name=name, kind=WEBHOOK, language=language, to=url, secret=new_secret())


def place(receiver: Receiver) -> str:
    """Return where notices go, without what may be secret in an address."""
    if receiver.kind == EMAIL:
        return receiver.to
    return urlsplit(receiver.to)._replace(path="/…", query="", fragment="").geturl()


def send_test(receiver: Receiver, clock: Clock) -> None:
    """Send a test notice now, once. Raises NotDeliveredError."""
    with speaking(receiver.language):
        told = of_test(clock.now())
    send(receiver, told, clock.new_id(), clock)
