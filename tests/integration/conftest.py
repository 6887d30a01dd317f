"""What tests of the store share: an emptied database per worker."""

from __future__ import annotations

import pytest


@pytest.fixture
def database_url(emptied_database: str) -> str:
    """An empty database with all migrations."""
    return emptied_database
