"""What tests of faults share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog.testing

if TYPE_CHECKING:  # needs a configured Django, which the fixture gives it
    from tests.helpers.faulty import Faulty


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Log lines of single calls would take longer than the calls."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def pair(django_database: str, tmp_path: Path) -> Faulty:
    """Two linked systems without a fault, for one test alone."""
    from tests.helpers.faulty import Faulty

    return Faulty(tmp_path / "key")
