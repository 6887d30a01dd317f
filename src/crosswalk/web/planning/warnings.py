"""What somebody should know before a plan is applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crosswalk.store import plans, runs
from crosswalk.store.models import Connection, Plan
from crosswalk.sync.brakes import BEYOND, foreseen
from crosswalk.web.run_words import system_of

from .words import localised, parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One of them, perhaps with the rows that it is about."""

    colour: str  # danger | warning | info
    icon: str
    message: str
    cure: str = ""
    address: str = ""


def warnings_of(connection: Connection, plan: Plan) -> list[Caution]:
    """Return what is to be said of a plan, what is worst first."""
    return [
        *_room(plan),
        *_overwrites(connection, plan),
        *_brakes(connection, plan),
        *_opt_outs(connection, plan),
    ]


def _room(plan: Plan) -> Iterator[Caution]:
    beyond, room = plan.counts.get(BEYOND, 0), plans.figures(plan).cost.room
    if not beyond:
        return
    text = ngettext(
        "{number} contact more would be created than your ActiveCampaign contract has room for.",
        "{number} contacts more would be created than your ActiveCampaign contract has room for.",
        beyond,
    ).format(number=localised(beyond))
    cure = _("Choose fewer records, or raise the contract's limit first.")
    left = "" if room is None else _("There is room for {number}.").format(number=localised(room)) + " "
    yield Caution(colour="danger", icon="octagon-x", message=text, cure=left + cure)


def _overwrites(connection: Connection, plan: Plan) -> Iterator[Caution]:
    count = plans.figures(plan).overwrites
    if count:
        text = ngettext(
            "In {number} record a value that is there would be replaced, because both sides hold different ones.",
            "In {number} records values that are there would be replaced, because both sides hold different ones.",
            count,
        ).format(number=localised(count))
        yield Caution(
            colour="warning",
            icon="triangle-alert",
            message=text,
            cure=_(
                "Look at them: the rules of the mapping say which side wins where records meet for the first time."
            ),
            address=f"{reverse('plan', args=[connection.id, plan.id])}?overwrites=1",
        )


def _brakes(connection: Connection, plan: Plan) -> Iterator[Caution]:
    """A first sync is always looked at; later on it matters what a run by schedule would not have dared."""
    if not runs.finished_before(connection.id):
        return
    for said in foreseen(connection, plan):
        yield Caution(
            colour="warning",
            icon="octagon-x",
            message=said.message,
            cure=_(
                "A run by schedule would stop here and ask ({code}). To apply the plan is the answer."
            ).format(code=said.code),
        )


def _opt_outs(connection: Connection, plan: Plan) -> Iterator[Caution]:
    counts: Counter[str] = Counter()
    for kind, count in plans.figures(plan).kinds.items():
        op, side, _object = parts(kind)
        if op == "opt_out":
            counts[side] += count
    for side, count in counts.items():
        text = ngettext(
            "{number} record would be opted out in {system}.",
            "{number} records would be opted out in {system}.",
            count,
        ).format(number=localised(count), system=system_of(connection, side))
        cure = _(
            "The person opted out on the other side. Opt-outs always travel, also where you try a few records."
        )
        yield Caution(colour="info", icon="info", message=text, cure=cure)
