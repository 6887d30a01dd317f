"""Looks how connections stand and puts notices on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db import transaction

from crosswalk.core.clock import Clock
from crosswalk.core.language import speaking
from crosswalk.core.notice_words import STATE, WELL, Told, of_condition
from crosswalk.core.notices import Episode, Step, follow, topic_of
from crosswalk.store import notices

from .states import Standing, standings


def look(clock: Clock) -> int:
    """Look at all connections, and return how many notices were put on their way.

    What is told and that it was told are stored together, however many workers look at once. Without anybody who is
    told, nothing is looked at.
    """
    receivers = notices.languages()
    if not receivers:
        return 0
    with transaction.atomic():
        notices.lock()
        return _look(clock, receivers)


def _look(clock: Clock, receivers: Mapping[int, str]) -> int:
    now = clock.now()
    known = notices.episodes()
    steps = [
        (each, follow(known.get(each.freshness.connection_id, ()), topic_of(each.facts), now))
        for each in standings(now)
    ]
    notices.keep(_changed(known, steps))
    told = [
        (number, clock.new_id(), words)
        for each, step in steps
        for number, language in receivers.items()
        for words in _words(each, step, language)
    ]
    if told:
        notices.put(told, now)
    return len(told)


def _changed(
    known: Mapping[int, Sequence[Episode]], steps: Sequence[tuple[Standing, Step]]
) -> Iterator[tuple[int, Sequence[Episode]]]:
    for each, step in steps:
        number = each.freshness.connection_id
        if list(step.episodes) != list(known.get(number, ())):
            yield number, step.episodes


def _words(each: Standing, step: Step, language: str) -> list[Told]:
    """Return what to tell, in a receiver's language."""
    name, now, told = each.facts.name, each.facts.now, []
    with speaking(language):
        if step.tell is not None:
            since = step.tell.began_at
            told.append(of_condition(STATE, name, each.condition(), since, now))
        if step.well_since is not None:
            told.append(of_condition(WELL, name, each.condition(), step.well_since, now))
    return told
