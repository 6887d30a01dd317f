"""What all steps' pages share: the list of steps beside the content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise

from crosswalk.store.models import Connection, Draft
from crosswalk.web.pages import person
from crosswalk.web.roles import MANAGERS

from .steps import ICONS, STEPS, WORDS, Step, StepState, facts_of, facts_of_draft, states

OF_DRAFTS = frozenset({"install", "connect"})  # steps that come before there is a connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A step as the list of steps shows it."""

    number: int
    title: str | Promise
    address: str  # empty: it cannot be opened yet
    state: StepState
    word: str | Promise
    icon: str
    is_here: bool


def render_step(
    request: HttpRequest,
    connection: Connection,
    name: str,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Answer with the page of the step `name`; its template extends `web/setup/step.html`."""
    return _rendered(request, list_of_steps(connection, name), template, context, status)


def render_draft_step(
    request: HttpRequest, draft: Draft, name: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Answer with the page of a step of a connection that is not there yet."""
    found = states(STEPS[draft.crm], facts_of_draft(draft))

    def address(step: Step) -> str:
        return reverse(f"draft-{step.name}", args=[draft.id]) if step.name in OF_DRAFTS else ""

    shown = _shown(STEPS[draft.crm], found, name, address)
    return _rendered(request, shown, template, {"draft": draft, **context})


def _rendered(
    request: HttpRequest, shown: list[Shown], template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    here = next(each for each in shown if each.is_here)
    known = {"steps": shown, "step": here, "may_change": may_change(request)}
    return render(request, template, {**known, **context}, status=status)


def list_of_steps(connection: Connection, here: str) -> list[Shown]:
    """Return the steps of a connection's set-up in their order."""
    steps = STEPS[connection.crm.system]
    found = states(steps, facts_of(connection))
    return _shown(steps, found, here, lambda step: reverse(f"setup-{step.name}", args=[connection.id]))


def _shown(
    steps: Sequence[Step], found: dict[str, StepState], here: str, address: Callable[[Step], str]
) -> list[Shown]:
    return [
        Shown(
            number=number,
            title=step.title,
            address=address(step),
            state=found[step.name],
            word=WORDS[found[step.name]],
            icon=ICONS[found[step.name]],
            is_here=step.name == here,
        )
        for number, step in enumerate(steps, 1)
    ]


def may_change(request: HttpRequest) -> bool:
    """Tell whether somebody works with connections; others look at the steps."""
    return person(request).role in MANAGERS


def is_sent(request: HttpRequest) -> bool:
    """Tell whether somebody sent the form of a step. Raises PermissionDenied for who only may look."""
    if request.method == "POST" and not may_change(request):
        raise PermissionDenied
    return request.method == "POST"


def require_step(connection: Connection, name: str) -> None:
    """Raise Http404 unless the set-up of a connection has a step."""
    if all(step.name != name for step in STEPS[connection.crm.system]):
        raise Http404


def after(connection: Connection, name: str) -> str:
    """Return the address to go on to after a step: the next one, and after the last one the plan."""
    names = [step.name for step in STEPS[connection.crm.system]]
    following = names[names.index(name) + 1 :]
    return reverse(f"setup-{following[0]}" if following else "plans", args=[connection.id])


def set_up(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Go on where the set-up stands: at the first step that is to be done, else at the first of all."""
    steps = STEPS[connection.crm.system]
    found = states(steps, facts_of(connection))
    name = next((each for each, state in found.items() if state is StepState.NEXT), steps[0].name)
    return redirect(f"setup-{name}", connection.id)
