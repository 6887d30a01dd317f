"""What Prometheus reads: figures of the whole installation, taken from the database when it asks.

So they are the same whichever process answers, and none is lost when one dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from crosswalk.store import figures

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Gauge(msgspec.Struct, frozen=True):
    """One figure of a statement's rows: their first columns are its labels."""

    name: str
    help: str
    column: int  # where the figure stands; NULL is left out


_CONNECTION = ("connection",)
_TENANT = ("system", "tenant")
TABLE: tuple[tuple[str, tuple[str, ...], tuple[_Gauge, ...]], ...] = (
    (
        figures.RUNS,
        (*_CONNECTION, "state"),
        (
            _Gauge("crosswalk_runs", "Runs on record, by how they ended.", 2),
            _Gauge(
                "crosswalk_last_run_timestamp_seconds", "When the last run in a state ended, or began.", 3
            ),
            _Gauge("crosswalk_last_run_duration_seconds", "How long the last run in a state took.", 4),
        ),
    ),
    (
        figures.WRITES,
        (*_CONNECTION, "side", "op"),
        (_Gauge("crosswalk_writes", "Receipted writes of the runs on record.", 3),),
    ),
    (
        figures.BACKLOG,
        (*_CONNECTION, "place"),
        (
            _Gauge(
                "crosswalk_backlog", "What waits: sightings (inbox), writes (outbox), opt-outs (consent).", 2
            ),
            _Gauge("crosswalk_backlog_age_seconds", "Age of the oldest that waits; 0 where nothing does.", 3),
        ),
    ),
    (
        figures.HOLDS,
        (*_CONNECTION, "code"),
        (
            _Gauge("crosswalk_holds", "Holds, by the code of the error catalogue.", 2),
            _Gauge("crosswalk_hold_age_seconds", "Age of the oldest hold with a code.", 3),
        ),
    ),
    (
        figures.FEEDS,
        (*_TENANT, "feed"),
        (_Gauge("crosswalk_feed_age_seconds", "How long ago a feed was last read to its end.", 3),),
    ),
    (
        figures.BUDGETS,
        _TENANT,
        (
            _Gauge("crosswalk_calls_today", "Calls of the day, by everybody, as the system last told.", 2),
            _Gauge("crosswalk_calls_limit", "Calls that the system allows a day.", 3),
            _Gauge("crosswalk_calls_per_second", "Pace of calls; absent where the system sets none.", 4),
            _Gauge("crosswalk_calls_paused_seconds", "How long no call may go.", 5),
        ),
    ),
    (
        figures.LATENCY,
        (*_CONNECTION, "side"),
        (
            _Gauge("crosswalk_latency_writes", "Updates of the last hour whose latency is known.", 2),
            _Gauge("crosswalk_latency_median_seconds", "From edit to receipted update, half of them.", 3),
            _Gauge("crosswalk_latency_p95_seconds", "From edit to receipted update, 95 % of them.", 4),
        ),
    ),
    (figures.WORKERS, (), (_Gauge("crosswalk_workers", "Workers heard of within a minute.", 0),)),
    (
        figures.JOBS,
        ("status",),
        (_Gauge("crosswalk_jobs", "Jobs, waiting (todo) or being done (doing).", 1),),
    ),
)


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        about = GaugeMetricFamily("crosswalk_info", "The installed version.", labels=["version"])
        about.add_metric([version("crosswalk")], 1)
        yield about
        for statement, labels, gauges in TABLE:
            rows = figures.rows(statement)
            for gauge in gauges:
                family = GaugeMetricFamily(gauge.name, gauge.help, labels=labels)
                for row in rows:
                    if row[gauge.column] is not None:
                        family.add_metric(row[: len(labels)], row[gauge.column])
                yield family


def exposition() -> bytes:
    """Return all figures in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return generate_latest(registry)
