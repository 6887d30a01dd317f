"""`crosswalk backup`, `crosswalk restore`: the whole installation, in one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .outcome import Answer
from .session import open_session, open_tables
from .terminal import Terminal
from .web import SETTINGS

if TYPE_CHECKING:
    from crosswalk.store.backup import Sound

app = typer.Typer()
File = Annotated[Path, typer.Argument(metavar="FILE", help=_("The backup."))]
PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help=_("Its first line encrypts the backup; - for stdin.")
    ),
]


@command(app, "backup")
def backup(terminal: Terminal, file: File, passphrase_file: PassphraseFile = None) -> Answer:
    """Write database and key into one file, as one moment shows them; work goes on meanwhile.

    Without --passphrase-file the file is not encrypted, and only its mode (0600) protects it.
    """
    passphrase = _passphrase(passphrase_file)
    session = open_session(SETTINGS)
    from crosswalk.store import backup as backups

    taken = backups.take(file, _key_file(session.vault.path), passphrase, session.clock.now())
    if not taken.encrypted:
        terminal.say(
            _(
                "This file holds the key that opens your stored credentials, and is not encrypted: who can read it can"
                " sign in to your systems as Crosswalk does. Keep it where nobody else reads, or use --passphrase-file."
            ),
            style="yellow",
        )
    facts = {
        _("File"): taken.file,
        _("Bytes"): taken.size,
        _("Encrypted"): taken.encrypted,
        _("Rows"): sum(taken.rows.values()),
        _("Credentials"): taken.secrets,
    }
    return Answer(data=msgspec.to_builtins(taken), tables=[tables.facts(_("Backed up"), facts)])


@command(app, "restore")
def restore(
    terminal: Terminal,
    file: File,
    passphrase_file: PassphraseFile = None,
    replace: Annotated[
        bool, typer.Option("--replace", help=_("Lose the connections that this installation has."))
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help=_("Only read the backup to its end; nothing is changed."))
    ] = False,
) -> Answer:
    """Put a backup in place of database and key; schedules rest until you let them go on.

    Everything else that is connected to the database, such as workers, must be stopped before.
    """
    passphrase = _passphrase(passphrase_file)
    key_file = open_tables(SETTINGS)
    from crosswalk.store import backup as backups

    if check:
        return _checked(backups.check(file, passphrase))
    done = backups.restore(file, key_file, passphrase, replace=replace)
    terminal.say(
        _(
            "Nothing starts by itself now. Look at each connection (crosswalk status), run it once by hand"
            " (crosswalk plan, crosswalk sync), then let it go on: crosswalk schedule resume NAME."
        )
    )
    facts = {
        _("Taken at"): done.taken_at,
        _("By version"): done.program,
        _("Rows"): sum(done.rows.values()),
        _("Credentials"): done.secrets,
        _("Paused"): done.paused,
        _("Writes in doubt"): done.in_doubt,
    }
    return Answer(data=msgspec.to_builtins(done), tables=[tables.facts(_("Restored"), facts)])


def _checked(found: Sound) -> Answer:
    facts = {
        _("Taken at"): found.taken_at,
        _("By version"): found.program,
        "PostgreSQL": found.server,
        _("Rows"): sum(found.rows.values()),
    }
    return Answer(data=msgspec.to_builtins(found), tables=[tables.facts(_("The backup is sound"), facts)])


def _passphrase(file: str | None) -> str:
    """Return the first line of a file; empty without a file. Raises UserError when it has none."""
    if file is None:
        return ""
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(_("{file} cannot be read: {error}").format(file=file, error=error)) from error
    passphrase = text.partition("\n")[0].rstrip("\r")
    if not passphrase:
        raise UserError(_("{file} has no passphrase in its first line.").format(file=file))
    return passphrase


def _key_file(path: Path | None) -> Path:
    if path is None:
        raise UserError(_("This installation has no key file."))
    return path
