"""A process that forks a sandbox and a sync for each case, and kills the sync where the case says.

`python -m tests.helpers.kill_zygote CRM SCENARIO DATABASE_URL` prepares the scenario (`initial` or `incremental`) once,
in memory and in the database of that address, then answers JSON lines: a case in, its outcome out. Forking makes a case
cheap: the prepared sandboxes, the interpreter and Django are copied, the processes and their deaths are real.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - opening a connection would import it in each child
import functools
import gc
import http.client
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from tests.helpers.crm_words import WORDS, Dump, Row, Words

# Leads, contacts and half the subscribers, and how many of them people edit: with fewer, calls and commits of the same
# kinds are made, but fewer of one kind.
RECORDS = {"salesforce": 150, "dynamics": 40}
EDITED = {"salesforce": 12, "dynamics": 3}
# What is compared of a record: of the CRM's under the names of Salesforce.
COMPARED = {
    "lead": ("Email", "FirstName", "LastName", "Phone", "Company", "HasOptedOutOfEmail"),
    "contact": ("Email", "FirstName", "LastName", "Phone", "HasOptedOutOfEmail"),
}
COMPARED_CONTACT = ("email", "firstName", "lastName", "phone", "lists")
WRITING = ("insert", "update", "delete", "with")
DEADLINE = 60  # seconds after which a child is given up


class SandboxClock:
    """Waits by moving the sandboxes' clocks on, so that no case spends real time sleeping."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        now = datetime.fromisoformat(control(urls["activecampaign"], "GET", "clock")["now"])
        self._ahead = now - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        for url in self._urls.values():
            control(url, "POST", "clock", {"advance": seconds})
        self._ahead += timedelta(seconds=seconds)

    def new_id(self) -> str:
        return os.urandom(16).hex()


def control(base: str, method: str, name: str, body: object = None) -> Any:
    """Call a sandbox's control API."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, f"/_sandbox/{name}", payload, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return msgspec.json.decode(text) if text else None
    finally:
        connection.close()


# --- the kill at a COMMIT ----------------------------------------------------------------------------------------


class CommitCounter:
    """Ends the process before or after the n-th COMMIT; without n it only counts.

    A statement that writes outside a transaction commits itself and counts too; those of the call budget do not: they
    pace calls and hold no data.
    """

    def __init__(self, at: int | None = None, when: str = "before") -> None:
        self.count = 0
        self._at = at
        self._when = when

    def install(self) -> None:
        from django.db import connection
        from django.db.backends.postgresql.base import DatabaseWrapper

        wrappers: Any = DatabaseWrapper  # a private method: the one place through which every COMMIT goes
        commit = wrappers._commit

        def counted(wrapper: Any) -> Any:
            return self._around(lambda: commit(wrapper))

        wrappers._commit = counted
        connection.execute_wrappers.append(self._execute)

    def _execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split(None, 2)
        commits = context["connection"].get_autocommit() and not context["connection"].in_atomic_block
        if not commits or words[0].lower() not in WRITING or words[1].lower() == "budget":
            return execute(sql, params, many, context)
        return self._around(lambda: execute(sql, params, many, context))

    def _around(self, act: Callable[[], Any]) -> Any:
        self.count += 1
        if self.count == self._at and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = act()
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


# --- children ----------------------------------------------------------------------------------------------------


def fork(task: Callable[[int], None]) -> tuple[int, int]:
    """Run `task(pipe)` in a child; return its pid and the end of the pipe to read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    code = 1
    try:
        signal.alarm(DEADLINE)
        task(writing)
        code = 0
    except BaseException:  # noqa: BLE001 - a child says what happened and ends, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def say(pipe: int, what: object) -> None:
    os.write(pipe, json.dumps(what).encode() + b"\n")


def hear(pipe: int) -> str:
    """Read what a child says until it ends or ends a line."""
    text = b""
    while not text.endswith(b"\n"):
        part = os.read(pipe, 1 << 16)
        if not part:
            break
        text += part
    os.close(pipe)
    return text.decode()


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Zygote:
    """The prepared scenario."""

    def __init__(self, crm: str, scenario: str, database_url: str) -> None:
        self.crm = crm
        os.environ["DATABASE_URL"] = database_url
        os.environ["DJANGO_SETTINGS_MODULE"] = "crosswalk.settings"
        import django

        django.setup()
        from crosswalk.store.vault import Vault
        from crosswalk_sandbox.limits import Limits
        from crosswalk_sandbox.people import Sizes
        from crosswalk_sandbox.sandbox import Options, Sandbox

        options = Options(
            sizes=Sizes(leads=RECORDS[crm], contacts=RECORDS[crm], subscribers=2 * RECORDS[crm]),
            seed=7,
            limits=Limits.parse("off"),
        )
        self.systems = ("activecampaign", crm)
        self.sandbox = Sandbox(self.systems, options)
        self.vault = Vault(b"k" * 32)
        self._prepare(scenario)
        self._warm()

    def _prepare(self, scenario: str) -> None:
        """Connect, map and, for the incremental scenario, sync once and let people edit; all in this process."""
        from crosswalk.sync import run, setup

        transport, ready = self.sandbox.transport()
        clock = PreparingClock(self.sandbox)
        opener = through(transport=transport)
        credentials = {
            name: {key: value for key, value in ready[name].items() if key != "control"}
            for name in self.systems
        }
        setup.add_connection("kill", credentials, self.vault, clock, opener)
        setup.set_mapping("kill", WORDS[self.crm].mapping(mapping()), self.vault, clock, opener)
        if scenario == "incremental":
            run.run(setup.open_context("kill", self.vault, clock, opener=opener))
            clock.sleep(3600)
            edit(self.sandbox.systems, self.crm)
            clock.sleep(3600)

    def _warm(self) -> None:
        """Leave nothing to do in each child that can be done once."""
        from django.db import connection

        import crosswalk.sync.verify  # noqa: F401
        from crosswalk.store import connections
        from crosswalk.sync import setup
        from crosswalk_sandbox.salesforce.soql.parser import parse

        opener = through(urls=dict.fromkeys(self.systems, "http://127.0.0.1"))  # nobody is called yet
        setup.open_systems(connections.get("kill"), self.vault, PreparingClock(self.sandbox), opener)
        connection.close()
        parse("SELECT Id FROM Lead")  # makes the parser, which takes longer than all queries of a case
        gc.disable()  # children are short-lived, and to look through what they inherit is to copy it

    # --- one case

    def case(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Run one case; see `tests.acceptance.test_kill` for what comes back."""
        with self._served() as urls:
            pid, pipe = fork(lambda pipe: self._first(pipe, urls, order))
            said = hear(pipe)
            code = ended(pid)
            for base in urls.values():
                control(base, "DELETE", "faults")
            again = bool(order.get("again"))
            pid, pipe = fork(lambda pipe: self._second(pipe, urls, again))
            outcome: dict[str, Any] = json.loads(hear(pipe) or "{}")
            outcome["second"] = ended(pid)
            outcome["killed"] = code == -signal.SIGKILL
            outcome["first"] = json.loads(said) if said else {"code": code}
            outcome["people"] = self._people(
                {name: control(base, "GET", "dump") for name, base in urls.items()}
            )
            return outcome

    def _people(self, dumps: Mapping[str, Dump]) -> dict[str, list[Row]]:
        """What is compared of all live records, read from the raw dumps."""
        records = WORDS[self.crm].records
        found = {
            name: [
                {field: row[field] for field in fields}
                for row in records(dumps[self.crm], name)
                if not row["IsDeleted"]
            ]
            for name, fields in COMPARED.items()
        }
        live = [row for row in dumps["activecampaign"]["contact"] if row["deleted"] != "1"]
        return {**found, "subscriber": [{field: row[field] for field in COMPARED_CONTACT} for row in live]}

    @contextmanager
    def _served(self) -> Iterator[dict[str, str]]:
        """A forked copy of the prepared sandboxes on ports of its own."""
        pid, pipe = fork(self._serve)
        try:
            yield json.loads(hear(pipe))
        finally:
            os.kill(pid, signal.SIGKILL)
            ended(pid)

    def _serve(self, pipe: int) -> None:
        signal.alarm(4 * DEADLINE)
        servers, _ = self.sandbox.serve(dict.fromkeys(self.systems, 0))
        say(pipe, {name: server.url for name, server in zip(self.systems, servers, strict=True)})
        signal.pause()

    def _open(self, urls: Mapping[str, str]) -> Any:
        from crosswalk.sync import setup

        return setup.open_context("kill", self.vault, SandboxClock(urls), opener=through(urls=urls))

    def _first(self, pipe: int, urls: Mapping[str, str], order: Mapping[str, Any]) -> None:
        """The sync that is to die."""
        from crosswalk.sync import run

        kill = order.get("kill") or {}
        counter = CommitCounter(kill.get("commit"), kill.get("when", "before"))
        context = self._open(urls)
        counter.install()
        if "request" in kill:
            fault = {"kind": "kill", "kill": os.getpid(), "at_request": kill["request"], "when": kill["when"]}
            control(urls[kill["system"]], "POST", "faults", fault)
        before = {name: control(base, "GET", "counts")["total"] for name, base in urls.items()}
        run.run(context)
        requests = {
            name: control(base, "GET", "counts")["total"] - before[name] for name, base in urls.items()
        }
        say(pipe, {"commits": counter.count, "requests": requests})

    def _second(self, pipe: int, urls: Mapping[str, str], again: bool) -> None:
        """The run after the crash, if asked one more that must find nothing to do, and verify."""
        from crosswalk.sync import run, verify

        context = self._open(urls)
        result = run.run(context)
        last = run.run(context) if again else result
        found = verify.verify(context)
        say(
            pipe,
            {
                "state": result.state,
                "waiting": last.waiting,
                "last": dict(last.counts) if again else {},
                "links": found.links,
                "equal": found.equal,
                "excused": found.excused,
                "unexcused": found.unexcused,
                "samples": [sample for sample in found.samples if sample["excuse"] is None],
            },
        )


def through(*, transport: Any = None, urls: Mapping[str, str] | None = None) -> Any:
    """An opener that reaches the sandboxes in process, or at other addresses than those stored."""
    from crosswalk.systems import open_system

    def opener(vendor: str, credentials: dict[str, str], **rest: Any) -> Any:
        moved = dict(credentials)
        for key in ("url", "login_url", "instance_url", "authority"):
            if urls is not None and key in moved:
                moved[key] = urls[vendor]
        if urls is not None:
            rest["tokens"] = None  # those of the place where it was prepared serve here no more
        return open_system(vendor, moved, transport=transport, **rest)

    return opener


class PreparingClock:
    """The sandboxes' own time, moved on by waiting."""

    def __init__(self, sandbox: Any) -> None:
        self._clocks = [controlled.clock for controlled in sandbox.systems.values()]

    def now(self) -> datetime:
        now: datetime = self._clocks[0].now()
        return now

    def sleep(self, seconds: float) -> None:
        for clock in self._clocks:
            clock.advance(seconds)

    def new_id(self) -> str:
        return os.urandom(16).hex()


# --- the scenario ------------------------------------------------------------------------------------------------

FIELDS = (("Email", "email"), ("FirstName", "firstName"), ("LastName", "lastName"), ("Phone", "phone"))


def mapping() -> Any:
    """Leads and contacts with four fields each; tagged contacts become leads; many updates go by import."""
    from crosswalk.core.mapping import CreationRule, FieldMapping, MappingFile, ObjectMapping, Settings

    fields = tuple(FieldMapping(crm=crm, activecampaign=contact) for crm, contact in FIELDS)
    defaults = {"Company": "unknown", "LastName": "unknown"}
    return MappingFile(
        settings=Settings(
            creation=CreationRule.TAGGED,
            creation_tag="make-lead",
            creation_object="lead",
            import_updates_above=20,
        ),
        objects=tuple(
            ObjectMapping(object=name, fields=fields, creation_defaults=defaults)
            for name in ("lead", "contact")
        ),
    )


def edit(systems: Mapping[str, Any], crm_name: str) -> None:
    """What people do between two syncs: edits on either side and on both, new records, deletes, tags, a new address."""
    contacts = systems["activecampaign"]
    crm = functools.partial(in_crm, systems[crm_name], WORDS[crm_name])
    shared = _shared(systems, crm_name)
    for number, (name, crm_id, contact_id) in enumerate(shared[: EDITED[crm_name]]):
        if number % 3 != 1:
            crm(name, "edit", crm_id, FirstName=f"Crm{number}")
        if number % 3 != 0:
            contacts.person("contact", "edit", record_id=contact_id, values={"lastName": f"Contact{number}"})
        if number % 3 == 2:
            contacts.person("contact", "edit", record_id=contact_id, values={"firstName": f"Late{number}"})
    crm("contact", "edit", _of(shared, "contact", 12), Email="moved@example.org")
    crm("contact", "edit", _of(shared, "contact", 14), Phone=None)
    crm("lead", "delete", _of(shared, "lead", 16))
    contacts.person("contact", "delete", record_id=shared[18][2])
    for number in range(3):
        crm("lead", "create", LastName=f"New{number}", Company="New Ltd", Email=f"new{number}@example.org")
    free = [row for row in contacts.dump()["contact"] if row["id"] not in {item[2] for item in shared}]
    for row in free[:2]:
        contacts.person("contact", "tag", record_id=row["id"], values={"tag": "make-lead"})
    _opt_out(contacts, crm, shared[20:])


def in_crm(
    system: Any, words: Words, object: str, op: str, record_id: str | None = None, /, **values: Any
) -> None:
    """A person does something in the CRM; names are those of Salesforce."""
    system.person(words.object(object), op, record_id=record_id, values=words.row(values))


def _opt_out(contacts: Any, crm: Callable[..., None], shared: list[tuple[str, str, str]]) -> None:
    """One person opts out in the CRM, one leaves all lists; both were active on one."""
    lists = {row["id"]: row["lists"] for row in contacts.dump()["contact"]}
    active = [each for each in shared if "1" in lists[each[2]].values()]
    (name, crm_id, _), (_, _, contact_id) = active[:2]
    crm(name, "edit", crm_id, HasOptedOutOfEmail=True)
    values = {"lists": dict.fromkeys(lists[contact_id], 2), "phone": "+34 600 000 001"}
    contacts.person("contact", "edit", record_id=contact_id, values=values)


def _shared(systems: Mapping[str, Any], crm: str) -> list[tuple[str, str, str]]:
    """Records that one CRM record and one contact share: object, CRM id, contact id; in a stable order."""
    emails: dict[str, list[tuple[str, str]]] = {}
    dump = systems[crm].dump()
    for name in COMPARED:
        for row in WORDS[crm].records(dump, name):
            if row["Email"] and not row["IsDeleted"]:
                emails.setdefault(row["Email"].lower(), []).append((name, row["Id"]))
    found = []
    for row in systems["activecampaign"].dump()["contact"]:
        records = emails.get(row["email"].lower(), [])
        if len(records) == 1:
            found.append((*records[0], row["id"]))
    return sorted(found)


def _of(shared: list[tuple[str, str, str]], name: str, start: int) -> str:
    mine = [item for item in shared if item[0] == name]
    return mine[start][1]


def main() -> None:
    """Prepare, say so, then answer cases."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    zygote = Zygote(*sys.argv[1:])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(msgspec.json.encode(zygote.case(json.loads(line))).decode(), flush=True)


if __name__ == "__main__":
    main()
