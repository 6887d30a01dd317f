"""What tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def django_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Points Django in this process, models and cursors alike, at the test's own database; its address."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "crosswalk.settings")
    import django
    from django.db import connections

    django.setup()
    connection = connections["default"]
    connection.close()
    connection.settings_dict["NAME"] = urlsplit(database_url).path.removeprefix("/")
    yield database_url
    connection.close()
