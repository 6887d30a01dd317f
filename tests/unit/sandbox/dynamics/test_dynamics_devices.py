"""Sign-in on a device without a browser: its codes, the page for them, and what the device is told."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.helpers.sandbox_environment import DATA, DataverseEnvironment

ADA, BRUNO = "ada.lindqvist@org.example", "bruno.costa@org.example"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Device:
    """A device that shows a code, and the browser of whoever types it."""

    def __init__(self, environment: DataverseEnvironment) -> None:
        self.environment = environment
        self.tenant, self.client = environment.ready["tenant"], environment.ready["client_id"]
        scope = f"{environment.ready['url']}/user_impersonation offline_access openid"
        answer = self.post("oauth2/v2.0/devicecode", client_id=self.client, scope=scope)
        assert answer.status_code == 200, answer.text
        self.shown = answer.json()

    def post(self, path: str, **form: str) -> httpx2.Response:
        return self.environment.http.post(f"/{self.tenant}/{path}", data=form, headers={"Authorization": ""})

    def ask(self, status: int = 200, **changed: str) -> dict[str, Any]:
        form = {"grant_type": GRANT, "client_id": self.client, "device_code": self.shown["device_code"]}
        answer = self.post("oauth2/v2.0/token", **{**form, **changed})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def type_code(self, **form: str) -> httpx2.Response:
        return self.post("oauth2/deviceauth", **{"code": self.shown["user_code"], **form})


@pytest.fixture
def device(environment: DataverseEnvironment) -> Device:
    return Device(environment)


def test_a_person_signs_in_for_a_device(environment: DataverseEnvironment, device: Device) -> None:
    assert (device.shown["expires_in"], device.shown["interval"]) == (900, 5)
    assert device.shown["user_code"] in device.shown["message"]
    page = environment.http.get(device.shown["verification_uri"], headers={"Authorization": ""})
    assert "Enter code" in page.text
    assert device.ask(400)["error"] == "authorization_pending"
    assert "Access Dynamics 365 as you" in device.type_code().text
    assert (
        "You have signed in to the Crosswalk application"
        in device.type_code(decision="allow", user=BRUNO).text
    )
    tokens = device.ask(client_info="1")
    answer = environment.http.get(
        f"{DATA}/WhoAmI", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    users = environment.controlled.dump()["systemuser"]
    assert answer.json()["UserId"] == next(u["systemuserid"] for u in users if u["domainname"] == BRUNO)
    renewed = device.post(
        "oauth2/v2.0/token", grant_type="refresh_token", client_id=device.client, refresh_token=tokens["refresh_token"]
    )  # fmt: skip
    assert renewed.status_code == 200
    assert {"id_token", "client_info"} <= tokens.keys()
    assert device.ask(400)["error"] == "bad_verification_code"


def test_a_person_declines(device: Device) -> None:
    assert "You declined" in device.type_code(decision="deny").text
    assert device.ask(400)["error"] == "authorization_declined"


def test_codes_end(environment: DataverseEnvironment, device: Device) -> None:
    assert "That code didn't work" in device.type_code(code="nonsense").text.replace("&#x27;", "'")
    environment.clock.advance(901)
    assert device.ask(400)["error"] == "expired_token"
    assert "didn" in device.type_code(decision="allow", user=BRUNO).text
    assert device.ask(400, device_code="nonsense")["error_codes"] == [70018]


def test_apps_that_need_a_secret_or_an_administrator(
    environment: DataverseEnvironment, device: Device
) -> None:
    environment.control("POST", "apps", {"users_may_consent": False, "public_client_flows": False})
    assert "Need admin approval" in device.type_code(decision="allow", user=BRUNO).text
    assert "You have signed in" in device.type_code(decision="allow", user=ADA, for_all="yes").text
    assert device.ask(401)["error_codes"] == [7000218]
    assert device.ask(client_secret=environment.ready["client_secret"])["token_type"] == "Bearer"


def test_what_a_device_must_say(environment: DataverseEnvironment, device: Device) -> None:
    at = "oauth2/v2.0/devicecode"
    assert device.post(at, scope="openid").json()["error_codes"] == [900144]
    assert device.post(at, client_id=device.client).json()["error_codes"] == [900144]
    assert device.post(at, client_id=device.tenant, scope="openid").json()["error_codes"] == [700016]
    configuration = environment.http.get(f"/{device.tenant}/v2.0/.well-known/openid-configuration").json()
    assert configuration["device_authorization_endpoint"].endswith(f"/{device.tenant}/{at}")
