"""The pages that people see while they sign in: consent, and the org's own page of errors.

They need no script, and work with a keyboard and a screen reader alike.
"""

from __future__ import annotations

from html import escape

from crosswalk_sandbox import browser
from crosswalk_sandbox.http import Response

WORDS = browser.ConsentWords(
    title="Allow access to {app}?",
    heading="Allow access?",
    vendor="Salesforce",
    asks="is asking to:",
    allow="Allow",
    deny="Deny",
    afterwards=" The app can be denied access again at any time.",
)
ERROR = """<h1>Signing in failed</h1>
<p class="wrong" role="alert">We can't authorize you because of an OAuth error. For more information, contact your
Salesforce administrator.</p>
<p><code>error={error}</code></p>
<p><code>error_description={description}</code></p>"""


def consent(page: browser.Consent) -> Response:
    """The page of consent."""
    return browser.consent(WORDS, page)


def error(code: str, description: str) -> Response:
    """The org's own page for what must not be told to the app."""
    content = ERROR.format(error=escape(code), description=escape(description))
    return browser.page(400, "Signing in failed", content)
