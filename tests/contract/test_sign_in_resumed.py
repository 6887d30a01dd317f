"""Signing in by browser where one process sends the person away and another takes them back, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from tests.helpers.sandbox_sign_in import Page
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.sign_in import OwnTokens
from crosswalk.systems import begin_sign_in, open_system, resume_sign_in
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

CALLBACK = "https://sync.example.org/sign-in-return"
ADA = "ada.lindqvist@org.example"
# vendor → (settings of an app without a secret, the credentials that name it)
APPS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "salesforce": (
        {"callback_urls": [CALLBACK], "pkce_required": True, "secret_required": False},
        ("login_url", "client_id"),
    ),
    "dynamics": (
        {"public_redirect_uris": [CALLBACK], "redirect_uris": []},
        ("url", "authority", "tenant", "client_id"),
    ),
}


@pytest.fixture(scope="module")
def ready() -> Iterator[Mapping[str, Mapping[str, str]]]:
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"))
    servers, ready = Sandbox(list(APPS), options).serve(dict.fromkeys(APPS, 0))
    for vendor, (settings, _names) in APPS.items():
        answer = httpx2.post(ready[vendor]["control"] + "apps", json=settings, trust_env=False)
        assert answer.status_code == 200, answer.text
    yield ready
    for server in servers:
        server.close()


def app(ready: Mapping[str, Mapping[str, str]], vendor: str) -> dict[str, str]:
    return {name: ready[vendor][name] for name in APPS[vendor][1]} | {"grant": "authorization_code"}


def walked(address: str, button: str) -> dict[str, str]:
    """What the vendor tells in the address that the browser is sent back to."""
    with httpx2.Client(trust_env=False) as browser:
        form = Page(browser.get(address).text).forms[button]
        choice = {"user": ADA} if button == "allow" else {}
        parts = urlsplit(address)
        back = browser.post(f"{parts.scheme}://{parts.netloc}{form.action}", data={**form.fields, **choice})
        assert back.headers["location"].startswith(CALLBACK), back.text
        return dict(parse_qsl(urlsplit(back.headers["location"]).query))


@pytest.mark.parametrize("vendor", list(APPS))
def test_a_sign_in_goes_on_with_nothing_but_what_was_kept(
    ready: Mapping[str, Mapping[str, str]], vendor: str
) -> None:
    begun = begin_sign_in(
        vendor, app(ready, vendor), redirect_uri=CALLBACK, connection="acme", clock=SystemClock()
    )
    kept = json.dumps(dict(begun.kept()))
    told = walked(begun.address, "allow")

    resumed = resume_sign_in(
        vendor, app(ready, vendor), json.loads(kept), connection="acme", clock=SystemClock()
    )
    assert resumed.state == begun.state == told["state"]
    assert resumed.address == begun.address
    granted = resumed.finish(told)

    system = open_system(
        vendor,
        granted.credentials,
        budget=FreeBudget(),
        clock=SystemClock(),
        tokens=OwnTokens(granted.tokens, connection="acme"),
    )
    assert system.describe("contact").fields
    system.close()


@pytest.mark.parametrize("vendor", list(APPS))
def test_who_denies_is_told_so_where_they_come_back(
    ready: Mapping[str, Mapping[str, str]], vendor: str
) -> None:
    begun = begin_sign_in(
        vendor, app(ready, vendor), redirect_uri=CALLBACK, connection="acme", clock=SystemClock()
    )
    told = walked(begun.address, "deny")
    resumed = resume_sign_in(vendor, app(ready, vendor), begun.kept(), connection="acme", clock=SystemClock())
    with pytest.raises(SystemFailure) as raised:
        resumed.finish(told)
    assert "access_denied" in raised.value.message
    assert "Start again on the set-up's page" in raised.value.cure


@pytest.mark.parametrize("vendor", list(APPS))
def test_the_code_is_worth_nothing_with_what_was_kept_of_another_sign_in(
    ready: Mapping[str, Mapping[str, str]], vendor: str
) -> None:
    first, second = (
        begin_sign_in(
            vendor, app(ready, vendor), redirect_uri=CALLBACK, connection="acme", clock=SystemClock()
        )
        for _ in range(2)
    )
    told = walked(first.address, "allow")
    other = resume_sign_in(vendor, app(ready, vendor), second.kept(), connection="acme", clock=SystemClock())
    with pytest.raises(SystemFailure):
        other.finish(told)


def test_a_system_without_sign_in_pages_has_none_to_go_on_with() -> None:
    kept = {"state": "s", "verifier": "v", "redirect_uri": CALLBACK}
    with pytest.raises(UserError, match="no sign-in by browser"):
        resume_sign_in("activecampaign", {}, kept, connection="acme", clock=SystemClock())
