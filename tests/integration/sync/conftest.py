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
CRMS = ("salesforce", "dynamics")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `every_crm`, and takes the pair of systems, with each CRM in turn."""
    if metafunc.definition.get_closest_marker("every_crm") and "both" in metafunc.fixturenames:
        metafunc.parametrize("both", CRMS, indirect=True)


@pytest.fixture
def make_both(django_database: str, tmp_path: Path) -> Both:
    """Makes a pair of systems; they are empty unless sizes are given, and without package."""
    from tests.helpers.two_systems import TwoSystems

    def make(**options: Any) -> TwoSystems:
        return TwoSystems(tmp_path / "key", **options)

    return make


@pytest.fixture
def salesforce(make_both: Both) -> TwoSystems:
    """An empty pair of systems whose CRM is Salesforce."""
    return make_both()


@pytest.fixture
def both(request: pytest.FixtureRequest, django_database: str, tmp_path: Path) -> TwoSystems:
    """An empty pair of systems; the CRM is Salesforce, or each where a test is marked `every_crm`."""
    from tests.helpers.dynamics_twin import DynamicsTwin
    from tests.helpers.two_systems import TwoSystems

    kind = DynamicsTwin if getattr(request, "param", "salesforce") == "dynamics" else TwoSystems
    return kind(tmp_path / "key")


@pytest.fixture
def dynamics(make_both: Both, tmp_path: Path) -> WithDynamics:
    """An empty pair of systems whose CRM is Dynamics 365."""
    from tests.helpers.with_dynamics import WithDynamics

    return WithDynamics(tmp_path / "key")
