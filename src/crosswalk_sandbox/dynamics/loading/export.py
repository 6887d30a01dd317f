"""The exports of a folder as an environment: first the schema that they need, then their rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment, Row, stamp
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.loading import fields
from crosswalk_sandbox.dynamics.loading.rows import Taken, Taker, surveyed
from crosswalk_sandbox.dynamics.loading.ties import USERS, Records, Ties
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.states import state_of
from crosswalk_sandbox.load.folder import Folder

QUIET = timedelta(hours=1)  # rows without stamps changed this long before the start
LATER = "stamps that lie after the sandbox's own time are set to it"
RATE = Decimal("1.0000000000")


class Export:
    """What a folder holds of an environment."""

    def __init__(self, folder: Folder, environment: Environment) -> None:
        self._report = folder.report
        self._environment = environment
        self._readings = surveyed(folder, environment.schema)
        watched = [each for reading in self._readings for each in reading.watched()]
        fields.extend(environment.schema, watched, folder.report)

    def plant(self) -> None:
        """Make the rows of the files, in the order in which they were changed."""
        here = self._environment
        records = self._records()
        ties = Ties(here, records, self._report)
        ties.identify()
        for taken in records.values():
            for each in taken:
                ties.tie(each)
        for key, name in ties.strangers.items():
            self._stranger(key, name)
        rows = [
            (here.schema[name], row)
            for name, taken in records.items()
            for each in taken
            if (row := self._row(here.schema[name], each)) is not None
        ]
        for table, row in sorted(rows, key=lambda each: str(each[1]["modifiedon"])):
            here.put(table.name, row)

    def _records(self) -> Records:
        """All rows that fit their columns, by table."""
        records: Records = {}
        for reading in self._readings:
            table = self._environment.schema[reading.table]
            records.setdefault(reading.table, []).extend(Taker(reading, table, self._report).rows())
        return records

    def _row(self, table: Table, taken: Taken) -> Row | None:
        """The row of a record with what the environment fills in; None, and a note, when it does not fit."""
        row: Row = {each.name: False for each in table.columns.values() if each.type == "Boolean"}
        given = dict(taken.values)
        _split_name(table, given)
        if table.stateful and "statecode" not in given and "statuscode" in given:
            given["statecode"] = state_of(table.name, given["statuscode"])
        row |= {**self._defaults(table, given), **given, table.key: taken.id}
        self._stamp(row, taken)
        try:
            saving.settle_state(table, row, given, None)
        except ODataError as error:
            self._report.refuse(taken.reading.file, taken.line, error.message)
            return None
        taken.reading.told.loaded += 1
        return saving.derived(table, row)

    def _defaults(self, table: Table, given: Row) -> Row:
        here = self._environment
        owner = given.get("ownerid") or ids.make(here.seed, "user 1")
        row: Row = {"createdby": owner, "modifiedby": given.get("createdby") or owner}
        if table.owned:
            kind = "owningteam" if given.get("owneridtype") == "team" else "owninguser"
            row |= {"ownerid": owner, "owneridtype": USERS, kind: owner, "owningbusinessunit": here.unit}
        if table.name == USERS:
            row |= {
                "businessunitid": here.unit,
                "accessmode": 0,
                "domainname": f"{given.get('fullname')}@org.example",
            }
        if "transactioncurrencyid" in table.columns:
            row |= {"transactioncurrencyid": here.currency, "exchangerate": RATE}
        return row

    def _stamp(self, row: Row, taken: Taken) -> None:
        """Both stamps, from those that the file has; none lies in the future."""
        now = self._environment.now()
        quiet = stamp(self._environment.clock.now() - QUIET)
        modified = row.get("modifiedon") or row.get("createdon") or quiet
        row |= {"modifiedon": modified, "createdon": row.get("createdon") or modified}
        for name in ("createdon", "modifiedon"):
            if row[name] > now:
                row[name] = now
                self._report.remark(taken.reading.file, taken.line, LATER)

    def _stranger(self, key: str, name: str) -> None:
        """A user of whom no file tells, whom rows name."""
        here = self._environment
        template = here.rows[USERS][ids.make(here.seed, "user 1")]
        first, _, last = name.rpartition(" ")
        mail = f"user.{key[:8]}@org.example"
        named = {"firstname": first, "lastname": last, "fullname": name, "domainname": mail}
        here.put(USERS, {**template, **named, "internalemailaddress": mail, "systemuserid": key})


def _split_name(table: Table, given: Row) -> None:
    """A full name without a last name is taken apart; with one it says nothing new."""
    if not {"firstname", "lastname", "fullname"} <= table.columns.keys():
        return
    full = str(given.pop("fullname", ""))
    if full and "lastname" not in given:
        first, _, last = full.rpartition(" ")
        given["lastname"] = last[: table.columns["lastname"].length]
        if first:
            given.setdefault("firstname", first[: table.columns["firstname"].length])
