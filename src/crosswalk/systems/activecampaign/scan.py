"""Reading a filtered set of contacts page by page.

Pages go by ascending id (`id_greater`), which stays right while contacts change. Where the vendor does not
honour order or `id_greater`, the set is read by offset instead. Source: API v3, List all contacts.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.words import keepable as _
from ..answers import Answer
from .client import Api, Query
from .records import ContactPage
from .schema import PAGE


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a scan."""

    answer: Answer
    page: ContactPage
    upper: int  # the id to go on after; unchanged while paging by offset
    last: bool
    total: int | None  # size of the whole set, where the scan began with it


def scan(api: Api, query: Query, upper: int = 0) -> Iterator[Slice]:
    """Yield the contacts that `query` selects with an id above `upper`; the last slice says so."""
    place = _Place(upper)
    while True:
        answer = api.get("/contacts", [*query, *place.query()])
        page = answer.decode(ContactPage)
        place.take(page)
        yield Slice(answer=answer, page=page, upper=place.upper, last=place.last, total=place.total)
        if place.last:
            return


class _Place:
    """Where a scan stands."""

    def __init__(self, upper: int) -> None:
        self.upper = upper
        self.last = False
        self.total: int | None = None
        self._from_start = upper == 0
        self._offset: int | None = None  # set once order or id_greater were found ignored
        self._full = False  # a full page was seen: pages are as large as asked
        self._previous: list[int] = []

    def query(self) -> Query:
        """The query of the next page."""
        size = [("limit", str(PAGE))]
        if self._offset is not None:
            return [*size, ("offset", str(self._offset))]
        after = [("id_greater", str(self.upper))] if self.upper else []
        return [("orders[id]", "ASC"), *after, *size]

    def take(self, page: ContactPage) -> None:
        """Go on past a page."""
        ids = [int(row.id) for row in page.contacts]
        total = page.meta.count()
        if self._from_start and self.total is None:
            self.total = total
        if self._offset is None and not _ascending(self.upper, ids):
            self._offset = 0 if self.upper else len(ids)
            self.last = self._offset > 0 and self._offset_last(self._offset, ids, total)
        elif self._offset is None:
            self.upper = ids[-1] if ids else self.upper
            self.last = self._keyset_last(len(ids), total)
        else:
            self._check_moving(ids)
            self._offset += len(ids)
            self.last = self._offset_last(self._offset, ids, total)
        self._full = self._full or len(ids) >= PAGE
        self._previous = ids

    def _keyset_last(self, count: int, total: int | None) -> bool:
        """Tell whether the set is through: `total` counts this page's set, or the whole one."""
        if count == 0 or (total is not None and total <= count):
            return True
        return count < PAGE and (total is None or self._full)

    def _offset_last(self, offset: int, ids: list[int], total: int | None) -> bool:
        return not ids or (len(ids) < PAGE if total is None else offset >= total)

    def _check_moving(self, ids: list[int]) -> None:
        if ids and self._offset and ids == self._previous:
            raise SystemFailure(
                FailureKind.BUG,
                _("ActiveCampaign gave the same page of contacts twice."),
                cure=_("Try again; if it stays, report it."),
            )


def _ascending(upper: int, ids: list[int]) -> bool:
    return all(before < after for before, after in zip([upper, *ids], ids, strict=False))
