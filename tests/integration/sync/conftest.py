"""What tests of the whole pipeline share: both sandboxes in process on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # needs a configured Django, which the fixture gives it
    from tests.helpers.two_systems import TwoSystems
    from tests.helpers.with_dynamics import WithDynamics

Both = Callable[..., "TwoSystems"]


@pytest.fixture
def make_both(django_database: str, tmp_path: Path) -> Both:
    """Makes a pair of systems; they are empty unless sizes are given, and without package."""
    from tests.helpers.two_systems import TwoSystems

    def make(**options: Any) -> TwoSystems:
        return TwoSystems(tmp_path / "key", **options)

    return make


@pytest.fixture
def both(make_both: Both) -> TwoSystems:
    return make_both()


@pytest.fixture
def dynamics(make_both: Both, tmp_path: Path) -> WithDynamics:
    """An empty pair of systems whose CRM is Dynamics 365."""
    from tests.helpers.with_dynamics import WithDynamics

    return WithDynamics(tmp_path / "key")
