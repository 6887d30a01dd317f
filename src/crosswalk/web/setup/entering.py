"""The forms in which somebody enters how to sign in; what is secret is never shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crosswalk.core.mapping import Side
from crosswalk.sync.drafts import Asked

from .ways import Entry, Way

FILE = "_file"  # how the name of an entry's file ends
_LARGEST = 64 * 1024  # of a file; keys and certificates have a few kilobytes
_AS_TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
BY_BROWSER = {"grant": "authorization_code"}  # the app's secret proves it, and opens nothing by itself


class _Unseen(forms.Textarea):
    """Several lines that are not shown again."""

    def format_value(self, value: Any) -> str:
        return ""


class Entering(forms.Form):
    """What one way of signing in asks for."""

    def __init__(self, side: Side, way: Way, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"auto_id": f"{side.value}-%s", **named})
        self.side, self.way = side, way
        chosen = {entry.instead_of for entry in way.entries if entry.instead_of and self._now(entry)}
        for entry in way.entries:
            if entry.name not in chosen:
                self.fields.update(_fields(entry))

    def _now(self, entry: Entry) -> str:
        """Return what is chosen now, whether sent or as it was."""
        source = self.data if self.is_bound else self.initial
        return str(source.get(entry.name, ""))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for entry in (each for each in self.way.entries if each.is_file):
            upload = given.pop(entry.name + FILE, None)
            if upload is not None and not given.get(entry.name):
                given[entry.name] = self._read(entry, upload)
            if entry.required and not given.get(entry.name):
                self.add_error(entry.name, _("Paste it, or choose the file."))
        return given

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.errors:
            if name in self.fields:  # the first that is wrong gets the focus
                self.fields[name].widget.attrs["autofocus"] = True
                break

    def _read(self, entry: Entry, upload: Any) -> str:
        try:
            return str(upload.read(_LARGEST).decode())
        except UnicodeDecodeError:
            self.add_error(entry.name, ValidationError(_("This is no file in PEM form.")))
            return ""

    def asked(self) -> Asked:
        """Return what was entered, of a form that is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        typed = {each.name: given[each.name] for each in self.way.entries if _is_shown(each, given)}
        for entry in self.way.entries:
            if entry.instead_of and entry.name in given:
                given[entry.instead_of] = given.pop(entry.name)
        return Asked(
            side=self.side,
            way=self.way.name,
            credentials={**given, **(BY_BROWSER if self.way.by_browser else {})},
            typed=typed,
        )


def typed(way: Way, sent: Mapping[str, str]) -> dict[str, str]:
    """Return what may be shown again of what was sent."""
    return {each.name: str(sent[each.name]) for each in way.entries if _is_shown(each, sent)}


def way_of(ways: Sequence[Way], credentials: Mapping[str, str]) -> str:
    """Return the way by which stored credentials sign in."""
    by_browser = credentials.get("grant") == BY_BROWSER["grant"]
    fitting = [way.name for way in ways if way.by_browser is by_browser and _fits(way, credentials)]
    return fitting[-1] if fitting else ""


def _fits(way: Way, credentials: Mapping[str, str]) -> bool:
    return all(credentials.get(each.name) for each in way.entries if each.secret and each.required)


def _is_shown(entry: Entry, given: Mapping[str, Any]) -> bool:
    return not entry.secret and bool(given.get(entry.name))


def _fields(entry: Entry) -> dict[str, forms.Field]:
    if entry.is_file:
        return _file_fields(entry)
    if entry.choices:
        return {entry.name: forms.ChoiceField(label=str(entry.label), choices=entry.choices, required=False)}
    widget = forms.PasswordInput(attrs=_AS_TYPED) if entry.secret else forms.TextInput(attrs=_AS_TYPED)
    field = forms.CharField(
        label=str(entry.label),
        help_text=str(entry.help),
        required=entry.required,
        widget=widget,
        max_length=2000,
    )
    return {entry.name: field}


def _file_fields(entry: Entry) -> dict[str, forms.Field]:
    area = _Unseen(attrs={**_AS_TYPED, "rows": 3, "class": "form-control"})
    pasted = forms.CharField(
        label=str(entry.label), help_text=str(entry.help), required=False, widget=area, max_length=_LARGEST
    )
    upload = forms.FileField(label=_("… or as a file"), required=False)
    return {entry.name: pasted, entry.name + FILE: upload}
