"""What the simulation shares with tests of the whole pipeline: an emptied database per worker."""

from __future__ import annotations

from tests.integration.conftest import database_url, django_database, worker_database

__all__ = ["database_url", "django_database", "worker_database"]
