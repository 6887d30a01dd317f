"""All looks in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from crosswalk.core.failures import UserError
from crosswalk.core.keeping import KEY_FILE
from crosswalk.core.language import gettext as _
from crosswalk.store import embedded, models, schedules
from crosswalk.store.server import Server
from crosswalk.store.vault import Vault, read_keys

from .finding import Finding
from .machine import look_at_disk, look_at_zones
from .outside import look_outside
from .stored import look_at_database, look_at_key, look_at_secrets


def look(answered: Server | Finding, home: Path, now: datetime, *, own_server: bool) -> Iterator[Finding]:
    """Look at everything; `answered` is the database server, or what was found instead of it.

    Without `own_server` the database's files are on this machine.
    """
    usable = isinstance(answered, Server) and answered.up_to_date
    if isinstance(answered, Server):
        yield from look_at_database(answered)
    else:
        yield answered
    if not own_server:
        yield look_at_disk(_("database"), embedded.status(home).data)
    yield look_at_disk(_("home"), home)
    if usable:
        yield from _stored(home / KEY_FILE, now)
    yield from look_at_zones(schedules.zones() if usable else {})


def _stored(key_file: Path, now: datetime) -> Iterator[Finding]:
    """What there is to look at once the tables can be read."""
    if not key_file.exists() and not models.Tenant.objects.exists():
        return  # the first command that needs the key makes it
    yield look_at_key(key_file)
    yield look_at_secrets(key_file)
    with suppress(UserError, OSError):
        yield from look_outside(Vault(*read_keys(key_file)), now)
