"""The pages that people see while they sign in. Source: Microsoft identity platform, consent experience."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from crosswalk_sandbox import browser
from crosswalk_sandbox.http import Response

CONSENT = """<h1>Permissions requested</h1>
<p class="note">This is the sandbox, not Microsoft: nobody has a password here, and all data are invented.</p>
{wrong}<p><strong>{app}</strong> would like to:</p>
<ul>
{scopes}
</ul>
<form id="allow" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="allow">
<label for="user">Sign in as</label>
<select id="user" name="user" required>
{users}
</select>
{for_all}<button type="submit">Accept</button>
</form>
<form id="deny" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="deny">
<button type="submit">Cancel</button>
</form>
<p>You will be sent back to <code>{back}</code>.</p>"""
FOR_ALL = """<p><input type="checkbox" id="for_all" name="for_all" value="yes">
<label for="for_all" style="display: inline">Consent on behalf of your organization (administrators alone)</label></p>
"""
ERROR = """<h1>Sign in</h1>
<p class="wrong" role="alert">Sorry, but we’re having trouble signing you in.</p>
<p><code>{text}</code></p>"""
POSTED = """<h1>Working…</h1>
<form id="back" method="post" action="{action}">
{hidden}<button type="submit" class="main">Go on to the app</button>
</form>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the page of consent shows."""

    app: str
    back: str  # where the person goes afterwards
    action: str  # where the forms go
    scopes: Iterable[str]  # in words
    users: Mapping[str, str]
    chosen: str | None
    hidden: Mapping[str, str]
    wrong: str = ""
    for_all: bool = True  # whether an administrator may consent for everybody


def consent(page: Consent) -> Response:
    """The page with two forms, `allow` (with the choice of an account) and `deny`."""
    return browser.page(200, f"Permissions requested: {page.app}", CONSENT.format(
        app=escape(page.app),
        back=escape(page.back),
        action=escape(page.action),
        wrong=f'<p class="wrong" role="alert">{escape(page.wrong)}</p>\n' if page.wrong else "",
        scopes="\n".join(f"<li>{escape(scope)}</li>" for scope in page.scopes),
        users=browser.options(page.users, page.chosen),
        hidden=browser.hidden(page.hidden),
        for_all=FOR_ALL if page.for_all else "",
    ))  # fmt: skip


def error(text: str) -> Response:
    """The page for what must not be told to the app."""
    return browser.page(400, "Sign in to your account", ERROR.format(text=escape(text)))


def posted(address: str, fields: Mapping[str, str]) -> Response:
    """The way back for `response_mode=form_post`: a form with one button, as there is no script."""
    content = POSTED.format(action=escape(address), hidden=browser.hidden(fields))
    return browser.page(200, "Working", content)
