"""A short text that changes with the content of a folder."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


def fingerprint(folder: Path) -> str:
    """Return it for all files below `folder`, names and content."""
    digest = sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
