"""A history as plain data: who does what when, which runs there are, and what goes wrong in them.

People are numbers. Nothing here refers to an id, so that any part can be dropped and the rest still plays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

FIELDS = ("email", "firstName", "lastName", "phone", "nickname", "score", "birthday", "jobTitle")
ONE_WAY = "jobTitle"  # of this field nothing flows to the CRM
TAG = "make lead"
NOBODY = -1  # whom an act on all records is about


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person does; it is left out where there is nobody to do it to."""

    op: str  # a name in `people.ACTS`
    who: int
    field: str = ""
    value: str = ""  # unique in the history, or "" which empties
    object: str = "contact"
    other: int = NOBODY  # whose record goes in a merge of two people

    def told(self) -> str:
        """The act in a few words."""
        words = [self.op.replace("_", " ")]
        if self.who != NOBODY:
            words.append(f"person {self.who}")
        if self.field:
            words.append(self.field if self.who == NOBODY else f"{self.field} = {self.value!r}")
        if self.op == "crm_new":
            words.append(f"as {self.object}")
        if self.other != NOBODY:
            words.append(f"with person {self.other}")
        return " ".join(words)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens around one request or COMMIT of a run: time passes, people act, then something fails."""

    at: int  # the n-th that matches, from 1
    part: str = ""  # of `METHOD path`; "" matches every request, COMMIT the database's
    after: bool = False  # whether the request (or COMMIT) has had its effect by then
    late: float = 0  # seconds that pass first
    acts: tuple[Act, ...] = ()
    fault: str = ""  # a name in `faults.FAULTS`

    def told(self) -> str:
        """The event in a few words."""
        where = f"{'after' if self.after else 'before'} the {self.at}. {self.part or 'request'}"
        late = [f"{self.late:g} s pass"] if self.late else []
        what = [*late, *(act.told() for act in self.acts), *([self.fault] if self.fault else [])]
        return f"{where}: {', '.join(what)}"


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Some time, what people do then, and a run with its events."""

    wait: float = 60.0  # seconds
    acts: tuple[Act, ...] = ()
    runs: bool = True
    events: tuple[Event, ...] = ()
    import_seconds: float = 0.3  # what an import of this step takes


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The connection's settings, and how the vendors' clocks go."""

    crm: str = "salesforce"
    policy: str = "newest"
    winner: str = "crm"
    import_updates_above: int = 200
    crm_clock: float = 0.0  # seconds ahead of ours
    contact_clock: float = 0.0
    rule: bool = False  # whether the org refuses some telephone numbers from programs
    digits: bool = False  # whether ActiveCampaign keeps no more of a telephone number than its digits
    duplicates: str = ""  # what the CRM does about one more record with an address: alert, block
    flow: str = ""  # when the CRM's own flow sets the one-way field after a phone was changed: after, later


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated world from beginning to end."""

    seed: int
    options: Options
    steps: tuple[Step, ...]

    def size(self) -> int:
        """How many things happen in it."""
        return sum(1 + len(step.acts) + len(step.events) for step in self.steps)

    def smaller(self) -> Iterator[History]:
        """Histories with one thing less, the large parts first."""
        for number in reversed(range(len(self.steps))):
            yield self._with(number, None)
        for number, step in enumerate(self.steps):
            for act in step.acts:
                rest = tuple(each for each in step.acts if each is not act)
                yield self._with(number, msgspec.structs.replace(step, acts=rest))
            for event in step.events:
                others = tuple(each for each in step.events if each is not event)
                yield self._with(number, msgspec.structs.replace(step, events=others))

    def _with(self, number: int, step: Step | None) -> History:
        middle = (step,) if step is not None else ()
        steps = (*self.steps[:number], *middle, *self.steps[number + 1 :])
        return msgspec.structs.replace(self, steps=steps)


def value_of(field: str, number: int) -> str:
    """A value that no other number gives; the story says who wrote it and when."""
    match field:
        case "email":
            return f"mail{number}@example.org"
        case "phone":
            return f"+1 202 555 {number:04}"
        case "score":
            return f"{number}.5"
        case "birthday":
            return (date(1950, 1, 1) + timedelta(days=number)).isoformat()
        case _:
            return f"{field[:5]} {number}"
