"""A connection's settings changed by a person: checked as a mapping file's are, never over another's."""

from __future__ import annotations

import msgspec

from crosswalk.core.mapping import Settings
from crosswalk.core.versions import version_of
from crosswalk.store import acts, connections, models

from .setup import check_settings


def change_settings(name: str, settings: Settings, based_on: str) -> Settings | None:
    """Save settings that were made from those of the version `based_on`.

    Returns None when they are saved; the settings as they are now, when somebody else changed them meanwhile: nothing
    is saved then. Raises UserError when a setting cannot be as it is.
    """
    with connections.locked(name) as connection:
        before = connections.settings_of(connection)
        if version_of(before) != based_on:
            return before
        check_settings(settings, _mapped(connection))
        connections.save_settings(connection, settings)
        acts.note("connection.settings", connection, **_difference(before, settings))
        return None


def _mapped(connection: models.Connection) -> list[str]:
    return list(models.Mapping.objects.filter(connection=connection).values_list("object", flat=True))


def _difference(before: Settings, after: Settings) -> dict[str, dict[str, object]]:
    """Return what changed, as it was and as it is."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    names = [name for name in new if old[name] != new[name]]
    return {"before": {name: old[name] for name in names}, "after": {name: new[name] for name in names}}
