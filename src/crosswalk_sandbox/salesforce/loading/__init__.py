"""An org from real exports: their fields join the schema, their rows become the org's records."""

from __future__ import annotations

from crosswalk_sandbox.salesforce.loading.export import Export

__all__ = ["Export"]
