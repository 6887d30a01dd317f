"""Value conversion between field kinds, and the table of which kinds may be paired."""

from __future__ import annotations

from .fit import fits
from .naming import Likeness
from .pairs import PAIRS, is_checkbox_pair, pairable, read_only, types_for
from .rejection import Rejection
from .storage import stored_differently
from .suggest import Suggestion, Suggestions, default_rule, missing_options, suggest
from .typed import typed_value
from .values import ConversionError, Convert, converter
from .words import kind_words, value_words

__all__ = [
    "PAIRS",
    "ConversionError",
    "Convert",
    "Likeness",
    "Rejection",
    "Suggestion",
    "Suggestions",
    "converter",
    "default_rule",
    "fits",
    "is_checkbox_pair",
    "kind_words",
    "missing_options",
    "pairable",
    "read_only",
    "stored_differently",
    "suggest",
    "typed_value",
    "types_for",
    "value_words",
]
