"""Refused queries, with the place in the text that the vendor shows."""

from __future__ import annotations

from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.soql.syntax import Place

SHOWN_BEFORE, SHOWN_AFTER = 45, 40


class QueryError(Exception):
    """A query is refused. `place` is None where the vendor's message has none."""

    def __init__(self, code: str, text: str, place: Place | None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.place = place

    def of(self, query: str) -> ApiError:
        """The answer to the query with that text: an excerpt, a caret, row and column, then the reason."""
        if self.place is None:
            return ApiError(self.code, self.text)
        lines = query.splitlines() or [""]
        line = lines[min(self.place.row, len(lines)) - 1]
        at = self.place.column - 1
        start = max(at - SHOWN_BEFORE, 0)
        excerpt = line[start : at + SHOWN_AFTER]
        caret = " " * (at - start) + "^"
        where = f"ERROR at Row:{self.place.row}:Column:{self.place.column}"
        return ApiError(self.code, f"\n{excerpt}\n{caret}\n{where}\n{self.text}")


def malformed(text: str, place: Place | None) -> QueryError:
    """The query is no SOQL."""
    return QueryError("MALFORMED_QUERY", text, place)


def invalid_field(text: str, place: Place | None) -> QueryError:
    """A field does not exist, or cannot be used like that."""
    return QueryError("INVALID_FIELD", text, place)
