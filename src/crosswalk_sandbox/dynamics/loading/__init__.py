"""An environment from real exports: their columns join the schema, their rows become the environment's."""

from __future__ import annotations

from crosswalk_sandbox.dynamics.loading.export import Export

__all__ = ["Export"]
