"""The cookie that tells where the next page begins: the values by which the last row stands in its order.

Rows that come or go before that place do not shift the pages after it. Source: Page results, paging cookies.
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import escape, unescape
from typing import Any
from urllib.parse import quote, unquote

from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query.conditions import Order

TOKEN = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="False" />')
VALUE = re.compile(r'<([\w.]+) last(null)?="([^"]*)" />')
Place = tuple[list[Any], str]


def token(order: Order, row: Any, page: int) -> str:
    """The `$skiptoken` of that page, percent-encoded; its inner part is encoded once more."""
    values, key = order.place(row)
    named = zip(order.names, values, strict=True)
    parts = "".join(_written(name, value) for name, value in named)
    inner = quote(
        f'<cookie page="{page - 1}">{parts}<{order.key} last="{{{key.upper()}}}" /></cookie>', safe=""
    )
    return quote(f'<cookie pagenumber="{page}" pagingcookie="{inner}" istracking="False" />', safe="")


def read(order: Order, text: str | None) -> tuple[int, Place | None]:
    """The page of a `$skiptoken`, and the place after which it begins. Raises ODataError."""
    if text is None:
        return 1, None
    found = TOKEN.fullmatch(text)
    if found is None:
        raise ODataError("0x80060888", "Skip token is not valid.")
    return int(found[1]), place(order, unquote(found[2]))


def place(order: Order, cookie: str) -> Place:
    """The place that the inner part of a token tells. Raises ODataError."""
    parts = VALUE.findall(cookie)
    if [name for name, _, _ in parts] != [*order.names, order.key]:
        raise ODataError("0x80060888", "Skip token is not valid.")
    kinds = [part.kind for part, _ in order.parts]
    values = [_read(kind, null, text) for kind, (_, null, text) in zip(kinds, parts[:-1], strict=True)]
    return values, unescape(parts[-1][2]).strip("{}").lower()


def _written(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} lastnull="1" />'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'<{name} last="{escape(text)}" />'


def _read(kind: str, null: str, text: str) -> Any:
    if null:
        return None
    plain = unescape(text)
    try:
        return Decimal(plain) if kind == "number" else plain == "true" if kind == "boolean" else plain
    except ArithmeticError:
        raise ODataError("0x80060888", "Skip token is not valid.") from None
