"""How somebody signs in to each system, as data: the ways there are, what each asks for, what is to be made before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
WHERE = "where"  # an entry whose value, if it has one, stands for the address below it


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of signing in."""

    name: str
    label: Text
    about: Text = ""
    entries: Sequence[Entry]
    prepared: Sequence[Text] = ()  # what is to be done at the vendor's for it
    by_browser: bool = False

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


_MY_DOMAIN = Entry(
    name="login_url",
    label=_("My Domain"),
    help=_("Setup, My Domain: acme, or acme.my.salesforce.com; for a sandbox acme--uat."),
)
_WHERE = Entry(
    name=WHERE,
    label=_("Where"),
    choices=(
        ("", _("At my org's own address (My Domain)")),
        ("https://login.salesforce.com", _("Production: login.salesforce.com")),
        ("https://test.salesforce.com", _("Sandbox: test.salesforce.com")),
    ),
    required=False,
    instead_of="login_url",
)
_CONSUMER_KEY = Entry(
    name="client_id",
    label=_("Consumer Key"),
    help=_("The app, Settings, OAuth Settings, Consumer Key and Secret."),
)
_ENVIRONMENT = Entry(
    name="url",
    label=_("Environment URL"),
    help=_("Power Platform admin center, Environments: acme.crm4.dynamics.com."),
)
_DIRECTORY = Entry(name="tenant", label=_("Directory (tenant) ID"), help=_("On the app's overview page."))
_APPLICATION = Entry(
    name="client_id", label=_("Application (client) ID"), help=_("On the app's overview page.")
)
_AUTHORITY = Entry(
    name="authority",
    label=_("Address of Microsoft Entra ID"),
    help=_("Only for national clouds; empty: login.microsoftonline.com."),
    required=False,
)
_MADE_KEY = _(
    "Make a key and its certificate: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=crosswalk"
    " -keyout key.pem -out cert.pem"
)
_PRIVATE_KEY = Entry(
    name="private_key",
    label=_("Private key"),
    help=_("The content of key.pem, or the file itself."),
    secret=True,
    is_file=True,
)

VENDORS = {
    "activecampaign": Vendor(
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
                name="key",
                label=_("API key"),
                entries=(
                    Entry(
                        name="url",
                        label=_("API URL or account name"),
                        help=_("Settings, Developer: acme.api-us1.com; the account's name alone does too."),
                    ),
                    Entry(
                        name="key",
                        label=_("API key"),
                        help=_("Settings, Developer, signed in as the user whose key it is."),
                        secret=True,
                    ),
                ),
            ),
        ),
        facts=("address", "user", "account", "contact limit"),
    ),
    "salesforce": Vendor(
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
                name="client-credentials",
                label=_("Client credentials"),
                about=_("The simplest way: key and secret of the app. Nobody signs in by browser."),
                entries=(
                    _MY_DOMAIN,
                    _CONSUMER_KEY,
                    Entry(name="client_secret", label=_("Consumer Secret"), secret=True),
                ),
                prepared=(
                    _("The app, Settings, Flow Enablement: Enable Client Credentials Flow."),
                    _(
                        "The app, Policies, OAuth Flows: Enable Client Credentials Flow, Run As: the user of its own."
                    ),
                ),
            ),
            Way(
                name="jwt",
                label=_("JWT (private key)"),
                about=_("No secret leaves this machine: a private key signs who signs in."),
                entries=(
                    _WHERE,
                    _MY_DOMAIN,
                    _CONSUMER_KEY,
                    Entry(
                        name="username",
                        label=_("Username"),
                        help=_("The user of its own; it looks like an e-mail address."),
                    ),
                    _PRIVATE_KEY,
                ),
                prepared=(
                    _MADE_KEY,
                    _("The app, Settings, Flow Enablement: Enable JWT Bearer Flow, and upload cert.pem."),
                    _(
                        "The app, Policies, Permitted Users: Admin approved users are pre-authorized; add the"
                        " permission set."
                    ),
                ),
            ),
            Way(
                name="browser",
                label=_("Sign in by browser"),
                about=_("You sign in at Salesforce as the user who does the sync's work, and press Allow."),
                entries=(
                    _WHERE,
                    _MY_DOMAIN,
                    _CONSUMER_KEY,
                    Entry(
                        name="client_secret",
                        label=_("Consumer Secret"),
                        help=_("Only if the app requires a secret for the Web Server Flow."),
                        secret=True,
                        required=False,
                    ),
                ),
                prepared=(
                    _("The app, Callback URL: the address below, letter by letter."),
                    _("The app, Settings, Security: Require Proof Key for Code Exchange (PKCE)."),
                ),
                by_browser=True,
            ),
        ),
        facts=("sign-in", "user"),
    ),
    "dynamics": Vendor(
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
                name="secret",
                label=_("Client secret"),
                about=_("The simplest way: id and secret of the app. Nobody signs in by browser."),
                entries=(
                    _ENVIRONMENT,
                    _DIRECTORY,
                    _APPLICATION,
                    Entry(
                        name="client_secret",
                        label=_("Client secret"),
                        help=_("Its Value, not its Secret ID."),
                        secret=True,
                    ),
                    _AUTHORITY,
                ),
                prepared=(_("The app, Certificates & secrets, Client secrets, New client secret."),),
            ),
            Way(
                name="certificate",
                label=_("Certificate"),
                about=_("No secret leaves this machine: a private key proves the app."),
                entries=(
                    _ENVIRONMENT,
                    _DIRECTORY,
                    _APPLICATION,
                    Entry(
                        name="certificate",
                        label=_("Certificate"),
                        help=_("The content of cert.pem, or the file itself."),
                        is_file=True,
                        secret=True,
                    ),
                    _PRIVATE_KEY,
                    _AUTHORITY,
                ),
                prepared=(
                    _MADE_KEY,
                    _("The app, Certificates & secrets, Certificates, Upload certificate: cert.pem."),
                ),
            ),
            Way(
                name="browser",
                label=_("Sign in by browser"),
                about=_("You sign in at Microsoft as the user who does the sync's work, and press Accept."),
                entries=(
                    _ENVIRONMENT,
                    _DIRECTORY,
                    _APPLICATION,
                    Entry(
                        name="client_secret",
                        label=_("Client secret"),
                        help=_("Only of an app of the platform Web."),
                        secret=True,
                        required=False,
                    ),
                    _AUTHORITY,
                ),
                prepared=(
                    _(
                        "The app, Authentication, Add a platform: the address below as Redirect URI, letter by letter;"
                        " Web with a client secret, or Mobile and desktop applications without one."
                    ),
                    _("The app, API permissions, Dynamics CRM: user_impersonation, and Grant admin consent."),
                ),
                by_browser=True,
            ),
        ),
        facts=("application user", "environment"),
    ),
}
