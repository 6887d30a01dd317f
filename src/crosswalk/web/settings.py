"""Django settings of the web: those of every command, with people, sessions and pages.

Procrastinate's tables are there too: the web asks about workers, and stores jobs.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from crosswalk.settings import *  # noqa: F403 - Django reads settings as names of this module
from crosswalk.settings import DATABASES, INSTALLED_APPS

from .fingerprint import fingerprint

_HERE = Path(__file__).parent
# Where people find this installation, if it is not this machine: https://sync.example.org
_ADDRESS = urlsplit(os.environ.get("CROSSWALK_ADDRESS", ""))
_SECURE = _ADDRESS.scheme == "https"
_HOSTS = [_ADDRESS.hostname or "", *os.environ.get("CROSSWALK_HOSTS", "").split(",")]

PUBLIC_ADDRESS = f"{_ADDRESS.scheme}://{_ADDRESS.netloc}" if _ADDRESS.netloc else ""

ROOT_URLCONF = "crosswalk.web.urls"
INSTALLED_APPS = [
    *INSTALLED_APPS,
    "procrastinate.contrib.django",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "crosswalk.web",
    "django.forms",  # after ours, whose templates of fields come first
]
MIDDLEWARE = [
    "crosswalk.web.operations.Operations",
    "crosswalk.web.requests.Requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "crosswalk.web.preferences.Preferences",
    "crosswalk.web.requests.Acting",
    "crosswalk.web.errors.Failures",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["crosswalk.web.unindented.Loader"])],
            "context_processors": [
                "django.template.context_processors.request",
                "crosswalk.web.pages.context",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
LOGGING_CONFIG = None  # the command has set logging up already

# Names under which this installation is reached, beside this machine's own.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, (name.strip() for name in _HOSTS))]
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS] if PUBLIC_ADDRESS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_HSTS_SECONDS = 31536000 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the style sheet draws ticks and arrows so
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "web.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # names are unique, in whatever case
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name"]},
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
SESSION_COOKIE_NAME = "crosswalk_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _SECURE
SESSION_COOKIE_AGE = 7 * 86400
LANGUAGE_COOKIE_NAME = "crosswalk_language"
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "crosswalk.web.errors.stale_form"

# After five wrong passwords for a name from one address, a quarter of an hour without a sixth.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "crosswalk.web.people.name_tried"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_LOCKOUT_CALLABLE = "crosswalk.web.errors.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

MESSAGE_TAGS = {40: "danger"}  # as alerts call what Django calls an error
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
USE_THOUSAND_SEPARATOR = True
LOCALE_PATHS = [_HERE.parent / "locale"]
# A file's address changes with its content, so a browser may keep it for ever.
STATIC_URL = f"/static/{fingerprint(_HERE / 'static')}/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31536000

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
