"""The web of a demo: who may sign in, systems with which a set-up can be tried, and the processes behind the pages."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import httpx2

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.schedule import Every, Schedule

from .demo_answer import Played
from .demo_crms import CRMS
from .demo_systems import ACTIVECAMPAIGN, Control, Ready, credentials, sandbox
from .listening import HOST, address_of, listen
from .parts import PartLostError, keep

if TYPE_CHECKING:
    import socket

DEMO = "CROSSWALK_DEMO"  # names the file with what visitors may copy; where it is set, pages say they are a demo's
_ROLES = ("administrator", "manager", "user")
_OTHERS = ("CROSSWALK_ADDRESS", "CROSSWALK_HOSTS")  # of the shell's own installation
_SPARE_RECORDS = 60
_SPARE_SEED = 2  # other people, addresses and secrets than those of the story
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # that nobody takes for another
_LIVELY, _STILL = 1, 15  # minutes from one run to the next
_QUIET = ["--log-format", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Somebody who may sign in."""

    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The web of a demo whose story is told; nothing answers yet."""

    demos: Sequence[Played]
    people: Sequence[SignIn]
    environment: Mapping[str, str]
    listening: socket.socket
    log: TextIO  # what the processes say

    @classmethod
    @contextmanager
    def of(cls, home: Path, demos: Sequence[Played], *, spare: bool) -> Iterator[Web]:
        """Let people in. With `spare`, start systems with which visitors can set up a connection; they end with it."""
        file = home / "demo.json"
        with closing(listen(HOST, 0)) as listening, ExitStack() as stack:
            ready: Ready = stack.enter_context(_spare(home, address_of(listening))) if spare else {}
            file.write_text(json.dumps(credentials(ready)), encoding="utf-8")
            kept = {name: value for name, value in os.environ.items() if name not in _OTHERS}
            environment = {**kept, "CROSSWALK_HOME": str(home), DEMO: str(file)}
            people = _let_in([demo.name for demo in demos])
            log = stack.enter_context((home / "web.log").open("w", encoding="utf-8"))
            yield cls(demos=demos, people=people, environment=environment, listening=listening, log=log)

    @property
    def address(self) -> str:
        """Where browsers find it."""
        return address_of(self.listening)

    def visit(self) -> None:
        """Let everybody sign in and look at the overview once, each in a browser of their own. Raises UserError."""

        def visited() -> bool:
            try:
                for person in self.people:
                    self._look(person)
            except httpx2.HTTPError as error:
                raise UserError(_("The web does not answer: {error}").format(error=error)) from error
            return True

        if self._keep({"web": self._arguments()}, until=visited):
            raise KeyboardInterrupt

    def serve(self, *, still: bool) -> None:
        """Answer browsers and sync by schedule, until a signal says to stop."""
        _schedule([demo.name for demo in self.demos], still=still)
        parts = {"web": self._arguments(), "worker": _QUIET}
        self._keep(parts)

    def _keep(self, parts: Mapping[str, Sequence[str]], until: Callable[[], bool] = lambda: False) -> bool:
        sockets = [self.listening.fileno()]
        try:
            return keep(parts, sockets, environment=self.environment, stderr=self.log, until=until)
        except PartLostError as lost:
            words = Path(self.log.name).read_text(encoding="utf-8")[-2000:].strip()
            raise UserError(
                _("The {part} ended again and again: {words}").format(part=lost.name, words=words)
            ) from None

    def _arguments(self) -> list[str]:
        return ["--fd", str(self.listening.fileno()), *_QUIET]

    def _look(self, person: SignIn) -> None:
        """Sign in and look at the overview. Raises UserError when it does not show all, or not that it is a demo's."""
        browser = httpx2.Client(base_url=self.address, trust_env=False, timeout=60, follow_redirects=True)
        with browser:
            browser.get("sign-in")
            token = browser.cookies["csrftoken"]
            given = {"username": person.name, "password": person.password, "csrfmiddlewaretoken": token}
            page = browser.post("sign-in", data=given).text
        expected = ['role="note"', *(demo.name for demo in self.demos)]
        if not all(words in page for words in expected):
            raise UserError(_("The web does not show its overview to {name}.").format(name=person.name))


@contextmanager
def _spare(home: Path, address: str) -> Iterator[Ready]:
    """Start systems with which visitors can go through a whole set-up by hand; they know where the web is."""
    from django.urls import reverse

    systems = [argument for name in (ACTIVECAMPAIGN, *CRMS) for argument in (f"--{name}", "0")]
    asked = [*systems, "--records", str(_SPARE_RECORDS), "--seed", str(_SPARE_SEED), "--limits", "off"]
    with sandbox(home / "spare.log", *asked) as ready:
        for name, crm in CRMS.items():
            with closing(Control(ready[name]["control"])) as control:
                control.register({crm.returns_to: [address + reverse("sign-in-return").removeprefix("/")]})
        yield ready


def _let_in(connections: Sequence[str]) -> list[SignIn]:
    """Let one person of each role in; who sees only what is named for them sees these connections."""
    from crosswalk.store.connections import get
    from crosswalk.web import people
    from crosswalk.web.roles import Role

    seen = [get(name).id for name in connections]
    found = []
    for role in _ROLES:
        user, password = people.add(role, Role(role), seen if role == "user" else []), _password()
        user.set_password(password)
        user.save()
        found.append(SignIn(name=role, password=password))
    return found


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _number in range(4)) for _group in range(3))


def _schedule(names: Sequence[str], *, still: bool) -> None:
    """Let runs start by themselves: at once, or not before a visitor had time to look around."""
    from crosswalk.store import connections, schedules

    minutes, now = _STILL if still else _LIVELY, SystemClock().now()
    for name in names:
        connection = connections.get(name)
        schedules.save(connection, Schedule(times=Every(minutes=minutes)), now)
        if still:
            schedules.put_off(connection, now + timedelta(minutes=minutes))
