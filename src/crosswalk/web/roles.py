"""What people may do."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """Each may do what those after it may."""

    ADMINISTRATOR = "administrator"  # everything; they alone: credentials, people, the installation
    MANAGER = (
        "manager"  # works with all connections: mapping, choice of records, schedule, plans, runs, holds
    )
    USER = "user"  # looks at the connections that are named for them


LABELS = {
    Role.ADMINISTRATOR: _("Administrator"),
    Role.MANAGER: _("Manager"),
    Role.USER: _("User"),
}
EVERYBODY = frozenset(Role)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
MANAGERS = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
