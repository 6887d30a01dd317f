"""A Dataverse environment with its Entra ID token service: the Web API over invented records."""

from __future__ import annotations

from crosswalk_sandbox.dynamics.simulator import Dynamics
from crosswalk_sandbox.system import World

__all__ = ["Dynamics", "build"]


def build(world: World) -> Dynamics:
    """The environment of a world."""
    return Dynamics(world)
