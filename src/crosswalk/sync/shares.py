"""What a run leaves out while the calls of the day run short: back-fill first, then retries, then all but opt-outs."""

from __future__ import annotations

from collections.abc import Callable

from crosswalk.core import catalogue
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.lanes import Lane, current_lane, working_in
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side

from .consent import carry_consents, recover_consents
from .context import Context
from .pull import pull_all
from .sweep import sweep

SHORT = "quota_share"


def while_affordable(context: Context, lane: Lane, work: Callable[[Context], object]) -> None:
    """Do work of a lane that another run can do as well, as far as our share of the calls goes."""
    if not context.affords(lane):
        return
    try:
        with working_in(lane):
            work(context)
    except SystemFailure as failure:
        if failure.entry != SHORT:
            raise


def swept(context: Context, *, whole: bool) -> bool:
    """Sweep where it is due; tell whether that read anything. The `whole` one is a person's wish, no back-fill."""
    if whole:
        return bool(sweep(context, whole=True))
    read: list[int] = []
    while_affordable(context, Lane.BACK_FILL, lambda each: read.append(sweep(each)))
    return any(read)


def require_share(context: Context) -> None:
    """Where our share of the calls is gone, bring opt-outs to the other side, and leave all else in the inbox.

    Raises SystemFailure, which says why, unless the vendor's answers say that there are calls again.
    """
    if context.affords(current_lane()):
        return
    with working_in(Lane.OPT_OUT):
        pull_all(context)
        recover_consents(context)
        carry_consents(context)
    if context.affords(current_lane()):
        return
    meter = context.budgets[Side.CRM].meter
    said = catalogue.say(
        SHORT, vendor=_("The CRM"), ours=meter.ours, cap=meter.cap, used=meter.used, limit=meter.limit
    )
    raise SystemFailure(FailureKind.QUOTA, said.message, cure=said.cure, code=SHORT, entry=SHORT)
