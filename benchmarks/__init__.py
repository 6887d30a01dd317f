"""Figures of a sync: calls, records a second, memory, own work. `python -m benchmarks` measures them all."""

from __future__ import annotations
