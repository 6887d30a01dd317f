"""Changing the key: every row opens before, between and afterwards, whoever dies and whoever writes meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import UserError

if TYPE_CHECKING:
    from crosswalk.store.vault import Vault

CRM = ("salesforce", "00D5g00000AbCdEEAV")
SECRETS = {"login_url": "https://acme.my.salesforce.com", "client_secret": "s3cret"}
TOKENS = {"access_token": "00D!a", "instance_url": "https://acme.my.salesforce.com"}
KEY = {"url": "https://acme.api-us1.com", "key": "k3y"}


@pytest.fixture
def key_file(django_database: str, tmp_path: Path) -> Path:
    """The key file of an installation with one connection."""
    from crosswalk.store import connections
    from crosswalk.store.connections import Account
    from crosswalk.store.vault import Vault

    path = tmp_path / "credentials.key"
    crm = Account(system=CRM[0], identity=CRM[1], credentials=SECRETS, tokens=TOKENS)
    other = Account(system="activecampaign", identity="acme.api-us1.com", credentials=KEY)
    connections.add("acme", Vault.at(path), crm, other, SystemClock().now())
    return path


def assert_open(vault: Vault) -> None:
    """Every secret opens, and says what it said."""
    from crosswalk.store import connections
    from crosswalk.store.tokens import TenantTokens

    acme = connections.get("acme")
    assert connections.credentials(vault, acme.crm) == SECRETS
    assert connections.credentials(vault, acme.activecampaign) == KEY
    assert TenantTokens(acme.crm, vault, connection="acme").read()["access_token"].startswith("00D!")


def rotate(path: Path) -> int:
    from crosswalk.store import keys

    return keys.rotate(path)


def fresh(path: Path) -> Vault:
    """The vault as a new process opens it."""
    from crosswalk.store.vault import Vault

    return Vault.at(path)


def test_it_works(key_file: Path) -> None:
    before = key_file.read_bytes()

    assert rotate(key_file) == 3

    after = key_file.read_bytes()
    assert len(before) == len(after) == 32
    assert before != after
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert_open(fresh(key_file))
    assert [each.name for each in key_file.parent.iterdir()] == ["credentials.key"]


def test_the_old_key_opens_nothing_any_more(key_file: Path) -> None:
    from crosswalk.store import connections
    from crosswalk.store.vault import Vault

    old = Vault(key_file.read_bytes())
    rotate(key_file)
    with pytest.raises(UserError, match="cannot be opened"):
        connections.credentials(old, connections.get("acme").crm)


def test_a_process_that_runs_meanwhile_goes_on_opening_and_sealing(key_file: Path) -> None:
    from crosswalk.store import connections
    from crosswalk.store.tokens import TenantTokens

    running = fresh(key_file)
    tokens = TenantTokens(connections.get("acme").crm, running, connection="acme")
    rotate(key_file)

    assert_open(running)
    tokens.renew(lambda stored: {**stored, "access_token": "00D!b"})
    assert_open(fresh(key_file))


def test_a_renewal_under_way_is_waited_for_and_not_lost(key_file: Path) -> None:
    from crosswalk.store import connections
    from crosswalk.store.tokens import TenantTokens

    tokens = TenantTokens(connections.get("acme").crm, fresh(key_file), connection="acme")
    asked, answered = threading.Event(), threading.Event()

    def slow(stored: Any) -> Any:
        asked.set()
        assert answered.wait(20)
        return {**stored, "access_token": "00D!renewed"}

    def change_key() -> int:
        from django.db import connection

        try:
            return rotate(key_file)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        renewal = pool.submit(tokens.renew, slow)
        assert asked.wait(20)
        rotation = pool.submit(change_key)
        with pytest.raises(TimeoutError):
            rotation.result(0.3)
        answered.set()
        assert renewal.result(20)["access_token"] == "00D!renewed"
        assert rotation.result(20) == 3
    assert_open(fresh(key_file))
    kept = TenantTokens(connections.get("acme").crm, fresh(key_file), connection="acme").read()
    assert kept["access_token"] == "00D!renewed"


def test_a_process_that_adds_a_connection_after_the_change_seals_with_the_new_key(key_file: Path) -> None:
    from crosswalk.store import connections
    from crosswalk.store.connections import Account

    running = fresh(key_file)
    rotate(key_file)
    other = Account(system="activecampaign", identity="b.example", credentials=KEY)
    crm = Account(system="salesforce", identity="00D5g00000ElsewhEAV", credentials=SECRETS)
    connections.add("second", running, crm, other, SystemClock().now())

    assert connections.credentials(fresh(key_file), connections.get("second").crm) == SECRETS


def test_the_old_key_stays_until_the_new_one_opens_every_row(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.store import keys

    with monkeypatch.context() as patch:
        patch.setattr(keys, "_seal_all", lambda _vault: 3)  # a commit that did not happen, and nobody noticed
        with pytest.raises(UserError, match="cannot be opened"):
            rotate(key_file)
    assert len(key_file.read_bytes()) == 64
    assert_open(fresh(key_file))
    rotate(key_file)
    assert_open(fresh(key_file))
    assert len(key_file.read_bytes()) == 32


def test_a_row_that_no_key_opens_stops_the_change_before_it_begins(key_file: Path) -> None:
    from crosswalk.store import models

    models.Tenant.objects.filter(system="activecampaign").update(credentials=b"x" * 40)
    before = key_file.read_bytes()
    with pytest.raises(UserError, match="cannot be opened"):
        rotate(key_file)
    assert key_file.read_bytes() == before


def test_a_file_that_holds_no_keys_is_named(tmp_path: Path) -> None:
    from crosswalk.store.vault import Vault

    (tmp_path / "credentials.key").write_bytes(b"short")
    with pytest.raises(UserError, match=r"credentials\.key is no key file"):
        Vault.at(tmp_path / "credentials.key")


@pytest.mark.parametrize("length", [0, 5, 20])
def test_credentials_that_were_cut_short_are_told_as_unreadable(tmp_path: Path, length: int) -> None:
    from crosswalk.store.vault import Vault

    vault = Vault.at(tmp_path / "credentials.key")
    sealed = vault.seal(SECRETS, "row")
    with pytest.raises(UserError, match="cannot be opened with this key file"):
        vault.open(sealed[:length], "row")


class Fuse:
    """Kills the process at the n-th step: around every statement, commit and change of the file."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, do: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            self.burn()
            done = do(*arguments, **named)
            self.burn()
            return done

        return step


@contextmanager
def burning(fuse: Fuse) -> Iterator[None]:
    from django.db import connection

    connection.commit = fuse.around(connection.commit)  # type: ignore[method-assign]
    Path.replace = fuse.around(Path.replace)  # type: ignore[method-assign]

    def execute(run: Callable[..., Any], *rest: Any) -> Any:
        return fuse.around(run)(*rest)

    with connection.execute_wrapper(execute):
        yield


def rotated_and_killed(path: Path, steps: int) -> bool:
    """Change the key in a process that dies at that step; true when it ended before."""
    from django.db import connection

    connection.close()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with burning(Fuse(steps)):
                rotate(path)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


def test_a_kill_at_any_step_leaves_a_vault_that_opens(key_file: Path) -> None:
    steps = 1
    while not rotated_and_killed(key_file, steps):
        assert_open(fresh(key_file))
        steps += 1
    assert_open(fresh(key_file))
    assert steps > 20

    assert rotate(key_file) == 3
    assert len(key_file.read_bytes()) == 32


def test_set_ups_under_way_open_with_the_new_key_too(key_file: Path) -> None:
    from crosswalk.core.mapping import Side
    from crosswalk.store import browser_sign_ins, drafts
    from crosswalk.store.browser_sign_ins import Left
    from crosswalk.store.connections import Account

    now = SystemClock().now()
    vault = fresh(key_file)
    account = Account(system="activecampaign", identity="acme.api-us1.com", credentials=KEY)
    draft = drafts.begin("new", "salesforce", "ada", now)
    known = drafts.Entered(way="key", identity=account.identity)
    drafts.keep_account(draft.id, Side.ACTIVECAMPAIGN, account, known, vault, now)
    kept = {"state": "s", "verifier": "v", "redirect_uri": "https://sync.example.org/"}
    left = Left(vendor="salesforce", credentials=SECRETS, kept=kept)
    browser_sign_ins.leave(left, "this browser", vault, now, draft=draft)

    assert rotate(key_file) == 5

    again = drafts.by_number(draft.id)
    assert again is not None
    assert drafts.accounts(fresh(key_file), again)[Side.ACTIVECAMPAIGN].credentials == KEY
    arrival = browser_sign_ins.come_back("s", "this browser", fresh(key_file), now)
    assert arrival.left is not None
    assert (arrival.left.credentials, arrival.left.kept) == (SECRETS, kept)
    assert rotate(key_file) == 4  # what was left with is gone, once it was used


def test_a_row_that_is_cut_off_is_told_like_one_of_another_key(key_file: Path) -> None:
    from crosswalk.store import connections

    acme = connections.get("acme")
    acme.crm.credentials = b"cut"
    with pytest.raises(UserError, match="cannot be opened"):
        connections.credentials(fresh(key_file), acme.crm)
