"""The exports of a folder as an org: first the schema that they need, then their records."""

from __future__ import annotations

from collections.abc import Iterable

from crosswalk_sandbox.load.folder import Folder
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.loading.fields import extended
from crosswalk_sandbox.salesforce.loading.links import Links, Records
from crosswalk_sandbox.salesforce.loading.parts import find
from crosswalk_sandbox.salesforce.loading.rows import Taken, Taker, survey
from crosswalk_sandbox.salesforce.loading.settling import Settler
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object, Schema
from crosswalk_sandbox.salesforce.seed import Start
from crosswalk_sandbox.salesforce.store import Row, fold

ORDER = ("User", "Account", "Contact", "Lead", "Opportunity")  # then all others


class Export:
    """What a folder holds of an org."""

    def __init__(self, folder: Folder, base: Schema) -> None:
        self._report = folder.report
        surveyed = [survey(part, folder.report) for part in find(folder, base)]
        self._readings = [reading for reading in surveyed if reading is not None]
        seen = [each for reading in self._readings for each in reading.seen()]
        self.schema = extended(base, seen, folder.report)

    def plant(self, org: Org, start: Start) -> Start:
        """The records of the files, and of `start` users and settings."""
        records = self._records()
        links = Links(org, records, self._report)
        links.identify()
        links.tie()
        rows = {name: list(found) for name, found in start.rows.items()}
        settler = Settler(org, rows, self._report)
        for name, strangers in links.strangers.items():
            rows[name] += [settler.stranger(name, each, n) for n, each in enumerate(strangers, start=1)]
        rows["OpportunityStage"] += settler.stages(records.get("Opportunity", ()))
        for name, taken in records.items():
            org.store["OpportunityStage"].load(rows["OpportunityStage"])
            rows[name] += self._settled(settler, org.schema[name], taken)
            org.store[name].load(rows[name])
        return Start(rows=rows, numbers=dict(org.numbers))

    def _records(self) -> Records:
        """All rows that fit their fields, by object in an order that leads from parents to children."""
        readings = sorted(self._readings, key=lambda each: _rank(each.kind.name))
        records: Records = {}
        for reading in readings:
            taken = Taker(reading, self.schema, self._report).rows()
            records.setdefault(reading.kind.name, []).extend(taken)
        return {name: self._unique(self.schema[name], taken) for name, taken in records.items()}

    def _unique(self, kind: Object, taken: list[Taken]) -> list[Taken]:
        """Without the records that repeat a value which must be unique."""
        for field in kind.fields.values():
            if "unique" in field.is_:
                taken = self._unique_in(field.name, taken)
        return taken

    def _unique_in(self, name: str, taken: list[Taken]) -> list[Taken]:
        first: dict[str, Taken] = {}
        kept = []
        for each in taken:
            value = each.values.get(name)
            other = each if value is None else first.setdefault(fold(value), each)
            if other is each:
                kept.append(each)
            else:
                text = f"duplicate value found: {name} duplicates {other.reading.file}, line {other.line}"
                self._report.refuse(each.reading.file, each.line, text)
        return kept

    def _settled(self, settler: Settler, kind: Object, taken: Iterable[Taken]) -> list[Row]:
        rows = []
        for each in taken:
            try:
                rows.append(settler.row(kind, each))
            except RecordError as error:
                self._report.refuse(each.reading.file, each.line, error.problem.message)
                continue
            each.reading.told.loaded += 1
        return rows


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
