"""The overview: each connection in one sentence, the worst first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crosswalk.core.state import Facts, State
from crosswalk.core.state_words import Condition
from crosswalk.store.drafts import all_drafts
from crosswalk.sync.states import standings
from crosswalk.web import people
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
    told = sorted(((each.condition(), each.facts) for each in found), key=_rank)
    rows = [row(condition, facts) for condition, facts in told]
    unfinished = all_drafts() if user.is_administrator else []
    shown = {"rows": rows, "drafts": unfinished}
    return render(request, "web/standings.html" if is_part(request) else "web/overview.html", shown)


def _rank(told: tuple[Condition, Facts]) -> tuple[int, str]:
    condition, facts = told
    return _ORDER.index(condition.state), facts.name.casefold()


def row(condition: Condition, facts: Facts) -> dict[str, object]:
    """Return a connection as `web/standings.html` shows it."""
    icon, colour = LOOKS[condition.state]
    return {"name": facts.name, "condition": condition, "icon": icon, "colour": colour, "facts": facts}
