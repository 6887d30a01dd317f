"""Somebody is told once per cause, of what lasts, and once when all is well again; never a storm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core import notice_words, standard_webhooks
from crosswalk.core.failures import FailureKind
from crosswalk.core.language import LANGUAGES, speaking
from crosswalk.core.notices import RESTING, Episode, follow, topic_of
from crosswalk.core.state import Facts
from crosswalk.core.state_words import condition

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(topics: Iterable[str | None]) -> list[tuple[int, str]]:
    """What is told while these topics are seen, one a minute, with the minute."""
    episodes: tuple[Episode, ...] = ()
    found = []
    for minute, topic in enumerate(topics):
        step = follow(episodes, topic, START + minute * MINUTE)
        episodes = step.episodes
        if step.tell is not None:
            found.append((minute, step.tell.topic))
        if step.well_since is not None:
            found.append((minute, "well"))
    return found


def test_what_lasts_is_told_once_and_so_is_its_end() -> None:
    assert told(["behind"] * 300 + [None] * 200) == [(1, "behind"), (359, "well")]


def test_what_passes_within_a_minute_disturbs_nobody() -> None:
    assert told([None, "behind", *[None] * 200]) == []


def test_what_comes_and_goes_within_an_hour_is_one_cause() -> None:
    flapping: list[str | None] = [*(["behind"] * 5 + [None] * 50) * 10]
    assert told([*flapping, *[None] * 60]) == [(1, "behind"), (559, "well")]


def test_what_comes_back_after_an_hour_is_told_again() -> None:
    once: list[str | None] = [*["behind"] * 5, *[None] * 60]
    assert told(once * 2) == [(1, "behind"), (64, "well"), (66, "behind"), (129, "well")]


def test_one_cause_after_the_other_is_told_each_and_well_is_told_once() -> None:
    seen: list[str | None] = [*["behind"] * 90, *["sign_in_lost"] * 90, *[None] * 120]
    assert told(seen) == [(1, "behind"), (91, "sign_in_lost"), (239, "well")]


def test_a_pause_is_neither_told_nor_well() -> None:
    seen: list[str | None] = [*["behind"] * 5, *[RESTING] * 200, *["behind"] * 5, *[None] * 70]
    assert told(seen[:205]) == [(1, "behind")]
    assert told([RESTING] * 99) == []


def test_the_end_is_dated_from_when_the_cause_was_seen_last() -> None:
    standing = Episode(topic="behind", began_at=START, seen_at=START + MINUTE, told_at=START)
    step = follow([standing], None, START + 61 * MINUTE)
    assert step.well_since == START + MINUTE
    assert step.episodes == ()


TOPICS = st.lists(
    st.tuples(st.sampled_from([None, "behind", "braked", RESTING]), st.integers(1, 70)), max_size=12
)


@given(TOPICS)
def test_whatever_is_seen_no_cause_is_told_twice_within_an_hour(spans: list[tuple[str | None, int]]) -> None:
    minutes = [topic for topic, length in spans for _ in range(length)]
    events = told(minutes)
    for topic in ("behind", "braked", "well"):
        at = [minute for minute, what in events if what == topic]
        assert all(later - earlier >= 60 for earlier, later in pairwise(at))
    # All is well only after something was told, and only once for it.
    whats = [what for _, what in events]
    assert all(
        before != "well" for before, what in zip(["well", *whats], whats, strict=False) if what == "well"
    )


@given(TOPICS)
def test_whatever_was_told_the_end_of_it_is(spans: list[tuple[str | None, int]]) -> None:
    minutes = [topic for topic, length in spans for _ in range(length)]
    events = told([*minutes, *[None] * 61])
    assert not events or events[-1][1] == "well"


CALM = Facts(name="acme", now=START)


@pytest.mark.parametrize(
    ("changes", "topic"),
    [
        ({}, None),
        ({"waiting": 9}, None),
        ({"running_since": START}, None),
        ({"running_since": START, "finished": False}, None),
        ({"finished": False}, "first_sync"),
        ({"failure": FailureKind.AUTH}, "sign_in_lost"),
        ({"failure": FailureKind.TRANSIENT}, None),
        ({"failure": FailureKind.BUG}, "failed"),
        ({"brake": "CW-6012"}, "braked"),
        ({"choices": 1}, "choices"),
        ({"choices": 1, "running_since": START}, "choices"),
        ({"paused": True, "choices": 1}, RESTING),
        ({"halt": "stopped"}, RESTING),
        ({"one_way": True}, None),
        ({"one_way": True, "choices": 1}, "choices"),
    ],
)
def test_what_is_told_of_a_connection(changes: dict[str, object], topic: str | None) -> None:
    assert topic_of(msgspec.structs.replace(CALM, **changes)) == topic


def test_a_signature_is_the_specification_s_own_example() -> None:
    # Source: Standard Webhooks, the example that its reference libraries are tested with.
    made = standard_webhooks.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_differ_and_have_the_length_that_is_asked_for() -> None:
    import base64

    one, other = standard_webhooks.new_secret(), standard_webhooks.new_secret()
    assert one != other
    assert 24 <= len(base64.b64decode(one.removeprefix("whsec_"))) <= 64


def test_a_notice_says_the_same_to_people_and_programs() -> None:
    facts = msgspec.structs.replace(CALM, failure=FailureKind.AUTH, error="401 {odd}")
    texts = set()
    for language in LANGUAGES:
        with speaking(language):
            words = condition(facts)
            made = notice_words.of_condition(notice_words.STATE, "acme", words, START - MINUTE, START)
            texts.add(notice_words.of_test(START).text)
        assert words.word in made.subject
        assert words.sentence in made.text
        assert words.next_step in made.text
        sent = msgspec.json.decode(notice_words.payload(made))
        assert sent["type"] == "connection.state"
        assert sent["timestamp"] == "2026-03-04T12:00:00Z"
        assert sent["data"]["state"] == "sign-in lost"
        assert sent["data"]["since"] == "2026-03-04T11:59:00+00:00"
    assert len(texts) == len(LANGUAGES)
