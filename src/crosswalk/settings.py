"""Django settings: the database, and what every command needs.

`DATABASE_URL` names the PostgreSQL server; commands set it to the embedded server's address where it is absent.
"""

from __future__ import annotations

import os
from typing import Any

from psycopg.conninfo import conninfo_to_dict


def _database(url: str) -> dict[str, Any]:
    """Turn a libpq address (URL or key=value) into Django's form; unknown keys travel as options."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    known = {django: str(parts.pop(libpq)) for libpq, django in names.items() if libpq in parts}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 2, **parts},
        **known,
    }


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["crosswalk.store"]
SECRET_KEY = os.environ.get("CROSSWALK_SECRET_KEY", "")
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
