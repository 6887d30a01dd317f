"""A connection's state in words: one sentence and one next step, in the reader's language."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from .language import for_browser, gettext_noop
from .state import STATES, Cause, Facts, State, cause_of
from .words import keepable as _

_WORDS = {
    State.OK: gettext_noop("ok"),
    State.RUNNING: gettext_noop("running"),
    State.BEHIND: gettext_noop("behind"),
    State.WAITING: gettext_noop("waiting for you"),
    State.PAUSED: gettext_noop("paused"),
    State.SIGN_IN_LOST: gettext_noop("sign-in lost"),
    State.BRAKED: gettext_noop("stopped by a brake"),
}
_LOOK = gettext_noop("See what the last runs say: crosswalk runs --connection {name}")
_NONE = gettext_noop("Nothing to do.")

# cause → (what is, what to do next)
_SENTENCES = {
    Cause.SIGN_IN_LOST: (
        gettext_noop("A system refused the credentials: {error}"),
        gettext_noop(
            "Sign in again: crosswalk connection sign-in {name}, or give new credentials: crosswalk connection add"
            " {name} --credentials FILE; then crosswalk sync --connection {name}"
        ),
    ),
    Cause.BRAKED: (
        gettext_noop("The last run stopped before it wrote more than expected: {brake}"),
        gettext_noop("{cure}"),
    ),
    Cause.STOPPED: (
        gettext_noop("Everything is stopped: no call goes out."),
        gettext_noop("Let everything go on: crosswalk start"),
    ),
    Cause.RESTING: (
        gettext_noop("The connection rests: no run starts."),
        gettext_noop("Let it go on: crosswalk runs resume {name}"),
    ),
    Cause.PAUSED: (
        gettext_noop("The schedule rests: nothing starts by itself."),
        gettext_noop("Let it go on: crosswalk schedule resume {name}"),
    ),
    Cause.FAILED: (
        gettext_noop("The last run failed, and the next one will: {error}"),
        gettext_noop("See what is missing: crosswalk connection check {name}"),
    ),
    Cause.NO_MAPPING: (
        gettext_noop("No fields are mapped yet."),
        gettext_noop("Map some: crosswalk mapping suggest {name}"),
    ),
    Cause.FIRST_SYNC: (
        gettext_noop("The first sync waits for your approval."),
        gettext_noop(
            "Look at its plan: crosswalk plan --connection {name}, then crosswalk sync --connection {name} --plan ID"
        ),
    ),
    Cause.MISSED: (
        gettext_noop("A run was due at {next} and has not started."),
        gettext_noop("See that a worker is at work: crosswalk worker"),
    ),
    Cause.UNSETTLED: (
        gettext_noop("The oldest of {waiting} changes that wait was seen {oldest} ago."),
        _LOOK,
    ),
    Cause.UNREAD: (gettext_noop("A system was last read to the end {unread} ago."), _LOOK),
    Cause.ONE_WAY: (
        gettext_noop(
            "Global synchronisation is off: nothing but opt-outs goes from the CRM to ActiveCampaign. Held: {held}."
        ),
        gettext_noop("Turn it on: crosswalk connection global {name} on"),
    ),
    Cause.RUNNING: (gettext_noop("A run is at work since {since}."), _NONE),
    Cause.CHOICES: (
        gettext_noop("Decisions that wait for you: {choices}."),
        gettext_noop("Make them: crosswalk holds --connection {name}"),
    ),
    Cause.QUEUED: (
        gettext_noop("Changes that wait for the next run: {waiting}. Held: {held}."),
        gettext_noop("Nothing to do: the next run settles them."),
    ),
    Cause.SETTLED: (gettext_noop("All that was seen by {read} is settled. Held: {held}."), _NONE),
}
for_browser(
    {_SENTENCES[Cause.SIGN_IN_LOST][1]: gettext_noop("Sign in again, or give new credentials; then sync.")}
)
_BY_HAND = gettext_noop("Runs start by hand: crosswalk sync --connection {name}")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A connection's state, and what to say about it."""

    state: State
    cause: Cause
    word: str  # the state in the reader's language
    sentence: str
    next_step: str


def condition(facts: Facts) -> Condition:
    """Put a connection's state into words, in the language that is spoken."""
    cause = cause_of(facts)
    sentence, next_step = _SENTENCES[cause]
    if cause is Cause.QUEUED and facts.schedule is None:
        next_step = _BY_HAND
    return Condition(
        state=STATES[cause],
        cause=cause,
        word=word(STATES[cause]),
        sentence=str(_(sentence).format(**_filling(facts))),
        next_step=str(_(next_step).format(**_filling(facts))),
    )


def word(state: State) -> str:
    """Return the word for a state, in the language that is spoken."""
    return str(_(_WORDS[state]))


def _filling(facts: Facts) -> dict[str, object]:
    return {
        "name": facts.name,
        "error": facts.error,
        "brake": facts.brake or "",
        "cure": facts.brake_cure,
        "next": moment(facts.next_at),
        "since": moment(facts.running_since),
        "read": moment(facts.read_at),
        "oldest": _ago(facts, facts.oldest_at),
        "unread": _ago(facts, facts.read_at),
        "waiting": facts.waiting,
        "held": facts.held,
        "choices": facts.choices,
    }


def moment(at: datetime | None) -> str:
    """Return a moment as every language reads it, in UTC."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _ago(facts: Facts, at: datetime | None) -> str:
    return "–" if at is None else age(facts.now - at)


def age(passed: timedelta) -> str:
    """Return a length of time in units that every language knows."""
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
