"""Which pages have a picture, as data: every route has one, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """One page; names in braces stand for what the demo is found to have."""

    name: str  # of the files
    route: str
    address: str
    about: str
    signed_in: bool = True


_SALESFORCE, _DYNAMICS = "/connections/{salesforce}", "/connections/{dynamics}"
PICTURES = (
    # first, while it is being done
    Picture("task", "task", "{task}", "What a worker does at somebody's wish"),
    Picture("overview", "overview", "/", "Overview: how each connection stands, the worst first"),
    Picture("connection", "connection", f"{_SALESFORCE}/", "How a connection stands"),
    Picture("new", "connection-new", "/connections/new", "Adding a connection"),
    Picture(
        "draft-connect", "draft-connect", "/set-up/{salesforce_draft}/connect", "Set-up: signing in to both"
    ),
    Picture("draft-install", "draft-install", "/set-up/{dynamics_draft}/install", "Dynamics 365: install"),
    Picture("connect", "setup-connect", f"{_SALESFORCE}/set-up/connect", "Set-up: system connections, done"),
    Picture("install", "setup-install", f"{_DYNAMICS}/set-up/install", "Dynamics 365: what was installed"),
    Picture("mapping", "mapping", f"{_SALESFORCE}/set-up/mapping/lead/standard", "Set-up: field mapping"),
    Picture(
        "suggestions",
        "mapping-suggestions",
        f"{_SALESFORCE}/set-up/mapping/contact/custom/suggestions",
        "Set-up: proposed pairs",
    ),
    Picture(
        "pair",
        "mapping-pair",
        f"{_SALESFORCE}/set-up/mapping/lead/custom/pair",
        "Set-up: choosing a field to pair",
    ),
    Picture("records", "setup-records", f"{_SALESFORCE}/set-up/records", "Set-up: which records, how often"),
    Picture(
        "selection",
        "selection",
        f"{_SALESFORCE}/set-up/selection/lead?kind=criteria",
        "Set-up: criteria that records must meet",
    ),
    Picture("users", "setup-users", f"{_DYNAMICS}/set-up/users", "Dynamics 365: user management"),
    Picture("data", "setup-data", f"{_DYNAMICS}/set-up/data", "Dynamics 365: data configuration"),
    Picture("sync", "setup-sync", f"{_DYNAMICS}/set-up/sync", "Dynamics 365: sync configuration"),
    Picture("plans", "plans", "{plans}", "Plans"),
    Picture("plan", "plan", "{plan}", "A plan: all that a sync would write"),
    Picture("runs", "runs", f"{_SALESFORCE}/runs", "Runs"),
    Picture("run", "run", f"{_SALESFORCE}/runs/{{run}}", "A run, and what it wrote"),
    Picture("holds", "holds", f"{_DYNAMICS}/holds", "Holds, by cause"),
    Picture("hold", "hold", f"{_DYNAMICS}/holds/{{hold}}", "One held value, with before and after"),
    Picture("search", "records", f"{_SALESFORCE}/records?q={{email}}", "Finding a record"),
    Picture("record", "record", f"{_SALESFORCE}/records/{{record}}", "Why a record holds what it holds"),
    Picture(
        "connection-settings", "connection-settings", f"{_SALESFORCE}/settings", "A connection's settings"
    ),
    Picture("remove", "connection-remove", f"{_SALESFORCE}/remove", "Removing a connection"),
    Picture("people", "users", "/users", "People and their roles"),
    Picture("person", "user", "/users/{user}", "What somebody may do and see"),
    Picture("settings", "settings", "/settings", "The installation: notices, shares of calls, stop"),
    Picture("doctor", "doctor", "/settings/doctor", "What the doctor finds"),
    Picture("audit", "audit", "/audit", "What people did, and when"),
    Picture("help", "help", "/help/{code}", "What a code means, and what helps"),
    Picture("codes", "help-index", "/help", "All codes"),
    Picture("account", "account", "/account", "Your account: colours, language, password"),
    Picture("sign-in", "sign-in", "/sign-in", "Signing in", signed_in=False),
    Picture("welcome", "entry-link", "/link/{link}", "Choosing a password by a link", signed_in=False),
)
EXEMPT: Mapping[str, str] = {
    "password": "part of the account",
    "audit-download": "a file",
    "plan-download": "a file",
    "draft": "leads on to where a set-up stands",
    "setup": "leads on to where a set-up stands",
    "setup-mapping": "leads on to the first kind of fields",
    "mapping-more": "part of the field mapping",
    "sign-in-return": "leads on to where a set-up stands",
}


def without_picture(pages: Iterable[str]) -> list[str]:
    """Routes of pages that nobody thought of."""
    known = {picture.route for picture in PICTURES} | EXEMPT.keys()
    return sorted(set(pages) - known)
