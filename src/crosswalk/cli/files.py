"""Files that people hand over: credentials and mappings. Errors name the place, never a secret."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from crosswalk.core.criteria import Criteria
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import MappingFile

from .outcome import VERSION

_NOT_MAPPING = frozenset(
    {"suggested", "refused", "unmapped"}
)  # what `mapping suggest` says beside a mapping file
_NOT_CREDENTIALS = frozenset({"control"})  # what a sandbox's ready line says beside them
_FILES = {
    "private_key_file": "private_key",
    "certificate_file": "certificate",
}  # keys that name a file → what it is


def read(source: str) -> str:
    """Return a file's text, of stdin for `-`. Raises UserError when it cannot be read.

    A single line of JSON on stdin is enough: who writes it need not end for us to go on.
    """
    if source == "-":
        first = sys.stdin.readline()
        return first if _is_json(first) else first + sys.stdin.read()
    try:
        return Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            _("{file} cannot be read: {reason}.").format(file=source, reason=error.strerror or error)
        ) from None
    except UnicodeDecodeError:
        raise UserError(_("{file} is no text in UTF-8.").format(file=source)) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parsed(text: str, source: str) -> Any:
    """Parse JSON; the error names line and column and repeats nothing of the text."""
    try:
        return json.loads(text)
    except ValueError as error:
        where = (
            _("line {line}, column {column}").format(line=error.lineno, column=error.colno)
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise UserError(
            _("{file} is no valid JSON ({where}).").format(file=source, where=where),
            cure=_("Give a file with one JSON object, or - to read it from stdin."),
        ) from None


def read_credentials(source: str) -> dict[str, dict[str, str]]:
    """Return credentials by system, such as a sandbox prints when it is ready. Raises UserError."""
    given = _parsed(read(source), source)
    if not isinstance(given, dict) or not all(isinstance(part, dict) for part in given.values()):
        raise UserError(
            _("{file} must hold a JSON object with one object of credentials per system.").format(
                file=source
            ),
            cure='{"activecampaign": {"url": …, "key": …}, "salesforce": {"login_url": …, "client_id": …, …}}'
            ' / {"activecampaign": …, "dynamics": {"url": …, "tenant": …, "client_id": …, …}}',
        )
    folder = Path() if source == "-" else Path(source).parent
    return {system: _with_files(_texts(system, part), folder) for system, part in given.items()}


def _with_files(texts: dict[str, str], folder: Path) -> dict[str, str]:
    """Replace names of files, paths as seen from `folder`, by what is in them."""
    named = {held: read(str(folder / texts[key])) for key, held in _FILES.items() if key in texts}
    return {key: text for key, text in texts.items() if key not in _FILES} | named


def _texts(system: str, part: Mapping[str, Any]) -> dict[str, str]:
    texts = {
        name: value for name, value in part.items() if name not in _NOT_CREDENTIALS and value is not None
    }
    for name, value in texts.items():
        if not isinstance(value, str):
            raise UserError(_("$.{system}.{name} must be a text.").format(system=system, name=name))
    return texts


_T = TypeVar("_T")


def _converted(source: str, type_: type[_T]) -> _T:
    """Return what a JSON file holds, checked for its form. Raises UserError that names the JSON path."""
    given = _parsed(read(source), source)
    if isinstance(given, dict):
        given = {name: part for name, part in given.items() if name not in _NOT_MAPPING}
    try:
        found = msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        raise UserError(
            _("{file}: {problem}").format(file=source, problem=error),
            cure=_("See docs/cli.md for the form; crosswalk mapping show --json prints an example."),
        ) from None
    unknown = sorted(_unknown(given, type_, "$"))
    if unknown:
        raise UserError(
            _("{file}: unknown names: {names}").format(file=source, names=", ".join(unknown)),
            cure=_("Correct the spelling, or take them out."),
        )
    return found


def read_criteria(source: str) -> Criteria:
    """Return the criteria of a selection. Raises UserError that names the JSON path."""
    return _converted(source, Criteria)


def read_mapping(source: str) -> MappingFile:
    """Return a mapping file, checked for its form. Raises UserError that names the JSON path."""
    mapping = _converted(source, MappingFile)
    if mapping.version != VERSION:
        raise UserError(
            _("{file}: version {version} of a mapping file is not known.").format(
                file=source, version=mapping.version
            ),
            cure=_("Update Crosswalk, or write version {version}.").format(version=VERSION),
        )
    return mapping


def _unknown(given: Any, type_: Any, path: str) -> set[str]:
    """Return the paths of all keys that `type_` has no field for; a misspelt rule is not to be ignored."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (UnionType, Union):
        return (
            set().union(*(_unknown(given, each, path) for each in arguments)) if given is not None else set()
        )
    if origin is tuple and isinstance(given, list):
        return set().union(*(_unknown(item, arguments[0], f"{path}[{i}]") for i, item in enumerate(given)))
    if not (dataclasses.is_dataclass(type_) and isinstance(type_, type) and isinstance(given, dict)):
        return set()
    hints = get_type_hints(type_)
    unknown = {f"{path}.{name}" for name in given if name not in hints}
    return unknown.union(
        *(_unknown(given[name], hints[name], f"{path}.{name}") for name in given if name in hints)
    )
