from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from crosswalk_sandbox.people import VARYING, Person, Population, Sizes, invent

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def people() -> Population:
    return invent(1, Sizes.of(1500), NOON)


def crm(people: Population) -> list[Person]:
    return people.leads + people.contacts


def test_there_are_as_many_as_asked_for(people: Population) -> None:
    assert (len(people.leads), len(people.contacts), len(people.subscribers)) == (1500, 1500, 3000)


def test_1500_records_share_exactly_1200_addresses_with_activecampaign(people: Population) -> None:
    ours = {person["email"] for person in crm(people)} - {""}
    theirs = [person["email"] for person in people.subscribers]
    assert len(theirs) == len(set(theirs)), "an address is unique in ActiveCampaign"
    assert len(ours.intersection(theirs)) == 1200


def test_a_seed_always_gives_the_same_people(people: Population) -> None:
    assert invent(1, Sizes.of(1500), NOON) == people
    assert invent(2, Sizes.of(1500), NOON) != people


def test_sizes_are_independent_of_each_other() -> None:
    only_crm = invent(1, Sizes(leads=0, contacts=50, subscribers=0), NOON)
    assert (len(only_crm.leads), len(only_crm.contacts), len(only_crm.subscribers)) == (0, 50, 0)
    only_subscribers = invent(1, Sizes(leads=0, contacts=0, subscribers=50), NOON)
    assert len({person["email"] for person in only_subscribers.subscribers}) == 50


def test_all_addresses_belong_to_nobody(people: Population) -> None:
    domains = {person["email"].rpartition("@")[2] for person in crm(people) + people.subscribers} - {""}
    assert all(domain.startswith("example.") or domain.endswith(".example") for domain in domains)


def test_some_leads_and_contacts_share_an_address_and_some_have_none(people: Population) -> None:
    leads = {person["email"] for person in people.leads} - {""}
    contacts = {person["email"] for person in people.contacts} - {""}
    assert 10 < len(leads & contacts) < 60
    assert 10 < sum(not person["email"] for person in crm(people)) < 100


def test_stamps_are_spread_over_two_years_before_the_start(people: Population) -> None:
    for group in (people.leads, people.contacts, people.subscribers):
        created = [person["created"] for person in group]
        assert created == sorted(created)
        assert created[0] < NOON - timedelta(days=720)
        assert created[-1] > NOON - timedelta(days=10)
        assert all(person["created"] <= person["modified"] < NOON for person in group)
        assert all(person["modified"].microsecond == 0 for person in group)


def test_names_are_written_in_many_scripts(people: Population) -> None:
    letters = {person["last_name"][0] for person in people.subscribers}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}
    assert scripts >= {
        "LATIN",
        "GREEK",
        "CYRILLIC",
        "ARABIC",
        "HEBREW",
        "CJK",
        "HANGUL",
        "THAI",
        "DEVANAGARI",
    }


def test_values_are_awkward_as_in_life(people: Population) -> None:
    everyone = crm(people) + people.subscribers
    assert any(len(person["notes"]) > 2000 for person in everyone)
    assert any("\n" in person["notes"] for person in everyone)
    assert any("🎉" in person["notes"] for person in everyone)
    assert {person["partner"] for person in everyone} == {True, False, None}
    assert any(person["score"] == 0 for person in everyone)
    assert any(person["score"] is None for person in everyone)
    assert any(len(person["interests"]) > 2 for person in everyone)
    assert any(not person["interests"] for person in everyone)
    assert all(person["last_name"] for person in everyone)


def test_shared_people_are_partly_equal_partly_filled_on_one_side_partly_different(
    people: Population,
) -> None:
    by_email = {person["email"]: person for person in crm(people) if person["email"]}
    pairs = [(by_email[each["email"]], each) for each in people.subscribers if each["email"] in by_email]
    for field in VARYING:
        values = [(ours.get(field), theirs.get(field)) for ours, theirs in pairs]
        equal = sum(left == right for left, right in values)
        filled_here = sum(bool(left) and not right for left, right in values)
        filled_there = sum(bool(right) and not left for left, right in values)
        assert 0.5 < equal / len(values) < 0.95, field
        assert filled_here > 10, field
        assert filled_there > 10, field


def test_alike_both_sides_know_as_many_people_as_can_be_and_the_same_of_them() -> None:
    people = invent(1, Sizes(leads=0, contacts=300, subscribers=300), NOON, alike=True)
    ours = {person["email"]: person for person in people.contacts if person["email"]}
    theirs = {person["email"]: person for person in people.subscribers}
    assert len(people.subscribers) == 300
    assert len(ours) == 296, "one in 75 has no address"
    assert {email: theirs[email] for email in ours} == ours


def test_alike_the_larger_side_has_people_of_its_own() -> None:
    people = invent(1, Sizes(leads=0, contacts=300, subscribers=100), NOON, alike=True)
    ours = {person["email"]: person for person in people.contacts}
    assert len(people.subscribers) == 100
    assert all(ours[person["email"]] == person for person in people.subscribers)


def test_forty_thousand_take_little_time() -> None:
    started = time.process_time()
    invent(1, Sizes(leads=20_000, contacts=20_000, subscribers=0), NOON)
    assert time.process_time() - started < 6, "two seconds on a common machine"
