"""Structs and threads.

msgspec (0.22) works out what a Struct is made of when that is first needed, and says so before it is done: a second
thread that needs the same Struct in that moment reads what is not there yet, and the process dies. So decoders are made
by one thread at a time, and programs with threads have all Structs known before they begin.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")
_one_at_a_time = Lock()


def decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of a type, which is made when it is first asked for."""
    with _one_at_a_time:
        return _decoder(cast(Hashable, type_))


@lru_cache(maxsize=128)
def _decoder(type_: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast(Any, type_))


def know_all() -> None:
    """Work out what all Structs of the modules that are loaded are made of."""
    with _one_at_a_time:
        for each in _below(msgspec.Struct):
            with suppress(TypeError, NameError):  # one that is never decoded
                msgspec.json.Decoder(each)


def _below(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
