"""Users of a CRM are found by a part of their name or e-mail, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.helpers.command_line import Sandbox, running_sandbox
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Member, System
from crosswalk.systems import open_system

CRMS = ("salesforce", "dynamics")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(1, *CRMS) as sandbox:
        yield sandbox


def opened(sandbox: Sandbox, vendor: str) -> System:
    given = {name: value for name, value in sandbox.ready[vendor].items() if name != "access_token"}
    return open_system(vendor, given, budget=FreeBudget(), clock=SystemClock())


def found(sandbox: Sandbox, vendor: str, search: str, limit: int = 20) -> list[Member]:
    with closing(opened(sandbox, vendor)) as system:
        return list(system.users(search, limit))


@pytest.mark.parametrize("vendor", CRMS)
def test_a_part_of_the_name_or_of_the_mail_finds_people_whatever_its_case(
    sandbox: Sandbox, vendor: str
) -> None:
    everybody = found(sandbox, vendor, "")
    ada = next(each for each in everybody if each.name.startswith("Ada "))
    for search in ("ADA l", ada.email[:6].upper(), ada.name):
        assert ada in found(sandbox, vendor, search), search
    assert [each.name for each in everybody] == sorted(each.name for each in everybody)


@pytest.mark.parametrize("vendor", CRMS)
def test_who_was_deactivated_and_the_application_itself_are_not_among_them(
    sandbox: Sandbox, vendor: str
) -> None:
    everybody = found(sandbox, vendor, "")
    assert not [each for each in everybody if each.name.startswith("Dora")]
    with closing(opened(sandbox, vendor)) as system:
        ours = system.user_id()
    assert vendor == "salesforce" or ours not in {each.id for each in everybody}


@pytest.mark.parametrize("vendor", CRMS)
def test_no_more_are_told_than_asked_for(sandbox: Sandbox, vendor: str) -> None:
    assert len(found(sandbox, vendor, "", 1)) == 1


@pytest.mark.parametrize("vendor", CRMS)
@pytest.mark.parametrize("search", ["O'Neil", "\\", "a' or Name like '", "x') or (true", "nobody at all"])
def test_signs_of_the_query_language_are_signs_of_a_name(sandbox: Sandbox, vendor: str, search: str) -> None:
    assert found(sandbox, vendor, search) == []


REFUSALS = {
    "salesforce": (400, [{"message": "sObject type 'User' is not supported.", "errorCode": "INVALID_TYPE"}]),
    "dynamics": (403, {"error": {"code": "0x80040220", "message": "is missing prvReadUser privilege"}}),
}


@pytest.mark.parametrize("vendor", CRMS)
def test_without_the_right_it_is_told_which_one_is_missing_and_that_all_else_works(
    sandbox: Sandbox, vendor: str
) -> None:
    status, body = REFUSALS[vendor]
    sandbox.post(vendor, "faults", {"holding": "ada", "kind": "status", "status": status, "body": body})
    with pytest.raises(SystemFailure) as caught:
        found(sandbox, vendor, "ada")
    sandbox.delete(vendor, "faults")
    assert caught.value.kind is FailureKind.PERMISSION
    assert "User" in caught.value.cure
    assert "Everything else works without it." in caught.value.cure


def test_activecampaign_is_not_asked_for_users(sandbox: Sandbox) -> None:
    del sandbox
    account = {"url": "http://127.0.0.1:1", "key": "x"}
    with (
        closing(open_system("activecampaign", account, budget=FreeBudget(), clock=SystemClock())) as system,
        pytest.raises(SystemFailure, match="are not looked for"),
    ):
        system.users("ada", 20)
