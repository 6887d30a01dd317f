"""The processes of `crosswalk serve`: started, started anew when they die, and stopped together.

A part reads its stdin, which ends with the process that started it: so nothing remains when that is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TextIO

import structlog

from crosswalk import cli

STEADY = 60.0  # seconds after which a part counts as well
TRIES = 6  # deaths in a row, each sooner than that, after which a part is given up
_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before a part is started anew
_LOOK = 0.2  # seconds between two looks at the parts

log = structlog.get_logger()


class PartLostError(Exception):
    """A part died again and again."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Part:
    """One process, under whatever id it has now."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        sockets: Sequence[int],
        environment: Mapping[str, str] | None,
        stderr: TextIO | None,
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", __name__, name, *arguments]
        self._sockets = sockets
        self._environment, self._stderr = environment, stderr
        self._deaths = 0
        self._start()

    def _start(self) -> None:
        """In a session of its own: Ctrl-C reaches it only through us."""
        self._started = time.monotonic()
        self._again_at: float | None = None
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            pass_fds=self._sockets,
            start_new_session=True,
            env=self._environment,
            stderr=self._stderr,
        )

    def look(self) -> None:
        """Start the part anew where it died. Raises PartLostError when that helps no more."""
        now = time.monotonic()
        if self._again_at is not None:
            if now >= self._again_at:
                self._start()
            return
        code = self.process.poll()
        if code is None:
            return
        self._deaths = 1 if now - self._started > STEADY else self._deaths + 1
        if self._deaths >= TRIES:
            raise PartLostError(self.name)
        log.warning("a part ended and is started anew", part=self.name, exit_code=code)
        self._again_at = now + _PAUSES[self._deaths]

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


def keep(
    parts: Mapping[str, Sequence[str]],
    sockets: Sequence[int] = (),
    *,
    environment: Mapping[str, str] | None = None,
    stderr: TextIO | None = None,
    until: Callable[[], bool] = lambda: False,
) -> bool:
    """Run commands side by side, each with its arguments, until a signal or `until` says to stop.

    A second signal hurries. They inherit the open `sockets`, and have this process's environment and stderr unless
    others are given. Return whether it was a signal. Raises PartLostError when one of them dies again and again.
    """
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    running: list[_Part] = []
    try:
        for name, arguments in parts.items():
            running.append(_Part(name, arguments, sockets, environment, stderr))
        while not signals and not until():
            for part in running:
                part.look()
            time.sleep(_LOOK)
    finally:
        _stop(running, signals)
        for number, handler in before.items():
            signal.signal(number, handler)
    return bool(signals)


def _stop(parts: Sequence[_Part], signals: Sequence[int]) -> None:
    for part in parts:
        part.send(signal.SIGTERM)
    heard = len(signals)
    while any(part.process.poll() is None for part in parts):
        if len(signals) > max(heard, 1):
            for part in parts:
                part.send(signal.SIGKILL)
        time.sleep(_LOOK)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(cli.run(sys.argv[1:]))
