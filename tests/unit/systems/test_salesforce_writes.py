from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import pytest
from tests.helpers.salesforce import DATA, NOON, Org, body_of, contact, error

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Op, Outcome, Receipt, System, Write, WriteOptions
from crosswalk.core.values import Value
from crosswalk.systems.salesforce import Salesforce

COLLECTIONS = f"{DATA}/composite/sobjects"
OPTIONS = WriteOptions()


def create(number: int, object_: str = "contact", **values: Value) -> Write:
    return Write(id=number, object=object_, op=Op.CREATE, record_id=None, key="a@example.org", values=values)


def update(number: int, object_: str = "contact", **values: Value) -> Write:
    record_id = contact(number)["Id"]
    return Write(id=number, object=object_, op=Op.UPDATE, record_id=record_id, key=None, values=values)


def send(system: Salesforce, writes: Sequence[Write]) -> dict[int, Receipt]:
    receipts = [
        receipt for batch in system.batches(writes, OPTIONS) for receipt in system.send(batch, OPTIONS)
    ]
    assert len(receipts) == len(writes)
    return {receipt.write_id: receipt for receipt in receipts}


def failure_of(system: Salesforce, writes: Sequence[Write]) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        send(system, writes)
    return caught.value


def refusing(code: str, message: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def answering(*results: dict[str, Any]) -> Org:
    """An org that answers a write with these results."""
    org = Org()
    org.before = lambda request: (
        httpx2.Response(200, json=list(results)) if request.url.path == COLLECTIONS else None
    )
    return org


def choosy(refuses: Callable[[dict[str, Any]], bool], refusal: httpx2.Response) -> Org:
    """An org that refuses a whole write when one of its records displeases."""
    org = Org()

    def answer(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path != COLLECTIONS:
            return None
        records = body_of(request)["records"]
        return refusal if any(refuses(record) for record in records) else None

    org.before = answer
    return org


def writes_sent(org: Org) -> list[httpx2.Request]:
    return [request for request in org.requests if request.url.path == COLLECTIONS]


def test_it_works() -> None:
    org = Org()
    system = org.open()

    receipts = send(system, [create(1, LastName="Vogel", Score__c="12.50"), update(2, FirstName=None)])

    changed, created = org.bodies[1:]
    assert changed == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Contact"}, "id": contact(2)["Id"], "FirstName": None}],
    }
    assert created["records"] == [{"attributes": {"type": "Contact"}, "LastName": "Vogel", "Score__c": 12.5}]
    assert [request.method for request in writes_sent(org)] == ["PATCH", "POST"]
    assert (receipts[1].outcome, receipts[1].record_id) == (Outcome.DONE, "0035g1000000000AAA")
    assert (receipts[2].outcome, receipts[2].record_id) == (Outcome.DONE, contact(2)["Id"])


def test_writes_keep_assignment_rules_off_and_say_who_they_are() -> None:
    org = Org()

    send(org.open(), [create(1, LastName="Vogel")])

    (request,) = writes_sent(org)
    assert request.headers["Sforce-Auto-Assign"] == "FALSE"
    assert request.headers["Sforce-Call-Options"] == "client=Crosswalk/1.0"
    assert "Sforce-Duplicate-Rule-Header" not in request.headers


def test_a_call_carries_two_hundred_records_of_one_object_and_one_kind() -> None:
    writes = [
        (create if number % 3 else update)(number, "lead" if number % 2 else "contact")
        for number in range(900)
    ]

    batches = list(Org().open().batches(writes, OPTIONS))

    assert sorted(write.id for batch in batches for write in batch.writes) == list(range(900))
    assert all(len(batch.writes) <= 200 and not batch.asynchronous for batch in batches)
    assert all({(w.object, w.op) for w in batch.writes} == {(batch.object, batch.op)} for batch in batches)
    assert len(batches) == 6


def test_no_call_names_a_record_twice() -> None:
    twice = [update(1, FirstName="A"), update(2, FirstName="B"), update(1, LastName="C")]

    batches = list(Org().open().batches(twice, OPTIONS))

    assert [[write.record_id for write in batch.writes] for batch in batches] == [
        [contact(1)["Id"], contact(2)["Id"]],
        [contact(1)["Id"]],
    ]


@pytest.mark.parametrize(
    ("write", "code", "outcome", "kind"),
    [
        (update(1), "UNABLE_TO_LOCK_ROW", Outcome.RETRY, FailureKind.TRANSIENT),
        (update(1), "REQUEST_LIMIT_EXCEEDED", Outcome.RETRY, FailureKind.QUOTA),
        (update(1), "ENTITY_IS_DELETED", Outcome.MISSING, FailureKind.CONFLICT),
        (update(1), "INVALID_CROSS_REFERENCE_KEY", Outcome.MISSING, FailureKind.CONFLICT),
        (update(1), "NOT_FOUND", Outcome.MISSING, FailureKind.CONFLICT),
        (create(1), "ENTITY_IS_DELETED", Outcome.REFUSED, FailureKind.CONFLICT),
        (update(1), "DUPLICATE_VALUE", Outcome.REFUSED, FailureKind.CONFLICT),
        (create(1), "DUPLICATES_DETECTED", Outcome.REFUSED, FailureKind.CONFLICT),
        (update(1), "CANNOT_UPDATE_CONVERTED_LEAD", Outcome.MOVED, FailureKind.CONFLICT),
        (create(1), "CANNOT_UPDATE_CONVERTED_LEAD", Outcome.REFUSED, FailureKind.CONFLICT),
        (update(1), "INSUFFICIENT_ACCESS_OR_READONLY", Outcome.REFUSED, FailureKind.PERMISSION),
        (create(1), "REQUIRED_FIELD_MISSING", Outcome.REFUSED, FailureKind.DATA),
        (create(1), "FIELD_CUSTOM_VALIDATION_EXCEPTION", Outcome.REFUSED, FailureKind.DATA),
        (create(1), "A_CODE_OF_NEXT_YEAR", Outcome.REFUSED, FailureKind.DATA),
    ],
)
def test_a_records_error_has_its_outcome(
    write: Write, code: str, outcome: Outcome, kind: FailureKind
) -> None:
    receipt = send(answering(refusing(code, "the vendor's words")).open(), [write])[1]

    assert receipt.outcome is outcome
    assert [(p.kind, p.code, p.message) for p in receipt.problems] == [(kind, code, "the vendor's words")]


@pytest.mark.parametrize(
    ("code", "message", "named", "fields"),
    [
        (
            "STRING_TOO_LONG",
            "First Name: data value too large: x (max length=40)",
            ["FirstName"],
            ["FirstName"],
        ),
        ("INVALID_EMAIL_ADDRESS", "Email: invalid email address: foo", ["Email"], ["Email"]),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value", ["Level__c"], ["Level__c"]),
        (
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName, Company]",
            [],
            ["LastName", "Company"],
        ),
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: Score__c. Please check the security settings of this field",
            [],
            ["Score__c"],
        ),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone numbers need a country", [], [None]),
    ],
)
def test_a_problem_names_its_field_and_a_cure(
    code: str, message: str, named: list[str], fields: list[str | None]
) -> None:
    receipt = send(answering(refusing(code, message, named)).open(), [update(1)])[1]

    assert [problem.field for problem in receipt.problems] == fields
    assert all(problem.cure for problem in receipt.problems)


def test_a_duplicate_names_the_other_record_by_its_long_id() -> None:
    message = "duplicate value found: Key__c duplicates value on record with id: 0035g00000AbCdE"

    receipt = send(answering(refusing("DUPLICATE_VALUE", message)).open(), [create(1)])[1]

    assert (receipt.outcome, receipt.record_id) == (Outcome.DUPLICATE, "0035g00000AbCdEAAV")


def test_a_missing_lookup_target_does_not_make_the_record_missing() -> None:
    org = answering(refusing("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["OwnerId"]))

    assert send(org.open(), [update(1)])[1].outcome is Outcome.REFUSED


def test_one_refused_record_leaves_the_others_done() -> None:
    org = answering(
        {"id": contact(1)["Id"], "success": True, "errors": []},
        refusing("STRING_TOO_LONG", "too long", ["FirstName"]),
        {"id": contact(3)["Id"], "success": True, "errors": []},
    )

    receipts = send(org.open(), [update(1), update(2), update(3)])

    assert [receipts[number].outcome for number in (1, 2, 3)] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]


def test_a_malformed_record_is_found_by_halving_and_the_others_are_written() -> None:
    parser = error("JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING value soon")
    org = choosy(lambda record: record["LastName"] in {"bad 17", "bad 130"}, parser)
    writes = [create(n, LastName=f"bad {n}" if n in {17, 130} else f"good {n}") for n in range(200)]

    receipts = send(org.open(), writes)

    refused = {number: receipt for number, receipt in receipts.items() if receipt.outcome is not Outcome.DONE}
    assert set(refused) == {17, 130}
    assert refused[17].outcome is Outcome.REFUSED
    assert refused[17].problems[0].code == "JSON_PARSER_ERROR"
    assert len(writes_sent(org)) < 35


def test_a_vanished_field_costs_one_more_call_not_one_for_each_record() -> None:
    gone = error("INVALID_FIELD", "No such column 'Score__c' on sobject of type Contact")
    org = choosy(lambda record: "Score__c" in record, gone)
    writes = [update(n, Score__c="1") if n % 2 else update(n, FirstName="A") for n in range(200)]

    receipts = send(org.open(), writes)

    assert {n for n, receipt in receipts.items() if receipt.outcome is Outcome.DONE} == set(range(0, 200, 2))
    problem = receipts[1].problems[0]
    assert (problem.field, problem.kind) == ("Score__c", FailureKind.MAPPING)
    assert "mapping" in problem.cure
    assert len(writes_sent(org)) == 2


def test_a_whole_refusal_without_words_refuses_only_the_record_it_is_about() -> None:
    org = choosy(lambda record: record["LastName"] == "bad", httpx2.Response(400, text="Bad Request"))

    receipts = send(org.open(), [create(1, LastName="bad"), create(2, LastName="good")])

    assert (receipts[1].outcome, receipts[2].outcome) == (Outcome.REFUSED, Outcome.DONE)
    assert receipts[1].problems[0].message


def test_what_cannot_be_written_is_refused_without_a_call() -> None:
    org = Org()

    receipts = send(org.open(), [create(1, Score__c="many"), create(2, Gone__c="x")])

    assert writes_sent(org) == []
    assert [receipts[1].problems[0].field, receipts[1].problems[0].kind] == ["Score__c", FailureKind.DATA]
    assert [receipts[2].problems[0].field, receipts[2].problems[0].kind] == ["Gone__c", FailureKind.MAPPING]


def test_a_missing_right_to_the_object_is_no_records_fault() -> None:
    org = choosy(lambda record: True, error("INVALID_TYPE", "sObject type 'Contact' is not supported."))

    failure = failure_of(org.open(), [create(n, LastName="A") for n in range(50)])

    assert (failure.kind, failure.in_doubt) == (FailureKind.PERMISSION, False)
    assert len(writes_sent(org)) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx2.ReadError("connection reset"),
        httpx2.ReadTimeout("too slow"),
        httpx2.Response(503, text="down"),
        httpx2.Response(200, html="<html>proxy</html>"),
        httpx2.Response(200, text='[{"id":"0035g1'),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json=[{"id": 5}]),
    ],
)
def test_a_write_without_a_clear_answer_is_in_doubt_and_not_repeated(
    trouble: httpx2.Response | Exception,
) -> None:
    org = Org()
    org.before = lambda request: trouble if request.url.path == COLLECTIONS else None

    assert failure_of(org.open(), [create(1, LastName="A")]).in_doubt
    assert len(writes_sent(org)) == 1


def test_a_failure_after_a_part_was_written_is_in_doubt() -> None:
    parser = error("JSON_PARSER_ERROR", "Cannot deserialize")
    spent = error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    org = choosy(lambda record: record["LastName"] == "bad", parser)
    usual = org.before
    org.before = lambda request: spent if len(writes_sent(org)) == 3 else usual(request)

    failure = failure_of(
        org.open(), [create(1, LastName="bad"), create(2, LastName="good"), create(3, LastName="x")]
    )

    assert (failure.kind, failure.in_doubt) == (FailureKind.QUOTA, True)


def test_an_expired_token_does_not_put_a_write_in_doubt() -> None:
    org = Org()
    expired = [error("INVALID_SESSION_ID", "Session expired or invalid", 401)]
    org.before = lambda request: expired.pop() if expired and request.url.path == COLLECTIONS else None

    assert send(org.open(), [create(1, LastName="A")])[1].outcome is Outcome.DONE
    assert (org.tokens, len(writes_sent(org))) == (2, 2)


def test_a_quota_refusal_of_a_write_is_certain_to_have_done_nothing() -> None:
    spent = error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    org = choosy(lambda record: True, spent)

    failure = failure_of(org.open(), [create(1, LastName="A")])

    assert (failure.kind, failure.in_doubt) == (FailureKind.QUOTA, False)


def test_what_salesforce_does_not_have_is_answered_so() -> None:
    system: System = Org().open()

    assert system.settle(["x"], NOON) == {}
    assert not system.outstanding()
    with pytest.raises(SystemFailure) as caught:
        system.tagged("vip", [], None)
    assert caught.value.kind is FailureKind.MAPPING
