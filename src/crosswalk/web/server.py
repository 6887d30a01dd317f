"""The HTTP server: gunicorn, one process with threads, on a socket that is open already."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from crosswalk.core.structs import know_all
from crosswalk.systems import load_all

THREADS = 8
_SETTINGS = {
    "worker_class": "gthread",
    "workers": 1,
    "threads": THREADS,
    "timeout": 60,  # seconds without a sign of life, after which the process is replaced
    "graceful_timeout": 10,  # seconds for requests under way, once it is told to stop
    "control_socket_disable": True,
    "loglevel": "warning",
}


class _Log(Logger):  # type: ignore[misc] # gunicorn has no types
    """Leaves gunicorn's words to our own log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        super().__init__()

    def load_config(self) -> None:
        own = {"bind": f"fd://{self._listening.fileno()}", "logger_class": _Log}
        for name, value in {**_SETTINGS, **own}.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return get_wsgi_application()


def serve(listening: socket.socket) -> None:
    """Answer requests that come in at a listening socket until a signal says to stop.

    Requests under way are answered first. Raises SystemExit when the server cannot go on.
    """
    load_all()  # they say what the browser says instead of commands
    know_all()  # before there are threads
    connections.close_all()  # the process that answers is another one
    own = os.getpid()
    try:
        Arbiter(_Server(listening)).run()
    except SystemExit as ended:
        if ended.code or os.getpid() != own:
            raise
