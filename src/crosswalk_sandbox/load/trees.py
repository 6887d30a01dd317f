"""Records as JSON: the Salesforce CLI's trees and plans, and its query results.

Source: Salesforce CLI, data export tree and data import tree; REST, sObject Tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosswalk_sandbox.load.decoding import open_text

DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # numbers stay as they are written
BLANK = re.compile(r"[ \t\r\n]*")


class TreeError(ValueError):
    """The file is no tree of records; `line` says where it stops being one."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One record of a tree."""

    line: int
    type: str  # "" when the file does not say it
    reference: str  # under which others name it, with @ before it
    values: dict[str, str]
    children: dict[str, list[Node]] = field(default_factory=dict)  # by relationship name


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of a plan: the object and the files of its records."""

    object: str
    files: tuple[str, ...]


def read_text(path: Path) -> str:
    """All of a JSON file."""
    stream, _ = open_text(path)
    with stream:
        return stream.read()


def plan(text: str) -> list[Step] | None:
    """The steps of a plan, a list of objects with `sobject` and `files`; None when the text is no plan."""
    try:
        steps = json.loads(text)
    except ValueError:
        return None
    if not isinstance(steps, list) or not all(isinstance(step, dict) and "files" in step for step in steps):
        return None
    return [
        Step(object=str(step.get("sobject", "")), files=tuple(map(_file, step["files"]))) for step in steps
    ]


def _file(entry: Any) -> str:
    """A file of a plan: its name, or in old plans an object with it."""
    return Path(str(entry.get("file", "")) if isinstance(entry, dict) else str(entry)).as_posix()


class Tree:
    """The text of a file with `records` in it. Lines are counted as far as it is read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._counted = 0
        self._line = 1

    def nodes(self) -> Iterator[Node]:
        """The records from the first to the last. Raises TreeError where the text is no tree any more."""
        try:
            start = self._blank(0)
            if self._at(start) == "[":
                yield from self._records(start)
            else:
                yield from self._below(start)
        except json.JSONDecodeError as error:
            raise TreeError(error.lineno, f"this is no JSON: {error.msg}") from error

    def _below(self, start: int) -> Iterator[Node]:
        """The records of an object with the key `records`, itself or (a query's answer) in its `result`."""
        for name, at in self._members(start):
            if name == "records" and self._at(at) == "[":
                yield from self._records(at)
                return
            if name == "result" and self._at(at) == "{":
                yield from self._below(at)
                return

    def _records(self, start: int) -> Iterator[Node]:
        for at, record in self._elements(start):
            if not isinstance(record, dict):
                raise TreeError(self._line_of(at), "a record is expected here")
            yield self._node(at, record)

    def _node(self, start: int, record: dict[str, Any]) -> Node:
        line = self._line_of(start)
        attributes, children = {}, []
        values: dict[str, str] = {}
        for name, value in record.items():
            if name.lower() == "attributes" and isinstance(value, dict):
                attributes = value
            elif isinstance(value, dict) and "records" in value:
                children.append(name)
            else:
                values |= _flat(name, value)
        return Node(
            line=line,
            type=str(attributes.get("type", "")),
            reference=str(attributes.get("referenceId", "")),
            values=values,
            children=self._children(start, children),
        )

    def _children(self, start: int, names: list[str]) -> dict[str, list[Node]]:
        """Read again where they lie, for their lines."""
        if not names:
            return {}
        return {name: list(self._below(at)) for name, at in self._members(start) if name in names}

    def _members(self, start: int) -> Iterator[tuple[str, int]]:
        """The names of the object that begins there, each with the place of its value."""
        at = self._blank(self._expect("{", start))
        while self._at(at) != "}":
            name, at = DECODER.raw_decode(self._text, at)
            at = self._blank(self._expect(":", self._blank(at)))
            yield str(name), at
            _, at = DECODER.raw_decode(self._text, at)
            at = self._next(at, "}")

    def _elements(self, start: int) -> Iterator[tuple[int, Any]]:
        """The elements of the array that begins there, each with its place."""
        at = self._blank(self._expect("[", start))
        while self._at(at) != "]":
            value, end = DECODER.raw_decode(self._text, at)
            yield at, value
            at = self._next(end, "]")

    def _next(self, at: int, end: str) -> int:
        """Where the value after the one that ended there begins, or the end of all lies."""
        at = self._blank(at)
        return at if self._at(at) == end else self._blank(self._expect(",", at))

    def _expect(self, mark: str, at: int) -> int:
        if self._at(at) != mark:
            raise json.JSONDecodeError(f"Expecting {mark!r}", self._text, at)
        return at + 1

    def _at(self, at: int) -> str:
        return self._text[at : at + 1]

    def _blank(self, at: int) -> int:
        found = BLANK.match(self._text, at)
        return found.end() if found else at

    def _line_of(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line


def _flat(name: str, value: Any) -> dict[str, str]:
    """A value as text; of a parent record its fields, as `Account.Name`."""
    if isinstance(value, dict):
        below = {key: each for key, each in value.items() if key.lower() != "attributes"}
        return {f"{name}.{key}": _text(each) for key, each in below.items()}
    return {name: _text(value)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
