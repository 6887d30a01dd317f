"""Initial synchronisation: what existed before the first run is carried once, or left as it is until it is edited."""

from __future__ import annotations

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.store import runs, switches

from .context import Context


def begin(context: Context, *, planning: bool = False) -> None:
    """After everything was read: list what existed when it is due, or leave it alone when it is not wanted (yet).

    Until Global synchronisation is on for the first time, the CRM's records are left; without Initial synchronisation
    the contacts too. A plan takes no first reading for carried: somebody may still decide against it.
    """
    found = context.switches
    if found.initial_at is not None:
        return
    now = context.clock.now()
    if not found.initial_due:
        if found.left_at is None and not runs.finished_before(context.connection_id):
            sides = (Side.CRM,) if found.initial_sync else tuple(Side)
            switches.leave_what_exists(context.connection_id, sides, now)
            context.switches = msgspec.structs.replace(found, left_at=now)
        return
    if found.left_at is not None:
        tenant = context.tenants[Side.CRM]
        switches.list_what_exists(context.connection_id, tenant, list(context.objects), now)
    elif planning:
        return
    else:
        switches.note_initial(context.connection_id, now)
    context.switches = msgspec.structs.replace(found, initial_at=now)
