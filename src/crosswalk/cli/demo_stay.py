"""What a demo that stays up tells: how to play with its systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from crosswalk.core.language import gettext as _

from .demo_life import people_at_work
from .terminal import Terminal

if TYPE_CHECKING:
    from .demo_answer import Played
    from .demo_systems import Systems
    from .demo_web import Web


def stay(terminal: Terminal, home: Path, web: Web, *, foreign: bool, still: bool) -> None:
    """Keep web and systems up until Ctrl-C, and say how to play with them.

    `foreign`: the person's shell names a database server, which these commands must not use. `still`: nobody goes on
    editing.
    """
    told = [*_instructions(home, web.demos, foreign=foreign), *_invitation(web, still=still)]
    terminal.say("\n" + "\n".join(told))
    with nullcontext() if still else people_at_work(web.demos):
        web.serve(still=still)
    terminal.say("\n" + _("Stopping, and removing the demo's data…"))


def _instructions(home: Path, demos: Sequence[Played], *, foreign: bool) -> Iterator[str]:
    """Yield commands to type, line by line."""
    unset = "unset DATABASE_URL; " if foreign else ""
    yield _("The systems stay up. In another terminal:")
    yield f"  {unset}export CROSSWALK_HOME={home}"
    for each in demos:
        yield from _edit(each, f" --connection {each.name}" if len(demos) > 1 else "")
    yield _("See what each system holds, and what it was asked:")
    for each in demos:
        yield f"  curl {each.systems.activecampaign.url}dump"
        yield f"  curl {each.systems.crm.url}log"


def _invitation(web: Web, *, still: bool) -> Iterator[str]:
    """Yield how to get in to the web."""
    yield ""
    if not still:
        yield _(
            "Every few seconds somebody edits a record on either side, and every minute a run carries that over."
        )
    yield _("Ctrl-C here stops the demo and removes its data.")
    yield ""
    yield _("In a browser: {address}").format(address=web.address)
    yield _("Sign in with one of these names and passwords, which are of this demo alone:")
    for each in web.people:
        yield f"  {each.name:14} {each.password}"


def _edit(demo: Played, which: str) -> Iterator[str]:
    """Yield how to edit somebody and follow what comes of it; `which` names the connection, if it must be named."""
    systems = demo.systems
    found = _somebody(systems)
    if found is None:
        return
    object, record_id = found
    values = f'{{"{systems.kind.phone}": "+1 202 555 0199"}}'
    order = f'{{"object": "{object}", "op": "edit", "id": "{record_id}", "values": {values}}}'
    yield _("Edit a record as a person in {crm} would, sync, and ask why:").format(crm=systems.kind.title)
    yield f"  curl -d '{order}' {systems.crm.url}person"
    yield f"  crosswalk sync{which}"
    yield f"  crosswalk explain crm {record_id}{which}"


def _somebody(systems: Systems) -> tuple[str, str] | None:
    """Return object and id of a record that takes part, if there is one."""
    kind, dump = systems.kind, systems.crm.dump()
    for name in (kind.objects["lead"], kind.objects["contact"]):
        for each in dump[name]:
            if each.get(kind.email) and not kind.gone(each) and not kind.closed(each):
                return name, kind.id_of(name, each)
    return None
