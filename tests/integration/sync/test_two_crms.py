"""Salesforce and Dynamics 365 on one ActiveCampaign account: all three converge, and nothing goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import DYNAMICS_NAMES, mapping_of

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk_sandbox.control import Controlled

SALESFORCE, DYNAMICS = "salesforce", "dynamics"
EMAIL = "ana@example.org"


class Three:
    """One account between two CRMs, each with a connection of its own."""

    def __init__(self, both: TwoSystems) -> None:
        self.both = both
        self._environment = _with_dynamics(both)
        self.org_id = both.crm_new(Email=EMAIL, LastName="Ruiz", FirstName="Ana", Phone="+34 600 000 001")
        row = self._dynamics("create", None, emailaddress1=EMAIL, lastname="Ruiz", firstname="Ana")
        self.environment_id = str(row["contactid"])
        both.connect(name=SALESFORCE)
        both.vendor = DYNAMICS
        both.connect(mapping_of(fields=DYNAMICS_NAMES), name=DYNAMICS, org=DYNAMICS)

    def _dynamics(self, op: str, record_id: str | None, **values: Any) -> dict[str, Any]:
        return self._environment.person("contact", op, record_id=record_id, values=values)

    def edit_in_dynamics(self, **values: Any) -> None:
        self._dynamics("edit", self.environment_id, **values)

    def phones(self) -> set[str]:
        """What the three systems hold."""
        rows = self._environment.dump()["contact"]
        (row,) = [each for each in rows if each["contactid"] == self.environment_id]
        return {
            self.both.crm("contact", self.org_id)["Phone"],
            str(row["telephone1"]),
            self.both.held(EMAIL, "phone"),
        }

    def sync(self) -> list[dict[str, int]]:
        return [dict(self.both.sync(name).counts) for name in (SALESFORCE, DYNAMICS)]

    def settle(self) -> int:
        """Sync both in turn until neither writes; how many turns wrote."""
        for turn in range(10):
            if not any(self.sync()):
                return turn
        raise AssertionError("it never ends")


def _with_dynamics(both: TwoSystems) -> Controlled:
    """An environment beside the org, which `connect` knows by its vendor's name."""
    from crosswalk_sandbox.clock import Clock
    from crosswalk_sandbox.limits import Limits
    from crosswalk_sandbox.people import Sizes
    from crosswalk_sandbox.sandbox import Options, Sandbox
    from crosswalk_sandbox.transport import SandboxTransport

    sizes = Sizes(leads=0, contacts=0, subscribers=0)
    sandbox = Sandbox(
        [DYNAMICS],
        Options(sizes=sizes, limits=Limits.parse("off")),
        clock=lambda: Clock(both.clock.now),
        sleep=both.clock.sleep,
    )
    controlled = sandbox.systems[DYNAMICS]
    host = "dynamics.sandbox.example"
    both.ready[DYNAMICS] = controlled.ready(f"https://{host}")
    both.wire.add(host, SandboxTransport({host: controlled.handle}))
    return controlled


@pytest.fixture
def three(both: TwoSystems) -> Three:
    three = Three(both)
    three.settle()
    return three


def test_a_person_in_three_systems_is_one_contact_that_is_equal_everywhere(three: Three) -> None:
    assert three.phones() == {"+34 600 000 001"}
    assert len(three.both.contacts()) == 1
    assert [len(three.both.links(name)) for name in (SALESFORCE, DYNAMICS)] == [1, 1]


@pytest.mark.parametrize("where", [SALESFORCE, DYNAMICS, "activecampaign"])
def test_an_edit_anywhere_arrives_everywhere_and_does_not_come_back(three: Three, where: str) -> None:
    three.both.wait(60)
    if where == SALESFORCE:
        three.both.crm_edit("contact", three.org_id, Phone="+34 600 000 002")
    elif where == DYNAMICS:
        three.edit_in_dynamics(telephone1="+34 600 000 002")
    else:
        three.both.contact_edit(three.both.contact(EMAIL)["id"], phone="+34 600 000 002")

    assert three.settle() <= 2
    assert three.phones() == {"+34 600 000 002"}
    for name in (SALESFORCE, DYNAMICS):
        three.both.assert_quiet(name)


def test_two_crms_that_disagree_end_in_agreement(three: Three) -> None:
    three.both.wait(60)
    three.both.crm_edit("contact", three.org_id, Phone="+34 600 000 003")
    three.edit_in_dynamics(telephone1="+34 600 000 004")

    three.settle()

    assert len(three.phones()) == 1
    assert three.both.held_now(SALESFORCE) == three.both.held_now(DYNAMICS) == []
