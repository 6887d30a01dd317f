"""Reading one page ahead, and no further."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crosswalk.core.system import Page
from crosswalk.sync.ahead import ahead

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Source:
    """Pages that remember who read them, and that may fail."""

    def __init__(self, count: int, *, fails_at: int | None = None) -> None:
        self.count = count
        self.fails_at = fails_at
        self.read = 0
        self.readers: list[str] = []
        self.ended_in: list[str] = []

    def __iter__(self) -> Iterator[Page]:
        for number in range(self.count):
            if number == self.fails_at:
                raise ConnectionError("lost")
            self.read += 1
            self.readers.append(threading.current_thread().name)
            yield Page(records=[], cursor=str(number), requested_at=NOON, last=number == self.count - 1)

    def end(self) -> None:
        self.ended_in.append(threading.current_thread().name)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_same_pages_come_in_the_same_order(count: int) -> None:
    source = Source(count)

    pages = list(ahead(iter(source), source.end))

    assert [page.cursor for page in pages] == [str(number) for number in range(count)]


def test_never_more_than_one_page_is_ahead_and_another_thread_reads_it() -> None:
    source = Source(6)

    for number, _page in enumerate(ahead(iter(source), source.end)):
        assert source.read <= number + 2

    here = threading.current_thread().name
    assert source.readers[0] == here
    assert {name == here for name in source.readers[1:]} == {False}
    assert source.ended_in == [source.readers[-1]]


def test_a_single_page_needs_no_thread() -> None:
    source = Source(1)

    list(ahead(iter(source), source.end))

    assert source.ended_in == []


def test_what_goes_wrong_ahead_is_raised_when_its_page_is_due() -> None:
    source = Source(4, fails_at=2)
    seen: list[str] = []

    with pytest.raises(ConnectionError, match="lost"):
        seen.extend(page.cursor for page in ahead(iter(source), source.end))

    assert seen == ["0", "1"]
    assert len(source.ended_in) == 1


def test_giving_up_ends_the_thread() -> None:
    source = Source(50)
    pages = ahead(iter(source), source.end)
    next(pages)

    pages.close()  # type: ignore[attr-defined]

    assert source.read <= 2
    assert len(source.ended_in) == 1
