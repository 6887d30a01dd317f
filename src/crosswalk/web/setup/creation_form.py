"""New CRM records, as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from crosswalk.core.mapping import CreationRule
from crosswalk.core.schema import Schema
from crosswalk.core.versions import version_of
from crosswalk.sync.creation import Creation, wanted_fields

from .choices import Option
from .objects import label

_RULES = {
    CreationRule.NEVER: (_("Never"), _("Contacts that the CRM lacks stay in ActiveCampaign alone.")),
    CreationRule.TAGGED: (
        _("Those with a tag"),
        _(
            "A contact that gets this tag in ActiveCampaign, by hand or by an automation, becomes a CRM record."
        ),
    ),
    CreationRule.ALL: (
        _("All"),
        _("Every contact that has an e-mail address and no record in the CRM yet becomes one."),
    ),
}


class CreationForm(forms.Form):
    """Which contacts become CRM records; `creation` is what it says once it is valid."""

    rule = forms.ChoiceField(choices=[(rule.value, words[0]) for rule, words in _RULES.items()])
    object = forms.ChoiceField(label=_("They become"), required=False)
    tag = forms.CharField(
        label=_("Tag"),
        required=False,
        max_length=200,
        help_text=_("Search for one of ActiveCampaign's tags, or name a new one; capitals count."),
    )
    found = forms.CharField(required=False, max_length=200)  # a tag that was chosen among those found
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, sent: QueryDict | None, *, stored: Creation, schemas: Mapping[str, Schema]) -> None:
        super().__init__(sent, prefix="creation", initial=_initial(stored, schemas))
        self._stored = stored
        self.places: dict[str, tuple[str, str]] = {}  # name of a form's field → object and CRM field
        choices = self.fields["object"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(object, label(object)) for object in schemas]
        for object, schema in schemas.items():
            self._offer(object, schema, stored.defaults.get(object, {}))
        self.creation = stored

    def _offer(self, object: str, schema: Schema, given: Mapping[str, str]) -> None:
        for field in wanted_fields(schema, given):
            name = f"{object}-{field.name}"
            self.places[name] = (object, field.name)
            text = f"{label(object)}: {field.label}"
            if field.options and field.restricted:
                options = [("", "–"), *((each.value, each.label) for each in field.options)]
                self.fields[name] = forms.ChoiceField(label=text, required=False, choices=options)
            else:
                self.fields[name] = forms.CharField(
                    label=text, required=False, max_length=field.length or 255
                )

    def rules(self) -> list[Option]:
        """Return what may become of contacts."""
        chosen = str(self["rule"].value())
        return [
            Option(value=rule.value, label=words[0], hint=words[1], is_chosen=rule.value == chosen)
            for rule, words in _RULES.items()
        ]

    @property
    def chosen_tag(self) -> str:
        """The tag as it stands now."""
        return str(self["found"].value() or self["tag"].value() or "")

    def defaults(self) -> list[forms.BoundField]:
        """Return the fields of what is filled in."""
        return [self[name] for name in self.places]

    def is_untouched(self) -> bool:
        """Tell whether a valid form says what stood in it when it was made."""
        return bool(self.cleaned_data["version"] == version_of(self.creation))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        rule, given["tag"] = given.get("rule"), given.get("found") or given.get("tag", "")
        if rule == CreationRule.TAGGED and not given.get("tag"):
            self.add_error("tag", _("Name the tag."))
        if not self.errors:
            self.creation = Creation(
                rule=CreationRule(rule or self._stored.rule),
                object=given.get("object") or self._stored.object,
                tag=given.get("tag", ""),
                defaults=self._defaults(given),
            )
        return given

    def _defaults(self, given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """Return what is filled in; what the form does not show, since its field is gone, stays as it is."""
        shown = set(self.places.values())
        found: dict[str, dict[str, str]] = {}
        for object, defaults in self._stored.defaults.items():
            if hidden := {name: text for name, text in defaults.items() if (object, name) not in shown}:
                found[object] = hidden
        for name, (object, field) in self.places.items():
            if given.get(name):
                found.setdefault(object, {})[field] = given[name]
        return found

    def refuse(self, object: str, field: str, message: str) -> None:
        """Say beside a field why its default does not do."""
        self.add_error(next(name for name, place in self.places.items() if place == (object, field)), message)


def _initial(stored: Creation, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "rule": stored.rule.value,
        "object": stored.object if stored.object in schemas else next(iter(schemas), ""),
        "tag": stored.tag,
        "version": version_of(stored),
    }
    for object, defaults in stored.defaults.items():
        known |= {f"{object}-{field}": text for field, text in defaults.items()}
    return known
