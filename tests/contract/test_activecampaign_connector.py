"""The ActiveCampaign connector against the sandbox, over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec
import pytest
from tests.helpers.systems import FreeBudget

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.schema import Schema
from crosswalk.core.system import Batch, Op, Outcome, Page, Receipt, Record, Write, WriteOptions
from crosswalk.core.values import Kind, Value
from crosswalk.systems.activecampaign import ActiveCampaign, connect

CONTACTS = 240
OPTIONS = WriteOptions()
TO_CREATE_LEAD = "create lead"


class ShiftedClock:
    """The machine's clock, ahead by as much as a test says; waits take a tenth unless they must be true."""

    def __init__(self, pace: float = 0.1) -> None:
        self.ahead = timedelta(0)
        self.pace = pace

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * self.pace)

    def new_id(self) -> str:
        return "id"


class Account:
    """The sandbox's account, its control side, and our connector to it."""

    def __init__(self, ready: dict[str, str], pace: float = 0.1) -> None:
        self.clock = ShiftedClock(pace)
        self.budget = FreeBudget()
        # Plain http on loopback: certificates need not be loaded.
        self.control = httpx2.Client(base_url=ready["control"], trust_env=False, verify=False)
        self.system: ActiveCampaign = connect(ready, budget=self.budget, clock=self.clock)
        self.schema: Schema = self.system.describe("contact")
        self.directory: dict[str, datetime] = {}
        self.cursor: str | None = None
        self._counted: Counter[str] = Counter()

    def close(self) -> None:
        self.system.close()
        self.control.close()

    def ask(self, method: str, path: str, **body: object) -> Any:
        answer = self.control.request(method, path, json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def person(self, op: str, id_: str, **values: object) -> None:
        self.ask("POST", "person", user="owner", object="contact", op=op, id=id_, values=values)

    def fault(self, route: str, kind: str, **more: object) -> None:
        self.ask("POST", "faults", route=route, kind=kind, **{"times": 1, **more})

    def later(self, seconds: float) -> None:
        self.ask("POST", "clock", advance=seconds)
        self.clock.ahead += timedelta(seconds=seconds)

    def spent(self) -> Counter[str]:
        """Calls by route since the last look, as the vendor counts them."""
        before, self._counted = self._counted, Counter(self.ask("GET", "counts")["calls"])
        return self._counted - before

    def held(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.ask("GET", "dump")["contact"] if row["deleted"] == "0"}

    def name(self, title: str) -> str:
        return next(field.name for field in self.schema.fields.values() if field.label == title)

    def read(self) -> list[Page]:
        pages = []
        for page in self.system.feed("contact", list(self.schema.fields), self.cursor, self.seen):
            self.directory |= {record.id: record.stamp for record in page.records}
            self.cursor = page.cursor
            pages.append(page)
        return pages

    def seen(self, moment: datetime) -> int:
        return sum(stamp > moment for stamp in self.directory.values())

    def write(self, *writes: Write, options: WriteOptions = OPTIONS) -> dict[int, Receipt]:
        receipts: dict[int, Receipt] = {}
        for batch in self.system.batches(writes, options):
            receipts |= {receipt.write_id: receipt for receipt in self.system.send(batch, options)}
        return receipts


@contextmanager
def sandbox(limits: str = "off") -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "crosswalk_sandbox.cli", "--activecampaign", "0", "--limits", limits]
    command += ["--activecampaign-contacts", str(CONTACTS), "--records", "1", "--job-seconds", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["activecampaign"]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, str]]:
    with sandbox() as ready:
        yield ready


@pytest.fixture
def account(running: dict[str, str]) -> Iterator[Account]:
    account = Account(running)
    account.ask("POST", "reset")
    yield account
    account.close()


def create(id_: int, email: str = "", /, **values: Value) -> Write:
    address = email or f"new{id_}@example.org"
    content: dict[str, Value] = {"email": address, **values}
    return Write(id=id_, object="contact", op=Op.CREATE, record_id=None, key=address, values=content)


def update(id_: int, contact: dict[str, Any], values: dict[str, Value]) -> Write:
    return Write(
        id=id_,
        object="contact",
        op=Op.UPDATE,
        record_id=contact["id"],
        key=contact["email"].lower(),
        values=values,
    )


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def settled(account: Account, receipts: dict[int, Receipt]) -> tuple[set[str], set[str]]:
    batches = {receipt.batch_id for receipt in receipts.values() if receipt.batch_id}
    results = account.system.settle(sorted(batches), account.clock.now() + timedelta(seconds=30))
    assert set(results) == batches
    made = {id_ for result in results.values() for id_ in result.record_ids}
    return made, {key for result in results.values() for key in result.failed_keys}


def test_every_check_passes(account: Account) -> None:
    checks = account.system.check()

    assert [check.name for check in checks if not check.ok] == []
    assert "240" in next(check.message for check in checks if check.name == "contacts")


def test_the_room_that_the_contract_leaves_is_told_in_one_call(account: Account) -> None:
    account.spent()
    assert account.system.room() == 100_000 - CONTACTS
    assert account.spent() == {"GET /settings/account": 1}


def test_tags_are_found_by_a_part_of_their_name_in_one_call(account: Account) -> None:
    account.spent()
    assert list(account.system.tag_names("WEBI", 20)) == ["webinar attendee"]
    assert account.spent() == {"GET /tags": 1}
    assert len(account.system.tag_names("", 2)) == 2
    assert list(account.system.tag_names("nobody has this", 20)) == []


def test_a_wrong_key_is_named(running: dict[str, str]) -> None:
    system = connect({**running, "key": "wrong"}, budget=FreeBudget(), clock=ShiftedClock())

    with pytest.raises(SystemFailure, match="The API key was refused") as caught:
        system.describe("contact")

    assert caught.value.kind is FailureKind.AUTH
    assert [check.name for check in system.check() if not check.ok] == ["sign-in"]
    system.close()


def test_a_wrong_address_is_named(running: dict[str, str]) -> None:
    system = connect(
        {**running, "url": running["url"] + "/elsewhere"}, budget=FreeBudget(), clock=ShiftedClock()
    )

    assert [check.name for check in system.check() if not check.ok] == ["address"]
    system.close()


def test_the_schema_tells_types_options_and_aliases(account: Account) -> None:
    kinds = {field.label: field.kind for field in account.schema.fields.values()}

    assert {kinds["Email"], kinds["Score"], kinds["Birthday"]} == {Kind.EMAIL, Kind.NUMBER, Kind.DATE}
    assert (kinds["Last meeting"], kinds["Interests"]) == (Kind.DATETIME, Kind.CHOICES)
    rating = account.schema.fields[account.name("Rating")]
    assert "RATING" in rating.aliases
    assert {"Hot", "Warm", "Cold"} == {option.value for option in rating.options}


def test_the_first_pass_reads_every_contact_and_value(account: Account) -> None:
    pages = account.read()
    records = {record.id: record for page in pages for record in page.records}
    held = account.held()

    assert set(records) == set(held)
    assert pages[0].total == CONTACTS
    assert account.spent() == {"GET /contacts": 3}
    for id_, row in held.items():
        assert records[id_].values["email"] == row["email"]
        filled = {f"field/{value['field']}" for value in row["fieldValues"] if value["value"].strip("|")}
        known = {name for name, value in records[id_].values.items() if name in filled and value is not None}
        assert known == filled


def test_an_idle_run_costs_one_call_and_the_count_one_more(account: Account) -> None:
    account.read()
    account.spent()
    account.later(60)
    assert (ids(account.read()), account.spent()) == ([], {"GET /contacts": 1})
    account.later(400)
    assert (ids(account.read()), account.spent()) == ([], {"GET /contacts": 2})


def test_what_a_person_changes_comes_with_the_feed(account: Account) -> None:
    account.read()
    account.later(60)
    account.person("edit", "7", firstName="Zoë", CITY="Roma")
    account.person("edit", "9", CITY="")

    (page,) = account.read()

    seven, nine = page.records
    assert (seven.id, seven.values["firstName"], seven.values[account.name("City")]) == ("7", "Zoë", "Roma")
    assert (nine.id, nine.values[account.name("City")]) == ("9", None)
    assert seven.times[account.name("City")] == seven.stamp


def test_reading_by_id_believes_absence_only_after_a_404(account: Account) -> None:
    account.person("delete", "5")
    account.spent()

    fetched = account.system.fetch("contact", ["4", "5", "6", "99999"], ["email"])

    assert [record.id for record in fetched.records] == ["4", "6"]
    assert fetched.missing == ["5", "99999"]
    assert account.spent() == {"GET /contacts": 1, "GET /contacts/{id}": 2}


def test_everybody_is_read_again_by_ranges_a_hundred_a_call(account: Account) -> None:
    account.person("delete", "150")
    account.person("set_values", "42", CITY="Roma")
    fields, found, after = list(account.schema.fields), list[Record](), ""
    account.spent()
    ends: list[str | None] = []
    while not ends or ends[-1] is not None:
        part = account.system.read_range("contact", fields, after)
        found += part.records
        ends.append(part.upto)
        after = part.upto or ""

    assert [each.id for each in found] == sorted(account.held(), key=int)
    assert (ends, account.spent()) == (["100", "201", None], {"GET /contacts": 3})
    assert found[41].values[account.name("City")] == "Roma"
    assert {record.id: record for page in account.read() for record in page.records} == {
        each.id: each for each in found
    }, "the same as the feed shows"


def test_contacts_are_found_by_address_in_any_case(account: Account) -> None:
    row = account.held()["11"]

    found = account.system.find("contact", [row["email"].upper(), "nobody@example.org"], ["firstName"])

    assert [record.id for record in found] == ["11"]


def test_the_holders_of_a_tag_cost_one_call_while_nothing_changes(account: Account) -> None:
    account.person("tag", "3", tag=TO_CREATE_LEAD)
    account.person("tag", "8", tag=TO_CREATE_LEAD)
    first = list(account.system.tagged(TO_CREATE_LEAD, ["email"], None))
    account.spent()
    again = list(account.system.tagged(TO_CREATE_LEAD, ["email"], first[-1].cursor))

    assert ids(first) == ["3", "8"]
    assert (ids(again), again[0].cursor, account.spent()) == ([], first[-1].cursor, {"GET /contacts": 1})
    account.person("tag", "5", tag=TO_CREATE_LEAD)
    assert ids(list(account.system.tagged(TO_CREATE_LEAD, ["email"], first[-1].cursor))) == ["3", "5", "8"]


def everything(account: Account) -> dict[str, Value]:
    return {
        "firstName": "Łukasz",
        "phone": "+48 600 123 456",
        account.name("Notes"): "first line\nsecond 🎉",
        account.name("Score"): "-12.5",
        account.name("Birthday"): "1985-02-28",
        account.name("Last meeting"): "2026-05-19T07:45:00Z",
        account.name("Rating"): "Hot",
        account.name("Interests"): ("Events", "Partner programme"),
    }


def test_a_single_create_answers_with_what_is_stored(account: Account) -> None:
    values = everything(account)

    receipt = account.write(create(1, **values))[1]

    assert receipt.outcome is Outcome.DONE
    assert receipt.record_id is not None
    stored = account.system.fetch("contact", [receipt.record_id], list(values)).records[0].values
    assert stored == values
    assert {name: receipt.values[name] for name in values} == values


def test_an_imported_contact_holds_the_same_as_a_single_one(account: Account) -> None:
    values = everything(account)

    receipts = account.write(*(create(n, **values) for n in range(12)))
    made, failed = settled(account, receipts)

    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.QUEUED}
    assert (len(made), failed) == (12, set())
    fetched = account.system.fetch("contact", sorted(made), list(values))
    assert [record.values for record in fetched.records] == [values] * 12
    assert account.spent()["POST /import/bulk_import"] == 1
    assert not account.system.outstanding()
    assert all(row["lists"] == {} for id_, row in account.held().items() if id_ in made)


def test_imported_contacts_come_with_the_feed(account: Account) -> None:
    account.read()
    receipts = account.write(*(create(n) for n in range(260)))
    made, _failed = settled(account, receipts)
    account.later(2)

    assert set(ids(account.read())) == made
    account.later(2)
    assert ids(account.read()) == []


def test_an_update_changes_what_it_names_and_empties_what_it_empties(account: Account) -> None:
    first = account.write(create(1, **everything(account)))[1]
    contact = {"id": first.record_id, "email": "new1@example.org"}
    emptied: dict[str, Value] = dict.fromkeys(everything(account))

    receipt = account.write(
        update(2, contact, {**emptied, "lastName": "Nowak", "email": "renamed@example.org"})
    )[2]

    assert receipt.outcome is Outcome.DONE
    (record,) = account.system.find("contact", ["renamed@example.org"], list(account.schema.fields))
    assert record.id == first.record_id
    filled = {name: value for name, value in record.values.items() if value is not None}
    assert filled == {"email": "renamed@example.org", "lastName": "Nowak"}


def test_many_updates_go_by_import(account: Account) -> None:
    city = account.name("City")
    held = list(account.held().values())[:210]

    receipts = account.write(*(update(n, row, {city: "Utrecht"}) for n, row in enumerate(held)))
    settled(account, receipts)

    assert account.spent()["POST /import/bulk_import"] == 1
    fetched = account.system.fetch("contact", [row["id"] for row in held], [city])
    assert {record.values[city] for record in fetched.records} == {"Utrecht"}


def test_refusals_name_their_kind(account: Account) -> None:
    taken = account.held()["20"]
    receipts = account.write(
        create(1, taken["email"]),
        create(2, "bad@@example"),
        update(3, {"id": "99999", "email": "x@example.org"}, {"firstName": "A"}),
        update(4, account.held()["21"], {"email": taken["email"]}),
    )

    assert {id_: receipt.outcome for id_, receipt in receipts.items()} == {
        1: Outcome.DUPLICATE,
        2: Outcome.REFUSED,
        3: Outcome.MISSING,
        4: Outcome.REFUSED,
    }
    assert receipts[2].problems[0].field == "email"
    assert receipts[4].problems[0].code == "duplicate"


def test_addresses_move_along_a_chain(account: Account) -> None:
    held = account.held()
    first, second = held["30"], held["31"]

    receipts = account.write(
        update(1, first, {"email": second["email"]}), update(2, second, {"email": "free@example.org"})
    )

    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.DONE}
    assert account.held()["30"]["email"].lower() == second["email"].lower()


FAULTS = [
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 503},
    {"kind": "html"},
    {"kind": "html", "status": 200},
    {"kind": "truncate"},
    {"kind": "truncate", "clean": True},
    {"kind": "drop"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_pass_survives_every_fault(account: Account, fault: dict[str, Any]) -> None:
    account.fault("GET /contacts", at_request=2, **fault)

    assert set(ids(account.read())) == set(account.held())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS[1:], ids=str)
def test_a_lost_create_is_in_doubt_and_never_made_twice(
    account: Account, fault: dict[str, Any], when: str
) -> None:
    account.fault("POST /contacts", when=when, **fault)

    with pytest.raises(SystemFailure) as caught:
        account.write(create(1))

    assert caught.value.in_doubt
    assert len(account.system.find("contact", ["new1@example.org"], ["email"])) == (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_an_update_survives_every_fault(account: Account, fault: dict[str, Any], when: str) -> None:
    account.fault("PUT /contacts/{id}", when=when, **fault)

    receipt = account.write(update(1, account.held()["40"], {"firstName": "Ada"}))[1]

    assert receipt.outcome is Outcome.DONE
    assert account.held()["40"]["firstName"] == "Ada"


@pytest.mark.parametrize("fault", FAULTS[1:], ids=str)
def test_a_lost_import_is_in_doubt(account: Account, fault: dict[str, Any]) -> None:
    account.fault("POST /import/bulk_import", when="after", **fault)

    with pytest.raises(SystemFailure) as caught:
        account.write(*(create(n) for n in range(10)))

    assert caught.value.in_doubt


@pytest.mark.parametrize("address", ["bad@@example.org", ""])
@pytest.mark.parametrize("place", [0, 7, 29])
def test_one_bad_contact_does_not_sink_an_import(account: Account, place: int, address: str) -> None:
    writes = [create(n) for n in range(30)]
    writes[place] = msgspec.structs.replace(writes[place], key=address, values={"email": address or None})
    batch = Batch(kind="import_create", object="contact", op=Op.CREATE, writes=writes, asynchronous=True)

    receipts = {receipt.write_id: receipt for receipt in account.system.send(batch, OPTIONS)}

    made, failed = settled(account, receipts)
    refused = [id_ for id_, receipt in receipts.items() if receipt.outcome is Outcome.REFUSED]
    assert len(made) == 29
    assert (refused, failed) in [([place], set()), ([], {address})]
    assert account.spent()["POST /import/bulk_import"] <= 4


def test_the_real_limits_are_kept_without_a_refusal_being_seen() -> None:
    with sandbox("real") as ready:
        account = Account(ready, pace=1.0)
        account.read()

        assert {"per_second": 5.0} in account.budget.learned
        assert account.write(*(create(n) for n in range(8)))[7].outcome is Outcome.DONE
        account.close()
