"""A Salesforce org: OAuth, REST API and SOQL over invented records."""

from __future__ import annotations

from crosswalk_sandbox.salesforce.simulator import Salesforce
from crosswalk_sandbox.system import World

__all__ = ["Salesforce", "build"]


def build(world: World) -> Salesforce:
    """The org of a world."""
    return Salesforce(world)
