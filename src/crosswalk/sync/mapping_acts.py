"""What changes of a mapping leave in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping
from crosswalk.store import acts
from crosswalk.store.models import Connection


def note_changes(connection: Connection, before: ObjectMapping, after: ObjectMapping) -> None:
    """Keep which pairs of an object were added, changed and taken out; nothing where all is as it was."""
    old, new = (_by_fields(each.fields) for each in (before, after))
    both = [key for key in old if key in new and old[key] != new[key]]
    kinds = {
        "mapping.removed": ([old[key] for key in old if key not in new], None),
        "mapping.changed": ([old[key] for key in both], [new[key] for key in both]),
        "mapping.added": (None, [new[key] for key in new if key not in old]),
    }
    for what, (were, are) in kinds.items():
        if were or are:
            acts.note(what, connection, object=after.object, before=_plain(were), after=_plain(are))


def note_replaced(connection: Connection, before: MappingFile, after: MappingFile) -> None:
    """Keep that settings and mappings were replaced as a whole."""
    if before != after:
        acts.note(
            "mapping.set", connection, before=msgspec.to_builtins(before), after=msgspec.to_builtins(after)
        )


def _by_fields(pairs: Iterable[FieldMapping]) -> dict[tuple[str, str], FieldMapping]:
    return {(pair.crm, pair.activecampaign): pair for pair in pairs}


def _plain(pairs: Iterable[FieldMapping] | None) -> Any:
    return None if pairs is None else msgspec.to_builtins(list(pairs))
