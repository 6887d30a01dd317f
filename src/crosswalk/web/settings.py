"""Django settings of the web: those of every command, with Procrastinate's tables, which the web asks about workers."""

from __future__ import annotations

import os

from crosswalk.settings import *  # noqa: F403 - Django reads settings as names of this module
from crosswalk.settings import DATABASES, INSTALLED_APPS

ROOT_URLCONF = "crosswalk.web.urls"
MIDDLEWARE = ["crosswalk.web.operations.Operations", "django.middleware.common.CommonMiddleware"]
# Names under which this installation is reached, beside this machine's own.
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, (name.strip() for name in os.environ.get("CROSSWALK_HOSTS", "").split(","))),
]
LOGGING_CONFIG = None  # the command has set logging up already
INSTALLED_APPS = [*INSTALLED_APPS, "procrastinate.contrib.django"]

_plain = DATABASES["default"]
DATABASES = {
    "default": {
        **_plain,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Whoever waits for a page should soon be told that the database is away.
        "OPTIONS": {"connect_timeout": 5, **_plain["OPTIONS"], "application_name": "crosswalk-web"},
    }
}
