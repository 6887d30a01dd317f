"""Text files as people have them: with or without a mark, UTF-8, UTF-16, UTF-32, Windows-1252, or a mixture."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TextIO

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LABELS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32"}
SAMPLE = 4096
CHUNK = 1 << 20
WINDOWS = "sandbox.windows-1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 as Windows-1252, byte by byte: so a file of both kinds is read, too."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    strange = error.object[error.start : error.end]
    return "".join(_character(byte) for byte in strange), error.end


def _character(byte: int) -> str:
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no character there
        return chr(byte)


codecs.register_error(WINDOWS, _as_windows)


def open_text(path: Path) -> tuple[TextIO, str]:
    """The file opened as text with its line ends as they are, and its encoding's name for people."""
    encoding, label = _encoding(path)
    errors = WINDOWS if encoding.startswith("utf-8") else "replace"
    return path.open(encoding=encoding, errors=errors, newline=""), label


def _encoding(path: Path) -> tuple[str, str]:
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding, LABELS[encoding]
    if (wide := _wide(sample)) is not None:
        return wide, "UTF-16"
    return "utf-8", "UTF-8" if _is_utf8(path) else "Windows-1252"


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark shows by the zero bytes of its blanks, digits and Latin letters."""
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
