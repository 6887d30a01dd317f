"""What a demo proved, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from crosswalk.core.language import gettext as _
from crosswalk.core.pace import duration

from . import tables
from .outcome import Answer, ExitCode

if TYPE_CHECKING:
    from .demo_crms import Crm
    from .demo_edits import Edits
    from .demo_story import Ending, Step
    from .demo_systems import Systems

LEAST_PERCENT = 95.0  # of field pairs that the independent comparer must find equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One CRM's demo at its end."""

    name: str  # of the connection
    systems: Systems
    ending: Ending
    steps: Sequence[Step]
    edits: Mapping[str, Edits]  # what people may do to records, by the CRM's object
    loaded: Mapping[str, Any] | None  # what became of somebody's exports

    @property
    def equal(self) -> bool:
        """Tell whether verify and the comparer found what a demo promises."""
        return not self.ending.verification.unexcused and self.ending.percent >= LEAST_PERCENT


def answer(demos: Sequence[Played]) -> Answer:
    """Return how a demo ended; of several, whether all are equal and how each of them ended."""
    equal = all(each.equal for each in demos)
    data = (
        _data(demos[0])
        if len(demos) == 1
        else {"equal": equal, "demos": {each.systems.kind.vendor: _data(each) for each in demos}}
    )
    shown = [part for each in demos for part in _summary(each)]
    lines = [tables.line(last_line(each), "bold green" if each.equal else "bold red") for each in demos]
    code = ExitCode.OK if equal else ExitCode.DIFFERENT
    return Answer(data=data, tables=[*shown, *lines], code=code)


def _data(demo: Played) -> dict[str, Any]:
    ending, found = demo.ending, demo.ending.verification
    return {
        "equal": demo.equal,
        "summary": last_line(demo),
        "links": found.links,
        "field_pairs": found.compared,
        "excused": found.excused,
        "unexcused": found.unexcused,
        "percent_by_value": ending.percent,
        "calls": {
            "activecampaign": ending.activecampaign_calls,
            demo.systems.kind.vendor: ending.crm_calls,
        },
        "seconds": round(ending.seconds, 1),
        "steps": [asdict(step) for step in demo.steps],
        "load": demo.loaded,
        "samples": {"verify": found.samples, "by_value": ending.compared["samples"]},
    }


def last_line(demo: Played) -> str:
    """Return the line that says it all; scripts read it, so it is not translated."""
    ending, found = demo.ending, demo.ending.verification
    return (
        f"{'equal' if demo.equal else 'different'}: {found.links} links, {found.compared} field pairs,"
        f" {found.unexcused} unexcused, {ending.percent:.1f}% by value;"
        f" calls activecampaign {ending.activecampaign_calls}, {demo.systems.kind.vendor} {ending.crm_calls}"
    )


def _summary(demo: Played) -> list[RenderableType]:
    kind: Crm = demo.systems.kind
    columns = [_("Step"), _("What"), _("Time"), "ActiveCampaign", kind.title]
    rows = [
        [
            step.title,
            tables.line(tables.shown(step.what)),
            duration(step.seconds),
            step.activecampaign_calls,
            step.crm_calls,
        ]
        for step in demo.steps
    ]
    excused: Mapping[str, Any] = demo.ending.verification.excused or {_("none"): ""}
    title = _("The demo in {time}; API calls per system").format(time=duration(demo.ending.seconds))
    return [
        tables.table(title, columns, rows),
        tables.line(_("Excused differences: {what}").format(what=tables.shown(excused))),
    ]
