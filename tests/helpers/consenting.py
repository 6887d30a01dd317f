"""Somebody at a browser: opens the address, presses a button, goes where the page sends them.

`python -m tests.helpers.consenting BUTTON USER ADDRESS`; BUTTON is `allow` or `deny`; `forge` sends a wrong state
to the one who waits, before it allows.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from tests.helpers.sandbox_sign_in import Page


def main(button: str, user: str, address: str) -> None:
    parts = urlsplit(address)
    with httpx2.Client(
        base_url=f"{parts.scheme}://{parts.netloc}", follow_redirects=True, trust_env=False
    ) as browser:
        if button == "forge":
            (callback,) = parse_qs(parts.query)["redirect_uri"]
            refused = browser.get(callback, params={"code": "forged", "state": "wrong"})
            assert refused.status_code == 400
        form = Page(browser.get(address).text).forms["deny" if button == "deny" else "allow"]
        choice = {} if button == "deny" else {"user": user}
        browser.post(form.action, data={**form.fields, **choice})


if __name__ == "__main__":
    main(*sys.argv[1:])
