"""The machine: room on its disks, its table of time zones."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.zones import zone_named

from .finding import Finding, State

LITTLE, TOO_LITTLE = 2 << 30, 256 << 20  # bytes free


def look_at_disk(about: str, folder: Path) -> Finding:
    """Look at the room on the disk that a folder is on, or will be on."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    message = _("{free} MiB are free at {folder}.").format(free=free >> 20, folder=folder)
    if free >= LITTLE:
        return Finding(check="disk", about=about, message=message)
    return Finding(
        check="disk",
        about=about,
        state=State.FAIL if free < TOO_LITTLE else State.WARN,
        message=message,
        cure=_(
            "Make room: a database that cannot write stops all syncs. {wanted} MiB should be free."
        ).format(wanted=LITTLE >> 20),
    )


def look_at_zones(schedules: dict[str, str]) -> list[Finding]:
    """Look at the zone of this machine, and at those of schedules (connection → zone)."""
    found = [_of_machine(os.environ.get("TZ", "").removeprefix(":"))]
    for name, zone in schedules.items():
        try:
            zone_named(zone)
        except UserError as error:
            found.append(
                Finding(check="time zone", about=name, state=State.FAIL, message=str(error), cure=error.cure)
            )
    return found


def _of_machine(named: str) -> Finding:
    """A zone that nobody knows is taken for UTC without a word by the C library."""
    local = datetime.now().astimezone()
    message = _("Times are shown in {zone} (UTC{offset}).").format(
        zone=named or local.tzname(), offset=local.strftime("%z")
    )
    try:
        zone_named(named or "Europe/Berlin")
    except UserError as error:
        if named and any(sign.isdigit() for sign in named):  # a rule instead of a name, such as CET-1CEST
            return Finding(check="time zone", message=message)
        return Finding(
            check="time zone",
            state=State.WARN if named else State.FAIL,
            message=str(error),
            cure=_("Set TZ to a name such as Europe/Berlin.") if named else _("Install the package tzdata."),
        )
    return Finding(check="time zone", message=message)
