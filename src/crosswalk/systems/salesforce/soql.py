"""SOQL text from typed values. Every value passes one of the literal writers; names come from describe.

Source: Salesforce SOQL reference, quoted string escape sequences and date formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

# A request's address and headers together may have 16,384 bytes; the token alone can take some 2,000.
LONGEST_QUERY = 12_000  # bytes of a statement as it stands in the address
LONGEST_COLUMNS = 8_000  # bytes of its column list
LONGEST_FILTER = 3_500  # bytes of the condition of a first reading, beside the columns

# The backslash comes first: escaping it later would escape the escapes.
_ESCAPES = (
    ("\\", "\\\\"),
    ("'", "\\'"),
    ("\n", "\\n"),
    ("\r", "\\r"),
    ("\t", "\\t"),
    ("\b", "\\b"),
    ("\f", "\\f"),
)


def text(value: str) -> str:
    """Write a string literal."""
    for sign, escaped in _ESCAPES:
        value = value.replace(sign, escaped)
    return f"'{value}'"


def like(value: str) -> tuple[str, bool]:
    """Write a text for a LIKE pattern, without quotation marks; false when the pattern matches other texts too.

    Whether a backslash is escaped once or twice in a pattern is not documented: there it stands for any sign.
    """
    exact = "\\" not in value
    escaped = text(value.replace("\\", "\x00"))[1:-1]
    return escaped.replace("%", "\\%").replace("_", "\\_").replace("\x00", "_"), exact


def moment(value: datetime) -> str:
    """Write a date-time literal (unquoted, in UTC); fractions of a second only where there are any."""
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def select(columns: Sequence[str], source: str, *, where: Sequence[str] = (), tail: str = "") -> str:
    """Write a statement; `where` holds conditions that must all be met."""
    statement = f"SELECT {', '.join(columns)} FROM {source}"
    if where:
        statement += " WHERE " + " AND ".join(where)
    return f"{statement} {tail}" if tail else statement


def within(column: str, literals: Iterable[str]) -> str:
    """Write an IN condition."""
    return f"{column} IN ({','.join(literals)})"


def size(statement: str) -> int:
    """Return how many bytes a statement takes in an address."""
    return len(quote(statement))


def portions(literals: Sequence[str], *, room: int, most: int) -> Iterable[Sequence[str]]:
    """Cut literals into lists of at most `most` that take at most `room` bytes in an address each."""
    portion: list[str] = []
    used = 0
    for literal in literals:
        needed = size(literal + ",")
        if portion and (len(portion) == most or used + needed > room):
            yield portion
            portion, used = [], 0
        portion.append(literal)
        used += needed
    if portion:
        yield portion
