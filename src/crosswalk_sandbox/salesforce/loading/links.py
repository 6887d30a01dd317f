"""Ids for all records, and the references between them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from crosswalk_sandbox.load.cells import Refusal
from crosswalk_sandbox.load.report import Report
from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.loading.rows import ByKey, Taken
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field, Object
from crosswalk_sandbox.salesforce.store import fold

Records = dict[str, list[Taken]]  # by object
PEOPLE = ("User", "Group")  # whom records may belong to although no file has them


class Links:
    """Knows every record by all names that files have for it."""

    def __init__(self, org: Org, records: Records, report: Report) -> None:
        self._org = org
        self._records = records
        self._report = report
        self._known: dict[tuple[str, str], Taken] = {}  # by object and id
        self._named: dict[tuple[str, str], list[Taken]] = defaultdict(list)  # by scope and reference
        self._keys: dict[tuple[str, str], dict[str, list[Taken]]] = {}  # by object and field
        # ids of users and queues of whom no file tells
        self.strangers: dict[str, dict[str, None]] = {name: {} for name in PEOPLE}
        self._found: dict[tuple[tuple[str, ...], str], str | None] = {}  # what ids were found to mean

    def identify(self) -> None:
        """Give all records their ids: the files' own where they are valid, else new ones."""
        for name, taken in self._records.items():
            kind = self._org.schema[name]
            self._records[name] = [each for each in taken if self._fits(each, self._keep_id, kind)]
        for name, taken in self._records.items():
            numbers = (ids.number(each.id) for each in taken if each.id)
            self._org.numbers[name] = max(self._org.numbers.get(name, 0), *numbers, 0)
            for each in taken:
                each.id = each.id or self._org.new_id(self._org.schema[name])
                self._known[name, each.id] = each

    def tie(self) -> None:
        """Replace what files write for references by ids.

        Again while records are refused, since others may point to them.
        """
        refused = True
        while refused:
            refused = False
            self._found.clear()
            for name, taken in self._records.items():
                kind = self._org.schema[name]
                references = [each for each in kind.fields.values() if each.type == "reference"]
                fitting = [each for each in taken if self._fits(each, self._tie_one, references)]
                refused = refused or len(fitting) < len(taken)
                self._records[name] = fitting

    def _fits(self, taken: Taken, check: Any, about: Any) -> bool:
        try:
            check(taken, about)
        except Refusal as refusal:
            self._report.refuse(taken.reading.file, taken.line, str(refusal))
            taken.refused = True
        return not taken.refused

    def _keep_id(self, taken: Taken, kind: Object) -> None:
        """Note a record under its own id, if that is valid, and its reference. Raises Refusal."""
        own = str(taken.values.pop("Id", ""))
        full = ids.canonical(own)
        valid = full is not None and full.startswith(kind.prefix)
        name = (kind.name, str(full) if valid else own)
        if own and (name in self._known or name[1] in self._org.store[kind.name].rows):
            raise Refusal(f"Id: {own} is the id of another record{self._place(name)}")
        if valid:
            taken.id = str(full)
        elif own:
            text = f"what stands in Id is no id of the object {kind.name}: these records get new ids"
            self._report.remark(taken.reading.file, taken.line, text)
        if own:
            self._known[name] = taken
        if taken.reference:
            self._name(taken)

    def _place(self, name: tuple[str, str]) -> str:
        other = self._known.get(name)
        return f", {other.reading.file}, line {other.line}" if other else ""

    def _name(self, taken: Taken) -> None:
        same = self._named[taken.reading.part.scope, taken.reference]
        for other in same:
            if other.reading.file == taken.reading.file:
                raise Refusal(f"referenceId: {taken.reference} is used in line {other.line}, too")
        same.append(taken)

    def _tie_one(self, taken: Taken, references: list[Field]) -> None:
        for field in references:
            written = taken.values.get(field.name)
            if written is None:
                continue
            found = self._find(field, written, taken)
            if found is not None:
                taken.values[field.name] = found
                continue
            if field.required:
                raise Refusal(f"{field.label}: the record it points to is in no file")
            del taken.values[field.name]
            text = f"{field.name} points to a record that is in no file, or is refused: left empty"
            self._report.remark(taken.reading.file, taken.line, text)

    def _find(self, field: Field, written: str | ByKey, taken: Taken) -> str | None:
        """The id of the record that a file points to; None when it is not there. Raises Refusal."""
        if isinstance(written, ByKey):
            return self._by_key(field, written)
        if written.startswith("@"):
            return self._by_reference(field, written, taken)
        if (field.to, written) not in self._found:
            self._found[field.to, written] = self._by_id(field, written)
        return self._found[field.to, written]

    def _by_id(self, field: Field, written: str) -> str | None:
        full = ids.canonical(written)
        for name in field.to:
            known = self._known.get((name, full or written))
            if known is not None:
                return _id(known)
        if full is None:
            raise Refusal(f"{field.label}: id value of incorrect type: {written}")
        return self._elsewhere(field, full)

    def _elsewhere(self, field: Field, full: str) -> str | None:
        """An id that no record of the files has: a user's or queue's, or one that points nowhere."""
        kind = self._org.schema.of_id(full)
        if kind is None:
            return None
        if kind.name not in field.to:
            raise Refusal(f"{field.label}: id value of incorrect type: {full}")
        if full in self._org.store[kind.name].rows:
            return full
        if kind.name not in PEOPLE:
            return None
        self.strangers[kind.name][full] = None
        return full

    def _by_reference(self, field: Field, written: str, taken: Taken) -> str | None:
        """The record of that reference in the same file, else in the same plan or folder."""
        scope = taken.reading.part.scope
        same = [each for each in self._named[scope, written[1:]] if each.reading.kind.name in field.to]
        if not same:
            raise Refusal(f"{field.label}: no record has the reference {written}")
        near = [each for each in same if each.reading.file == taken.reading.file]
        return _id((near or same)[0])

    def _by_key(self, field: Field, written: ByKey) -> str | None:
        """The only record of which a field holds that text."""
        name = field.to[-1]
        key = self._org.schema[name].field(written.key) if self._org.schema.find(name) else None
        if key is None:
            return None
        if key.type == "id":
            known = self._known.get((name, ids.canonical(written.text) or written.text))
            return _id(known) if known else None
        found = self._index(name, key.name).get(fold(written.text), [])
        return _id(found[0]) if len(found) == 1 else None

    def _index(self, name: str, key: str) -> dict[str, list[Taken]]:
        if (name, key) not in self._keys:
            index = self._keys[name, key] = defaultdict(list)
            for each in self._records.get(name, []):
                index[fold(str(each.values.get(key, "")))].append(each)
        return self._keys[name, key]


def _id(taken: Taken) -> str | None:
    return None if taken.refused else taken.id
