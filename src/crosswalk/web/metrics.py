"""What Prometheus reads: figures of the whole installation, taken from the database when it asks.

So they are the same whichever process answers, and none is lost when one dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from crosswalk.core.state import State, state_of
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
        figures.CALLS,
        (*_CONNECTION, "system"),
        (_Gauge("crosswalk_calls", "Calls that a connection made in the last 24 hours.", 2),),
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


STATE, LATENCY = "crosswalk_connection_state", "crosswalk_edit_to_write_seconds"


class _Standings(Collector):
    """How connections stand, from the service that `status` and notices ask too."""

    def collect(self) -> Iterator[Metric]:
        from crosswalk.sync.states import standings  # needs a configured Django

        state = GaugeMetricFamily(STATE, "1 for the state of a connection.", labels=("connection", "state"))
        latency = HistogramMetricFamily(
            LATENCY, "From a vendor's stamp of an edit to the receipt of its write.", labels=_CONNECTION
        )
        for each in standings(datetime.now(UTC)):
            now = state_of(each.facts)
            for other in State:
                state.add_metric((each.facts.name, other.value), other is now)
            took = each.freshness.latency
            buckets = [
                ("+Inf" if bound == float("inf") else str(bound), count)
                for bound, count in took.buckets.items()
            ]
            latency.add_metric((each.facts.name,), buckets, took.seconds)
        yield from (state, latency)


def exposition() -> bytes:
    """Return all figures in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    registry.register(_Standings())
    return generate_latest(registry)
