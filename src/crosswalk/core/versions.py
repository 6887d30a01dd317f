"""Versions of what people change: of two who change the same thing, the second is told."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from .failures import UserError
from .language import gettext as _


class Outdated(UserError):
    """What somebody wanted to change is not what they saw any more; nothing was stored."""


def version_of(value: object) -> str:
    """Return a short text that is another one as soon as a plain value is."""
    return blake2b(msgspec.json.encode(value, order="deterministic"), digest_size=9).hexdigest()


def require_version(expected: str | None, value: object) -> None:
    """Raise Outdated unless a value is in the version that somebody saw; None: nobody looked before."""
    if expected is not None and expected != version_of(value):
        raise Outdated(
            _("Somebody else changed this meanwhile."),
            cure=_("Theirs is stored; yours is not. Compare both, then save again to replace theirs."),
        )
