"""Tokens shared by threads and processes: one renewal for all of them, stored before it is used, never lost quietly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from crosswalk.store.tokens import TenantTokens
    from crosswalk.store.vault import Vault

HERE = Path(__file__).parents[2]
CLOCK = SystemClock()


class Acme:
    """A stored connection whose org rotates refresh tokens, and the org's control side."""

    def __init__(self, ready: dict[str, dict[str, str]], key_file: Path) -> None:
        from crosswalk.store.vault import Vault
        from crosswalk.sync.setup import add_connection

        self.key_file = key_file
        self.opened: list[Any] = []
        self.vault: Vault = Vault.at(key_file)
        self._control = ready["salesforce"]["control"]
        self.control("POST", "apps", {"rotation": True})
        crm = {name: ready["salesforce"][name] for name in ("login_url", "client_id", "refresh_token")}
        crm |= {"client_secret": ready["salesforce"]["client_secret"], "grant": "authorization_code"}
        given = {"salesforce": crm, "activecampaign": ready["activecampaign"]}
        add_connection("acme", given, self.vault, CLOCK)

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = httpx2.request(method, self._control + path, json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token_calls(self) -> int:
        return int(self.control("GET", "counts")["token_calls"])

    def end_session(self) -> None:
        """The access token dies of idleness."""
        self.control("POST", "clock", {"advance": 3 * 3600})

    def tokens(self) -> TenantTokens:
        from crosswalk.store import connections
        from crosswalk.store.tokens import TenantTokens

        return TenantTokens(connections.get("acme").crm, self.vault, connection="acme")

    def open(self) -> Any:
        """The org as another command opens it; no thread of it needs a database connection for its pace."""
        from crosswalk.store import connections
        from crosswalk.systems.salesforce import connect

        given = connections.credentials(self.vault, connections.get("acme").crm)
        system = connect(given, budget=FreeBudget(), clock=CLOCK, tokens=self.tokens())
        self.opened.append(system)
        return system

    def process(self, threads: int, *, die: bool = False) -> subprocess.Popen[str]:
        """A process that is about to renew."""
        order = {"key_file": str(self.key_file), "threads": threads, "die": die}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.renewing", json.dumps(order)],
            cwd=HERE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, dict[str, str]]]:
    options = Options(sizes=Sizes.of(2), limits=Limits.parse("off"))
    servers, ready = Sandbox(["salesforce", "activecampaign"], options).serve(
        {"salesforce": 0, "activecampaign": 0}
    )
    yield ready
    for server in servers:
        server.close()


@pytest.fixture
def acme(django_database: str, ready: dict[str, dict[str, str]], tmp_path: Path) -> Iterator[Acme]:
    httpx2.post(ready["salesforce"]["control"] + "reset", trust_env=False)
    acme = Acme(ready, tmp_path / "credentials.key")
    yield acme
    for system in acme.opened:
        system.close()


def test_it_works(acme: Acme) -> None:
    system = acme.open()
    before = acme.token_calls()
    system.describe("lead")
    assert acme.token_calls() == before

    acme.end_session()
    system.describe("lead")
    assert acme.token_calls() == before + 1
    assert acme.tokens().read()["access_token"] == system._client.session.token().value


def test_a_hundred_threads_that_need_a_token_at_once_make_one_call(acme: Acme) -> None:
    systems = [acme.open() for _ in range(100)]
    acme.end_session()
    before = acme.token_calls()
    together = threading.Barrier(100)

    def read(system: Any) -> bool:
        system.user_id()
        together.wait()
        return bool(system.describe("lead").fields)

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(read, systems))
    assert acme.token_calls() == before + 1


def test_several_processes_that_need_a_token_at_once_make_one_call(acme: Acme) -> None:
    processes = [acme.process(8) for _ in range(3)]
    acme.end_session()
    route = "POST /services/oauth2/token"
    acme.control("POST", "faults", {"kind": "delay", "seconds": 1, "route": route, "times": 9})  # all at once
    before = acme.token_calls()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    said = [process.communicate(timeout=60)[0].splitlines()[-1] for process in processes]
    acme.control("DELETE", "faults")
    assert said == ["8"] * 3
    assert acme.token_calls() == before + 1


def test_a_process_that_dies_between_answer_and_commit_leaves_a_clear_reconnect(acme: Acme) -> None:
    stored = acme.tokens().read()
    process = acme.process(1, die=True)
    acme.end_session()
    process.communicate("go\n", timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert acme.tokens().read() == stored

    with pytest.raises(SystemFailure) as raised:
        acme.open().describe("lead")
    assert raised.value.kind is FailureKind.AUTH
    assert "expired access/refresh token" in raised.value.message
    assert "crosswalk connection sign-in acme" in raised.value.cure
    assert acme.tokens().read() == stored


def test_a_new_token_is_stored_before_anybody_uses_it(acme: Acme) -> None:
    system = acme.open()
    acme.end_session()
    seen: list[str] = []
    send = system._client.http._client.send

    def spy(request: httpx2.Request, **rest: Any) -> httpx2.Response:
        seen.append(request.headers["Authorization"].removeprefix("Bearer "))
        assert seen[-1] in {seen[0], acme.tokens().read()["access_token"]}
        answer: httpx2.Response = send(request, **rest)
        return answer

    system._client.http._client.send = spy
    system.describe("lead")
    assert len(set(seen)) == 2


def test_a_renewal_outlives_the_transaction_around_it(acme: Acme) -> None:
    from django.db import transaction

    acme.end_session()
    with transaction.atomic():
        acme.open().describe("lead")
        transaction.set_rollback(True)

    acme.open().describe("lead")
    acme.end_session()
    acme.open().describe("lead")  # with the refresh token that came with the first


def test_a_renewal_that_fails_leaves_the_tokens_alone(acme: Acme) -> None:
    tokens = acme.tokens()
    before = tokens.read()

    def fail(_: object) -> dict[str, str]:
        raise SystemFailure(FailureKind.TRANSIENT, "down")

    with pytest.raises(SystemFailure, match="down"):
        tokens.renew(fail)
    assert acme.tokens().read() == before


def test_a_process_that_hangs_while_it_signs_in_is_not_waited_for_for_ever(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg
    from django.db import connection

    from crosswalk.store import tokens

    monkeypatch.setattr(tokens, "PATIENCE", 0.2)
    with psycopg.connect(**connection.get_connection_params()) as hanging:
        hanging.execute("SELECT tokens FROM tenant FOR NO KEY UPDATE")
        with pytest.raises(SystemFailure, match="Another process") as raised:
            acme.tokens().renew(lambda stored: stored)
        hanging.rollback()
    assert raised.value.kind is FailureKind.TRANSIENT
    assert acme.tokens().renew(lambda stored: stored)


def test_tokens_lie_sealed_and_open_for_no_other_row(acme: Acme) -> None:
    from crosswalk.core.failures import UserError
    from crosswalk.store import connections

    tenant = connections.get("acme").crm
    sealed = bytes(tenant.tokens)
    stored = acme.tokens().read()
    assert not any(value.encode() in sealed for value in stored.values())

    tenant.credentials = sealed
    with pytest.raises(UserError):
        connections.credentials(acme.vault, tenant)


def test_new_credentials_bring_new_tokens(acme: Acme, ready: dict[str, dict[str, str]]) -> None:
    from crosswalk.sync.setup import add_connection

    before = acme.tokens().read()
    add_connection("acme", ready, acme.vault, CLOCK)

    after = acme.tokens().read()
    assert after["access_token"] != before["access_token"]
    assert "refresh_token" not in after
