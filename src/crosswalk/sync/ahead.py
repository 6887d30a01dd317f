"""Reading ahead: the next pages come while others are stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import datetime
from threading import get_ident
from typing import Any

from crosswalk.core.system import Page

RECORDS = 2000  # that may wait to be stored: one large page, or many small ones
Seen = Callable[[datetime], int]  # see `System.feed`


class _Question:
    """What the reading asks of the directory, answered by the thread that stores."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._home = get_ident()
        self.asked: Future[Callable[[], None]] = Future()

    def ask(self, moment: datetime) -> int:
        """Answer here, or have the other thread do so once it has taken all pages that were read before."""
        if get_ident() == self._home:
            return self._seen(moment)
        answer: Future[int] = Future()
        self.asked.set_result(lambda: answer.set_result(self._seen(moment)))
        return answer.result()

    def await_page(self, coming: Future[Page | None]) -> Page | None:
        """Return the page when it is there, answering meanwhile."""
        while not coming.done():
            either: tuple[Future[Any], ...] = (coming, self.asked)
            wait(either, return_when=FIRST_COMPLETED)
            if self.asked.done() and not coming.done():  # else there are pages before the question
                reply, self.asked = self.asked.result(), Future()
                reply()
        return coming.result()


def ahead(read: Callable[[Seen], Iterator[Page]], seen: Seen, end: Callable[[], None]) -> Iterator[Page]:
    """Yield the pages of `read(seen)`; while they are used, others are read in another thread, not many more.

    `seen` is always called in the thread that takes the pages, after all that were read before. `end` is called in
    the other thread when it has no more to do. A reading of a single page needs no thread.
    """
    question = _Question(seen)
    pages = read(question.ask)
    page = next(pages, None)
    if page is None or page.last:
        yield from () if page is None else (page,)
        return
    context = copy_context()  # log lines of the other thread name the same run

    def more() -> Page | None:
        return context.run(lambda: next(pages, None))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        depth = max(1, RECORDS // max(1, len(page.records)))
        coming = deque(reader.submit(more) for _ in range(depth))
        try:
            while page is not None:
                yield page
                page = question.await_page(coming.popleft())
                coming.append(reader.submit(more))
        finally:
            for unread in coming:
                unread.cancel()
            reader.submit(end)
