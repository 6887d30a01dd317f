"""The phases of runs, plans and verifications: stable names, which are stored, and how people read them.

A phase's name says what is done, on which side and with which object: `read crm lead`, `update activecampaign`.
"""

from __future__ import annotations

from collections.abc import Mapping

from .language import gettext as _
from .language import gettext_noop

READ, COMPARE, UPDATE, CREATE, SWEEP, VERIFY = "read", "compare", "update", "create", "sweep", "verify"
# what is done → in words
_WORDS: Mapping[str, str] = {
    READ: gettext_noop("read {side} {object}"),
    COMPARE: gettext_noop("compare {object}"),
    UPDATE: gettext_noop("update {side}"),
    CREATE: gettext_noop("create {side}"),
    SWEEP: gettext_noop("sweep {side} {object}"),
    VERIFY: gettext_noop("verify"),
}


def name(what: str, *about: str) -> str:
    """Return the name of a phase: what is done, then side and object as far as they matter."""
    return " ".join((what, *about))


def parts(phase: str) -> tuple[str, str, str]:
    """Return what a phase does, on which side and with which object; empty where that does not matter."""
    if phase.startswith(f"{COMPARE} "):
        return COMPARE, "", phase.partition(" ")[2]
    what, side, object = [*phase.split(" ", 2), "", ""][:3]
    return what, side, object


def told(phase: str) -> str:
    """Return a phase in the words of the command line, in the language that is spoken."""
    what, side, object = parts(phase)
    return _(_WORDS[what]).format(side=side, object=object) if what in _WORDS else phase
