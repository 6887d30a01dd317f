"""Value conversion between field kinds, and the table of which kinds may be paired."""

from __future__ import annotations

from .fit import fits
from .pairs import PAIRS, is_checkbox_pair, pairable
from .rejection import Rejection
from .storage import stored_differently
from .values import ConversionError, Convert, converter

__all__ = [
    "PAIRS",
    "ConversionError",
    "Convert",
    "Rejection",
    "converter",
    "fits",
    "is_checkbox_pair",
    "pairable",
    "stored_differently",
]
