"""Reading one page ahead: the next page comes while this one is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from crosswalk.core.system import Page


def ahead(pages: Iterator[Page], end: Callable[[], None]) -> Iterator[Page]:
    """Yield the same pages; while one is in use, the next is read in another thread, and no more than that.

    `end` is called in that thread when it has no more to do. A reading of a single page needs no thread.
    """
    page = next(pages, None)
    if page is None or page.last:
        yield from () if page is None else (page,)
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as reader:
        try:
            while page is not None:
                coming = reader.submit(next, pages, None)
                yield page
                page = coming.result()
        finally:
            reader.submit(end)
