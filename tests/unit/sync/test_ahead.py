"""Reading ahead, and not too far."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crosswalk.core.system import Page, Record
from crosswalk.sync.ahead import RECORDS, Seen, ahead

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOMEBODY = Record(id="1", key="ana@example.org", stamp=NOON)


def nobody(moment: datetime) -> int:
    raise AssertionError("nothing is asked here")


class Source:
    """Pages that remember who read them, and that may fail."""

    def __init__(
        self, count: int, *, size: int = RECORDS, fails_at: int | None = None, asks_at: int | None = None
    ) -> None:
        self.count = count
        self.size = size
        self.fails_at = fails_at
        self.asks_at = asks_at
        self.answers: list[int] = []
        self.read = 0
        self.readers: list[str] = []
        self.ended_in: list[str] = []

    def pages(self, seen: Seen) -> Iterator[Page]:
        for number in range(self.count):
            if number == self.asks_at:
                self.answers.append(seen(NOON))
            if number == self.fails_at:
                raise ConnectionError("lost")
            self.read += 1
            self.readers.append(threading.current_thread().name)
            last = number == self.count - 1
            yield Page(records=[SOMEBODY] * self.size, cursor=str(number), requested_at=NOON, last=last)

    def end(self) -> None:
        self.ended_in.append(threading.current_thread().name)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_same_pages_come_in_the_same_order(count: int) -> None:
    source = Source(count)

    pages = list(ahead(source.pages, nobody, source.end))

    assert [page.cursor for page in pages] == [str(number) for number in range(count)]


def test_of_large_pages_never_more_than_one_is_ahead_and_another_thread_reads_it() -> None:
    source = Source(6)

    for number, _page in enumerate(ahead(source.pages, nobody, source.end)):
        assert source.read <= number + 2

    here = threading.current_thread().name
    assert source.readers[0] == here
    assert {name == here for name in source.readers[1:]} == {False}
    assert source.ended_in == [source.readers[-1]]


def test_of_small_pages_as_many_are_ahead_as_make_a_large_one() -> None:
    source = Source(50, size=RECORDS // 10)

    for number, _page in enumerate(ahead(source.pages, nobody, source.end)):
        assert source.read <= number + 11


@pytest.mark.parametrize("asks_at", [0, 1, 7])
def test_a_question_is_answered_here_and_after_all_pages_before_it(asks_at: int) -> None:
    source = Source(9, size=RECORDS // 10, asks_at=asks_at)
    taken: list[str] = []
    answered_in: list[int] = []

    def seen(moment: datetime) -> int:
        answered_in.append(threading.get_ident())
        return len(taken)

    for page in ahead(source.pages, seen, source.end):
        time.sleep(0.002)
        taken += [page.cursor]

    assert source.answers == [asks_at]
    assert answered_in == [threading.get_ident()]
    assert len(taken) == 9


def test_a_single_page_needs_no_thread() -> None:
    source = Source(1)

    list(ahead(source.pages, nobody, source.end))

    assert source.ended_in == []


def test_what_goes_wrong_ahead_is_raised_when_its_page_is_due() -> None:
    source = Source(4, fails_at=2)
    seen: list[str] = []

    with pytest.raises(ConnectionError, match="lost"):
        seen.extend(page.cursor for page in ahead(source.pages, nobody, source.end))

    assert seen == ["0", "1"]
    assert len(source.ended_in) == 1


def test_giving_up_ends_the_thread() -> None:
    source = Source(50)
    pages = ahead(source.pages, nobody, source.end)
    next(pages)

    pages.close()  # type: ignore[attr-defined]

    assert source.read <= 2
    assert len(source.ended_in) == 1
