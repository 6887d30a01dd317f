"""docs/monitoring.md names every figure, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from crosswalk.web import metrics

DOCS = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_every_figure_is_described_and_no_other() -> None:
    described = set(re.findall(r"crosswalk_[a-z0-9_]+", DOCS))
    gauges = {gauge.name for *_, gauges in metrics.TABLE for gauge in gauges}
    assert described == {"crosswalk_info", metrics.STATE, metrics.LATENCY, *gauges}
