"""Programs as processes that are forked from one which has begun already (about 1 s of each); see `begun`.

In all else they are processes of their own: arguments, environment, streams, signals, and how they end.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

Main = Callable[[Sequence[str]], int]
Stream = Path | Connection
NOWHERE = Path(os.devnull)
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.helpers.begun"])
pipe = _forks.Pipe


def _become(
    main: Main, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[Stream | None]
) -> None:
    """In the forked process: become the program."""
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX")
    for number, stream in enumerate(streams):
        if stream is not None:
            _put(number, stream)
    if "PYTHONFAULTHANDLER" in environment:
        faulthandler.enable(2)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    sys.exit(main(arguments))


def _put(number: int, stream: Stream) -> None:
    """Let a file, to whose end is written, or an end of a pipe be the standard stream of that number."""
    way = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
    opened = os.open(stream, way, 0o666) if isinstance(stream, Path) else stream.fileno()
    os.dup2(opened, number)
    os.close(opened)


class Forked:
    """A program that was started so, with what `subprocess.Popen` has; its errors go where ours go unless told."""

    def __init__(
        self,
        main: Main,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdin: Stream = NOWHERE,
        stdout: Stream,
        stderr: Stream | None = None,
    ) -> None:
        streams = (stdin, stdout, stderr)
        self._process = _forks.Process(
            target=_become, args=(main, arguments, dict(environment), streams), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
