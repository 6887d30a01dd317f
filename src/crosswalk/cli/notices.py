"""`crosswalk notices`: who is told how connections stand."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.language import speaking

from . import tables
from .command import command
from .outcome import Answer, ExitCode
from .session import open_session
from .terminal import Terminal

app = typer.Typer(help=_("Who is told when a connection needs somebody, and when all is well again."))

Name = Annotated[str, typer.Argument(metavar="NAME", help=_("The receiver's name."))]


class Language(StrEnum):
    """What notices are written in."""

    EN = "en"
    DE = "de"
    ES = "es"


@command(app, "add")
def add(
    terminal: Terminal,
    name: Name,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDRESS", help=_("Tell by e-mail."))
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook", metavar="URL", help=_("Tell by a signed POST; -: read the address from stdin.")
        ),
    ] = None,
    language: Annotated[Language, typer.Option("--language", help=_("The notices' language."))] = Language.EN,
) -> Answer:
    """Add a receiver of notices, by e-mail or by webhook.

    A webhook's secret is shown this once.
    """
    session = open_session()
    from crosswalk.jobs.delivery import EMAIL, WEBHOOK
    from crosswalk.store import notices

    if (email is None) == (webhook is None):
        raise UserError(
            _("A receiver has either an e-mail address or a webhook."),
            cure=_("Give one of --email ADDRESS and --webhook URL."),
        )
    to = _checked_mail(email) if email is not None else _checked_url(webhook or "")
    secret = _new_secret() if webhook is not None else ""
    kind = EMAIL if email is not None else WEBHOOK
    receiver = notices.Receiver(name=name, kind=kind, language=language.value, to=to, secret=secret)
    notices.add(session.vault, receiver, session.clock.now())
    terminal.say(_("See whether notices arrive: crosswalk notices test {name}").format(name=name))
    shown = {_("To"): _place(receiver.kind, to), **({_("Secret"): tables.line(secret)} if secret else {})}
    return Answer(
        data={"name": name, "kind": kind, "language": language.value, "secret": secret or None},
        tables=[tables.facts(name, shown)],
    )


def _new_secret() -> str:
    from crosswalk.core.standard_webhooks import new_secret

    return new_secret()


def _checked_mail(address: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", address):
        raise UserError(
            _("{text} is no e-mail address.").format(text=address), cure=_("Write it as name@example.com.")
        )
    return address


def _checked_url(given: str) -> str:
    """Return the address; it must be https, or on loopback."""
    from crosswalk.systems.http import require_secure

    url = typer.get_text_stream("stdin").readline().strip() if given == "-" else given
    try:
        require_secure(url)
    except (SystemFailure, ValueError):
        raise UserError(
            _("A webhook's address begins with https://."),
            cure=_("Give its whole address; plain http is accepted only for localhost."),
        ) from None
    return url


def _place(kind: str, to: str) -> str:
    """Return where notices go, without what may be secret in an address."""
    return to if kind == "email" else urlsplit(to)._replace(path="/…", query="", fragment="").geturl()


@command(app, "list")
def show(terminal: Terminal) -> Answer:
    """List who is told, what is on its way, and what became of the last notice."""
    session = open_session()
    from crosswalk.store import notices

    found: list[dict[str, Any]] = [
        {
            "name": receiver.name,
            "kind": receiver.kind,
            "to": _place(receiver.kind, receiver.to),
            "language": receiver.language,
            "waiting": post.waiting,
            "arrived_at": post.arrived_at,
            "error": post.error,
        }
        for receiver, post in notices.listed(session.vault)
    ]
    if not found:
        terminal.say(_("Nobody is told. Add somebody: crosswalk notices add NAME --email ADDRESS"))
    columns = [_("Name"), _("How"), _("To"), _("Language"), _("On their way"), _("Arrived last"), _("Error")]
    rows = [list(each.values()) for each in found]
    return Answer(data={"receivers": found}, tables=[tables.table("", columns, rows)])


@command(app, "remove")
def remove(terminal: Terminal, name: Name) -> Answer:
    """Tell a receiver nothing any more; what is on its way to it is dropped."""
    open_session()
    from crosswalk.store import notices

    notices.remove(name)
    return Answer(
        data={"name": name, "removed": True}, tables=[tables.line(_("Removed: {name}").format(name=name))]
    )


@command(app, "test")
def test(terminal: Terminal, name: Name) -> Answer:
    """Send a receiver a test notice now, once, and say whether it arrived."""
    session = open_session()
    from crosswalk.core.notice_words import of_test
    from crosswalk.jobs.delivery import NotDeliveredError, send
    from crosswalk.store import notices

    receiver = notices.get(session.vault, name)
    with speaking(receiver.language):
        told = of_test(session.clock.now())
    try:
        send(receiver, told, session.clock.new_id(), session.clock)
    except NotDeliveredError as error:
        terminal.say(_("It did not arrive: {error}").format(error=error))
        return Answer(data={"name": name, "arrived": False, "error": str(error)}, code=ExitCode.ERROR)
    return Answer(data={"name": name, "arrived": True, "error": ""}, tables=[tables.line(_("It was taken."))])
