"""The Salesforce files of a folder by object: CSV files by their names, trees by the types of their records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crosswalk_sandbox.load import trees
from crosswalk_sandbox.load.delimited import opened
from crosswalk_sandbox.load.folder import Folder, Source
from crosswalk_sandbox.load.sheets import Row, Sheet
from crosswalk_sandbox.load.trees import Node, Tree, TreeError
from crosswalk_sandbox.salesforce.schema import Object, Schema

SYSTEM = "salesforce"
ALSO_LOADED = frozenset({"User"})  # beside the objects that API calls may create


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one object in one file."""

    kind: Object
    sheet: Sheet
    scope: str = ""  # files within which references hold: a plan's name, "" without a plan


class TreeSheet:
    """The records of one object in a tree file."""

    form = "JSON"
    european = False

    def __init__(self, file: str) -> None:
        self.file = file
        self.columns: list[str] = []
        self._places: dict[str, int] = {}  # by lower-case name
        self._rows: list[tuple[int, str, dict[int, str]]] = []

    def add(self, line: int, reference: str, values: dict[str, str]) -> None:
        """Take one record; names that differ in case alone are one column."""
        self._rows.append((line, reference, {self._place(name): text for name, text in values.items()}))

    def rows(self) -> Iterator[Row]:
        """All records."""
        for line, reference, values in self._rows:
            cells = [values.get(place, "") for place in range(len(self.columns))]
            yield Row(line, cells, reference=reference)

    def _place(self, name: str) -> int:
        place = self._places.setdefault(name.lower(), len(self.columns))
        if place == len(self.columns):
            self.columns.append(name)
        return place


def find(folder: Folder, schema: Schema) -> list[Part]:
    """All parts; files that are of no object of the org are noted in the report."""
    sources = folder.of(SYSTEM)
    parts = [part for source in sources if source.form == "table" for part in _table(source, folder, schema)]
    return parts + _Trees(folder, schema).parts([source for source in sources if source.form == "tree"])


def loadable(schema: Schema) -> list[Object]:
    """The objects whose exports can be loaded."""
    return [kind for kind in schema if "createable" in kind.is_ or kind.name in ALSO_LOADED]


def _table(source: Source, folder: Folder, schema: Schema) -> list[Part]:
    kind = _named(source.path.stem, schema)
    if kind is None:
        names = ", ".join(each.name for each in loadable(schema))
        folder.report.skip(source.file, f"its name is none of {names}")
        return []
    sheet = opened(source, folder.report)
    return [Part(kind=kind, sheet=sheet)] if sheet else []


def _named(stem: str, schema: Schema) -> Object | None:
    """The object that a file's name has as a word, also in the plural, such as `Leads (2)`; the first one."""
    found = []
    for kind in loadable(schema):
        names = rf"(?<![a-z])(?:{kind.name}|{kind.plural.replace(' ', '')})(?![a-z])"
        if place := re.search(names, stem, re.IGNORECASE):
            found.append((place.start(), kind))
    return min(found, key=lambda each: each[0], default=(0, None))[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a plan says of a file: the object of its records."""

    name: str = ""
    object: str = ""


class _Trees:
    """The trees of a folder: what its plans say of them, and their records by file and object."""

    def __init__(self, folder: Folder, schema: Schema) -> None:
        self._report = folder.report
        self._path = folder.path
        self._schema = schema
        self._loadable = {kind.name for kind in loadable(schema)}
        self._sheets: dict[tuple[str, str], TreeSheet] = {}
        self._unnamed = 0

    def parts(self, sources: list[Source]) -> list[Part]:
        """The parts of all files."""
        texts = {source.file: text for source in sources if (text := self._text(source.path)) is not None}
        plans = {name: steps for name, text in texts.items() if (steps := trees.plan(text)) is not None}
        planned = {
            file.lower(): _Plan(name=name, object=step.object)
            for name, steps in plans.items()
            for step in steps
            for file in step.files
        }
        self._fetch(plans, texts)
        for file, text in texts.items():
            if file not in plans:
                self._read(file, text, planned.get(file.lower(), _Plan()))
        return [
            Part(
                kind=self._schema[name],
                sheet=sheet,
                scope=planned.get(file.lower(), _Plan()).name,
            )
            for (file, name), sheet in self._sheets.items()
        ]

    def _text(self, path: Path) -> str | None:
        try:
            return trees.read_text(path)
        except OSError as error:
            self._report.skip(path.name, f"it cannot be read: {error.strerror or error}")
            return None

    def _fetch(self, plans: dict[str, list[trees.Step]], texts: dict[str, str]) -> None:
        """Read what plans name below the folder."""
        there = {file.lower() for file in texts}
        for name, steps in plans.items():
            for file in (file for step in steps for file in step.files if file.lower() not in there):
                if not (self._path / file).is_file():
                    self._report.skip(file, f"{name} names it, but it is not in the folder")
                elif (text := self._text(self._path / file)) is not None:
                    texts[file] = text

    def _read(self, file: str, text: str, plan: _Plan) -> None:
        count = 0
        named = _named(Path(file).stem, self._schema)
        fallback = plan.object or (named.name if named else "")
        try:
            for node in Tree(text).nodes():
                count += 1
                self._add(file, node, node.type or fallback, {})
        except TreeError as error:
            self._report.refuse(file, error.line, f"{error}: the rest of the file is not read")
        else:
            if not count:
                self._report.skip(file, "it holds no records of the form that the Salesforce CLI exports")

    def _add(self, file: str, node: Node, type_name: str, parent: dict[str, str]) -> None:
        kind = self._schema.find(type_name)
        if kind is None or kind.name not in self._loadable:
            self._report.refuse(file, node.line, f"there is no object {type_name or 'named'} here")
            return
        sheet = self._sheets.setdefault((file, kind.name), TreeSheet(file))
        # a parent that the file gives no name to gets one that no file can have
        self._unnamed += 1
        reference = node.reference or (f"\0{self._unnamed}" if node.children else "")
        sheet.add(node.line, reference, {**node.values, **parent})
        for relationship, children in node.children.items():
            child = kind.child(relationship)
            if child is None:
                self._report.remark(file, node.line, f"{relationship} is no relationship of {kind.name}")
                continue
            for below in children:
                self._add(file, below, below.type or child.object, {child.field: f"@{reference}"})
