"""What a notice says: a mail's subject and text, and the JSON of a webhook."""

from __future__ import annotations

from datetime import datetime

import msgspec

from .language import gettext as _
from .language import gettext_noop
from .state import State
from .state_words import Condition, moment, word

STATE, WELL, TEST = "connection.state", "connection.well", "test"  # the types of webhooks

_SUBJECTS = {
    STATE: gettext_noop("Crosswalk: {name} – {state}"),
    WELL: gettext_noop("Crosswalk: {name} – all well again"),
    TEST: gettext_noop("Crosswalk: a test"),
}
_TEXTS = {
    STATE: gettext_noop("{sentence}\n\nWhat to do: {next_step}\n\nSince {since}."),
    WELL: gettext_noop("All is well with {name} again, since {since}.\n\n{sentence}"),
    TEST: gettext_noop("This is a test. Notices of Crosswalk reach you."),
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in one language; what both mail and webhook are made from."""

    type: str
    timestamp: datetime
    subject: str
    text: str
    data: dict[str, str]


def of_condition(kind: str, name: str, condition: Condition, since: datetime, now: datetime) -> Told:
    """Put into the words that are spoken that a connection is in a state since a moment, or that all is well again."""
    state = State.OK if kind == WELL else condition.state
    data = {
        "connection": name,
        "state": state.value,
        "cause": condition.cause.value,
        "sentence": condition.sentence,
        "next_step": condition.next_step,
        "since": since.isoformat(),
    }
    return _told(kind, now, data, {**data, "name": name, "state": word(state), "since": moment(since)})


def of_test(now: datetime) -> Told:
    """Return a notice that only shows that notices arrive."""
    return _told(TEST, now, {}, {})


def _told(kind: str, now: datetime, data: dict[str, str], words: dict[str, str]) -> Told:
    return Told(
        type=kind,
        timestamp=now,
        subject=" ".join(_(_SUBJECTS[kind]).format(**words).split()),
        text=_(_TEXTS[kind]).format(**words) + "\n",
        data=data,
    )


def payload(told: Told) -> bytes:
    """Return the body of a webhook."""
    return msgspec.json.encode({"type": told.type, "timestamp": told.timestamp, "data": told.data})
