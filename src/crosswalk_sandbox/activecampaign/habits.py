"""What an account does where the vendor's documentation is silent, or as admins chose: `rules` of the control API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Literal

import msgspec

from crosswalk_sandbox.texts import way

Moving = Literal["tags", "lists", "values"]
CASES = {"lower", "title", "trim", "upper"}
OWN = ("email", "firstName", "lastName", "phone")


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules of an account; a new one has these."""

    # a value that is no option of its field: dropped without a word, or stored as it is
    unlisted: Literal["dropped", "stored"] = "dropped"
    empty_multiple: Literal["", "||", "||||"] = ""  # how several values read when none is left
    blank_values: Literal["empty", "ignored"] = "empty"  # what "" does to a custom value in contact calls
    import_blanks: Literal["empty", "ignored"] = "ignored"  # and in an import
    stamp_moves_with: tuple[Moving, ...] = ()  # what moves `udate` besides an edit of the contact
    stored_as: dict[str, tuple[str, ...]] = {}  # by attribute or title of a field: what is made of a text
    contact_limit: int | None = None  # more contacts are refused; None: the limit is only shown
    limit_status: Literal[403, 422] = 403
    null_email: bool = False  # contacts without an address may be made, with `allowNullEmail` or by people
    revives: bool = False  # a deleted contact comes back, with its id, when its address is made again
    import_seconds: float | None = None  # what an import takes; None: as `--job-seconds` says
    import_status: str = "waiting"  # of an import under way

    def changed(self, sent: Mapping[str, Any], titles: set[str]) -> Rules:
        """The rules with those that are named replaced. Raises ValueError."""
        changed = msgspec.convert({**msgspec.to_builtins(self), **sent}, Rules)
        for name, ways in changed.stored_as.items():
            if name not in OWN and name not in titles:
                raise ValueError(f"a contact has no field {name!r}")
            for each in ways:
                way(each)
        if not set(changed.stored_as.get("email", ())) <= CASES:
            raise ValueError(
                f"an email is stored as {', '.join(sorted(CASES))}: it must stay that contact's own"
            )
        if changed.import_status == "completed":
            raise ValueError("an import under way has another status than completed")
        return changed

    def made_of(self, name: str, text: str) -> str:
        """What is stored of a text under that attribute or title."""
        return reduce(lambda made, each: way(each)(made), self.stored_as.get(name, ()), text)
