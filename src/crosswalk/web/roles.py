"""What people may do."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """Each may do what those after it may."""

    ADMINISTRATOR = "administrator"  # everything, people included
    MANAGER = "manager"  # all connections
    USER = "user"  # sees the connections that are named for them


LABELS = {
    Role.ADMINISTRATOR: _("Administrator"),
    Role.MANAGER: _("Manager"),
    Role.USER: _("User"),
}
EVERYBODY = frozenset(Role)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
