"""The pages that people see while they sign in: consent, and the org's own page of errors.

They need no script, and work with a keyboard and a screen reader alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from crosswalk_sandbox import browser
from crosswalk_sandbox.http import Response

CONSENT = """<h1>Allow access?</h1>
<p class="note">This is the sandbox, not Salesforce: nobody has a password here, and all data are invented.</p>
{wrong}<p><strong>{app}</strong> is asking to:</p>
<ul>
{scopes}
</ul>
<form id="allow" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="allow">
<label for="user">Sign in as</label>
<select id="user" name="user" required>
{users}
</select>
<button type="submit">Allow</button>
</form>
<form id="deny" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="deny">
<button type="submit">Deny</button>
</form>
<p>You will be sent back to <code>{back}</code>. The app can be denied access again at any time.</p>"""
ERROR = """<h1>Signing in failed</h1>
<p class="wrong" role="alert">We can't authorize you because of an OAuth error. For more information, contact your
Salesforce administrator.</p>
<p><code>error={error}</code></p>
<p><code>error_description={description}</code></p>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the page of consent shows."""

    app: str
    back: str  # where the user goes afterwards
    action: str  # where the forms go
    scopes: Iterable[str]  # in words
    users: Mapping[str, str]  # user name to the name that is shown
    chosen: str | None  # user name
    hidden: Mapping[str, str]  # what the forms send along
    wrong: str = ""  # what was wrong with what was sent before


def consent(page: Consent) -> Response:
    """The page with two forms, `allow` (with the choice of a user) and `deny`."""
    return browser.page(200, f"Allow access to {page.app}?", CONSENT.format(
        app=escape(page.app),
        back=escape(page.back),
        action=escape(page.action),
        wrong=f'<p class="wrong" role="alert">{escape(page.wrong)}</p>\n' if page.wrong else "",
        scopes="\n".join(f"<li>{escape(scope)}</li>" for scope in page.scopes),
        users=browser.options(page.users, page.chosen),
        hidden=browser.hidden(page.hidden),
    ))  # fmt: skip


def error(code: str, description: str) -> Response:
    """The org's own page for what must not be told to the app."""
    content = ERROR.format(error=escape(code), description=escape(description))
    return browser.page(400, "Signing in failed", content)
