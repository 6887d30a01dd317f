"""Users of a CRM, and the people whose records all systems hold, are found by name, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest
from tests.helpers.command_line import Sandbox, running_sandbox
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Member, Named, System
from crosswalk.systems import open_system

CRMS = ("salesforce", "dynamics")
OBJECTS = (
    ("salesforce", "lead"),
    ("salesforce", "contact"),
    ("dynamics", "lead"),
    ("dynamics", "contact"),
    ("activecampaign", "contact"),
)


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


# --- records by name ---------------------------------------------------------------------------------------------


def put(sandbox: Sandbox, vendor: str, object: str, first: str, last: str) -> None:
    """Somebody enters a person."""
    names = {
        "salesforce": ("FirstName", "LastName"),
        "dynamics": ("firstname", "lastname"),
        "activecampaign": ("firstName", "lastName"),
    }[vendor]
    more = {"salesforce": {"Company": "Example"} if object == "lead" else {}, "dynamics": {}}
    values = {**more.get(vendor, {"email": f"{uuid4().hex}@example.org"})}
    spelled = object.capitalize() if vendor == "salesforce" else object
    values |= dict(zip(names, (first, last), strict=True))
    sandbox.post(vendor, "person", {"op": "create", "object": spelled, "values": values})


def named(sandbox: Sandbox, vendor: str, object: str, name: str, limit: int = 10) -> list[str]:
    with closing(opened(sandbox, vendor)) as system:
        found: list[Named] = list(system.people(object, name, limit))
    assert all(each.id for each in found)
    return [each.name for each in found]


@pytest.mark.parametrize(("vendor", "object"), OBJECTS)
def test_people_are_found_by_words_of_their_names_in_any_order_and_case(
    sandbox: Sandbox, vendor: str, object: str
) -> None:
    put(sandbox, vendor, object, "Zoë Quentin", "Überschär-O'Neil")
    put(sandbox, vendor, object, "Zoë", "Someone-Else")
    whole = "Zoë Quentin Überschär-O'Neil"
    for search in (
        whole,
        "überschär",
        "O'NEIL",
        "Überschär-O'Neil, Zoë",
        "zoë überschär",
        "U\u0308berscha\u0308r",
    ):
        assert named(sandbox, vendor, object, search) == [whole], search
    assert named(sandbox, vendor, object, "zoë") == [whole, "Zoë Someone-Else"]
    assert named(sandbox, vendor, object, "zoë", 1) == [whole]
    assert named(sandbox, vendor, object, " , ") == []


@pytest.mark.parametrize(("vendor", "object"), OBJECTS)
def test_signs_of_the_query_language_are_signs_of_a_persons_name(
    sandbox: Sandbox, vendor: str, object: str
) -> None:
    odd = ["100%er", "Under_score", "Back\\slash", "Brac[ket]s", "Plus+And&Hash#", 'Double"Quote']
    for name in odd:
        put(sandbox, vendor, object, "Odd", name)
    for sign, name in zip(("0%e", "r_s", "k\\s", "c[k", "s+a", 'e"q'), odd, strict=True):
        assert named(sandbox, vendor, object, sign) == [f"Odd {name}"], sign
    assert named(sandbox, vendor, object, "%") == ["Odd 100%er"]
    for nobody in ("odd%", "O_d", "[a-z]", "' or Name like '", "x') or (true", "a\\' or 1=1", "*"):
        assert named(sandbox, vendor, object, nobody) == [], nobody


@pytest.mark.parametrize("vendor", CRMS)
def test_who_lost_a_merge_or_was_deleted_is_not_among_those_found(sandbox: Sandbox, vendor: str) -> None:
    spelled = "Contact" if vendor == "salesforce" else "contact"
    put(sandbox, vendor, "contact", "Gone", "Tomorrow")
    with closing(opened(sandbox, vendor)) as system:
        (found,) = system.people("contact", "Gone Tomorrow", 10)
    sandbox.post(vendor, "person", {"op": "delete", "object": spelled, "id": found.id, "values": {}})
    assert named(sandbox, vendor, "contact", "Gone Tomorrow") == []
