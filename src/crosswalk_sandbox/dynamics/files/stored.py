"""The contents of file columns, and those that are on their way in."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

import msgspec

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.schema import Column, Table


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file column holds."""

    name: str
    mime: str
    content: bytes


@dataclass(kw_only=True)
class Upload:
    """A file that comes in parts."""

    table: Table
    key: str  # of the row
    column: Column
    name: str
    mime: str = "application/octet-stream"
    content: bytearray = field(default_factory=bytearray)  # of parts in their order
    blocks: dict[str, bytes] = field(default_factory=dict)  # of parts with names


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that is read in parts."""

    content: bytes


class Files:
    """All of an environment's files, by the ids that rows hold."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredFile] = {}
        self.uploads: dict[str, Upload] = {}  # by their tokens, until they are whole
        self.downloads: dict[str, Download] = {}


def picture(column: Column, row: dict[str, object], table: Table) -> dict[str, object]:
    """What stands beside an image in its row: its id, address and time; empty without one."""
    shown = row.get(column.name)
    names = (f"{column.name}id", f"{column.name}_url", f"{column.name}_timestamp")
    if shown is None:
        return dict.fromkeys(names)
    digest = hashlib.sha256(str(shown).encode()).hexdigest()
    stamp = int(digest[:12], 16)
    address = f"/Image/download.aspx?Entity={table.name}&Attribute={column.name}&Id={row[table.key]}&Timestamp={stamp}"
    return dict(zip(names, (ids.make(0, f"image {digest}"), address, stamp), strict=True))


def image_of(text: str) -> StoredFile:
    """An image as its column shows it: in Base64."""
    return StoredFile(name="image", mime="application/octet-stream", content=base64.b64decode(text))
