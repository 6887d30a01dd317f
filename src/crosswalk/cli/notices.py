"""`crosswalk notices`: who is told how connections stand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

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
    from crosswalk.jobs import receivers
    from crosswalk.store import notices

    if (email is None) == (webhook is None):
        raise UserError(
            _("A receiver has either an e-mail address or a webhook."),
            cure=_("Give one of --email ADDRESS and --webhook URL."),
        )
    if email is not None:
        receiver = receivers.by_email(name, email, language.value)
    else:
        receiver = receivers.by_webhook(name, _given(webhook or ""), language.value)
    notices.add(session.vault, receiver, session.clock.now())
    terminal.say(_("See whether notices arrive: crosswalk notices test {name}").format(name=name))
    secret = receiver.secret
    shown = {
        _("To"): receivers.place(receiver),
        **({_("Secret"): tables.line(secret)} if secret else {}),
    }
    return Answer(
        data={"name": name, "kind": receiver.kind, "language": language.value, "secret": secret or None},
        tables=[tables.facts(name, shown)],
    )


def _given(url: str) -> str:
    return typer.get_text_stream("stdin").readline().strip() if url == "-" else url


@command(app, "list")
def show(terminal: Terminal) -> Answer:
    """List who is told, what is on its way, and what became of the last notice."""
    session = open_session()
    from crosswalk.jobs import receivers
    from crosswalk.store import notices

    found: list[dict[str, Any]] = [
        {
            "name": receiver.name,
            "kind": receiver.kind,
            "to": receivers.place(receiver),
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
    from crosswalk.jobs.delivery import NotDeliveredError
    from crosswalk.jobs.receivers import send_test
    from crosswalk.store import notices

    try:
        send_test(notices.get(session.vault, name), session.clock)
    except NotDeliveredError as error:
        terminal.say(_("It did not arrive: {error}").format(error=error))
        return Answer(data={"name": name, "arrived": False, "error": str(error)}, code=ExitCode.ERROR)
    return Answer(data={"name": name, "arrived": True, "error": ""}, tables=[tables.line(_("It was taken."))])
