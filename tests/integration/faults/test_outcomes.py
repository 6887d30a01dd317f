"""Every kind of write, and everything that may become of it: in the end it is there once, and so it is in the journal.

A cell of the matrix is one kind for a few people, of whom the one in the middle meets the outcome. Whatever it is, the
runs that follow leave every value on the target or, while the vendor refuses it, a hold with the reason; no record is
doubled, one journal row stands for each effect, nothing waits, and nothing is written again.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.helpers.trouble import REFUSALS, Outcome

from crosswalk.core.consent import Standing
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Write, WriteOptions
from crosswalk.merge import ConsentCase, decide_consent

if TYPE_CHECKING:  # needs a configured Django, which the fixture gives it
    from tests.helpers.outcomes import World

NAMES = (
    "CRM create",
    "CRM update",
    "CRM update, emptied",
    "CRM update, e-mail",
    "CRM opt-out",
    "CRM opt-out lifted",
    "contact create",
    "contact update",
    "contact update, emptied",
    "contact update, e-mail",
    "import of creates",
    "import of updates",
    "contact opt-out",
)
UNHEARD = (Outcome.FAILED_AFTER, Outcome.ANSWER_LOST, Outcome.LATE)
CRMS = ("Salesforce", "Dynamics 365")
CELLS = list(product(CRMS, NAMES, Outcome))
# Salesforce has nothing that tells a repeated creation from a second one: the vendor itself makes two records.
TWINS = {("Salesforce", "CRM create", Outcome.TWICE)}


def delivered(world: World, outcome: Outcome) -> int:
    """How often the vendor is handed the write that goes wrong."""
    if world.kind.imported and outcome in REFUSALS:
        return 0  # what an import could not do goes singly when it is tried again
    return 1 + (outcome is Outcome.TWICE or (outcome in UNHEARD and world.repeatable))


@pytest.fixture
def make_world(django_database: str, tmp_path: Path) -> Callable[[str, str], World]:
    """Makes the people of one kind of write; what is to be carried over has been edited."""
    from tests.helpers.outcomes import KINDS, WORLDS

    return lambda crm, name: WORLDS[crm](tmp_path / "key", KINDS[name])


@pytest.mark.parametrize(("crm", "name", "outcome"), CELLS, ids=[": ".join(cell) for cell in CELLS])
def test_whatever_becomes_of_a_write_it_is_there_once(
    make_world: Callable[[str, str], World], crm: str, name: str, outcome: Outcome
) -> None:
    world = make_world(crm, name)
    world.disturb(outcome)

    world.attempt()

    assert world.trouble.struck
    if outcome in REFUSALS:
        world.settle()
        world.assert_held(outcome)
        world.trouble.cure()
        world.retry()
    world.settle()
    world.assert_all_is_well(twins=(crm, name, outcome) in TWINS, delivered=delivered(world, outcome))


@pytest.mark.parametrize("crm", CRMS)
def test_the_matrix_has_every_kind_that_the_systems_make(
    make_world: Callable[[str, str], World], crm: str
) -> None:
    """Whatever people change, in whatever numbers, no other kind of call comes of it."""
    from tests.helpers.outcomes import CRM, KINDS

    world = make_world(crm, "contact update")
    context = world.context()
    made = {
        (side, batch.kind, batch.op.value, shape)
        for side in Side
        for op, (shape, values) in product(Op, SHAPES.items())
        for number, options in product(
            (1, 3, 12, 300), (WriteOptions(), WriteOptions(import_updates_above=1))
        )
        for batch in context.systems[side].batches(
            [write(side, op, each, values[side]) for each in range(number)], options
        )
        if op is Op.UPDATE or shape == "fields"
    }
    opt_outs = {
        (decision.target, decision.action.value)
        for *standings, uncheck in product(*[(None, *Standing)] * 4, (False, True))
        if (decision := decide_consent(ConsentCase(*standings), uncheck=uncheck)).target and decision.action
    }

    assert tuple(KINDS) == NAMES
    expected = {(each.side, each.call, each.op, each.shape) for each in KINDS.values() if each.call}
    own = {CRM: world.batch_kind}
    assert made == {(side, own.get(call, call), op, shape) for side, call, op, shape in expected}
    assert opt_outs == {(each.side, each.op) for each in KINDS.values() if not each.call}


# per shape of a write, what it changes on either side
SHAPES: dict[str, dict[Side, dict[str, str | None]]] = {
    "fields": {Side.CRM: {"FirstName": "New"}, Side.ACTIVECAMPAIGN: {"firstName": "New"}},
    "emptied": {Side.CRM: {"Phone": None}, Side.ACTIVECAMPAIGN: {"phone": None}},
    "e-mail": {Side.CRM: {"Email": "new@example.org"}, Side.ACTIVECAMPAIGN: {"email": "new@example.org"}},
}


def write(side: Side, op: Op, number: int, values: dict[str, str | None]) -> Write:
    return Write(
        id=number,
        object="contact",
        op=op,
        record_id=None if op is Op.CREATE else str(number),
        key=f"p{number}@example.org",
        values=values,
    )
