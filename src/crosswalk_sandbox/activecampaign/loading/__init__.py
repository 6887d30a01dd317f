"""An account from real exports: contacts with their custom fields, tags and lists."""

from __future__ import annotations

from crosswalk_sandbox.activecampaign.loading.export import Export

__all__ = ["Export"]
