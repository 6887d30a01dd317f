"""Record ids: 15 characters that depend on letter case, or 18 that do not. Ours always have 18.

Source: Salesforce, record id checksum.
"""

from __future__ import annotations

import re

_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of a record id."""
    return _ID.fullmatch(text) is not None


def long_id(record_id: str) -> str:
    """Return the 18-character form of a record id; one that has it already is returned as it is."""
    if len(record_id) != 15:
        return record_id
    return record_id + "".join(_check(record_id[start : start + 5]) for start in (0, 5, 10))


def _check(group: str) -> str:
    """Bit k is set when the k-th of five characters is a capital."""
    return _CHECK[sum(1 << place for place, sign in enumerate(group) if "A" <= sign <= "Z")]
