"""An event on its way to a webhook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is sent where, as it was when the row changed."""

    url: str
    auth_type: int | None
    auth_value: str
    table: str
    message: str  # Create, Update or Delete
    organization: str
    correlation: str
    body: dict[str, Any]  # the execution context
