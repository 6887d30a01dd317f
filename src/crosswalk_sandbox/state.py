"""The file in which a sandbox keeps what its systems hold, to go on from there the next time.

It is JSON: `{"version": 1, "systems": {name: {"clock": …, "holds": …}}}`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from crosswalk_sandbox.clock import SavedClock

VERSION = 1


class StateError(Exception):
    """The file cannot be used; the text says why."""


class SavedSystem(msgspec.Struct, frozen=True, kw_only=True):
    """One system: its clock, and what it holds in a form of its own."""

    clock: SavedClock
    holds: msgspec.Raw


class _File(msgspec.Struct, kw_only=True):
    version: int
    systems: dict[str, SavedSystem]


class _Head(msgspec.Struct):
    version: int


def read(file: Path) -> dict[str, SavedSystem]:
    """The systems that a file keeps; none when there is no file yet. Raises StateError."""
    if not file.parent.is_dir():
        raise StateError(f"there is no folder for the state file {file}")
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StateError(f"cannot read the state file {file}: {error}") from error
    try:
        version = msgspec.json.decode(text, type=_Head).version
        if version == VERSION:
            return msgspec.json.decode(text, type=_File).systems
    except ValueError as error:
        raise StateError(f"{file} is no state file of a sandbox: {error}") from error
    raise StateError(f"{file} is a state file of version {version}, and this sandbox reads version {VERSION}")


def write(file: Path, systems: Mapping[str, SavedSystem]) -> None:
    """Write a file in one go: a crash leaves the old one or the new one. Raises StateError."""
    text = msgspec.json.encode(_File(version=VERSION, systems=dict(systems)))
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StateError(f"cannot write the state file {file}: {error}") from error
