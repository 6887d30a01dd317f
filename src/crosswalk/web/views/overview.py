"""The overview: each connection in one sentence, the worst first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crosswalk.core.state import State
from crosswalk.core.state_words import Condition
from crosswalk.store import halts
from crosswalk.store.drafts import all_drafts
from crosswalk.sync.states import Standing, standings
from crosswalk.web import people
from crosswalk.web.models import User
from crosswalk.web.next_steps import next_step
from crosswalk.web.pages import is_part, now, person

# state → (icon, colour), the worst first
LOOKS = {
    State.SIGN_IN_LOST: ("key-round", "danger"),
    State.BRAKED: ("octagon-x", "danger"),
    State.BEHIND: ("clock", "warning"),
    State.WAITING: ("hand", "warning"),
    State.PAUSED: ("circle-pause", "secondary"),
    State.RUNNING: ("refresh-cw", "primary"),
    State.OK: ("circle-check", "success"),
}
_ORDER = list(LOOKS)


def overview(request: HttpRequest) -> HttpResponse:
    """Show how the connections stand that the person sees; the page renews this part itself."""
    user = person(request)
    found = standings(now(), people.visible(user))
    told = sorted(((each, each.condition()) for each in found), key=_rank)
    context = {
        "rows": [row(standing, condition, user) for standing, condition in told],
        "drafts": all_drafts() if user.is_administrator else [],
        "stopped": halts.stopped(),
    }
    return render(request, "web/standings.html" if is_part(request) else "web/overview.html", context)


def _rank(told: tuple[Standing, Condition]) -> tuple[int, str]:
    standing, condition = told
    return _ORDER.index(condition.state), standing.facts.name.casefold()


def row(standing: Standing, condition: Condition, user: User) -> dict[str, object]:
    """Return a connection as `web/standings.html` shows it."""
    icon, colour = LOOKS[condition.state]
    number = standing.freshness.connection_id
    return {
        "number": number,
        "name": standing.facts.name,
        "condition": condition,
        "icon": icon,
        "colour": colour,
        "facts": standing.facts,
        "next": next_step(condition.cause, number, user),
    }
