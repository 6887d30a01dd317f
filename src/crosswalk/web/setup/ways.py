"""How somebody signs in to each system, as data: the ways there are, what each asks for, what is to be made before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
WHERE = "where"  # an entry whose value, if it has one, stands for the address below it
BROWSER = "browser"  # the way in which somebody signs in at the vendor's own page


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is asked for; `name` is the one that the vendor's folder knows it by."""

    name: str
    label: Text
    help: Text = ""
    secret: bool = False  # it is never shown again
    required: bool = True
    is_file: bool = False  # several lines, which may come from a file
    choices: Sequence[tuple[str, Text]] = ()
    instead_of: str = ""  # the entry that a choice other than the empty one stands for


@dataclass(frozen=True, slots=True)
class Way:
    """One way of signing in."""

    name: str
    label: Text
    about: Text
    entries: Sequence[Entry]
    prepared: Sequence[Text] = ()  # what is to be done at the vendor's for it

    @property
    def by_browser(self) -> bool:
        """Whether somebody signs in at the vendor's own page."""
        return self.name == BROWSER

    @property
    def has_choice(self) -> bool:
        """Whether a choice decides what else is asked for."""
        return any(each.instead_of for each in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A system as set-up shows it."""

    title: str
    needs: Sequence[Text]  # what a person should have at hand
    prepared: Sequence[Text]  # what is to be made at the vendor's, whatever the way
    ways: Sequence[Way]
    facts: Sequence[str]  # the checks whose words show what was signed in to

    def way(self, name: str) -> Way:
        """Return the way of that name, the first where there is none."""
        return next((way for way in self.ways if way.name == name), self.ways[0])


def _secret(label: Text, hint: Text = "", *, required: bool = True) -> Entry:
    return Entry("client_secret", label, hint, secret=True, required=required)


def _pem(name: str, label: Text, hint: Text) -> Entry:
    return Entry(name, label, hint, secret=True, is_file=True)


_PRIVATE_KEY = _pem("private_key", _("Private key"), _("The content of key.pem, or the file itself."))
_MADE_KEY = _(
    "Make a key and its certificate: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=crosswalk"
    " -keyout key.pem -out cert.pem"
)

_ACTIVECAMPAIGN = Vendor(
    title="ActiveCampaign",
    needs=(_("the API URL and API key of a user of its own"),),
    prepared=(
        _(
            "Settings, Users and groups: a group Crosswalk with the rights view, add, edit, import and manage"
            " custom fields on contacts, and with all lists that take part; a user of its own in that group alone."
        ),
        _("Sign in as that user; Settings, Developer shows API URL and API key."),
    ),
    ways=(
        Way(
            "key",
            _("API key"),
            "",
            (
                Entry(
                    "url",
                    _("API URL or account name"),
                    _("Settings, Developer: acme.api-us1.com; the account's name alone does too."),
                ),
                Entry(
                    "key",
                    _("API key"),
                    _("Settings, Developer, signed in as the user whose key it is."),
                    secret=True,
                ),
            ),
        ),
    ),
    facts=("address", "user", "account", "contact limit"),
)

_MY_DOMAIN = Entry(
    "login_url",
    _("My Domain"),
    _("Setup, My Domain: acme, or acme.my.salesforce.com; for a sandbox acme--uat."),
)
_PLACE = Entry(
    WHERE,
    _("Where"),
    required=False,
    choices=(
        ("", _("At my org's own address (My Domain)")),
        ("https://login.salesforce.com", _("Production: login.salesforce.com")),
        ("https://test.salesforce.com", _("Sandbox: test.salesforce.com")),
    ),
    instead_of="login_url",
)
_CONSUMER_KEY = Entry(
    "client_id", _("Consumer Key"), _("The app, Settings, OAuth Settings, Consumer Key and Secret.")
)
_USERNAME = Entry("username", _("Username"), _("The user of its own; it looks like an e-mail address."))

_SALESFORCE = Vendor(
    title="Salesforce",
    needs=(
        _("an edition with API access: Enterprise, Unlimited, Performance or Developer"),
        _("an admin of the org for half an hour: a user, a permission set and an app are made"),
        _("nothing is installed in the org"),
    ),
    prepared=(
        _("Setup, Users, New User: a user of its own, with the licence Salesforce Integration."),
        _(
            "Setup, Permission Sets, New: read and edit on Leads and Contacts and their fields, View All"
            " Records; read on Accounts. Assign it to that user."
        ),
        _(
            "Setup, External Client App Manager, New External Client App: Enable OAuth, with the scopes api,"
            " refresh_token and id. A new app takes up to ten minutes to work."
        ),
    ),
    ways=(
        Way(
            "client-credentials",
            _("Client credentials"),
            _("The simplest way: key and secret of the app. Nobody signs in by browser."),
            (_MY_DOMAIN, _CONSUMER_KEY, _secret(_("Consumer Secret"))),
            (
                _("The app, Settings, Flow Enablement: Enable Client Credentials Flow."),
                _(
                    "The app, Policies, OAuth Flows: Enable Client Credentials Flow, Run As: the user of its own."
                ),
            ),
        ),
        Way(
            "jwt",
            _("JWT (private key)"),
            _("No secret leaves this machine: a private key signs who signs in."),
            (_PLACE, _MY_DOMAIN, _CONSUMER_KEY, _USERNAME, _PRIVATE_KEY),
            (
                _MADE_KEY,
                _("The app, Settings, Flow Enablement: Enable JWT Bearer Flow, and upload cert.pem."),
                _(
                    "The app, Policies, Permitted Users: Admin approved users are pre-authorized; add the"
                    " permission set."
                ),
            ),
        ),
        Way(
            BROWSER,
            _("Sign in by browser"),
            _("You sign in at Salesforce as the user who does the sync's work, and press Allow."),
            (
                _PLACE,
                _MY_DOMAIN,
                _CONSUMER_KEY,
                _secret(
                    _("Consumer Secret"),
                    _("Only if the app requires a secret for the Web Server Flow."),
                    required=False,
                ),
            ),
            (
                _("The app, Callback URL: the address below, letter by letter."),
                _("The app, Settings, Security: Require Proof Key for Code Exchange (PKCE)."),
            ),
        ),
    ),
    facts=("sign-in", "user"),
)

_APP = (
    Entry(
        "url", _("Environment URL"), _("Power Platform admin center, Environments: acme.crm4.dynamics.com.")
    ),
    Entry("tenant", _("Directory (tenant) ID"), _("On the app's overview page.")),
    Entry("client_id", _("Application (client) ID"), _("On the app's overview page.")),
)
_AUTHORITY = Entry(
    "authority",
    _("Address of Microsoft Entra ID"),
    _("Only for national clouds; empty: login.microsoftonline.com."),
    required=False,
)
_CERTIFICATE = _pem("certificate", _("Certificate"), _("The content of cert.pem, or the file itself."))

_DYNAMICS = Vendor(
    title="Dynamics 365",
    needs=(
        _("a Dataverse environment; Dynamics 365 Sales for leads"),
        _(
            "somebody who may register apps in Microsoft Entra ID and manage the environment, for half an hour"
        ),
        _("nothing is installed in the environment"),
    ),
    prepared=(),
    ways=(
        Way(
            "secret",
            _("Client secret"),
            _("The simplest way: id and secret of the app. Nobody signs in by browser."),
            (*_APP, _secret(_("Client secret"), _("Its Value, not its Secret ID.")), _AUTHORITY),
            (_("The app, Certificates & secrets, Client secrets, New client secret."),),
        ),
        Way(
            "certificate",
            _("Certificate"),
            _("No secret leaves this machine: a private key proves the app."),
            (*_APP, _CERTIFICATE, _PRIVATE_KEY, _AUTHORITY),
            (
                _MADE_KEY,
                _("The app, Certificates & secrets, Certificates, Upload certificate: cert.pem."),
            ),
        ),
        Way(
            BROWSER,
            _("Sign in by browser"),
            _("You sign in at Microsoft as the user who does the sync's work, and press Accept."),
            (
                *_APP,
                _secret(_("Client secret"), _("Only of an app of the platform Web."), required=False),
                _AUTHORITY,
            ),
            (
                _(
                    "The app, Authentication, Add a platform: the address below as Redirect URI, letter by letter;"
                    " Web with a client secret, or Mobile and desktop applications without one."
                ),
                _("The app, API permissions, Dynamics CRM: user_impersonation, and Grant admin consent."),
            ),
        ),
    ),
    facts=("application user", "environment"),
)

VENDORS = {"activecampaign": _ACTIVECAMPAIGN, "salesforce": _SALESFORCE, "dynamics": _DYNAMICS}
