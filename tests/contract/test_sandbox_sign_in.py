"""Signing in to the sandbox's org over HTTP: a browser, an app that listens on loopback, a stranger's client."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from tests.helpers.sandbox_sign_in import Page

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox


class App:
    """An app that waits on loopback for the browser to come back."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                app.told = {name: value for name, (value,) in query.items()}
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
                """Tests are quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/callback"


@pytest.fixture(scope="module")
def ready() -> Iterator[Mapping[str, str]]:
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("real"))
    servers, ready = Sandbox(["salesforce"], options).serve({"salesforce": 0})
    yield ready["salesforce"]
    for server in servers:
        server.close()


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def app(ready: Mapping[str, str], browser: requests.Session) -> Iterator[App]:
    browser.post(ready["control"] + "reset", timeout=10)
    app = App()
    settings: Any = {"callback_urls": [app.callback], "rotation": True, "pkce_required": True}
    assert browser.post(ready["control"] + "apps", json=settings, timeout=10).status_code == 200
    yield app
    app.server.shutdown()
    app.server.server_close()


def chunks(form: Mapping[str, str]) -> Iterator[bytes]:
    """A form as some clients send it: in pieces, without a length."""
    text = urlencode(form).encode()
    yield from (text[at : at + 50] for at in range(0, len(text), 50))


def call(ready: Mapping[str, str], form: Mapping[str, str]) -> requests.Response:
    pair = {"client_id": ready["client_id"], "client_secret": ready["client_secret"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with requests.Session() as session:
        session.trust_env = False
        url = ready["login_url"] + "/services/oauth2/token"
        return session.post(url, data=chunks({**pair, **form}), headers=headers, timeout=10)


def granted(ready: Mapping[str, str], browser: requests.Session, app: App) -> dict[str, str]:
    """Through the page of consent to the tokens."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": ready["client_id"],
        "redirect_uri": app.callback,
        "scope": "api refresh_token id",
        "state": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "prompt": "login",
    }
    page = browser.get(ready["login_url"] + "/services/oauth2/authorize", params=asked, timeout=10)
    form = Page(page.text).forms["allow"]
    browser.post(ready["login_url"] + form.action, data=form.fields, timeout=10)
    assert app.told["state"] == asked["state"]
    answer = call(
        ready,
        {
            "grant_type": "authorization_code",
            "code": app.told["code"],
            "redirect_uri": app.callback,
            "code_verifier": verifier,
        },
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refresh(ready: Mapping[str, str], token: str) -> requests.Response:
    return call(ready, {"grant_type": "refresh_token", "refresh_token": token})


def test_a_browser_comes_back_to_the_app_that_sent_it(
    ready: Mapping[str, str], browser: requests.Session, app: App
) -> None:
    tokens = granted(ready, browser, app)
    assert tokens["instance_url"] == ready["instance_url"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = browser.get(tokens["instance_url"] + "/services/data/v60.0/limits", headers=headers, timeout=10)
    assert answer.status_code == 200
    assert browser.get(tokens["id"], headers=headers, timeout=10).json()["username"] == ready["username"]


def test_who_denies_comes_back_too(ready: Mapping[str, str], browser: requests.Session, app: App) -> None:
    asked = {
        "response_type": "code",
        "client_id": ready["client_id"],
        "redirect_uri": app.callback,
        "code_challenge": "x" * 43,
    }
    page = browser.get(ready["login_url"] + "/services/oauth2/authorize", params=asked, timeout=10)
    form = Page(page.text).forms["deny"]
    browser.post(ready["login_url"] + form.action, data=form.fields, timeout=10)
    assert app.told["error"] == "access_denied"


def test_of_two_who_refresh_at_once_with_rotation_both_lose(
    ready: Mapping[str, str], browser: requests.Session, app: App
) -> None:
    token = granted(ready, browser, app)["refresh_token"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(ready, token), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    new = next(answer.json()["refresh_token"] for answer in answers if answer.status_code == 200)
    assert refresh(ready, new).json()["error"] == "invalid_grant"
