"""The story of a demo: connect, plan, sync, a day of people's work, sync, nothing left, verify, compare."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import CreationRule, MappingFile
from crosswalk.core.pace import duration

from . import files, tables
from .demo_choice import fitting
from .demo_edits import Edits, edits_of
from .demo_people import TAG, Day, alive, work
from .demo_systems import ACTIVECAMPAIGN, Systems, credentials
from .mapping import object_tables
from .progress import watched
from .session import Session
from .sync import field_labels, plan_tables
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.sync.context import Context
    from crosswalk.sync.run import RunResult
    from crosswalk.sync.verified import Verification

_SAMPLE = 3  # changes of the plan that are shown


@dataclass(slots=True, kw_only=True)
class Step:
    """One chapter: how long it took, what it did, what it cost."""

    title: str
    seconds: float = 0.0
    what: Mapping[str, Any] = field(default_factory=dict)
    activecampaign_calls: int = 0
    crm_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the demo proved."""

    verification: Verification
    compared: Mapping[str, Any]  # what the independent comparer printed
    activecampaign_calls: int
    crm_calls: int
    seconds: float

    @property
    def percent(self) -> float:
        """Equal field pairs in percent; where nothing can be compared, nothing differs."""
        percent: float = self.compared["percent"] if self.compared["compared"] else 100.0
        return percent


class Story:
    """Plays the demo on a fresh instance; every claim is checked on what the systems hold."""

    def __init__(
        self,
        terminal: Terminal,
        session: Session,
        systems: Systems,
        *,
        name: str,
        home: Path,
        loaded: bool = False,
    ) -> None:
        """`name` is the connection's; `loaded`: the fields of somebody's exports are to be found out."""
        self._name = name
        self._terminal = terminal
        self._session = session
        self._systems = systems
        self._file = home / f"{name}.mapping.json"
        self._loaded = loaded
        self._kind = systems.kind
        self._mapping = files.read_mapping(str(self._kind.mapping))
        self._titles: dict[str, str] = {}  # of ActiveCampaign's fields
        self.edits: dict[str, Edits] = {}  # what people may do to records, by the CRM's object
        self.steps: list[Step] = []

    def play(self) -> Ending:
        """Play all chapters. Raises UserError when a claim does not hold, SystemFailure when a system fails."""
        started = time.monotonic()
        self._connect()
        self._first_sync()
        day = self._people()
        self._second_sync(day)
        if self._loaded:
            self._defaults()
        self._third_sync()
        verification = self._verify()
        compared = self._compare()
        return Ending(
            verification=verification,
            compared=compared,
            activecampaign_calls=self._systems.activecampaign.calls(),
            crm_calls=self._systems.crm.calls(),
            seconds=time.monotonic() - started,
        )

    @contextmanager
    def _step(self, title: str, about: str) -> Iterator[Step]:
        """Announce a chapter and measure it."""
        step = Step(title=title)
        self.steps.append(step)
        self._terminal.say(f"{len(self.steps)}. {title}: {about}", style="bold")
        started, before = time.monotonic(), self._calls()
        yield step
        step.seconds = time.monotonic() - started
        step.activecampaign_calls, step.crm_calls = (
            now - then for now, then in zip(self._calls(), before, strict=True)
        )
        self._terminal.say(f"   {tables.shown(step.what)} ({duration(step.seconds)})")

    def _calls(self) -> tuple[int, int]:
        return self._systems.activecampaign.calls(), self._systems.crm.calls()

    @contextmanager
    def _context(self) -> Iterator[Context]:
        with watched(self._terminal) as report:
            yield self._session.context(self._name, report)

    def _set_mapping(self, mapping: MappingFile) -> None:
        """Save a mapping, and keep it in a file for the comparer and whoever looks at the demo."""
        from crosswalk.sync.setup import set_mapping

        self._mapping = set_mapping(self._name, mapping, self._session.vault, self._session.clock)
        self._file.write_bytes(msgspec.json.format(msgspec.json.encode(self._mapping), indent=2))

    def _chosen(self) -> MappingFile:
        """Return the standard mapping; of exports, the part of it that fits them and what else does."""
        if not self._loaded:
            return self._mapping
        from crosswalk.sync.context import OBJECTS
        from crosswalk.sync.mapping_edit import MappingEditor

        editor = MappingEditor(self._name, self._session.vault, self._session.clock)
        schemas = editor.schemas(OBJECTS)
        self._titles = {field.name: field.label for field in schemas.contact.fields.values()}
        return fitting(self._mapping, schemas.crm, schemas.contact)

    def _connect(self) -> None:
        from crosswalk.sync.setup import add_connection

        about = _("{crm}, ActiveCampaign, and the mapping").format(crm=self._kind.title)
        with self._step(_("Connect"), about) as step:
            add_connection(
                self._name, credentials(self._systems.ready), self._session.vault, self._session.clock
            )
            self._set_mapping(self._chosen())
            step.what = {each.object: len(each.fields) for each in self._mapping.objects}
        if self._loaded and not self._terminal.as_json:
            self._terminal.show(object_tables(self._mapping, self._titles))
            self._tell_alone()

    def _tell_alone(self) -> None:
        """Name the columns of the exports that stay on their own side."""
        pairs = [(item.object, pair) for item in self._mapping.objects for pair in item.fields]
        objects = {object for object, _pair in pairs}
        paired = {(object, pair.crm) for object, pair in pairs}
        paired |= {(ACTIVECAMPAIGN, self._titles[pair.activecampaign]) for _object, pair in pairs}
        made = [
            (each["object"].lower() if each["system"] == self._kind.vendor else ACTIVECAMPAIGN, each["name"])
            for each in self._systems.crm.loaded()["fields"]
        ]
        alone = [
            name
            for where, name in made
            if where in {*objects, ACTIVECAMPAIGN} and (where, name) not in paired
        ]
        if alone:
            names = ", ".join(dict.fromkeys(alone))
            self._terminal.say(_("Columns without a partner of a like name: {fields}").format(fields=names))

    def _first_sync(self) -> None:
        from crosswalk.sync.planning import make_plan

        with self._step(_("Plan"), _("what the first sync would write")) as step, self._context() as context:
            plan = make_plan(context)
            step.what = plan.counts
            labels = field_labels(context)
            options = self._options()
            self.edits = {
                self._kind.objects[name]: edits_of(each.fields, options.get(self._kind.objects[name], {}))
                for name, each in context.objects.items()
            }
        if not self._terminal.as_json:
            self._terminal.show(plan_tables(plan, labels, _SAMPLE))
        before = self._crm_ids()
        with self._step(_("First sync"), _("by the approved plan")) as step, self._context() as context:
            step.what = _run(context, kind="initial", plan=plan).counts
        if made := self._crm_ids() - before:
            raise UserError(_("The first sync created {count} CRM records.").format(count=len(made)))

    def _people(self) -> Day:
        with self._step(_("People"), _("work on both sides")) as step:
            day = work(self._systems, self.edits)
            step.what = day.done
        return day

    def _second_sync(self, day: Day) -> None:
        """Tagged contacts become leads, and nobody else does."""
        settings = replace(self._mapping.settings, creation=CreationRule.TAGGED, creation_tag=TAG)
        self._set_mapping(replace(self._mapping, settings=settings))
        before = self._crm_ids()
        about = _("edits, conflicts, deletes, leads from tags")
        with self._step(_("Second sync"), about) as step, self._context() as context:
            step.what = _run(context).counts
        made = self._crm_ids() - before
        leads = self._lead_addresses(made)
        if len(made) != len(day.tagged) or leads != set(day.tagged):
            raise UserError(
                _("{tagged} contacts were tagged, but {made} CRM records were created.").format(
                    tagged=len(day.tagged), made=len(made)
                )
            )

    def _options(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """Return the choices that the CRM stores by number: object, field, number, label."""
        return self._systems.crm.options() if self._kind.numbers_options else {}

    def _lead_addresses(self, ids: set[str]) -> set[str]:
        lead = self._kind.objects["lead"]
        rows = self._systems.crm.dump()[lead]
        return {row[self._kind.email].lower() for row in rows if self._kind.id_of(lead, row) in ids}

    def _defaults(self) -> None:
        """Exports lack what the CRM requires: the defaults that new leads got travel to their contacts."""
        with (
            self._step(_("Defaults"), _("of new leads, to their contacts")) as step,
            self._context() as context,
        ):
            step.what = _run(context).counts

    def _third_sync(self) -> None:
        """Nothing is left to do, and nothing is done."""
        before = self._systems.crm.dump(), self._systems.activecampaign.dump()
        with self._step(_("Third sync"), _("nothing is left to write")) as step, self._context() as context:
            result = _run(context)
            step.what = result.counts
        after = self._systems.crm.dump(), self._systems.activecampaign.dump()
        if result.counts or before != after:
            raise UserError(_("The third sync wrote: {what}").format(what=tables.shown(result.counts)))

    def _verify(self) -> Verification:
        from crosswalk.sync.verify import verify

        with (
            self._step(_("Verify"), _("read both sides whole and compare them")) as step,
            self._context() as context,
        ):
            found = verify(context)
            step.what = {"links": found.links, "equal": found.equal, "unexcused": found.unexcused}
        return found

    def _compare(self) -> Mapping[str, Any]:
        """Have another program, which shares nothing with this one, compare what both systems hold."""
        with self._step(
            _("Compare"), _("the raw data, by a program that shares nothing with this one")
        ) as step:
            command = [
                sys.executable,
                "-m",
                "crosswalk_sandbox.compare",
                "--json",
                "--mapping",
                str(self._file),
            ]
            command += [
                "--activecampaign",
                self._systems.activecampaign.url,
                f"--{self._kind.vendor}",
                self._systems.crm.url,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise UserError(_("The comparer failed: {words}").format(words=done.stderr[-2000:].strip()))
            compared: dict[str, Any] = json.loads(done.stdout)
            step.what = {name: compared[name] for name in ("pairs", "compared", "equal", "percent")}
        return compared

    def _crm_ids(self) -> set[str]:
        dump = self._systems.crm.dump()
        return {
            self._kind.id_of(name, record)
            for name in self._kind.objects.values()
            for record in alive(dump[name])
        }


def _run(context: Context, **how: Any) -> RunResult:
    """Run once; a demo's run that is stopped has failed."""
    from crosswalk.sync.run import run

    result = run(context, **how)
    if result.state != "done":
        raise UserError(
            _("The run ended as {state}: {message}").format(state=result.state, message=result.message)
        )
    return result
