"""What a person is told about a held field."""

from __future__ import annotations

from gettext import gettext as _

from ..convert import Rejection


def cannot_convert(reason: str) -> Rejection:
    """Return the rejection of a value that cannot be carried to the other side."""
    return Rejection(
        code="conversion",
        message=reason,
        cure=_("Correct the value, or pair the field with one of a matching kind."),
    )


def choose_a_side() -> Rejection:
    """Return what is said about a conflict that the policy leaves to a person."""
    return Rejection(
        code="conflict",
        message=_("Both sides changed this field, and they differ."),
        cure=_("Make both sides equal, or set another conflict policy for the field."),
    )
