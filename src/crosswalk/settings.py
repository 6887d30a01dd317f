"""Django settings: the database, and what every command needs.

`DATABASE_URL` names the PostgreSQL server; commands set it to the embedded server's address where it is absent.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from crosswalk.core.language import LANGUAGES as SPOKEN


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


def _mail_password() -> str:
    """Read the mail server's password from the environment, or from the file that it names."""
    file = os.environ.get("CROSSWALK_SMTP_PASSWORD_FILE")
    return Path(file).read_text("utf-8").strip() if file else os.environ.get("CROSSWALK_SMTP_PASSWORD", "")


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["crosswalk.store"]
SECRET_KEY = os.environ.get("CROSSWALK_SECRET_KEY", "")
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGES = list(SPOKEN.items())

# Notices by e-mail go through the server that the environment names; see docs/notices.md.
# It says starttls, tls or none; whatever else it says: starttls
_SECURITY = os.environ.get("CROSSWALK_SMTP_SECURITY")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("CROSSWALK_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("CROSSWALK_SMTP_PORT") or {"tls": 465, "none": 25}.get(_SECURITY or "", 587))
EMAIL_HOST_USER = os.environ.get("CROSSWALK_SMTP_USER", "")
EMAIL_HOST_PASSWORD = _mail_password()
EMAIL_USE_TLS = _SECURITY not in {"tls", "none"}
EMAIL_USE_SSL = _SECURITY == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("CROSSWALK_MAIL_FROM", "")
