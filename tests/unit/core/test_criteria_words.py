"""Words of criteria: nothing that may be chosen is without one."""

from __future__ import annotations

import pytest

from crosswalk.core.criteria import Match, Operator
from crosswalk.core.criteria_words import (
    DIRECTIONS,
    MATCHES,
    OPERATORS,
    SELECTIONS,
    UNITS,
    operator_word,
    unit_word,
)
from crosswalk.core.language import LANGUAGES, speaking
from crosswalk.core.mapping import Direction, SelectionKind
from crosswalk.core.spans import RELATIVE


def test_every_operator_choice_and_direction_has_words() -> None:
    assert set(OPERATORS) == set(Operator)
    assert set(MATCHES) == set(Match)
    assert set(SELECTIONS) == set(SelectionKind)
    assert set(DIRECTIONS) == set(Direction)
    assert {each.value for each in UNITS} == {name for name, meaning in RELATIVE.items() if meaning.counts}


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_tell_all_operators_apart_in_each_language(language: str) -> None:
    with speaking(language):
        words = [f"{operator_word(each)} {unit_word(each)}" for each in Operator]
    assert len(set(words)) == len(words)
