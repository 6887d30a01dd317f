"""One call to the API: reading bodies, ids and pages the way ActiveCampaign does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from crosswalk_sandbox.activecampaign.errors import bad_request
from crosswalk_sandbox.activecampaign.store import User
from crosswalk_sandbox.http import Request

T = TypeVar("T")
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
LONGEST_NUMBER = 18  # digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that passed sign-in and limits."""

    request: Request
    user: User
    ids: tuple[str, ...]  # what stood in the path where the template has {id}

    @property
    def id(self) -> int:
        """The path's id; 0, which no record has, when it is no number."""
        return number(self.ids[0])

    def body(self) -> dict[str, Any]:
        """The JSON object of the body. Raises VendorError (400)."""
        try:
            body = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad_request() from error
        if not isinstance(body, dict):
            raise bad_request()
        return body

    def envelope(self, name: str) -> dict[str, Any]:
        """The object under the singular name, such as `contact`. Raises VendorError (400)."""
        inner = self.body().get(name)
        if not isinstance(inner, dict):
            raise bad_request()
        return inner

    def page(self) -> tuple[int, int]:
        """Limit and offset: 20 by default, 100 at most, nonsense ignored."""
        limit = number(self.request.param("limit")) or DEFAULT_PAGE
        return min(limit, LARGEST_PAGE), number(self.request.param("offset"))


def number(given: object) -> int:
    """An id or count from text or a JSON number; 0 for anything else."""
    if isinstance(given, bool) or given is None:
        return 0
    text = str(given).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def paged(call: Call, records: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """The asked page of `records`, and the answer's `meta` (the total is a string)."""
    limit, offset = call.page()
    meta = {"total": str(len(records)), "page_input": {"limit": limit, "offset": offset}}
    return records[offset : offset + limit], meta
