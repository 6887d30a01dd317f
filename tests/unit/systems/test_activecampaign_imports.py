from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest
from tests.helpers.activecampaign import FIELDS, Script, reply

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Op, Outcome, Receipt, Write, WriteOptions
from crosswalk.core.values import Value

PATH = "/import/bulk_import"
OPTIONS = WriteOptions()
THROTTLED = {"success": 0, "message": "Rate limit exceeded.", "failureReasons": ["Too many import requests"]}


@pytest.fixture
def script() -> Script:
    script = Script()
    script.system.describe("contact")
    script.requests.clear()
    return script


def create(id_: int, **values: Value) -> Write:
    email = f"p{id_}@example.org"
    return Write(
        id=id_, object="contact", op=Op.CREATE, record_id=None, key=email, values={"email": email, **values}
    )


def queued(batch_id: str = "b1") -> httpx2.Response:
    return reply(
        200, {"Success": 1, "queued_contacts": 1, "batchId": batch_id, "message": "Contact import queued"}
    )


def send(script: Script, writes: list[Write], options: WriteOptions = OPTIONS) -> dict[int, Receipt]:
    (batch,) = script.system.batches(writes, options)
    return {receipt.write_id: receipt for receipt in script.system.send(batch, options)}


def picky(bad: set[str], base: int, *, names: str = "number") -> Callable[[httpx2.Request], httpx2.Response]:
    """An import that refuses as a whole when one of its addresses is `bad`, and says which in its own way."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        emails = [row["email"] for row in msgspec.json.decode(request.content)["contacts"]]
        found = [index for index, email in enumerate(emails) if email in bad]
        if not found:
            return queued(f"batch-of-{len(emails)}")
        reasons: list[Any] = []
        for index in found:
            reason = {"contact": index + base, "failureReason": "Email is not valid"}
            if names == "address":
                reason = {"contact": 999, "failureReason": f"Email is not valid: {emails[index]}"}
            reasons.append(reason)
        return reply(
            400, {"success": 0, "message": "Refused", "failureReasons": reasons if names != "nothing" else []}
        )

    return answer


def test_it_works(script: Script) -> None:
    script.on("POST", PATH, queued())
    values: dict[str, Value] = {
        "firstName": "Wei",
        "lastName": None,
        "phone": "1",
        "field/7": "Oslo",
        "field/12": ("Email", "Phone"),
    }

    receipts = send(script, [create(0, **values), *(create(n) for n in range(1, 10))])

    assert script.body()["contacts"][0] == {
        "email": "p0@example.org",
        "first_name": "Wei",
        "phone": "1",
        "fields": [{"id": 7, "value": "Oslo"}, {"id": 12, "value": "||Email||Phone||"}],
    }
    assert len(script.requests) == 1
    assert {(receipt.outcome, receipt.batch_id) for receipt in receipts.values()} == {(Outcome.QUEUED, "b1")}
    assert sorted(receipts) == list(range(10))


def test_nobody_is_subscribed_and_automations_are_left_out_when_asked(script: Script) -> None:
    script.on("POST", PATH, queued())

    send(script, [create(n) for n in range(10)], WriteOptions(exclude_automations=True))

    assert script.body()["contacts"][3] == {"email": "p3@example.org", "exclude_automations": True}


def test_updates_are_addressed_by_the_address_just_read(script: Script) -> None:
    script.on("POST", PATH, queued())
    writes = [
        Write(
            id=n,
            object="contact",
            op=Op.UPDATE,
            record_id=str(n),
            key=f"p{n}@example.org",
            values={"field/7": "Oslo"},
        )
        for n in range(201)
    ]

    receipts = send(script, writes)

    assert script.body()["contacts"][7] == {"email": "p7@example.org", "fields": [{"id": 7, "value": "Oslo"}]}
    assert (receipts[7].outcome, receipts[7].record_id) == (Outcome.QUEUED, "7")


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("bad", [{0}, {249}, {100}, {3, 4, 200}])
def test_only_the_bad_rows_of_a_refused_import_are_refused(script: Script, bad: set[int], base: int) -> None:
    script.on("POST", PATH, picky({f"p{n}@example.org" for n in bad}, base))

    receipts = send(script, [create(n) for n in range(250)])

    assert {id_ for id_, receipt in receipts.items() if receipt.outcome is Outcome.REFUSED} == bad
    assert {receipt.outcome for id_, receipt in receipts.items() if id_ not in bad} == {Outcome.QUEUED}
    problem = receipts[min(bad)].problems[0]
    assert (problem.field, problem.message) == ("email", "Email is not valid")
    assert len(script.requests) <= 2 + 2 * len(bad)


def test_a_row_named_by_its_address_is_found_at_once(script: Script) -> None:
    script.on("POST", PATH, picky({"p100@example.org"}, 0, names="address"))

    receipts = send(script, [create(n) for n in range(250)])

    assert receipts[100].outcome is Outcome.REFUSED
    assert len(script.requests) == 3


def test_a_refusal_without_reasons_is_narrowed_down_by_halves(script: Script) -> None:
    script.on("POST", PATH, picky({"p100@example.org"}, 0, names="nothing"))

    receipts = send(script, [create(n) for n in range(250)])

    assert [id_ for id_, receipt in receipts.items() if receipt.outcome is Outcome.REFUSED] == [100]
    assert len(receipts) == 250
    assert len(script.requests) <= 2 * 8 + 1


def test_a_vanished_field_is_named_at_the_first_refusal(script: Script) -> None:
    reasons = [{"contact": n, "failureReason": "There is no field with id 7."} for n in range(20)]
    script.on("POST", PATH, reply(400, {"success": 0, "message": "Not valid.", "failureReasons": reasons}))
    script.on(
        "GET", "/fields", reply(200, {**FIELDS, "fields": FIELDS["fields"][1:], "meta": {"total": "7"}})
    )

    with pytest.raises(SystemFailure, match=r"no contact field City \(field/7\) any more") as caught:
        send(script, [create(n, **{"field/7": "Oslo"}) for n in range(20)])

    assert (caught.value.kind, caught.value.in_doubt) == (FailureKind.MAPPING, False)
    assert script.calls() == [f"POST {PATH}"]


def test_rows_that_cannot_be_written_are_refused_without_a_call(script: Script) -> None:
    script.on("POST", PATH, queued())

    receipts = send(script, [create(0, **{"field/99": "x"}), *(create(n) for n in range(1, 12))])

    assert receipts[0].outcome is Outcome.REFUSED
    assert len(script.body()["contacts"]) == 11


def test_the_limit_of_imports_is_waited_out(script: Script) -> None:
    script.on("POST", PATH, reply(400, THROTTLED), reply(400, THROTTLED), queued())

    receipts = send(script, [create(n) for n in range(10)])

    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.QUEUED}
    assert script.clock.slept == [5.0, 10.0]


def test_contacts_that_stay_throttled_may_be_tried_later(script: Script) -> None:
    script.on("POST", PATH, reply(400, THROTTLED))

    receipts = send(script, [create(n) for n in range(10)])

    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.RETRY}


def test_no_more_than_a_hundred_imports_go_in_a_minute(script: Script) -> None:
    script.on("POST", PATH, queued())

    for _ in range(101):
        send(script, [create(n) for n in range(10)])

    assert sum(script.clock.slept) == 60.0


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.RemoteProtocolError("gone"),
        httpx2.Response(503),
        httpx2.Response(200, content=b'{"Success":1,"ba'),
    ],
    ids=["dropped", "503", "truncated"],
)
def test_an_import_whose_answer_is_lost_is_in_doubt(
    script: Script, fault: httpx2.Response | Exception
) -> None:
    script.on("POST", PATH, fault)

    with pytest.raises(SystemFailure) as caught:
        send(script, [create(n) for n in range(10)])

    assert (caught.value.kind, caught.value.in_doubt) == (FailureKind.TRANSIENT, True)
    assert len(script.requests) == 1


def test_an_import_that_was_queued_in_part_is_in_doubt_whatever_stops_the_rest(script: Script) -> None:
    refusal = {"success": 0, "message": "Refused", "failureReasons": []}
    script.on("POST", PATH, reply(400, refusal), queued(), reply(403, {"message": "Forbidden"}))
    script.on("GET", "/users/me", reply(403, {"message": "Forbidden"}))

    with pytest.raises(SystemFailure) as caught:
        send(script, [create(n) for n in range(10)])

    assert (caught.value.kind, caught.value.in_doubt) == (FailureKind.AUTH, True)


# --- following


def totals(*batches: str) -> httpx2.Response:
    outstanding = [{"forDate": "2026-03-02", "batches": count, "contacts": "250"} for count in batches]
    return reply(200, {"outstanding": outstanding, "recentlyCompleted": []})


def info(status: str, success: list[Any] | None = None, failure: list[Any] | None = None) -> httpx2.Response:
    return reply(200, {"status": status, "success": success or [], "failure": failure or []})


def settle(script: Script, *batch_ids: str, seconds: float = 600) -> dict[str, Any]:
    return dict(script.system.settle(list(batch_ids), script.clock.now() + timedelta(seconds=seconds)))


def test_imports_are_asked_once_when_nothing_is_outstanding(script: Script) -> None:
    script.on("GET", PATH, totals("2"), totals("1"), totals())
    script.on("GET", "/import/info", info("completed", ["512", 513], ["Bad@@example.org"]), info("completed"))

    results = settle(script, "b1", "b2")

    assert (results["b1"].record_ids, results["b1"].failed_keys) == (["512", "513"], ["bad@@example.org"])
    assert list(results) == ["b1", "b2"]
    assert script.calls() == [*["GET /import/bulk_import"] * 3, *["GET /import/info"] * 2]
    assert script.clock.slept == pytest.approx([0.3, 0.45, 0.675])


def test_an_import_that_is_not_completed_yet_is_asked_again(script: Script) -> None:
    script.on("GET", PATH, totals())
    script.on("GET", "/import/info", info("waiting"), info("active"), info("completed", ["1"]))

    assert settle(script, "b1")["b1"].record_ids == ["1"]


def test_imports_not_through_at_the_deadline_are_left_out(script: Script) -> None:
    began = script.clock.now()
    script.on("GET", PATH, totals("1"))
    script.on("GET", "/import/info", info("waiting"))

    assert settle(script, "b1", seconds=60) == {}
    assert script.clock.now() - began == timedelta(seconds=60)


def test_other_tools_that_keep_the_queue_full_do_not_hold_ours_up(script: Script) -> None:
    began = script.clock.now()
    script.on("GET", PATH, totals("40"))
    script.on("GET", "/import/info", info("completed", ["1"]))

    assert list(settle(script, "b1", "b2")) == ["b1", "b2"]
    assert script.clock.now() - began < timedelta(seconds=30)


def test_an_unknown_import_is_left_out(script: Script) -> None:
    script.on("GET", PATH, totals())
    script.on("GET", "/import/info", reply(404, {"message": "no such batch"}))

    assert settle(script, "b1", seconds=20) == {}


def test_a_failed_contact_may_come_as_an_object(script: Script) -> None:
    script.on("GET", PATH, totals())
    script.on("GET", "/import/info", info("completed", failure=[{"email": "A@example.org"}, {}, None]))

    assert settle(script, "b1")["b1"].failed_keys == ["a@example.org"]


@pytest.mark.parametrize(
    ("rows", "waiting"),
    [
        ([], False),
        (None, False),
        ([{"forDate": "2026-03-02", "batches": "3", "contacts": "750"}], True),
        ([{"forDate": "2026-03-02", "batches": "0", "contacts": "0"}], False),
        ([{"forDate": "2026-03-02", "batches": 1, "contacts": 5}], True),
    ],
)
def test_outstanding_imports_are_seen(script: Script, rows: object, waiting: bool) -> None:
    script.on("GET", PATH, reply(200, {"outstanding": rows}))

    assert script.system.outstanding() is waiting
