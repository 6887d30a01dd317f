"""What flows do some time after the save that started them, in saves of their own."""

from __future__ import annotations

from contextlib import suppress

from crosswalk_sandbox.salesforce import guards, saving
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org


def edit(org: Org) -> None:
    """Do what flows were to do by now. A record that is gone, or refuses it, stays as it is."""
    now = org.clock.now()
    due = [edit for edit in org.later if edit.due <= now]
    org.later = [edit for edit in org.later if edit.due > now]
    for edit in due:
        kind, row = org.schema[edit.object], org.row(edit.id)
        if row is None or row["IsDeleted"] or row.get("IsConverted"):
            continue
        actor = Actor(user=edit.user, person=True)
        with suppress(RecordError), org.store.all_or_nothing():
            made = guards.flowed(kind, edit.flow, row)
            new = {name: value for name, value in {**row, **made}.items() if value is not None}
            saving.put_checked(org, kind, row, new, made, actor)
