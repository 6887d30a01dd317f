"""A history from a seed: people, what they do, when runs are, and what goes wrong in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

from tests.simulation.crms import CREATE, CRMS, UPDATE, crm_of
from tests.simulation.faults import COMMIT
from tests.simulation.guided import GUIDED
from tests.simulation.history import FIELDS, NOBODY, Act, Event, History, Options, Step, value_of

HOUR = 3600.0
WAITS = (1.0, 20.0, 300.0, 7 * HOUR, 26 * HOUR, 60 * HOUR)
WRITES = ("PUT /api/3", "POST /api/3", "import", UPDATE, CREATE)
PARTS = ("", "", *WRITES, COMMIT, COMMIT)
# what goes wrong, and how likely; "" is nothing but people at work meanwhile
TROUBLES = (
    ("", 30),
    ("throttled", 8),
    ("throttled for long", 3),
    ("unavailable", 8),
    ("server error", 6),
    ("dropped", 14),
    ("cut", 6),
    ("killed", 25),
)
GUIDED_EACH = 3  # told stories in every history
BEFORE_ONLY = {"throttled", "throttled for long"}
AFTER_ONLY = {"cut"}
EDITED = tuple(name for name in FIELDS if name != "email")
ACTS = (
    ("crm_edit", 24),
    ("contact_edit", 24),
    ("both_edit", 10),
    ("crm_empty", 3),
    ("contact_empty", 3),
    ("contact_sets", 4),
    ("crm_email", 3),
    ("contact_email", 3),
    ("crm_new", 6),
    ("contact_new", 4),
    ("contact_tag", 4),
    ("crm_delete", 2),
    ("crm_put_away", 2),
    ("crm_restore", 4),
    ("contact_delete", 2),
    ("crm_convert", 4),
    ("crm_twin", 3),
    ("crm_merge", 2),
    ("crm_merge_two", 1),
    ("contact_merge", 1),
    ("contact_erase", 1),
    ("crm_opt_out", 2),
    ("contact_leaves", 2),
    ("contact_joins", 1),
    ("crm_hides", 1),
    ("crm_locks", 1),
    ("crm_opens", 2),
)
CUSTOM = ("nickname", "score", "birthday")
LIMITED = ("firstName", "phone", "nickname", "score", "birthday")
EMPTIED = ("firstName", "phone", "nickname", "score", "birthday")


class Chance:
    """One stream of chance, and the numbers that make values unique."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"crosswalk {seed}")
        self._numbers = count(1)
        self.people = 0
        self.turn = seed  # which of a story's two forms is told

    def value(self, field: str) -> str:
        """A value that nobody wrote before."""
        return value_of(field, next(self._numbers))

    def pick(self, table: tuple[tuple[str, int], ...]) -> str:
        """A name from a table with weights."""
        names, weights = zip(*table, strict=True)
        return str(self.random.choices(names, weights)[0])

    def either(self) -> bool:
        """Which of its two forms a story takes: they are told in turn."""
        return self.turn % 2 == 0

    def somebody(self) -> int:
        """One of the people there are."""
        return self.random.randrange(self.people)

    def newcomer(self) -> int:
        """One more."""
        self.people += 1
        return self.people - 1

    def edit(self, op: str, who: int, field: str | None = None) -> Act:
        """Somebody's field gets a new value."""
        name = field or self.random.choice(EDITED)
        return Act(op=op, who=who, field=name, value=self.value(name))


def generate(seed: int, crm: str = "") -> History:
    """The history of a seed, always the same; with another CRM than its own if one is named."""
    chance = Chance(seed)
    steps = [_first(chance)]
    steps += [_step(chance) for _ in range(chance.random.randint(2, 4))]
    for chance.turn, name in _stories(seed):
        place = chance.random.randint(1, len(steps))
        steps[place:place] = GUIDED[name](chance)
    return History(seed=seed, options=_options(chance.random, crm or crm_of(seed)), steps=tuple(steps))


def _stories(seed: int) -> Iterator[tuple[int, str]]:
    """The told stories of a history: seeds in a row tell each equally often with each CRM, in ever new company."""
    names = sorted(GUIDED)
    turn = seed // len(CRMS)
    for number in range(turn * GUIDED_EACH, (turn + 1) * GUIDED_EACH):
        order = random.Random(f"stories {number // len(names)}").sample(names, len(names))
        yield number // len(names), order[number % len(names)]


def _options(chance: random.Random, crm: str) -> Options:
    return Options(
        crm=crm,
        policy=chance.choice(("newest", "newest", "newest", "crm", "activecampaign", "ask")),
        winner=chance.choice(("crm", "crm", "activecampaign")),
        import_updates_above=chance.choice((2, 200, 200)),
        crm_clock=chance.choice((0.0, 0.0, -150.0, 200.0)),
        contact_clock=chance.choice((0.0, 0.0, 90.0, -240.0)),
        flow=chance.choice(("", "", "", "after", "later")),
        duplicates=chance.choice(("", "", "", "alert", "block")),
        rule=chance.random() < 0.25,
        digits=chance.random() < 0.25,
    )


def _first(chance: Chance) -> Step:
    """The people that both sides have before they are connected."""
    acts: list[Act] = []
    for _ in range(chance.random.randint(4, 7)):
        who = chance.newcomer()
        kind = chance.random.choice(("both", "both", "both", "crm", "contact"))
        if kind != "contact":
            object = chance.random.choice(("contact", "lead"))
            acts.append(Act(op="crm_new", who=who, object=object, field="phone", value=chance.value("phone")))
        if kind != "crm":
            acts.append(chance.edit("contact_new", who, chance.random.choice(EDITED)))
    return Step(acts=tuple(acts), events=tuple(_events(chance)))


def _step(chance: Chance) -> Step:
    acts = [act for _ in range(chance.random.randint(0, 5)) for act in _acts(chance)]
    return Step(
        wait=chance.random.choice(WAITS),
        acts=tuple(acts),
        events=tuple(_events(chance)),
        import_seconds=chance.random.choice((0.3, 0.3, 45.0)),
    )


def _acts(chance: Chance) -> Iterator[Act]:
    op, who = chance.pick(ACTS), chance.somebody()
    match op:
        case "both_edit":
            edit = chance.edit("crm_edit", who)
            both = [edit, chance.edit("contact_edit", who, edit.field)]
            yield from chance.random.sample(both, 2)
        case "crm_edit" | "contact_edit":
            yield chance.edit(op, who)
        case "crm_empty" | "contact_empty":
            yield Act(op=op.replace("empty", "edit"), who=who, field=chance.random.choice(EMPTIED))
        case "contact_sets":
            yield chance.edit(op, who, chance.random.choice(CUSTOM))
        case "crm_email" | "contact_email":
            yield chance.edit(op.replace("email", "edit"), who, "email")
        case "crm_new" | "contact_new":
            object = chance.random.choice(("contact", "lead"))
            field = chance.random.choice(EDITED)
            yield Act(op=op, who=chance.newcomer(), object=object, field=field, value=chance.value(field))
        case "crm_twin":
            object = chance.random.choice(("contact", "lead"))
            yield Act(op="crm_new", who=who, object=object, field="phone", value=chance.value("phone"))
        case "crm_hides" | "crm_locks" | "crm_opens":
            yield Act(op=op, who=NOBODY, field=chance.random.choice(LIMITED))
        case "crm_merge_two" | "contact_merge":
            yield Act(op=op.removesuffix("_two"), who=who, other=chance.somebody())
        case _:
            yield Act(op=op, who=who)


def _events(chance: Chance) -> Iterator[Event]:
    for _ in range(chance.random.choice((0, 0, 1, 1, 2, 3))):
        part = chance.random.choice(PARTS)
        fault = chance.pick(TROUBLES)
        if part == COMMIT and fault:
            fault = "killed"
        few = bool(part) and part != COMMIT
        acts = () if chance.random.random() < 0.4 and fault else tuple(_acts(chance))
        yield Event(
            at=chance.random.randint(1, 2 if few else 30),
            part=part,
            after=fault in AFTER_ONLY or (fault not in BEFORE_ONLY and chance.random.random() < 0.5),
            late=chance.random.choice((0.0, 0.0, 1.5, 12.0)),
            acts=acts if part != COMMIT else (),
            fault=fault,
        )
