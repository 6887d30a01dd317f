"""Both systems, the product between them, and everybody who acts: plays a history and keeps the ledger.

Import this only when Django knows its database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from django.db import connection as database
from tests.helpers.mappings import both_objects, mapping_of
from tests.helpers.two_systems import NAME, Row, TwoSystems
from tests.simulation.cells import CONTACTS, CRM, Ledger, Record, Values, canonical, look
from tests.simulation.consents import Consents, Stands, stands
from tests.simulation.crms import CRMS, is_refusal
from tests.simulation.faults import Commits, Events, FaultyWire, Killed, Trace
from tests.simulation.history import FIELDS, ONE_WAY, TAG, Act, History, Step
from tests.simulation.people import People
from tests.simulation.second import Second
from tests.simulation.states import note_act, note_death, note_dropped, note_limits

from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import CreationRule, FieldMapping, MappingFile, Policy, Settings, Side, UpdateRule
from crosswalk.sync import run as runs

if TYPE_CHECKING:
    from crosswalk.sync.run import RunResult

TITLES: Mapping[str, str] = {
    "nickname": "Nickname",
    "score": "Score",
    "birthday": "Birthday",
    ONE_WAY: "Job title",
}  # custom ones
INTENDED = (
    "SELECT (SELECT count(*) FROM outbox WHERE state = 'sending')"
    " + (SELECT count(*) FROM consent_write WHERE state = 'sending')"
)
QUIET_RUNS = 9
PAUSE = 400.0  # seconds between runs of the quiet: longer than any vendor asks for
_commits: list[Commits] = []


class World(TwoSystems):
    """One history while it is played."""

    titles = TITLES

    def __init__(self, key_file: Path, history: History) -> None:
        super().__init__(key_file, limits="real", crm=history.options.crm)
        self.history = history
        self.org = CRMS[self.vendor](self.systems[self.vendor])
        self.trace = Trace()
        self.ledger = Ledger(flow=bool(history.options.flow), filled=self.org.filled)
        self.consents = Consents(self.ledger)
        self.people = People(self)
        self.events = Events(self)
        self.story: list[str] = []
        self.wrong: list[str] = []
        self.refused: list[str] = []  # requests that a vendor refused, with what it said
        self.sent: list[str] = []  # routes of all calls that may write
        self.imports_asked: dict[str, datetime] = {}
        self.unheard: set[str] = set()  # imports whose answer never came, or was forgotten with the process
        self.called = ""  # the vendor of the call that is under way
        self.states: Counter[str] = Counter()
        self.custom = {name: int(self.field(title).removeprefix("field/")) for name, title in TITLES.items()}
        self.wire.inner = FaultyWire(self.wire.inner, self, self.trace)
        self.systems[self.vendor].clock.advance(history.options.crm_clock)
        self.systems["activecampaign"].clock.advance(history.options.contact_clock)
        self.org.set_up(history.options)
        if history.options.digits:
            self.account_rules(stored_as={"phone": ["digits"]})
        if not _commits:
            _commits.append(Commits())
        self.dropped: set[tuple[str, str]] = set()  # fields that were deleted outright, by side
        self.second: Second | None = None
        self.others_write = False  # a run of its connection is under way
        self.connected = False
        self.running = False
        self.ends: list[datetime] = []  # of the runs that came to it
        self.paired: dict[
            frozenset[Record], datetime
        ] = {}  # records that were linked with each other, since when
        self._linked: dict[int, frozenset[Record]] = {}
        self.departures: list[datetime] = []  # of calls to ActiveCampaign since the connection is there

    def tell(self, line: str) -> None:
        """One line of the story."""
        self.story.append(line)

    # --- what happens

    def play(self) -> None:
        """The whole history, until both sides are quiet."""
        for step in self.history.steps:
            self._step(step)
        if not self.connected:
            self._connect()
        self.org.open_all()
        self.contexts.clear()
        self.tell("quiet: no faults and no people any more")
        if self._rests():
            self.wait(PAUSE)
            self.tell("everything is read once")
            self.attempt(sweep_all=True)
            self._rests()

    def _rests(self) -> bool:
        """Run until nothing moves any more."""
        for _ in range(QUIET_RUNS):
            self.wait(PAUSE)
            result = self.attempt()
            others = self.second is not None and self.second.turn()
            if result is not None and not result.counts and not result.waiting and not others:
                return True
        self.wrong.append(f"still at work after {QUIET_RUNS} runs: {result}")
        return False

    def _step(self, step: Step) -> None:
        self.wait(step.wait)
        for act in step.acts:
            self.person(act)
        if not step.runs:
            return
        if not self.connected:
            self._connect()
        self.delay_imports(timedelta(seconds=step.import_seconds))
        self.events.arm(step.events)
        self.attempt()
        self.events.arm(())
        if self.second is not None:
            self.second.turn()

    def second_crm(self) -> Second:
        """The CRM on the account's other connection, which is there from now on."""
        self.second = self.second or Second(self)
        return self.second

    def person(self, act: Act) -> None:
        """A person does something; all that changes is the person's."""
        self.see_ours(self.clock.now())
        if self.people.act(act):
            self.tell(f"{self.clock.now():%d %H:%M:%S} {act.told()}")
            self.trace.add(f"{self.clock.now():%d %H:%M:%S.%f}", act.told())
        side = CRM if act.op.startswith("crm") else "activecampaign"
        self.ledger.person(self._look(), self.clock.now(), act.who, side)
        self.consents.person(self._stands(), act.who)

    def meanwhile(self, act: Act) -> None:
        """A person does something while a run goes on."""
        with self._looking():
            note_act(self, act)
        self.person(act)

    def attempt(self, *, sweep_all: bool = False) -> RunResult | None:
        """One run; None when something ended it. After that the next one is in a new process."""
        started = f"{self.clock.now():%d %H:%M:%S} run"
        place = len(self.story)
        _commits[0].events = self.events
        self.running = True
        result, ended = None, ""
        try:
            result = runs.run(self.context(), sweep_all=sweep_all)
            ended = f"{result.state} {dict(result.counts)} {result.message}"
            self.ends.append(self.clock.now())
        except Killed:
            ended = "killed"
        except SystemFailure as failure:
            ended = f"ended: {failure.message}"
            self.contexts.clear()
            self.states["run ended by a vendor, work went on in the next"] += 1
        finally:
            _commits[0].events = None
            self.running = False
            if self.events.dead:
                self._bury()
            self._note_links()
            note_limits(self)
            note_dropped(self)
        self.story.insert(place, f"{started}: {ended.rstrip()}")
        self.trace.add("run", ended)
        return result

    def _bury(self) -> None:
        """A new process knows nothing but what the database holds."""
        self.contexts.clear()
        database.close()
        self.events.dead = False
        note_death(self)
        with database.cursor() as cursor:
            cursor.execute("SELECT side, record_id, key FROM outbox WHERE state = 'sending'")
            rows = cursor.fetchall()
            cursor.execute("SELECT DISTINCT batch_id FROM outbox WHERE state = 'sent'")
            heard = {batch_id for (batch_id,) in cursor.fetchall()}
        self.unheard |= self.imports_under_way() - heard
        for side, record_id, key in rows:
            self.ledger.doubt(self.ledger.last_writes(side, record_id, key or ""))

    def _note_links(self) -> None:
        """Who is linked with whom. A link that has both records is never forgotten: it is closed at most."""
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT id, object, crm_id, activecampaign_id, opened_at FROM link"
                " WHERE crm_id IS NOT NULL AND activecampaign_id IS NOT NULL"
            )
            rows = cursor.fetchall()
        linked = {}
        for number, object, crm_id, contact_id, opened_at in rows:
            pair = frozenset({(CRM, object, crm_id), (CONTACTS, "contact", contact_id)})
            linked[number] = pair
            if self._linked.get(number) != pair:
                since = opened_at if number not in self._linked else self.clock.now()
                self.paired.setdefault(pair, since)
        self.wrong += [
            f"the link of {sorted(self._linked[each])} is forgotten" for each in self._linked.keys() - linked
        ]
        self._linked = linked

    # --- what is seen

    def see_ours(
        self,
        asked: datetime,
        route: str = "",
        request: httpx2.Request | None = None,
        response: httpx2.Response | None = None,
    ) -> None:
        """Take in what a call did, and what imports were done by now."""
        if self.others_write:
            self.ledger.others(self._look(), self.clock.now())
            return
        imports = self.systems["activecampaign"].system.imports  # type: ignore[attr-defined]
        waiting = [batch for batch in imports.batches.values() if not batch.done]
        imports.work()
        for batch in imports.batches.values():
            self.imports_asked.setdefault(batch.id, asked)
        done = [batch for batch in waiting if batch.done]
        written = len(self.ledger.writes)
        asked = min([asked, *(self.imports_asked[batch.id] for batch in done)])
        self.ledger.ours(self._look(), self.clock.now(), asked)
        unheard = {str(number) for batch in done if batch.id in self.unheard for number in batch.success}
        self.ledger.doubt(write for write in self.ledger.writes[written:] if write.record[2] in unheard)
        self.consents.ours(self._stands())
        if request is not None and response is not None:
            self.refused += [f"{route} {text}" for text in self._refusals(request, response)]

    def _refusals(self, request: httpx2.Request, response: httpx2.Response) -> Iterable[str]:
        if self.called == self.vendor:
            return self.org.refused(request, response)
        told = is_refusal(response.status_code) or b"failureReasons" in response.content
        return [f"{request.content.decode()} {response.text}"] if told else []

    def imports_under_way(self) -> set[str]:
        """The imports that had no effect yet."""
        imports = self.systems["activecampaign"].system.imports  # type: ignore[attr-defined]
        return {batch.id for batch in imports.batches.values() if not batch.done}

    def check_intent(self, route: str) -> None:
        """Nothing is sent that is not committed as an intent before."""
        if database.in_atomic_block:
            self.wrong.append(f"{route} was called inside a transaction")
        with self._looking(), database.cursor() as cursor:
            cursor.execute(INTENDED)
            if cursor.fetchone() == (0,):
                self.wrong.append(f"{route} was sent without an intent")

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Our own looks at the tables are none of the product's statements."""
        events, _commits[0].events = _commits[0].events, None
        try:
            yield
        finally:
            _commits[0].events = events

    # --- the connection

    def _connect(self) -> None:
        self.connected = True
        self.connect(self._mapping(), org=self.vendor)
        self.departures.clear()

    def _mapping(self) -> MappingFile:
        fields = [
            FieldMapping(
                crm=self.org.fields[name],
                activecampaign=TITLES.get(name, name),
                to_crm=UpdateRule.NEVER if name == ONE_WAY else UpdateRule.ALWAYS,
            )
            for name in FIELDS
        ]
        options = self.history.options
        settings = Settings(
            policy=Policy(options.policy),
            winner=Side(options.winner),
            creation=CreationRule.TAGGED,
            creation_tag=TAG,
            import_updates_above=options.import_updates_above,
        )
        return mapping_of(
            *both_objects(fields, creation_defaults=dict(self.org.creation_defaults)), settings=settings
        )

    @property
    def _account(self) -> Any:
        return self.systems["activecampaign"].system.account  # type: ignore[attr-defined]

    def _look(self) -> dict[Record, Values]:
        """What every record holds; where a field was deleted, what it held then: the other side shall keep that."""
        now = look(self.org, self._account, self.custom, digits=self.history.options.digits)
        for side, name in self.dropped:
            for record, values in now.items():
                if record[0] == side:
                    cells = self.ledger.cells.get(record) or self.ledger.gone.get(record)
                    values[name] = cells[name].content.value if cells else ""
        return now

    def _stands(self) -> Stands:
        return stands(self.org, self._account)

    def canonical(self, field: str, value: object) -> str:
        """A value of a field as it is compared."""
        return canonical(field, value, digits=self.history.options.digits)

    def names(self, side: str, field: str) -> str:
        """The name of a field in our tables."""
        if side == CRM:
            return self.org.fields[field]
        return f"field/{self.custom[field]}" if field in self.custom else field

    def holds(self, name: str = NAME) -> list[Row]:
        """All holds, with fields by our names."""
        ours = {own: field for field, own in self.org.fields.items()}
        return [{**hold, "field": ours.get(hold["field"], hold["field"])} for hold in super().holds(name)]
