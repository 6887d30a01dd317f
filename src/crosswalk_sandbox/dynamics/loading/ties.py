"""Keys for all records, and the lookups between them: by GUID, or by the name of the row that they lead to."""

from __future__ import annotations

from collections import defaultdict

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.loading.rows import Taken
from crosswalk_sandbox.dynamics.schema import REFERENCES, Column
from crosswalk_sandbox.load.report import Report

Records = dict[str, list[Taken]]  # by table
USERS = "systemuser"


class Ties:
    """Knows every record by key and by name."""

    def __init__(self, environment: Environment, records: Records, report: Report) -> None:
        self._environment = environment
        self._records = records
        self._report = report
        self._names: dict[str, dict[str, set[str]]] = {}  # by table and lower-case name: keys
        self._keys: dict[str, set[str]] = {}
        self.strangers: dict[str, str] = {}  # users of whom no file tells: key to name

    def identify(self) -> None:
        """Give all records their keys: the files' own, else new ones; a key that is there already is refused."""
        for name, taken in self._records.items():
            table, places, kept = self._environment.schema[name], dict[str, Taken](), []
            for each in taken:
                each.id = each.values.pop(table.key, "") or self._environment.new_id()
                other = places.setdefault(each.id, each)
                if other is each and each.id not in self._environment.rows[name]:
                    kept.append(each)
                    continue
                where = f", {other.reading.file}, line {other.line}" if other is not each else ""
                text = f"{table.key}: {each.id} is the key of another row{where}"
                self._report.refuse(each.reading.file, each.line, text)
            self._records[name] = kept
            self._index(name, table.title, kept)

    def tie(self, taken: Taken) -> None:
        """Replace what a file writes for lookups by keys; what leads nowhere is left empty."""
        table = self._environment.schema[taken.reading.table]
        for name in [name for name in taken.values if table.columns[name].type in REFERENCES]:
            column = table.columns[name]
            text = str(taken.values.pop(name))
            found = self._found(column, text)
            if found is None:
                reason = f"{name} leads to a row that is in no file: left empty"
                self._report.remark(taken.reading.file, taken.line, reason)
                continue
            target, key = found
            taken.values[name] = key
            if column.type in ("Customer", "Owner"):
                taken.values[column.target_column] = target

    def _index(self, name: str, title: str, kept: list[Taken]) -> None:
        rows: dict[str, Row] = dict(self._environment.rows[name])
        rows |= {each.id: each.values for each in kept}
        names: defaultdict[str, set[str]] = defaultdict(set)
        for key, row in rows.items():
            names[_title(row, title)].add(key)
        self._names[name], self._keys[name] = names, set(rows)

    def _found(self, column: Column, text: str) -> tuple[str, str] | None:
        """The table and key of the row that a text means."""
        key = ids.canonical(text)
        for target in column.targets:
            if target not in self._keys:
                self._index(target, self._environment.schema[target].title, [])
            if key is not None and key in self._keys[target]:
                return target, key
            named = self._names[target].get(text.strip().lower(), set())
            if key is None and len(named) == 1:
                return target, next(iter(named))
        return self._stranger(key, text) if USERS in column.targets else None

    def _stranger(self, key: str | None, text: str) -> tuple[str, str]:
        """A user of whom no file tells."""
        known = {name.lower(): found for found, name in self.strangers.items()}
        key = key or known.get(text.lower()) or self._environment.new_id()
        name = f"Unknown User {len(self.strangers) + 1}" if ids.canonical(text) else text
        self.strangers.setdefault(key, name)
        return USERS, key


def _title(row: Row, title: str) -> str:
    name = row.get(title) or " ".join(filter(None, (row.get("firstname"), row.get("lastname"))))
    return str(name).strip().lower()
