"""The database, and the key that opens what is sealed in it."""

from __future__ import annotations

from pathlib import Path

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.store import keys
from crosswalk.store.server import OLDEST, Server
from crosswalk.store.vault import Vault, read_keys

from .finding import Finding, State, by_size

CLOCKS_WARN, CLOCKS_FAIL = 5.0, 300.0  # seconds


def look_at_database(found: Server) -> list[Finding]:
    """Look at a server that answered."""
    return [_version(found), _tables(found), _encoding(found), _clock(found)]


def _version(found: Server) -> Finding:
    old = found.number < OLDEST * 10_000
    return Finding(
        check="database",
        state=State.FAIL if old else State.OK,
        message=_("PostgreSQL {version} answers.").format(version=found.version),
        cure=_("Crosswalk needs PostgreSQL {oldest} or newer.").format(oldest=OLDEST) if old else "",
    )


def _tables(found: Server) -> Finding:
    if found.unknown:
        return Finding(
            check="tables",
            state=State.FAIL,
            message=_("A newer version of Crosswalk made the tables: {migration}.").format(
                migration=found.unknown[-1]
            ),
            cure=_("Install that version, or restore a backup of this one."),
        )
    if found.is_new:
        return Finding(check="tables", message=_("There are none yet; the first command makes them."))
    if found.missing:
        return Finding(
            check="tables",
            state=State.WARN,
            message=_("{count} changes of the tables are still to be made.").format(count=len(found.missing)),
            cure=_("Any other command makes them, such as crosswalk status; take a backup before."),
        )
    return Finding(check="tables", message=_("The tables are those of this version."))


def _encoding(found: Server) -> Finding:
    well = found.encoding == "UTF8"
    return Finding(
        check="encoding",
        state=State.OK if well else State.FAIL,
        message=_("Texts are kept in {encoding}.").format(encoding=found.encoding),
        cure=""
        if well
        else _("Make the database anew: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'."),
    )


def _clock(found: Server) -> Finding:
    state = by_size(found.clock_difference, CLOCKS_WARN, CLOCKS_FAIL)
    return Finding(
        check="clock",
        about=_("database"),
        state=state,
        message=_(
            "The database's clock differs by {seconds:.1f} s from ours; {bound:.0f} s are all right."
        ).format(seconds=round(found.clock_difference, 1) + 0.0, bound=CLOCKS_WARN),
        cure="" if state is State.OK else _("Have both machines set their clocks by NTP."),
    )


def look_at_key(path: Path) -> Finding:
    """Look at the key file itself."""
    try:
        count = len(read_keys(path))
        mode = path.stat().st_mode & 0o777
    except UserError as error:
        return Finding(check="key", state=State.FAIL, message=str(error), cure=error.cure)
    except OSError as error:
        message = _("{file} cannot be read: {error}").format(file=path, error=error.strerror)
        cure = _("Run Crosswalk as the user who owns the file.")
        return Finding(check="key", state=State.FAIL, message=message, cure=cure)
    if mode & 0o077:
        return Finding(
            check="key",
            state=State.FAIL,
            message=_("Others than its owner can use {file} (mode {mode:o}).").format(file=path, mode=mode),
            cure=_("chmod 600 {file}, then crosswalk keys rotate, as others may have read it.").format(
                file=path
            ),
        )
    if count > 1:
        return Finding(
            check="key",
            state=State.WARN,
            message=_("{file} holds {count} keys: changing them, or a restore, was interrupted.").format(
                file=path, count=count
            ),
            cure=_("crosswalk keys rotate finishes it."),
        )
    return Finding(check="key", message=_("{file} can be read by its owner alone.").format(file=path))


def look_at_secrets(path: Path) -> Finding:
    """Open every stored secret with the key file."""
    try:
        count = keys.opened(Vault(*read_keys(path)))
    except UserError as error:
        return Finding(check="credentials", state=State.FAIL, message=str(error), cure=error.cure)
    except OSError:  # the look at the key says so
        message = _("The stored secrets cannot be opened without the key.")
        return Finding(check="credentials", state=State.FAIL, message=message)
    return Finding(
        check="credentials", message=_("The key opens all {count} stored secrets.").format(count=count)
    )
