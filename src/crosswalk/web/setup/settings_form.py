"""The form of a connection's settings: each with one sentence that says what it does, and what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.core.keeping import LEAST_DAYS, MOST_DAYS
from crosswalk.core.mapping import Brake, Brakes, Policy, Settings, Side
from crosswalk.core.sweep import MOST

Text = str | Promise
_BRAKES: Sequence[tuple[str, Text, Text]] = (
    ("changes", _("Records created and changed"), _("Usual: 500 records and 20 %.")),
    ("deletes", _("Links closed because a record is gone"), _("Usual: 50 records and 1 %.")),
    ("emptied", _("Records in which one field is emptied"), _("Usual: 50 records and 5 %.")),
)
_POLICIES = (
    (Policy.NEWEST, _("The newest change wins")),
    (Policy.CRM, _("The CRM wins")),
    (Policy.ACTIVECAMPAIGN, _("ActiveCampaign wins")),
    (Policy.UNION, _("Choices of both sides are joined (multi-selects)")),
    (Policy.ASK, _("A person decides")),
)
_WINNERS = ((Side.CRM, _("The CRM")), (Side.ACTIVECAMPAIGN, "ActiveCampaign"))


class SettingsForm(forms.Form):
    """A connection's settings, but what belongs to a step of the set-up."""

    version = forms.CharField(widget=forms.HiddenInput)
    policy = forms.ChoiceField(
        label=_("When both sides changed a field"),
        choices=_POLICIES,
        help_text=_(
            "Who wins when a field was changed differently on both sides; a field may have a rule of"
            " its own. Usual: the newest."
        ),
    )
    winner = forms.ChoiceField(
        label=_("When that does not decide it"),
        choices=_WINNERS,
        help_text=_(
            "Who wins when it is not known which change is newer, and when two records are linked for"
            " the first time. Usual: the CRM."
        ),
    )
    consent = forms.BooleanField(
        label=_("Opt-outs travel both ways"),
        required=False,
        help_text=_(
            "Who unsubscribes in ActiveCampaign has the CRM's opt-out box ticked, and the reverse,"
            " before all else. Usual: on."
        ),
    )
    uncheck_opt_out = forms.BooleanField(
        label=_("Who subscribes again has the CRM's opt-out box unticked"),
        required=False,
        help_text=_("Nobody is ever added to a list by it. Usual: off."),
    )
    exclude_automations_initially = forms.BooleanField(
        label=_("The first sync starts no automations"),
        required=False,
        help_text=_("Contacts that the first sync makes in ActiveCampaign enter no automation. Usual: on."),
    )
    crm_calls_percent = forms.FloatField(
        label=_("Share of the CRM's calls (%)"),
        min_value=1,
        max_value=100,
        help_text=_(
            "Of the calls that the org has in 24 hours, this connection uses so many at most. Usual: 50 %."
        ),
    )
    sweep_percent = forms.FloatField(
        label=_("Share for reading everything again (%)"),
        min_value=0,
        max_value=100 * MOST,
        help_text=_(
            "Records are read again bit by bit, to find what no list of changes shows; 0: never. Usual: 2 %."
        ),
    )
    journal_days = forms.IntegerField(
        label=_("Days for which writes are kept"),
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        help_text=_("The last ten writes of each record are kept for ever. Usual: 400 days."),
    )
    runs_days = forms.IntegerField(
        label=_("Days for which plans and runs that wrote nothing are kept"),
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        help_text=_("Usual: 90 days."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name, label, usual in _BRAKES:
            self.fields[f"{name}_number"] = forms.IntegerField(
                label=_("%(what)s: number") % {"what": label}, min_value=0, max_value=10_000_000
            )
            self.fields[f"{name}_percent"] = forms.FloatField(
                label=_("%(what)s: share (%%)") % {"what": label},
                min_value=0,
                max_value=100,
                help_text=str(usual),
            )
        for field in self.fields.values():
            if isinstance(field, forms.FloatField | forms.IntegerField):
                field.widget.attrs["inputmode"] = "decimal"

    def settings(self, before: Settings) -> Settings:
        """Return the settings that are asked for; what the form does not have stays as it was."""
        given = self.cleaned_data
        plain = {name: given[name] for name in _PLAIN}
        brakes = {
            name: Brake(number=given[f"{name}_number"], percent=given[f"{name}_percent"])
            for name, _label, _usual in _BRAKES
        }
        return replace(
            before,
            policy=Policy(given["policy"]),
            winner=Side(given["winner"]),
            sweep_share=round(given["sweep_percent"] / 100, 6),
            brakes=Brakes(**brakes),
            **plain,
        )


_PLAIN = (
    "consent",
    "uncheck_opt_out",
    "exclude_automations_initially",
    "crm_calls_percent",
    "journal_days",
    "runs_days",
)


def shown(settings: Settings) -> dict[str, Any]:
    """Return settings as the form shows them."""
    brakes = {
        f"{name}_{part}": _plain(getattr(getattr(settings.brakes, name), part))
        for name, _label, _usual in _BRAKES
        for part in ("number", "percent")
    }
    return {
        **{name: _plain(getattr(settings, name)) for name in _PLAIN},
        **brakes,
        "policy": settings.policy.value,
        "winner": settings.winner.value,
        "sweep_percent": _plain(round(settings.sweep_share * 100, 4)),
    }


def _plain(value: Any) -> Any:
    """Return a number without places that say nothing."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Settings that belong together."""

    title: Text
    about: Text
    fields: list[Any]
    in_pairs: bool


_OF_BRAKES = tuple(f"{name}_{part}" for name, _label, _usual in _BRAKES for part in ("number", "percent"))
_GROUPS: Sequence[tuple[Text, Text, tuple[str, ...]]] = (
    (_("Conflicts"), "", ("policy", "winner")),
    (_("Opt-outs and automations"), "", ("consent", "uncheck_opt_out", "exclude_automations_initially")),
    (
        _("Brakes"),
        _(
            "A run that would do very much without a plan stops and asks. Each brake has a number and a"
            " share of the linked records; a run stops when it would go beyond both."
        ),
        _OF_BRAKES,
    ),
    (_("Calls"), "", ("crm_calls_percent", "sweep_percent")),
    (_("What is kept"), "", ("journal_days", "runs_days")),
)


def groups(form: SettingsForm) -> list[Group]:
    """Return the form's fields in groups."""
    return [
        Group(title=title, about=about, fields=[form[name] for name in names], in_pairs=names == _OF_BRAKES)
        for title, about, names in _GROUPS
    ]


def differing(form: SettingsForm, now: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and value, as it is now, of the fields in which what was sent differs from it."""
    given = form.cleaned_data
    return [
        (str(form.fields[name].label), _told(form.fields[name], value))
        for name, value in now.items()
        if name in given and given[name] != value
    ]


def _told(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type] # plain pairs
    if isinstance(field, forms.BooleanField):
        return str(_("on") if value else _("off"))
    return str(value)
