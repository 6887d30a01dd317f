"""Records of the sandbox's environment, read and written by the connector in this process."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.system import Op, Outcome, Receipt, Write, WriteOptions
from crosswalk.core.values import Value
from crosswalk.systems.dynamics import Dynamics, connect
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.control import Controlled
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

OPTIONS = WriteOptions()
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ODD = (
    "o'brien@example.org",
    "a_b@example.org",
    'qu"ote@example.org',
    "back\\slash@example.org",
    "pl+us&a@example.org",
)


class Rig:
    """An environment in this process, with the connector at it."""

    def __init__(self) -> None:
        self.clock = SteppedClock(NOON)
        sizes = Sizes(leads=3, contacts=12, subscribers=0)
        sandbox = Sandbox(
            ["dynamics"],
            Options(sizes=sizes, limits=Limits.parse("off")),
            clock=lambda: Clock(self.clock.now),
            sleep=self.clock.sleep,
        )
        transport, ready = sandbox.transport()
        self.controlled: Controlled = sandbox.systems["dynamics"]
        credentials = {name: value for name, value in ready["dynamics"].items() if name != "control"}
        self.system: Dynamics = connect(
            credentials, budget=FreeBudget(), clock=self.clock, transport=transport
        )

    def make(self, **values: Value) -> str:
        return str(
            self.controlled.person("contact", "create", values={"lastname": "Ruiz", **values})["contactid"]
        )

    def write(self, op: Op, record_id: str | None = None, /, **values: Value) -> Receipt:
        write = Write(id=1, object="contact", op=op, record_id=record_id, key=None, values=values)
        (batch,) = self.system.batches([write], OPTIONS)
        (receipt,) = self.system.send(batch, OPTIONS)
        return receipt

    def held(self, record_id: str, field: str) -> Value:
        (found,) = self.system.fetch("contact", [record_id], [field]).records
        return found.values[field]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_lookup_is_bound_read_and_let_go(rig: Rig) -> None:
    ana, bo = rig.make(), rig.make()
    assert rig.write(Op.UPDATE, ana, new_referredby=bo).outcome is Outcome.DONE
    assert rig.held(ana, "new_referredby") == bo
    assert rig.write(Op.UPDATE, ana, new_referredby=None).outcome is Outcome.DONE
    assert rig.held(ana, "new_referredby") is None


def test_a_lookup_of_nobody_is_refused_and_its_record_lives(rig: Rig) -> None:
    ana = rig.make()
    nobody = "00000000-0000-0000-0000-00000000dead"
    assert rig.write(Op.UPDATE, ana, new_referredby=nobody).outcome is Outcome.REFUSED
    assert rig.system.fetch("contact", [ana], []).missing == []


@pytest.mark.parametrize("email", ODD)
def test_any_address_finds_its_person_and_nobody_else(rig: Rig, email: str) -> None:
    ids = {each: rig.make(emailaddress1=each) for each in (*ODD, "axb@example.org")}
    assert [each.id for each in rig.system.find("contact", [email.upper()], [])] == [ids[email]]


def test_all_addresses_are_found_in_one_call(rig: Rig) -> None:
    ids = {rig.make(emailaddress1=each) for each in ODD}
    rig.system.describe("contact")
    calls = rig.system.http.calls
    assert {each.id for each in rig.system.find("contact", ODD, [])} == ids
    assert rig.system.http.calls == calls + 1


def test_a_second_create_of_one_write_makes_no_second_record(rig: Rig) -> None:
    first = rig.write(Op.CREATE, lastname="Diaz", emailaddress1="diaz@example.org")
    again = rig.write(Op.CREATE, lastname="Diaz", emailaddress1="diaz@example.org")
    assert (first.outcome, again.outcome) == (Outcome.DONE, Outcome.DUPLICATE)
    assert [each.id for each in rig.system.find("contact", ["diaz@example.org"], [])] == [first.record_id]


def test_pages_of_changes_follow_each_other_without_a_gap(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "crosswalk.systems.dynamics.feed._PREFER", ["odata.track-changes", "odata.maxpagesize=5"]
    )
    pages = list(rig.system.feed("contact", ["lastname"], None, lambda moment: 0))
    assert [len(page.records) for page in pages] == [5, 5, 2]
    made = {rig.make() for _ in range(7)}
    later = list(rig.system.feed("contact", ["lastname"], pages[-1].cursor, lambda moment: 0))
    assert {record.id for page in later for record in page.records} == made


def test_a_merge_and_a_delete_show_in_the_changes(rig: Rig) -> None:
    winner, loser, gone = rig.make(), rig.make(), rig.make()
    (page,) = rig.system.feed("contact", ["lastname"], None, lambda moment: 0)
    rig.controlled.person("contact", "merge", record_id=winner, values={"Subordinate": loser})
    rig.controlled.person("contact", "delete", record_id=gone)
    (page,) = rig.system.feed("contact", ["lastname"], page.cursor, lambda moment: 0)
    found = {record.id: (record.deleted, record.master_id) for record in page.records}
    assert found[loser] == (True, winner)
    assert found[gone] == (True, None)
    assert rig.system.fetch("contact", [winner, loser, gone], []).missing == [loser, gone]
