"""Django settings of workers: those of every command, with Procrastinate's tables and a name for the process.

The name is how the sessions of a worker that died or was stopped are found and ended; see `jobs.rescue`. The server
asks whether the other end is still there, so a machine that vanished holds no lease for longer than half a minute. Nor
does it keep a transaction for longer in which nobody goes on: a worker that was stopped in one would block all others.
"""

from __future__ import annotations

import uuid

from crosswalk.settings import *  # noqa: F403 - Django reads settings as names of this module
from crosswalk.settings import DATABASES, INSTALLED_APPS

WORKERS = "crosswalk-worker-"
WORKER = f"{WORKERS}{uuid.uuid4().hex[:12]}"
_ENDED = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c idle_in_transaction_session_timeout=30s"
)

_plain = DATABASES["default"]
_options = _plain["OPTIONS"]
INSTALLED_APPS = [*INSTALLED_APPS, "procrastinate.contrib.django"]
DATABASES = {
    "default": {
        **_plain,
        "OPTIONS": {
            **_options,
            "application_name": WORKER,
            "options": f"{_options.get('options', '')} {_ENDED}".strip(),
        },
    }
}
