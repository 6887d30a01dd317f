"""Somebody at a browser who signs in to the sandbox's org, and the app that sent them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

AUTHORIZE = "/services/oauth2/authorize"
TOKEN = "/services/oauth2/token"
CALLBACK = "http://localhost:8080/callback"
# the pair that RFC 7636 gives as its example
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class Form:
    """A form of a page: where it goes, what it sends unless changed, and what can be chosen."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """A page with its forms by id, the words in it, and which labels belong to what."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.words = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._form: Form | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self._form = self.forms[given["id"] or ""] = Form(given["action"] or "", given["method"] or "get")
        elif tag == "input" and self._form:
            self._form.fields[given["name"] or ""] = given["value"] or ""
        elif tag == "select":
            self._select = given["name"] or ""
        elif tag == "option" and self._form:
            value = given["value"] or ""
            self._form.choices.setdefault(self._select, []).append(value)
            if "selected" in given:
                self._form.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self.words += data


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """An app and the browser of its user; `http` sends no token."""

    http: httpx2.Client
    client_id: str
    client_secret: str

    def ask(self, **changes: str | None) -> httpx2.Response:
        """Open the address to which the app sends the browser; None leaves a parameter out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "api refresh_token id",
            "state": "s 1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        asked |= changes
        sent = {name: value for name, value in asked.items() if value is not None}
        return self.http.get(AUTHORIZE, params=sent)

    def page(self, **changes: str | None) -> Page:
        answer = self.ask(**changes)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def press(self, form: Form, **choices: str) -> dict[str, str]:
        """Send a form; what the app is told in the address that the browser is sent back to."""
        answer = self.http.post(form.action, data={**form.fields, **choices})
        assert answer.status_code == 302, answer.text
        return told(answer)

    def allow(self, user: str = "ada.lindqvist@org.example", **changes: str | None) -> dict[str, str]:
        return self.press(self.page(**changes).forms["allow"], user=user)

    def deny(self, **changes: str | None) -> dict[str, str]:
        return self.press(self.page(**changes).forms["deny"])

    def token(self, **form: str | None) -> httpx2.Response:
        """A token call with the app's key and secret; None leaves a field out."""
        sent = {"client_id": self.client_id, "client_secret": self.client_secret, **form}
        return self.http.post(TOKEN, data={name: value for name, value in sent.items() if value is not None})

    def exchange(self, code: str, /, **changes: str | None) -> httpx2.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.token(**{**form, **changes})

    def refresh(self, refresh_token: str, **changes: str | None) -> httpx2.Response:
        return self.token(**{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def granted(self, user: str = "ada.lindqvist@org.example", **changes: str | None) -> dict[str, str]:
        """The whole way: consent, code, tokens."""
        return good(self.exchange(self.allow(user, **changes)["code"]))


def told(answer: httpx2.Response) -> dict[str, str]:
    """The parameters of the address that an answer sends the browser to."""
    address = urlsplit(answer.headers["location"])
    query = parse_qs(address.query, keep_blank_values=True, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


def good(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bad(answer: httpx2.Response, status: int = 400) -> tuple[str, str]:
    """Code and description of a refusal in JSON."""
    assert answer.status_code == status, answer.text
    body: Mapping[str, Any] = answer.json()
    assert set(body) == {"error", "error_description"}
    return body["error"], body["error_description"]
