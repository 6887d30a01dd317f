"""What sign-in pages of all systems have in common: page, consent, forms, cookies, and the way back to an app.

The pages need no script, and work with a keyboard and a screen reader alike.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote_plus, urlencode

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

CONSENT = """<h1>{heading}</h1>
<p class="note">This is the sandbox, not {vendor}: nobody has a password here, and all data are invented.</p>
{wrong}<p><strong>{app}</strong> {asks}</p>
<ul>
{scopes}
</ul>
<form id="allow" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="allow">
<label for="user">Sign in as</label>
<select id="user" name="user" required>
{users}
</select>
{more}<button type="submit">{allow}</button>
</form>
<form id="deny" method="post" action="{action}">
{hidden}<input type="hidden" name="decision" value="deny">
<button type="submit">{deny}</button>
</form>
<p>You will be sent back to <code>{back}</code>.{afterwards}</p>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWords:
    """How a system asks for consent."""

    title: str  # with a place for {app}
    heading: str
    vendor: str
    asks: str  # what stands between the app's name and what it asks for
    allow: str
    deny: str
    afterwards: str = ""  # said at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a page of consent shows."""

    app: str
    back: str  # where the person goes afterwards
    action: str  # where the forms go
    scopes: Iterable[str]  # in words
    users: Mapping[str, str]  # user name to the name that is shown
    chosen: str | None  # user name
    hidden: Mapping[str, str]  # what the forms send along
    wrong: str = ""  # what was wrong with what was sent before


def consent(words: ConsentWords, page_of: Consent, more: str = "") -> Response:
    """The page with two forms, `allow` (with the choice of a user, and `more` in HTML) and `deny`."""
    content = CONSENT.format(
        heading=words.heading,
        vendor=words.vendor,
        asks=words.asks,
        allow=words.allow,
        deny=words.deny,
        afterwards=words.afterwards,
        app=escape(page_of.app),
        back=escape(page_of.back),
        action=escape(page_of.action),
        wrong=f'<p class="wrong" role="alert">{escape(page_of.wrong)}</p>\n' if page_of.wrong else "",
        scopes="\n".join(f"<li>{escape(scope)}</li>" for scope in page_of.scopes),
        users=options(page_of.users, page_of.chosen),
        hidden=hidden(page_of.hidden),
        more=more,
    )
    return page(200, words.title.format(app=page_of.app), content)


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


def sent(request: Request) -> dict[str, str]:
    """The parameters of the address, and those of a form."""
    found = dict(request.query)
    if request.method == "POST":
        found |= parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return found


def challenge_of(verifier: str) -> str:
    """The challenge that belongs to a verifier. Source: RFC 7636, S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
