"""The connector against the sandbox's org, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import Clock, SystemClock
from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.core.system import Op, Outcome, Page, Receipt, Record, Write, WriteOptions
from crosswalk.core.values import Value
from crosswalk.systems.salesforce import Salesforce, connect, ranges

OPTIONS = WriteOptions()
NAMES = ["LastName", "FirstName", "Phone"]
EVERY_KIND: dict[str, Value] = {
    "LastName": 'Müller 🐎 O\'Neil \\ "x"',
    "Email": "mixed.case@Example.org",
    "Phone": "+43 1 234",
    "Notes__c": "first line\nsecond line",
    "Score__c": "1234567890.12",
    "Annual_Budget__c": "0",
    "Birthday__c": "1990-02-28",
    "Last_Meeting__c": "2026-03-01T10:15:30Z",
    "Partner__c": True,
    "Region__c": None,
    "Interests__c": None,
    "Profile_URL__c": "https://example.org/p?a=b&c=d",
}


class Rig:
    """A running org: what opens it, and its control side."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.ready = ready
        self._control = httpx2.Client(base_url=ready["control"], trust_env=False, timeout=30)
        self._opened: list[Salesforce] = []

    def open(self, clock: Clock | None = None, **other: str) -> Salesforce:
        return self.connect({**self.ready, **other}, clock)

    def connect(self, credentials: dict[str, str], clock: Clock | None = None) -> Salesforce:
        system = connect(credentials, budget=FreeBudget(), clock=clock or SystemClock())
        self._opened.append(system)
        return system

    def begin_again(self) -> None:
        self.control("POST", "reset", {})
        self.control("DELETE", "faults")

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

    def person(self, op: str, record_id: str | None = None, **values: object) -> Any:
        order = {"object": "Contact", "op": op, "id": record_id, "values": values}
        return self.control("POST", "person", order)

    def fault(self, route: str, **fault: object) -> None:
        self.control("POST", "faults", {"route": route, "times": 1, **fault})

    def calls(self) -> int:
        return int(self.control("GET", "counts")["total"])

    def row(self, record_id: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.control("GET", "dump")["Contact"]
        return next(row for row in rows if row["Id"] == record_id)


@contextmanager
def running(*options: str) -> Iterator[Rig]:
    command = [str(Path(sys.executable).with_name("crosswalk-sandbox")), "--salesforce", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            rig = Rig(json.loads(process.stdout.readline())["salesforce"])
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
def org(served: Rig) -> Iterator[Rig]:
    """The org as it began."""
    served.begin_again()
    yield served
    served.hang_up()


def read(system: Salesforce, cursor: str | None = None, fields: Sequence[str] = NAMES) -> list[Page]:
    return list(system.feed("contact", fields, cursor, lambda _moment: 0))


def records(pages: Sequence[Page]) -> dict[str, Record]:
    return {record.id: record for page in pages for record in page.records}


def write(number: int, record_id: str | None, **values: Value) -> Write:
    op = Op.UPDATE if record_id else Op.CREATE
    return Write(id=number, object="contact", op=op, record_id=record_id, key=None, values=values)


def send(system: Salesforce, *writes: Write) -> dict[int, Receipt]:
    batches = list(system.batches(writes, OPTIONS))
    return {receipt.write_id: receipt for batch in batches for receipt in system.send(batch, OPTIONS)}


def failure_of(system: Salesforce) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        read(system)
    return caught.value


def test_it_works(org: Rig) -> None:
    system = org.open()

    found = records(read(system))

    rows = {row["Id"]: row for row in org.control("GET", "dump")["Contact"]}
    assert set(found) == set(rows)
    assert {each.id: each.values["LastName"] for each in found.values()} == {
        row["Id"]: row["LastName"] for row in rows.values()
    }
    assert all(
        each.key == (rows[each.id]["Email"] or "").lower() or each.key is None for each in found.values()
    )


def test_every_check_passes(org: Rig) -> None:
    assert [check for check in org.open().check() if not check.ok] == []


def test_the_minimum_of_credentials_suffices(org: Rig) -> None:
    given = {name: org.ready[name] for name in ("login_url", "client_id", "client_secret")}
    system = org.connect(given)

    assert system.user_id() == org.ready["user_id"]
    assert len(system.identity()) == 18


def test_a_refresh_token_serves_where_client_credentials_are_not_granted(org: Rig) -> None:
    body = {"error": "invalid_grant", "error_description": "no client credentials user enabled"}
    org.fault("POST /services/oauth2/token", kind="status", status=400, body=json.dumps(body))

    assert len(records(read(org.open()))) == 30


def test_a_wrong_secret_is_a_lost_sign_in_that_says_what_to_do(org: Rig) -> None:
    failure = failure_of(org.open(client_secret="wrong"))

    assert failure.kind is FailureKind.AUTH
    assert "secret" in failure.cure


def test_every_kind_of_value_comes_back_as_it_was_written(org: Rig) -> None:
    system = org.open()
    schema = system.describe("contact")
    region = schema.fields["Region__c"].options[0].value
    interests = tuple(sorted(option.value for option in schema.fields["Interests__c"].options[:2]))
    values = {**EVERY_KIND, "Region__c": region, "Interests__c": interests}

    receipt = send(system, write(1, None, **values))[1]
    assert (receipt.outcome, receipt.record_id is not None) == (Outcome.DONE, True)

    (found,) = system.fetch("contact", [str(receipt.record_id)], list(values)).records
    assert {**found.values, "Email": None} == {**values, "Email": None}
    assert (found.key, found.modified_by) == ("mixed.case@example.org", system.user_id())


def test_every_field_can_be_emptied(org: Rig) -> None:
    system = org.open()
    receipt = send(system, write(1, None, **EVERY_KIND))[1]
    emptied = {name: None for name in EVERY_KIND if name != "LastName"}

    assert send(system, write(2, receipt.record_id, **emptied))[2].outcome is Outcome.DONE

    (found,) = system.fetch("contact", [str(receipt.record_id)], list(emptied)).records
    assert found.values == {**emptied, "Partner__c": False}


def test_a_made_record_is_found_by_e_mail_with_its_maker(org: Rig) -> None:
    system = org.open()
    receipt = send(system, write(1, None, LastName="Neil", Email="O'Neil+x@Example.org"))[1]

    (found,) = system.find("contact", ["o'neil+x@example.org"], ["CreatedById"])

    assert (found.id, found.values["CreatedById"]) == (receipt.record_id, system.user_id())


def test_what_people_do_arrives_in_the_next_pass(org: Rig) -> None:
    system = org.open()
    pages = read(system)
    first, second = list(records(pages))[:2]
    made = org.person("create", LastName="New", Email="new@example.org")["Id"]
    org.person("edit", first, FirstName="Edited")
    org.person("delete", second)

    changed = records(read(system, pages[-1].cursor))

    assert changed[made].values["LastName"] == "New"
    assert changed[first].values["FirstName"] == "Edited"
    assert changed[first].modified_by not in {None, system.user_id()}
    assert changed[second].deleted


def test_a_record_that_became_another_says_which(org: Rig) -> None:
    system = org.open()
    fields = ["LastName", "Email"]
    leads = list(system.feed("lead", fields, None, lambda _moment: 0))
    lead, winner, loser = list(records(leads))[:3]

    def lives(op: str, record_id: str, **values: object) -> Any:
        order = {"object": "Lead", "op": op, "id": record_id, "values": values}
        return org.control("POST", "person", order)

    contact = lives("convert", lead)["ConvertedContactId"]
    lives("merge", winner, recordToMergeIds=[loser])

    changed = records(list(system.feed("lead", fields, leads[-1].cursor, lambda _moment: 0)))
    assert (changed[lead].converted_to, changed[lead].deleted) == (contact, False)
    assert (changed[loser].master_id, changed[loser].deleted) == (winner, True)
    assert changed[winner].converted_to is None
    (fetched,) = system.fetch("lead", [lead], fields).records
    assert fetched.converted_to == contact
    late = Write(id=1, object="lead", op=Op.UPDATE, record_id=lead, key=None, values={"LastName": "Late"})
    assert send(system, late)[1].outcome is Outcome.MOVED


def test_an_idle_pass_costs_one_call(org: Rig) -> None:
    system = org.open()
    cursor = read(system)[-1].cursor
    before = org.calls()

    assert records(read(system, cursor)) == {}
    assert org.calls() == before + 1


def test_everything_is_read_again_by_ranges_of_ids(org: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PAGE", 8)
    system = org.open()
    fed = records(read(system))
    gone = list(fed)[3]
    org.person("delete", gone)
    before = org.calls()

    parts = [system.read_range("contact", NAMES, "")]
    while (upto := parts[-1].upto) is not None:
        parts.append(system.read_range("contact", NAMES, upto))

    found = [record for part in parts for record in part.records]
    assert [each.id for each in found] == sorted(set(fed) - {gone})
    assert {each.id: each for each in found} == {each: fed[each] for each in fed if each != gone}
    assert [len(part.records) for part in parts] == [8, 8, 8, 5]
    assert org.calls() == before + 4


def test_a_range_holds_only_what_a_selection_takes(org: Rig) -> None:
    system = org.open()
    wanted = next(iter(records(read(system)).values())).values["LastName"]
    criteria = Criteria(rows=(Criterion(field="LastName", operator=Operator.EQUALS, values=(str(wanted),)),))

    part = system.read_range(
        "contact", NAMES, "", [Selection(kind=SelectionKind.CRITERIA, criteria=criteria)]
    )

    assert {each.values["LastName"] for each in part.records} == {wanted}
    assert part.upto is None


def test_a_record_that_is_gone_is_missing_for_reads_and_writes(org: Rig) -> None:
    system = org.open()
    gone = next(iter(records(read(system))))
    org.person("delete", gone)

    assert system.fetch("contact", [gone], NAMES).missing == [gone]
    assert send(system, write(1, gone, FirstName="A"))[1].outcome is Outcome.MISSING


@pytest.mark.parametrize(
    ("values", "field", "kind"),
    [
        ({"Email": "not an address"}, "Email", FailureKind.DATA),
        ({"FirstName": "x" * 41}, "FirstName", FailureKind.DATA),
        ({"LastName": None}, "LastName", FailureKind.DATA),
        ({"Region__c": "Atlantis"}, "Region__c", FailureKind.DATA),
        ({"Discount__c": "12345678"}, "Discount__c", FailureKind.DATA),
        ({"Full_Label__c": "x"}, "Full_Label__c", FailureKind.PERMISSION),
        ({"Gone__c": "x"}, "Gone__c", FailureKind.MAPPING),
    ],
)
def test_a_refused_value_names_its_field_and_spares_the_other_records(
    org: Rig, values: dict[str, Value], field: str, kind: FailureKind
) -> None:
    system = org.open()
    first, second = list(records(read(system)))[:2]

    receipts = send(system, write(1, first, **values), write(2, second, FirstName="Fine"))

    assert (receipts[1].outcome, receipts[2].outcome) == (Outcome.REFUSED, Outcome.DONE)
    (problem,) = receipts[1].problems
    assert (problem.field, problem.kind) == (field, kind)
    assert problem.cure
    assert org.row(second)["FirstName"] == "Fine"


def test_five_hundred_writes_are_three_calls(org: Rig) -> None:
    system = org.open()
    system.describe("contact")
    before = org.calls()

    receipts = send(system, *(write(number, None, LastName=f"Bulk {number}") for number in range(500)))

    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.DONE}
    assert len({receipt.record_id for receipt in receipts.values()}) == 500
    assert org.calls() == before + 3


@pytest.mark.parametrize(
    "fault", [{"kind": "html"}, {"kind": "truncate"}, {"kind": "drop"}, {"kind": "status", "status": 503}]
)
def test_a_read_survives_passing_trouble(org: Rig, fault: dict[str, object]) -> None:
    org.fault("GET /queryAll", **fault)

    assert len(records(read(org.open()))) == 30


@pytest.mark.parametrize("kind", ["html", "truncate", "drop"])
def test_a_write_whose_answer_is_lost_is_in_doubt_and_sent_once(org: Rig, kind: str) -> None:
    system = org.open()
    system.describe("contact")
    org.fault("POST /composite/sobjects", kind=kind, when="after")

    with pytest.raises(SystemFailure) as caught:
        send(system, write(1, None, LastName="Once", Email="once@example.org"))

    assert caught.value.in_doubt
    assert len(system.find("contact", ["once@example.org"], NAMES)) == 1


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("TotalRequests Limit exceeded.", 3600),
        ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 60),
    ],
)
def test_a_used_up_limit_says_how_long(org: Rig, said: str, pause: int) -> None:
    body = json.dumps([{"message": said, "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    org.control(
        "POST",
        "faults",
        {"route": "GET /queryAll", "kind": "status", "status": 403, "body": body, "rate": 1.0},
    )

    with pytest.raises(SystemFailure) as caught:
        read(org.open(_Hasty()))
    assert (caught.value.kind, caught.value.retry_after) == (FailureKind.QUOTA, pause)


class _Hasty(SystemClock):
    def sleep(self, seconds: float) -> None:
        del seconds


def test_a_field_that_vanished_is_named(org: Rig) -> None:
    system = org.open()
    system.describe("contact")
    body = [{"message": "\nNo such column 'Phone' on entity 'Contact'.", "errorCode": "INVALID_FIELD"}]
    org.fault("GET /queryAll", kind="status", status=400, body=json.dumps(body))

    failure = failure_of(system)

    assert failure.kind is FailureKind.MAPPING
    assert "Phone" in failure.message
    assert "mapping" in failure.cure


def test_an_unknown_field_is_named_before_anything_is_asked(org: Rig) -> None:
    with pytest.raises(SystemFailure, match="Gone__c") as caught:
        read(org.open(), fields=["Gone__c"])
    assert caught.value.kind is FailureKind.MAPPING


def test_a_long_feed_survives_an_expired_token_and_costs_few_calls() -> None:
    with running("--leads", "0", "--contacts", "4500", "--limits", "off") as org:
        system = org.open()
        system.describe("contact")
        before = org.calls()
        seen: dict[str, Record] = {}
        for number, page in enumerate(system.feed("contact", NAMES, None, _nothing_seen)):
            seen |= records([page])
            if number == 0:
                assert page.total == 4500
                _revoke(org, system)

        assert len(seen) == 4500
        # Three pages; the refused call may count as well.
        assert org.calls() - before <= 4


def _nothing_seen(_moment: datetime) -> int:
    return 0


def _revoke(org: Rig, system: Salesforce) -> None:
    """End the session, as an admin or the clock does."""
    token = system._client.session.token().value
    answer = httpx2.post(
        f"{org.ready['login_url']}/services/oauth2/revoke", data={"token": token}, trust_env=False
    )
    assert answer.status_code == 200, answer.text


def test_scheduled_jobs_are_read_in_one_call(org: Rig) -> None:
    system = org.open()
    system.identity()
    calls = org.calls()

    jobs = system.scheduled_jobs()

    assert org.calls() - calls == 1
    assert [each.kind for each in jobs if each.name == "Nightly territory clean-up"] == ["scheduled Apex"]
    assert all(each.state == "WAITING" and each.zone == "GMT" for each in jobs)
    assert all(each.last_at is not None and each.next_at is not None for each in jobs)
    assert all(each.last_at < each.next_at for each in jobs if each.last_at and each.next_at)
