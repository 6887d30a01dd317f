"""The pages that people see while they sign in. Source: Microsoft identity platform, consent experience."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from crosswalk_sandbox import browser
from crosswalk_sandbox.http import Response

WORDS = browser.ConsentWords(
    title="Permissions requested: {app}",
    heading="Permissions requested",
    vendor="Microsoft",
    asks="would like to:",
    allow="Accept",
    deny="Cancel",
)
FOR_ALL = """<p><input type="checkbox" id="for_all" name="for_all" value="yes">
<label for="for_all" style="display: inline">Consent on behalf of your organization (administrators alone)</label></p>
"""
ERROR = """<h1>Sign in</h1>
<p class="wrong" role="alert">Sorry, but we’re having trouble signing you in.</p>
<p><code>{text}</code></p>"""
DEVICE = """<h1>Enter code</h1>
<p class="note">This is the sandbox, not Microsoft: nobody has a password here, and all data are invented.</p>
{wrong}
<form id="code_form" method="get">
<label for="code">Enter the code displayed on your app or device</label>
<input id="code" name="code" required autocomplete="off">
<button type="submit" class="main">Next</button>
</form>"""
POSTED = """<h1>Working…</h1>
<form id="back" method="post" action="{action}">
{hidden}<button type="submit" class="main">Go on to the app</button>
</form>"""


def device(wrong: str = "") -> Response:
    """The page on which people type the code that their device shows."""
    said = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    return browser.page(200, "Enter code", DEVICE.format(wrong=said))


def done(text: str) -> Response:
    """The page after a sign-in for a device."""
    return browser.page(200, "Sign in", f"<h1>Sign in</h1><p>{escape(text)}</p>")


def consent(page: browser.Consent, *, for_all: bool) -> Response:
    """The page of consent; `for_all`: an administrator may consent for everybody."""
    return browser.consent(WORDS, page, FOR_ALL if for_all else "")


def error(text: str) -> Response:
    """The page for what must not be told to the app."""
    return browser.page(400, "Sign in to your account", ERROR.format(text=escape(text)))


def posted(address: str, fields: Mapping[str, str]) -> Response:
    """The way back for `response_mode=form_post`: a form with one button, as there is no script."""
    content = POSTED.format(action=escape(address), hidden=browser.hidden(fields))
    return browser.page(200, "Working", content)
