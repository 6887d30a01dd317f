"""ActiveCampaign's API v3 over an invented account. Written from the vendor's documentation."""

from __future__ import annotations

from crosswalk_sandbox.activecampaign.system import ActiveCampaign
from crosswalk_sandbox.system import World


def build(world: World) -> ActiveCampaign:
    """The account of a seed."""
    return ActiveCampaign(world)
