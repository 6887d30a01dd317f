"""The connector against the sandbox's environment, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.clock import Clock, SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.sign_in import OwnTokens
from crosswalk.core.system import ObjectUse
from crosswalk.core.values import Kind
from crosswalk.systems.dynamics import Dynamics, connect


class Rig:
    """A running environment: what opens it, and its control side."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.ready = ready
        self._control = httpx2.Client(base_url=ready["control"], trust_env=False, timeout=30)
        self._opened: list[Dynamics] = []

    def open(
        self, clock: Clock | None = None, *, tokens: OwnTokens | None = None, **other: str | None
    ) -> Dynamics:
        credentials = {
            name: value for name, value in {**self.ready, "access_token": None, **other}.items() if value
        }
        system = connect(credentials, budget=FreeBudget(), clock=clock or SystemClock(), tokens=tokens)
        self._opened.append(system)
        return system

    def begin_again(self) -> None:
        self.control("POST", "reset", {})
        self.control("DELETE", "faults")
        self.control("DELETE", "rules")

    def hang_up(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def close(self) -> None:
        self.hang_up()
        self._control.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._control.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self) -> int:
        return int(self.control("GET", "counts")["total"])


@contextmanager
def running(*options: str) -> Iterator[Rig]:
    command = [str(Path(sys.executable).with_name("crosswalk-sandbox")), "--dynamics", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            rig = Rig(json.loads(process.stdout.readline())["dynamics"])
            try:
                yield rig
            finally:
                rig.close()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served() -> Iterator[Rig]:
    with running("--leads", "20", "--contacts", "30", "--limits", "off") as rig:
        yield rig


@pytest.fixture
def environment(served: Rig) -> Iterator[Rig]:
    """The environment as it began."""
    served.begin_again()
    yield served
    served.hang_up()


def failure_of(system: Dynamics) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        system.describe("contact")
    return caught.value


def test_it_works(environment: Rig) -> None:
    system = environment.open()

    schema = system.describe("contact")

    assert schema.fields["emailaddress1"].kind is Kind.EMAIL
    assert schema.fields["lastname"].label == "Last Name"


def test_a_table_is_described_in_one_call(environment: Rig) -> None:
    system = environment.open()
    system.identity()
    before = environment.calls()

    system.describe("lead")

    assert environment.calls() - before == 1


def test_who_we_are_is_asked_once_and_kept_with_the_tokens(environment: Rig) -> None:
    tokens = OwnTokens()
    first = environment.open(tokens=tokens)
    assert (first.identity(), first.user_id()) == (first.identity(), first.user_id())
    assert first.http.calls == 1

    again = environment.open(tokens=tokens)

    assert (again.identity(), again.user_id()) == (first.identity(), first.user_id())
    assert again.http.calls == 0


def test_options_go_by_their_labels_and_dates_by_what_they_mean(environment: Rig) -> None:
    fields = environment.open().describe("contact").fields

    assert "Europe" in [option.value for option in fields["new_region"].options]
    assert fields["new_region"].restricted
    assert (fields["birthdate"].kind, fields["new_lastmeeting"].kind) == (Kind.DATE, Kind.DATETIME)
    assert (fields["creditlimit"].kind, fields["creditlimit"].scale) == (Kind.CURRENCY, 2)


def test_a_lookup_of_one_table_can_be_written_and_one_of_several_only_read(environment: Rig) -> None:
    fields = environment.open().describe("contact").fields

    assert fields["new_referredby"].writable
    assert not fields["parentcustomerid"].writable
    assert not fields["contactid"].creatable


def test_an_app_signs_in_by_certificate(environment: Rig) -> None:
    key = private_key()
    certificate = certificate_pem(key)
    environment.control("POST", "apps", {"certificate": certificate})

    system = environment.open(client_secret=None, private_key=key_pem(key), certificate=certificate)

    assert system.describe("contact").fields


def test_a_wrong_secret_is_named_with_where_to_make_a_new_one(environment: Rig) -> None:
    failure = failure_of(environment.open(client_secret="wrong"))

    assert (failure.kind, failure.code) == (FailureKind.AUTH, "AADSTS7000215")
    assert "Certificates & secrets" in failure.cure
    assert "Trace ID" not in failure.message


def test_a_disabled_application_user_is_told_from_lost_credentials(environment: Rig) -> None:
    system = environment.open()
    edit = {"object": "systemuser", "op": "edit", "id": system.user_id(), "values": {"isdisabled": True}}
    environment.control("POST", "person", edit)

    failure = failure_of(system)

    assert (failure.kind, failure.code) == (FailureKind.AUTH, "0x80040225")
    assert "application user" in failure.cure


def test_a_table_that_is_not_there_is_named(environment: Rig) -> None:
    with pytest.raises(SystemFailure) as caught:
        environment.open().describe("opportunity")

    assert caught.value.kind is FailureKind.MAPPING


def test_the_checks_of_a_fresh_environment_all_pass(environment: Rig) -> None:
    found = {check.name: check for check in environment.open().check()}

    assert [name for name, check in found.items() if not check.ok] == []
    assert {"tenant", "sign-in", "application user", "environment", "clock"} <= found.keys()
    for object in ("lead", "contact"):
        assert {f"{object} {each}" for each in ("change tracking", "read", "write", "create")} <= found.keys()


def test_the_checks_stop_where_the_environment_does_not_know_the_app(environment: Rig) -> None:
    app = environment.control("POST", "apps", {"name": "stranger", "client_secret": "s3cret"})
    system = environment.open(client_id=app["client_id"], client_secret="s3cret")

    failed = [check for check in system.check() if not check.ok]

    assert [check.name for check in failed] == ["application user"]
    assert "New app user" in failed[0].cure


RIGHTS = ("Read", "Write", "Create", "Append", "AppendTo")
DEFINITIONS = {f"prvRead{name}": "Global" for name in ("Entity", "Attribute", "Relationship", "OptionSet")}
BESIDE = {f"prvRead{name}": "Global" for name in ("User", "TransactionCurrency", "Organization")}
LEAST = {
    **{f"prv{right}{table}": "Global" for right in RIGHTS for table in ("Lead", "Contact")},
    **DEFINITIONS,
    **BESIDE,
}


def only(environment: Rig, privileges: dict[str, str]) -> Dynamics:
    """The environment, opened by an application user who has one role with these privileges."""
    system = environment.open()
    app = system.user_id()
    users = environment.control("GET", "dump")["systemuser"]
    name = next(row["domainname"] for row in users if row["systemuserid"] == app)
    others = [row["domainname"] for row in users if row["systemuserid"] != app]
    environment.control("POST", "roles", {"name": "System Administrator", "users": others[:1]})
    environment.control("POST", "roles", {"name": "Sync", "privileges": privileges, "users": [name]})
    return system


def test_the_least_role_of_the_guide_passes_all_checks(environment: Rig) -> None:
    found = only(environment, LEAST).check()

    assert [check.message for check in found if not check.ok] == []


def test_a_right_that_is_missing_or_too_narrow_is_named(environment: Rig) -> None:
    rights = {name: depth for name, depth in LEAST.items() if name != "prvCreateContact"}

    found = only(environment, {**rights, "prvWriteContact": "Basic"}).check()

    assert [check.name for check in found if not check.ok] == ["contact write", "contact create"]


def test_a_user_without_any_role_is_told_so(environment: Rig) -> None:
    failed = [check for check in only(environment, {}).check() if not check.ok]

    assert failed
    assert any("role" in check.cure for check in failed)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "html"},
        {"kind": "truncate"},
        {"kind": "truncate", "clean": True},
        {"kind": "throttle"},
        {"kind": "status", "status": 503},
    ],
    ids=str,
)
def test_a_table_is_described_whatever_happens_once_on_the_way(
    environment: Rig, fault: dict[str, Any]
) -> None:
    system = environment.open(SteppedClock(datetime.now(UTC)))
    environment.control("POST", "faults", {**fault, "route": "POST /$batch"})

    assert system.describe("contact").fields


def test_a_token_that_ended_early_is_renewed(environment: Rig) -> None:
    system = environment.open()
    system.describe("contact")

    environment.control("POST", "clock", {"advance": 3700})

    assert system.describe("contact").fields


def test_columns_under_column_security_are_known_as_such(environment: Rig) -> None:
    environment.control("POST", "rules", {"secured": {"contact.mobilephone": "none"}})
    use = ObjectUse(object="contact", reads=["mobilephone"], writes=[], creates=False)

    found = {check.name: check for check in environment.open().check([use])}

    assert "mobilephone" in found["contact column security"].message


def test_a_session_goes_on_without_a_clock_in_common(environment: Rig) -> None:
    """The statement that the certificate signs has a time in it; a refusal shows the vendor's."""
    key = private_key()
    certificate = certificate_pem(key)
    environment.control("POST", "apps", {"certificate": certificate})
    slow = SteppedClock(datetime.now(UTC) - timedelta(hours=2))

    system = environment.open(slow, client_secret=None, private_key=key_pem(key), certificate=certificate)

    assert system.describe("contact").fields
