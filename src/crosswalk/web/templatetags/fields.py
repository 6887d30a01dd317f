"""Fields of forms in Tabler's clothes."""

from __future__ import annotations

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def styled(field: BoundField) -> SafeString:
    """Return a field's control."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return field.as_widget(attrs={"class": "form-check-input"})
    plain = "form-select" if isinstance(widget, forms.Select) else "form-control"
    return field.as_widget(attrs={"class": f"{plain} is-invalid" if field.errors else plain})


@register.filter
def is_box(field: BoundField) -> bool:
    """Tell whether a field is one box to tick."""
    return isinstance(field.field.widget, forms.CheckboxInput)
