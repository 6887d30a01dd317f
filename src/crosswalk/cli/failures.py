"""From a failure to what people read, what programs read, and an exit code; never with a secret."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from crosswalk.core.catalogue import CATALOGUE, of_failure
from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.language import gettext as _

from .outcome import ExitCode
from .terminal import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong, and the cure."""

    kind: str
    message: str
    cure: str = ""
    entry: str  # its name in the error catalogue
    code: ExitCode = ExitCode.ERROR


def trouble(error: Exception) -> Trouble:
    """Return what there is to say about an exception that ended a command."""
    if isinstance(error, SystemFailure):
        lost = error.kind is FailureKind.AUTH
        return Trouble(
            kind=error.kind.value,
            message=error.message,
            cure=error.cure,
            entry=error.entry or of_failure(error.kind).name,
            code=ExitCode.SIGN_IN_LOST if lost else ExitCode.ERROR,
        )
    if isinstance(error, UserError):
        return Trouble(kind="user", message=str(error), cure=error.cure, entry=error.entry)
    return _database_trouble(error) or Trouble(
        kind="bug",
        message=_("This should not have happened: {error}.").format(error=type(error).__name__),
        cure=_("Run the command with --verbose and report what it prints."),
        entry="bug",
    )


def _database_trouble(error: Exception) -> Trouble | None:
    """A server that is away is no bug. The text of a wrong address is not repeated: it may hold a password."""
    from django.db import Error, InterfaceError, OperationalError
    from psycopg import ProgrammingError

    if isinstance(error, ProgrammingError):
        return Trouble(
            kind="database",
            message=_("DATABASE_URL is no address of a PostgreSQL database."),
            cure=_("Write it as postgresql://user@host/database, or unset it to use the embedded server."),
            entry="database",
        )
    if not isinstance(error, Error):
        return None
    away = isinstance(error, (OperationalError, InterfaceError))
    return Trouble(
        kind="database",
        message=_("The database cannot be used: {error}").format(error=str(error).strip()),
        cure=_("Check that the server runs and that DATABASE_URL is right.") if away else "",
        entry="database",
    )


def tell(terminal: Terminal, found: Trouble, error: Exception | None = None) -> None:
    """Print a failure: on stderr for people, and on stdout for programs that asked for JSON."""
    if error is not None and terminal.verbose:
        terminal.err.print("".join(traceback.format_exception(error)), markup=False, soft_wrap=True)
    code = CATALOGUE[found.entry].code
    terminal.say(f"{code}: {found.message}", style="bold red")
    if found.cure:
        terminal.say(found.cure)
    if terminal.as_json:
        said = {
            "kind": found.kind,
            "code": code,
            "message": found.message,
            "cure": found.cure,
            "exit_code": int(found.code),
        }
        terminal.print_json({"error": said})
