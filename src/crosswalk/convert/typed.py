"""What a person types becomes a field's canonical value."""

from __future__ import annotations

from ..core.schema import Field
from ..core.values import Kind, Value, choices_value, clean_text
from .values import converter

_CHOICES_APART = ";"


def typed_value(target: Field, text: str) -> Value:
    """Return the canonical value that `text` stands for in `target`; several choices stand apart by semicolons.

    Nothing typed is empty. Raises ConversionError when the text cannot be such a value.
    """
    cleaned = clean_text(text)
    if cleaned is None:
        return False if target.kind is Kind.BOOLEAN else None
    if target.kind is Kind.CHOICES:
        return choices_value(cleaned.split(_CHOICES_APART))
    typed = Field(name="", label="", kind=Kind.TEXT, vendor_type="")
    return converter(typed, target)(cleaned)
