"""Why a value is not accepted, as a name in the catalogue with parameters; put into words when somebody reads it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..core.catalogue import CATALOGUE, Said
from ..core.values import Value


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why a value is not accepted. `code` is its name in the catalogue; the words are in the reader's language."""

    code: str
    params: Mapping[str, str | int] = {}

    @property
    def said(self) -> Said:
        """Stable code, what is wrong, and what to do next."""
        return CATALOGUE[self.code].said(**self.params)

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.said.message

    @property
    def cure(self) -> str:
        """What to do next."""
        return self.said.cure


def quoted(value: Value) -> str:
    """Return a value as a message shows it: in quotation marks, not too long."""
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
