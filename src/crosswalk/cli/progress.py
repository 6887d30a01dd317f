"""Progress of long work on stderr: a moving bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crosswalk.core import phases
from crosswalk.core.language import gettext as _
from crosswalk.core.pace import duration

from .terminal import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from crosswalk.sync.context import Progress

Report = Callable[["Progress"], None]
_EVERY = 5.0  # seconds between two lines where there is no terminal


class Pace:
    """How fast one phase goes, and when it will be done."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._phase = ""
        self._started = 0.0
        self._before = 0

    def take(self, phase: str, done: int) -> bool:
        """Note how far a phase has come; True when it is a new one."""
        new = phase != self._phase or done <= self._before
        if new:
            self._phase, self._started = phase, self._now()
        self._before = done
        return new

    def text(self, done: int, total: int | None) -> str:
        """Return rate and expected finish in words, as far as they are known."""
        seconds = self._now() - self._started
        if seconds < 0.5 or not done:
            return ""
        rate = done / seconds
        text = _("{rate:.0f}/s").format(rate=rate) if rate >= 10 else _("{rate:.1f}/s").format(rate=rate)
        if total is None or total < done:
            return text
        return text + ", " + _("{left} left").format(left=duration((total - done) / rate))


@contextmanager
def watched(terminal: Terminal) -> Iterator[Report]:
    """Yield what a context's `report` is set to while long work goes on."""
    if not terminal.err.is_terminal:
        yield _Lines(terminal).report
        return
    with _bar(terminal) as bar:
        yield _Bars(bar).report


def _bar(terminal: Terminal) -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        console=terminal.err,
        transient=True,
    )


class _Bars:
    """One moving bar, for the phase that goes on."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._pace = Pace()
        self._task: TaskID | None = None

    def report(self, progress: Progress) -> None:
        done, total = progress.done, progress.total
        if self._pace.take(progress.phase, done) or self._task is None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(phases.told(progress.phase), total=total, pace="")
        self._bar.update(self._task, completed=done, total=total, pace=self._pace.text(done, total))


class _Lines:
    """A line when a phase has gone on for some seconds."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._pace = Pace()
        self._last = time.monotonic()

    def report(self, progress: Progress) -> None:
        self._pace.take(progress.phase, progress.done)
        if time.monotonic() - self._last < _EVERY:
            return
        self._last = time.monotonic()
        pace = self._pace.text(progress.done, progress.total)
        of = "" if progress.total is None else f" / {progress.total}"
        self._terminal.say(
            f"{phases.told(progress.phase)}: {progress.done}{of}" + (f" ({pace})" if pace else "")
        )
