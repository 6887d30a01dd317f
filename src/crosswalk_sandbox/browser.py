"""What sign-in pages of all systems have in common: the page itself, forms, cookies, and the way back to an app.

The pages need no script, and work with a keyboard and a screen reader alike.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote_plus, urlencode

from crosswalk_sandbox.http import Request, Response

HEADERS = {
    "content-type": "text/html;charset=UTF-8",
    "cache-control": "no-cache, no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }}
.note {{ border-left: .25rem solid #0b5cab; padding-left: .75rem; }}
.wrong {{ border-left: .25rem solid #b3261e; padding-left: .75rem; }}
label {{ display: block; font-weight: 600; }}
select, button {{ font: inherit; min-height: 2.75rem; padding: .25rem 1rem; }}
select {{ display: block; box-sizing: border-box; width: 100%; margin-bottom: 1rem; }}
code {{ overflow-wrap: anywhere; }}
form {{ margin: 1rem 0; }}
#allow button, button.main {{ background: #0b5cab; color: #fff; border: 1px solid #0b5cab; }}
:focus-visible {{ outline: .2rem solid #e07b00; outline-offset: .15rem; }}
</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""


def page(status: int, title: str, content: str) -> Response:
    """A page around its content, which is HTML; the title is text."""
    return Response(status, PAGE.format(title=escape(title), content=content).encode(), dict(HEADERS))


def hidden(fields: Mapping[str, str]) -> str:
    """What a form sends along."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
        for name, value in fields.items()
    )


def options(users: Mapping[str, str], chosen: str | None) -> str:
    """A choice of users: user name to the name that is shown."""
    return "\n".join(_option(user, name, user == chosen) for user, name in users.items())


def _option(user: str, name: str, chosen: bool) -> str:
    selected = " selected" if chosen else ""
    return f'<option value="{escape(user)}"{selected}>{escape(name)} ({escape(user)})</option>'


def back(redirect_uri: str, told: Mapping[str, str]) -> Response:
    """302 to the app, with what it is told in the address."""
    joint = "&" if "?" in redirect_uri else "?"
    location = redirect_uri + joint + urlencode(told, quote_via=quote_plus)
    return Response(302, b"", {"location": location, "cache-control": "no-cache, no-store"})


def cookie(request: Request, name: str) -> str:
    """The value of a cookie; nothing if there is none."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def challenge_of(verifier: str) -> str:
    """The challenge that belongs to a verifier. Source: RFC 7636, S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
