"""GUIDs: those of the start come from the seed, later ones are counted on from there."""

from __future__ import annotations

import hashlib
import re
import uuid
from functools import lru_cache

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@lru_cache(maxsize=1 << 16)  # a schema has thousands, and is told again and again
def make(seed: int, purpose: str) -> str:
    """A GUID that is always the same for a seed and a purpose."""
    digest = hashlib.sha256(f"dynamics {seed} {purpose}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def canonical(text: str) -> str | None:
    """A GUID in lower case; None for text that is none."""
    return text.lower() if GUID.fullmatch(text) else None
