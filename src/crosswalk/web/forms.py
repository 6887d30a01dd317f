"""Forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crosswalk.core.language import LANGUAGES
from crosswalk.store.models import Connection

from .models import User
from .roles import LABELS, Role

_LANGUAGES = (("", _("As the browser asks")), *LANGUAGES.items())
_THEMES = (("system", _("As the system says")), ("light", _("Light")), ("dark", _("Dark")))


class _Name(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Name"),
            max_length=100,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        )


def _free(name: str) -> str:
    if User.objects.filter(name__iexact=name).exists():
        raise ValidationError(_("There is somebody of this name already."))
    return name


class SignIn(AuthenticationForm):
    """Name and password."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["username"].label = _("Name")
        self.error_messages["invalid_login"] = _("Name and password do not belong together.")


class Password(forms.Form):
    """A new password for somebody; asked once, since it can be seen in the browser's own way and set anew."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *arguments: Any, user: User | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self._user or User(name=self.data.get("name", "")))
        return password


class First(Password):
    """The first administrator."""

    name = _Name()
    field_order = ("name", "password")

    def clean_name(self) -> str:
        return _free(self.cleaned_data["name"])


class ChangePassword(Password):
    """A new password for somebody who knows the old one."""

    old = forms.CharField(
        label=_("Old password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "password")

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if self._user is None or not self._user.check_password(old):
            raise ValidationError(_("This is not your password."))
        return old


class Rights(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, LABELS[role]) for role in Role], initial=Role.USER
    )
    connections = forms.TypedMultipleChoiceField(
        label=_("Connections"),
        help_text=_("What a user sees. Managers and administrators see all."),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *arguments: Any, connections: Iterable[Connection] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = self.fields["connections"]
        assert isinstance(choices, forms.TypedMultipleChoiceField)
        choices.choices = [(str(each.id), each.name) for each in connections]


class NewUser(Rights):
    """Somebody new."""

    name = _Name()
    field_order = ("name", "role", "connections")

    def clean_name(self) -> str:
        return _free(self.cleaned_data["name"])


class ChangeUser(Rights):
    """Somebody as they were when the form was made."""

    active = forms.BooleanField(label=_("May sign in"), required=False)
    version = forms.CharField(widget=forms.HiddenInput)


class NewReceiver(forms.Form):
    """Somebody who is told when a connection needs somebody."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As it is called in this list."))
    kind = forms.ChoiceField(
        label=_("How"), choices=(("email", _("By e-mail")), ("webhook", _("By signed webhook")))
    )
    to = forms.CharField(
        label=_("E-mail address, or the webhook's address"),
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(label=_("Language of the notices"), choices=tuple(LANGUAGES.items()))


class CallShare(forms.Form):
    """What part of its CRM's calls of a day a connection may use."""

    connection = forms.TypedChoiceField(label=_("Connection"), coerce=int)
    percent = forms.FloatField(
        label=_("Share of the CRM's calls of a day, in percent"), min_value=1, max_value=100, initial=50
    )

    def __init__(self, *arguments: Any, connections: Iterable[Connection] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = self.fields["connection"]
        assert isinstance(choices, forms.TypedChoiceField)
        choices.choices = [(str(each.id), each.name) for each in connections]


class Preferred(forms.Form):
    """How somebody likes the pages."""

    theme = forms.ChoiceField(label=_("Colours"), choices=_THEMES)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, required=False)
    keys = forms.BooleanField(
        label=_("Single keys do something"),
        required=False,
        help_text=_("? shows which. Turn them off if you speak to your computer, or press keys by chance."),
    )
