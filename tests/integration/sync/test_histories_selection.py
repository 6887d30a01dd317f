"""Random histories in which records leave the selection and come back, by edits and by other selections."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from tests.integration.sync.test_histories import (
    EDITS_BETWEEN,
    RUNS,
    People,
    check_every_value,
    check_no_duplicates,
    disturb,
    mapping,
)

from crosswalk.core.criteria import Criteria, Criterion, Match, Operator
from crosswalk.core.mapping import MappingFile, Selection, SelectionKind

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

PARTNERS = Criterion(field="Partner__c", operator=Operator.IS_TRUE)
NAMED = Criterion(field="Nickname__c", operator=Operator.ONE_OF, values=("in", "also in"))
SELECTIONS = (
    Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(PARTNERS,))),
    Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(PARTNERS, NAMED), match=Match.ANY)),
    Selection(kind=SelectionKind.NONE),
    Selection(),
)
CASES = [*product(["salesforce"], range(6)), *product(["dynamics"], range(6, 9))]


@dataclass
class Movers(People):
    """People whose records enter and leave."""

    def act(self) -> None:
        if self.chance.random() < 0.3:
            self.move()
        else:
            super().act()

    def move(self) -> None:
        kind, row = self.crm_row()
        moves: list[Callable[[], dict[str, object]]] = [
            lambda: {"Partner__c": self.chance.random() < 0.5},
            lambda: {"Nickname__c": self.chance.choice(["in", "ALSO IN", "out", None])},
        ]
        self.both.crm_edit(kind, row["Id"], **self.chance.choice(moves)())


def selecting(given: MappingFile, chance: random.Random) -> MappingFile:
    return replace(
        given, objects=tuple(replace(item, selection=chance.choice(SELECTIONS)) for item in given.objects)
    )


@pytest.mark.parametrize(("both", "seed"), CASES, indirect=["both"])
def test_whoever_leaves_and_comes_back_both_sides_end_equal_and_nothing_is_lost(
    both: TwoSystems, seed: int
) -> None:
    chance = random.Random(seed)
    people = Movers(both, chance)
    for _ in range(2 * EDITS_BETWEEN):
        people.act()
    plain = mapping(chance)
    both.connect(selecting(plain, chance))
    for _ in range(RUNS):
        disturb(both, people)
        both.sync()
        both.wire.allow()
        for _ in range(chance.randrange(2 * EDITS_BETWEEN)):
            people.act()
        if chance.random() < 0.5:
            both.set_mapping(selecting(plain, chance))

    settle(both)
    both.set_mapping(plain)  # everybody takes part in the end
    settle(both)
    check_every_value(both, people)
    check_no_duplicates(both)


def settle(both: TwoSystems) -> None:
    both.wait(30)
    settled = next((n for n in range(4) if both.sync().waiting == 0), None)
    assert settled is not None, both.rows("inbox")
    both.verify()  # what was deleted in ActiveCampaign becomes known
    both.sync()
    both.sync()
    both.assert_quiet()
