from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.dataverse import ORGANIZATION, Environment, batch_answer, error, part
from tests.helpers.dataverse_rows import environment, guid, row, rows

from crosswalk.core.consent import Standing
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Op, Outcome, Receipt, Write, WriteOptions
from crosswalk.core.values import Value
from crosswalk.systems.dynamics import Dynamics
from crosswalk.systems.dynamics.writes import FEW_RECORDS, MANY, MOST_RECORDS, new_id

OPTIONS = WriteOptions()
DONE = part(204)


def create(number: int, **values: Value) -> Write:
    return Write(
        id=number, object="contact", op=Op.CREATE, record_id=None, key="a@example.org", values=values
    )


def update(number: int, **values: Value) -> Write:
    return Write(id=number, object="contact", op=Op.UPDATE, record_id=guid(number), key=None, values=values)


def send(system: Dynamics, *writes: Write) -> dict[int, Receipt]:
    found = [each for batch in system.batches(writes, OPTIONS) for each in system.send(batch, OPTIONS)]
    assert len(found) == len(writes)
    return {each.write_id: each for each in found}


def sent(environment: Environment) -> list[tuple[str, dict[str, str], Any]]:
    """The requests of the last batch: first line, headers, body."""
    found = []
    for text in re.split(r"--batch_\S+", environment.requests[-1].content.decode())[1:-1]:
        _mime, head, body = text.strip().replace("\r\n", "\n").split("\n\n", 2)
        first, *lines = head.split("\n")
        found.append((first, dict(line.split(": ", 1) for line in lines), json.loads(body)))
    return found


def refused(code: str, message: str = "no", status: int = 400) -> str:
    return part(status, {"error": {"code": code, "message": message}})


def opened(*replies: httpx2.Response | Exception) -> tuple[Environment, Dynamics]:
    """An environment that knows who we are, with its tables described."""
    given = environment(httpx2.Response(200, json={"UserId": guid(0), "OrganizationId": ORGANIZATION}))
    system = given.open()
    system.user_id()
    system.describe("contact")
    given.replies += replies
    return given, system


def test_an_update_sends_what_changes_and_never_makes_a_record() -> None:
    given, system = opened(batch_answer(DONE, DONE))
    receipts = send(system, update(1, lastname="Ruiz", score=None), update(2, vip=True, income="12.5"))
    assert {each.outcome for each in receipts.values()} == {Outcome.DONE}
    first, second = sent(given)
    assert first[0] == f"PATCH /api/data/v9.2/contacts({guid(1)}) HTTP/1.1"
    assert first[1]["If-Match"] == "*"
    assert first[2] == {"lastname": "Ruiz", "score": None}
    assert second[2] == {"vip": True, "income": 12.5}
    assert given.requests[-1].headers["prefer"] == "odata.continue-on-error"


def test_an_update_goes_for_the_version_that_was_read_just_now_and_once_only() -> None:
    given, system = opened(
        rows(row(1), row(2)), batch_answer(DONE, refused("0x80060882", status=412)), batch_answer(DONE, DONE)
    )
    system.fetch("contact", [guid(1), guid(2)], ["lastname"])
    receipts = send(system, update(1, lastname="Ruiz"), update(2, lastname="Ruiz"))
    assert [receipts[number].outcome for number in (1, 2)] == [Outcome.DONE, Outcome.CHANGED]
    assert [headers["If-Match"] for _first, headers, _body in sent(given)] == ['W/"1"', 'W/"2"']
    send(system, update(1, lastname="Diaz"), update(2, lastname="Diaz"))
    assert [headers["If-Match"] for _first, headers, _body in sent(given)] == ["*", 'W/"2"']


def test_versions_of_several_readings_count_until_the_feed_is_read() -> None:
    link = "https://acme.crm4.dynamics.com/api/data/v9.2/contacts?$deltatoken=1"
    given, system = opened(
        rows(row(1), row(2)), rows(row(1)), batch_answer(part(400)), rows(deltaLink=link), batch_answer(DONE)
    )
    system.fetch("contact", [guid(1), guid(2)], ["lastname"])
    system.fetch("contact", [guid(1)], ["lastname"])
    send(system, update(2, lastname="Ruiz"))
    assert sent(given)[0][1]["If-Match"] == 'W/"2"'
    list(system.feed("contact", ["lastname"], None, lambda moment: 0))
    send(system, update(2, lastname="Ruiz"))
    assert sent(given)[0][1]["If-Match"] == "*"


def test_a_create_brings_the_id_of_its_record() -> None:
    given, system = opened(batch_answer(DONE), batch_answer(refused("0x80040237", status=412)))
    write = create(7, lastname="Ruiz", source="Fair", interests=("Boats", "Tea"))
    receipt = send(system, write)[7]
    ((first, _headers, body),) = sent(given)
    assert first == "POST /api/data/v9.2/contacts HTTP/1.1"
    assert body == {"contactid": receipt.record_id, "lastname": "Ruiz", "source": 2, "interests": "1,3"}
    again = send(system, write)[7]
    assert again.outcome is Outcome.DUPLICATE
    assert again.record_id == receipt.record_id


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.text(), st.text())
def test_one_write_has_one_id_and_no_other_has_it(number: int, other: int, name: str, another: str) -> None:
    write = create(number, lastname=name or None)
    assert new_id("org", write) == new_id("org", create(number, lastname=name or None))
    assert new_id("org", write) != new_id("another org", write)
    different = (other, another or None) != (number, name or None)
    assert (new_id("org", create(other, lastname=another or None)) != new_id("org", write)) is different


def test_lookups_are_bound_by_the_names_of_metadata_which_are_asked_for_once() -> None:
    given, system = opened(batch_answer(DONE, DONE), batch_answer(DONE))
    send(system, update(1, territoryid=guid(9)), update(2, territoryid=None))
    assert [body for _first, _headers, body in sent(given)] == [
        {"acx_Territory@odata.bind": f"/territorys({guid(9)})"},
        {"acx_Territory@odata.bind": None},
    ]
    before = len(given.requests)
    send(system, update(1, territoryid=guid(8)))
    assert len(given.requests) == before + 1


@pytest.mark.parametrize(
    ("refusal", "outcome", "kind", "field"),
    [
        (refused("0x80040217", status=404), Outcome.MISSING, FailureKind.CONFLICT, None),
        (
            refused("0x80040217", f"territory With Id = {guid(9)} Does Not Exist", 404),
            Outcome.REFUSED,
            FailureKind.CONFLICT,
            None,
        ),
        (refused("0x80040519"), Outcome.MOVED, FailureKind.CONFLICT, None),
        (refused("0x80040333", status=412), Outcome.REFUSED, FailureKind.CONFLICT, None),
        (refused("0x80060892", status=412), Outcome.REFUSED, FailureKind.CONFLICT, None),
        (refused("0x80072322", status=429), Outcome.RETRY, FailureKind.QUOTA, None),
        (refused("0x80044151", status=500), Outcome.RETRY, FailureKind.TRANSIENT, None),
        (refused("0x80040220", status=403), Outcome.REFUSED, FailureKind.PERMISSION, None),
        (
            refused("0x80044331", "The length of the 'lastname' attribute of the 'contact' entity exceeded"),
            Outcome.REFUSED,
            FailureKind.DATA,
            "lastname",
        ),
    ],
)
def test_a_refusal_is_one_records_own(
    refusal: str, outcome: Outcome, kind: FailureKind, field: str | None
) -> None:
    _given, system = opened(batch_answer(DONE, refusal, DONE))
    receipts = send(system, *(update(number, lastname="Ruiz") for number in (1, 2, 3)))
    assert [receipts[number].outcome for number in (1, 2, 3)] == [Outcome.DONE, outcome, Outcome.DONE]
    assert [(each.kind, each.field) for each in receipts[2].problems] == [(kind, field)]


def test_what_does_not_fit_is_refused_without_a_call() -> None:
    given, system = opened(batch_answer(DONE))
    receipts = send(system, update(1, source="Radio"), update(2, nothing="x"), update(3, lastname="Ruiz"))
    assert [receipts[number].outcome for number in (1, 2, 3)] == [
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.DONE,
    ]
    assert [receipts[number].problems[0].field for number in (1, 2)] == ["source", "nothing"]
    assert len(sent(given)) == 1


def test_a_lost_update_is_in_doubt_and_not_sent_again() -> None:
    given, system = opened(httpx2.ReadTimeout("no answer"))
    with pytest.raises(SystemFailure) as caught:
        send(system, update(1, lastname="Ruiz"))
    assert caught.value.in_doubt
    assert not given.replies


def test_a_lost_create_is_sent_again_by_itself() -> None:
    given, system = opened(httpx2.ReadTimeout("no answer"), batch_answer(refused("0x80040237", status=412)))
    assert send(system, create(1, lastname="Ruiz"))[1].outcome is Outcome.DUPLICATE
    assert not given.replies


@pytest.mark.parametrize("done", [True, False])
def test_somebody_who_is_not_let_in_any_more_has_lost_the_sign_in(done: bool) -> None:
    _given, system = opened(
        batch_answer(DONE if done else refused("0x80040203"), refused("0x80040225", status=403))
    )
    with pytest.raises(SystemFailure) as caught:
        send(system, update(1, lastname="Ruiz"), update(2, lastname="Ruiz"))
    assert caught.value.kind is FailureKind.AUTH
    assert caught.value.in_doubt is done


def test_an_opt_out_ticks_the_box_for_mass_mail() -> None:
    given, system = opened(batch_answer(DONE, refused("0x80040217", status=404)))
    first, second = system.opt_out("contact", [guid(1), guid(2), guid(1)])
    assert (first.outcome, second.outcome) == (Outcome.DONE, Outcome.MISSING)
    assert first.after is not None
    assert first.after.standing is Standing.OUT
    assert second.after is None
    assert [body for _first, _headers, body in sent(given)] == [{"donotbulkemail": True}] * 2


def test_batches_name_each_record_once_and_updates_go_first() -> None:
    writes = [create(1), *(update(number) for number in range(2, FEW_RECORDS + 4)), update(2)]
    _given, system = opened()
    found = list(system.batches(writes, OPTIONS))
    assert [each.op for each in found][-1] is Op.CREATE
    assert sum(len(each.writes) for each in found) == len(writes)
    for each in found:
        ids: Sequence[str | None] = [write.record_id for write in each.writes]
        assert len(ids) <= FEW_RECORDS
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("waiting", "calls"), [(MANY, MANY // FEW_RECORDS), (MANY + 250, 5)])
def test_where_very_many_wait_more_go_a_call(waiting: int, calls: int) -> None:
    _given, system = opened()
    found = list(system.batches([create(number) for number in range(waiting)], OPTIONS))
    assert len(found) == calls
    assert max(len(each.writes) for each in found) == (FEW_RECORDS if waiting <= MANY else MOST_RECORDS)


def test_of_a_whole_batch_that_is_refused_only_the_record_it_is_about_is() -> None:
    given, system = opened()
    bad = guid(5).encode()
    given.before = lambda request: (
        error("0x80048d19", "no batch")
        if bad in request.content
        else batch_answer(*[DONE] * request.content.count(b"PATCH"))
    )
    receipts = send(system, *(update(number, lastname="Ruiz") for number in range(1, 8)))
    assert [number for number, each in receipts.items() if each.outcome is not Outcome.DONE] == [5]
    assert "no batch" in receipts[5].problems[0].message


@pytest.mark.parametrize("done", [True, False])
def test_a_part_of_a_refused_batch_that_fails_leaves_in_doubt_what_another_did(done: bool) -> None:
    """The halves go from the last to the first."""
    first = batch_answer(DONE) if done else error("0x80048d19", "no batch")
    _given, system = opened(error("0x80048d19", "no batch"), first, error("0x80040220", status=403))
    with pytest.raises(SystemFailure) as caught:
        send(system, update(1, lastname="Ruiz"), update(2, lastname="Ruiz"))
    assert caught.value.kind is FailureKind.PERMISSION
    assert caught.value.in_doubt is done
