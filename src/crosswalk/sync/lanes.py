"""At every page a run takes what is most urgent: opt-outs, what a person asked for, edits, new tries, back-fill.

Lanes are an order of sightings, not separate runs. A long push looks between its pages whether something more urgent
has come: opt-outs go out at once; for anything else a push of new tries or of a back-fill stops, and goes on after it.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from crosswalk.core.failures import FailureKind, Halted, SystemFailure
from crosswalk.core.lanes import Lane, working_in
from crosswalk.core.system import WriteOptions
from crosswalk.store import lanes, outbox

from .brakes import Braking
from .consent import carry_consents
from .context import Context, go_on
from .fill import fill_outbox
from .pull import pull_all
from .push import push

LOOK_EVERY = timedelta(seconds=1)  # whether something has come
_PASSES = frozenset({FailureKind.TRANSIENT, FailureKind.QUOTA})
READ_EVERY = timedelta(minutes=1)  # both sides, in the midst of a push

log = structlog.get_logger(__name__)


class Between:
    """What is done between two pages of a push. Is called with the push's lane, and tells whether it must stop."""

    def __init__(self, context: Context, version: int, *, yields: bool) -> None:
        self._context = context
        self._version = version
        self._yields = yields
        self._looked_at = self._read_at = context.clock.now()
        self._overtaken = False

    def __call__(self, lane: Lane) -> bool:
        """Bring opt-outs that have come to the other side; tell whether something waits that is more urgent."""
        now = self._context.clock.now()
        if self._overtaken or now - self._looked_at < LOOK_EVERY:
            return self._overtaken
        if now - self._read_at >= READ_EVERY:
            self._read()
        carry_consents(self._context)
        if self._yields and lane > Lane.SCHEDULED:
            self._overtaken = lanes.overtaken(self._context.connection_id, lane, self._version)
        self._looked_at = self._context.clock.now()
        return self._overtaken

    def _read(self) -> None:
        try:
            with working_in(Lane.OPT_OUT):
                pull_all(self._context)
        except SystemFailure as failure:
            if isinstance(failure, Halted) or failure.kind not in _PASSES:
                raise
            log.info("not read in between", error=failure.message)  # a minute later is early enough
        self._read_at = self._context.clock.now()


def push_in_order(context: Context, braking: Braking, options: WriteOptions) -> None:
    """Send every intended write once, lane by lane; what comes meanwhile and is more urgent goes first.

    A run that a plan released takes nothing in between but opt-outs: its plan does not know what comes.
    """
    while totals := braking.before_push():
        order = lanes.order(context.connection_id)
        context.between = Between(context, order.version, yields=not braking.planned_run)
        try:
            stopped = push(context, options, totals, order.lanes)
        finally:
            context.between = go_on
        if stopped is None:
            return
        # What a record was to be filled with is merged anew, together with what is urgent.
        outbox.drop(lanes.in_the_way(context.connection_id, stopped, order.version))
        fill_outbox(context, before=stopped)
        carry_consents(context)  # of records that were linked just now
