"""Sign-in on a device without a browser: codes for the device and for the person, and the page that joins them.

Source: Microsoft identity platform and the OAuth 2.0 device authorization grant flow; RFC 8628.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox import browser
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.dynamics.entra import pages, scopes
from crosswalk_sandbox.dynamics.entra.apps import App, Apps
from crosswalk_sandbox.dynamics.entra.errors import EntraError
from crosswalk_sandbox.dynamics.entra.given import DEVICE_LIVES, Device, Memory
from crosswalk_sandbox.dynamics.entra.people import People
from crosswalk_sandbox.dynamics.places import Places
from crosswalk_sandbox.http import Request, Response

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SHORT_GRANT = "device_code"  # as the vendor's pages wrote it at first
INTERVAL = 5  # seconds between two questions of the device
LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
OURS = ("decision", "user", "for_all")


class Devices:
    """The codes of a tenant, and its page for them."""

    def __init__(
        self, apps: Apps, people: People, memory: Memory, places: Places, clock: Clock, tenant: str
    ) -> None:
        self._apps, self._people, self._memory = apps, people, memory
        self._places, self._clock, self._tenant = places, clock, tenant

    def begin(self, form: Mapping[str, str], address: str) -> dict[str, Any]:
        """The answer to a device that asks for codes. Raises EntraError."""
        app = self._app(form)
        if not form.get("scope"):
            raise EntraError(900144, field="scope")
        scopes.read(form["scope"], app, self._places, self._tenant)
        code = self._memory.secret("device code", "DAQ")
        shown = _legible(self._memory.secret("user code", ""))
        self._memory.given.devices[code] = Device(
            client_id=app.client_id, scope=form["scope"], user_code=shown, made=self._clock.now()
        )
        page = f"{address}/{self._tenant}/oauth2/deviceauth"
        text = f"To sign in, use a web browser to open the page {page} and enter the code {shown} to authenticate."
        return {
            "user_code": shown,
            "device_code": code,
            "verification_uri": page,
            "expires_in": int(DEVICE_LIVES.total_seconds()),
            "interval": INTERVAL,
            "message": text,
        }

    def signed_in(self, app: App, form: Mapping[str, str]) -> Device:
        """The device's code once a person accepted; it counts once. Raises EntraError."""
        code = form.get("device_code") or form.get("code")
        if not code:
            raise EntraError(900144, field="device_code")
        device = self._memory.given.devices.get(code)
        if device is None or device.client_id != app.client_id:
            raise EntraError(70018)
        if self._clock.now() - device.made > DEVICE_LIVES:
            raise EntraError(70020)
        if device.declined:
            raise EntraError(65004, as_error="authorization_declined")
        if device.upn is None:
            raise EntraError(70016)
        del self._memory.given.devices[code]
        return device

    def page(self, request: Request) -> Response:
        """The page that asks for the code, and then for consent."""
        sent = browser.sent(request)
        if not sent.get("code"):
            return pages.device()
        device = self._waiting(sent["code"])
        if device is None:
            return pages.device("That code didn't work. Check the code and try again.")
        if sent.get("decision") == "deny":
            device.declined = True
            return pages.done("You declined to sign in. You may now close this window.")
        app = self._apps.find(device.client_id)
        human = self._people.find(sent.get("user", ""))
        if app is None or human is None or sent.get("decision") != "allow":
            return self._ask(request, sent, app, device)
        if not app.users_may_consent and not human.admin:
            text = "Need admin approval: this app needs permission that only an admin can grant."
            return self._ask(request, sent, app, device, text)
        wanted = scopes.read(device.scope, app, self._places, self._tenant).wanted
        self._memory.consent(app.client_id, human.upn, wanted, for_all=human.admin and "for_all" in sent)
        device.upn = human.upn
        return pages.done(
            f"You have signed in to the {app.name} application on your device. You may now close this window."
        )

    def _ask(
        self, request: Request, sent: Mapping[str, str], app: App | None, device: Device, wrong: str = ""
    ) -> Response:
        if app is None:
            return pages.device("The app that asked for this code is no longer in the tenant.")
        wanted = scopes.read(device.scope, app, self._places, self._tenant).wanted
        return pages.consent(
            browser.Consent(
                app=app.name,
                back=request.path,
                action=request.path,
                scopes=[text for name, text in scopes.IN_WORDS.items() if name in wanted],
                users=self._people.shown(),
                chosen=None,
                hidden={name: value for name, value in sent.items() if name not in OURS},
                wrong=wrong,
            ),
            for_all=True,
        )

    def _app(self, form: Mapping[str, str]) -> App:
        if not form.get("client_id"):
            raise EntraError(900144, field="client_id")
        app = self._apps.find(form["client_id"])
        if app is None:
            raise EntraError(700016, app=form["client_id"], tenant=self._tenant)
        return app

    def _waiting(self, shown: str) -> Device | None:
        """The device whose code a person types, while it counts."""
        now, typed = self._clock.now(), shown.strip().upper()
        for device in self._memory.given.devices.values():
            waits = device.upn is None and not device.declined and now - device.made <= DEVICE_LIVES
            if waits and device.user_code == typed:
                return device
        return None


def _legible(secret: str) -> str:
    """Nine letters and digits that people do not mix up."""
    return "".join(LETTERS[ord(sign) % len(LETTERS)] for sign in secret[:9])
