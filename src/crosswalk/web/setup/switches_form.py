"""The switches of a connection, as a form."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from crosswalk.store.switches import Switches


class SwitchesForm(forms.Form):
    """Global and initial synchronisation. What was on when the form was made tells what somebody turned."""

    global_sync = forms.BooleanField(
        label=_("Global sync"),
        required=False,
        help_text=_(
            "Off: nothing goes from the CRM to ActiveCampaign but opt-outs; what would go waits until it is on again."
        ),
    )
    initial_sync = forms.BooleanField(
        label=_("Initial sync"),
        required=False,
        help_text=_(
            "The first sync brings everything that exists and was chosen together, once."
            " Off: what exists is left as it is until somebody edits it."
        ),
    )
    was_global = forms.BooleanField(required=False, widget=forms.HiddenInput)
    was_initial = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, sent: QueryDict | None, *, stored: Switches) -> None:
        initial = {
            "global_sync": stored.global_sync,
            "initial_sync": stored.initial_sync,
            "was_global": stored.global_sync,
            "was_initial": stored.initial_sync,
        }
        super().__init__(sent, prefix="switches", initial=initial)
        self.stored = stored

    @property
    def happened(self) -> bool:
        """Tell whether what existed was carried already, which happens once."""
        return self.stored.initial_at is not None

    def turned(self) -> dict[str, bool]:
        """Return what somebody turned, of a valid form."""
        given = self.cleaned_data
        found: dict[str, bool] = {}
        if given["global_sync"] != given["was_global"]:
            found["global_sync"] = given["global_sync"]
        if not self.happened and given["initial_sync"] != given["was_initial"]:
            found["initial_sync"] = given["initial_sync"]
        return found
