"""Sends notices: by e-mail, and by signed webhooks."""

from __future__ import annotations

import smtplib

import httpx2
from django.conf import settings
from django.core.mail import EmailMessage

from crosswalk.core import notice_words, standard_webhooks
from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure
from crosswalk.core.notice_words import Told
from crosswalk.store.notices import Receiver
from crosswalk.systems.addresses import require_secure

EMAIL, WEBHOOK = "email", "webhook"
TIMEOUT = 10.0  # seconds for each of connecting, sending and the answer


class NotDeliveredError(Exception):
    """The receiver did not take a notice; the text says why and holds no secret."""


def send(receiver: Receiver, told: Told, message_id: str, clock: Clock) -> None:
    """Send one notice. Raises NotDeliveredError; the receiver may have taken it all the same."""
    if receiver.kind == EMAIL:
        _mail(receiver, told, message_id)
    else:
        _call(receiver, told, message_id, clock)


def _mail(receiver: Receiver, told: Told, message_id: str) -> None:
    if not settings.EMAIL_HOST or not settings.DEFAULT_FROM_EMAIL:
        raise NotDeliveredError("no mail server is set: CROSSWALK_SMTP_HOST and CROSSWALK_MAIL_FROM")
    sender = settings.DEFAULT_FROM_EMAIL
    domain = sender.rpartition("@")[2].strip("> ")
    headers = {"Message-ID": f"<{message_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(told.subject, told.text, sender, [receiver.to], headers=headers).send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotDeliveredError(f"{type(error).__name__}: {error}") from None


def _call(receiver: Receiver, told: Told, message_id: str, clock: Clock) -> None:
    """Post to the very address that was given: no redirect is followed, and no proxy of the surroundings asked."""
    body = notice_words.payload(told)
    signed = standard_webhooks.headers(receiver.secret, message_id, int(clock.now().timestamp()), body)
    headers = {"content-type": "application/json", "user-agent": "Crosswalk", **signed}
    try:
        require_secure(receiver.to)
        with (
            httpx2.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", receiver.to, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except SystemFailure:
        raise NotDeliveredError("the address is not https") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise NotDeliveredError(
            type(error).__name__
        ) from None  # its text may hold the address, a secret often
    if not 200 <= status < 300:
        raise NotDeliveredError(f"answered {status}")
