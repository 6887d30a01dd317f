"""The situations that a run over many seeds must have met, and where they are noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connection as database
from tests.simulation.cells import CONTACTS, CRM, FLOW
from tests.simulation.crms import May
from tests.simulation.history import Act

from crosswalk.store import models

if TYPE_CHECKING:
    from tests.simulation.checks import Verdict
    from tests.simulation.world import World

# what a person did, by the act's name; an edit of the address is a renaming
DEEDS = {
    "crm_edit": "edited",
    "contact_edit": "edited",
    "crm_delete": "deleted",
    "crm_put_away": "put away",
    "contact_delete": "deleted",
    "crm_new": "made",
    "contact_new": "made",
    "contact_leaves": "opted out",
    "crm_opt_out": "opted out",
    "crm_convert": "converted",
    "crm_merge": "merged",
    "contact_merge": "merged",
    "contact_erase": "erased",
}
HELD = {"conflict": "conflict held for a person", "rejected": "hold after a refusal"}  # by a hold's kind
PLACES = {CRM: "CRM record", CONTACTS: "contact"}
# a state of the outbox, and what goes on then
MOMENTS = {
    ("intended", "update"): "while a write to it is intended",
    ("intended", "create"): "while its creation is intended",
    ("sending", "update"): "while a write to it is in flight",
    ("sending", "create"): "while its creation is in flight",
    ("sent", "update"): "between import and confirmation",
    ("sent", "create"): "between import and confirmation",
}


def note_act(world: World, act: Act) -> None:
    """What our tables are about to do with the record that a person changes during a run."""
    if act.op == "crm_hides":
        world.states["field of the CRM hidden in the middle of a run"] += 1
    deed = "renamed" if act.field == "email" and act.op.endswith("edit") else DEEDS.get(act.op)
    if deed is None:
        return
    side = CRM if act.op.startswith("crm") else CONTACTS
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT state, op FROM outbox WHERE side = %s AND (record_id = ANY(%s) OR key = %s)",
            [
                side,
                [record[2] for record in world.ledger.records(act.who, side)],
                world.people.address(act.who),
            ],
        )
        for found in cursor.fetchall():
            what = "lead" if deed == "converted" else PLACES[side]
            world.states[f"{what} {deed} {MOMENTS[found]}"] += 1


def note_death(world: World) -> None:
    """What a killed process left behind."""
    with database.cursor() as cursor:
        cursor.execute("SELECT DISTINCT state, op, side FROM outbox")
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM inbox")
        (waiting,) = cursor.fetchone()
    for state, op, side in rows:
        if state == "sending":
            what = f"an update of a {PLACES[side]}" if op == "update" else f"a new {PLACES[side]}"
            world.states[f"killed with {what} in doubt"] += 1
    kinds = {state for state, _op, _side in rows}
    world.states["killed with an import sent and not confirmed"] += "sent" in kinds
    world.states["killed with writes intended"] += "intended" in kinds
    world.states["killed with sightings waiting and nothing intended"] += bool(waiting) and not kinds


def note_limits(world: World) -> None:
    """What a run left alone because programs may not do everything with a field."""
    for field, may in world.org.limited.items():
        held = models.Hold.objects.filter(field=world.org.fields[field])
        if may is May.NOTHING and held.filter(kind__in=["paused", "unreadable"]).exists():
            world.states["field of the CRM rests while it is hidden"] += 1
        if may is May.READ and held.filter(kind="rejected").exists():
            world.states["write held while its field may only be read"] += 1


def note_dropped(world: World) -> None:
    """What rests since somebody deleted a field."""
    for side, field in world.dropped:
        if models.Hold.objects.filter(field=world.org.fields[field], kind="paused").exists():
            place = "the CRM" if side == CRM else "ActiveCampaign"
            world.states[f"field rests since {place}'s was deleted"] += 1


def note_rest(world: World, verdict: Verdict) -> None:
    """What can be told from how everything ended."""
    world.states.update(_rested(world))
    world.states["overwritten in the stated window"] += len(verdict.lost_in_window)


def _written(world: World) -> Iterator[str]:
    """What our writes did."""
    for write in world.ledger.writes:
        if write.conflict and write.old.value and write.old.by in PLACES:
            yield f"conflict decided for {'the CRM' if write.record[0] == CONTACTS else 'ActiveCampaign'}"
        if write.new.by == FLOW:
            yield "the CRM's flow edited within our write"
        if write.new.value in world.people.silent:
            yield "value carried that no stamp had shown"
        if write.field == "email" and write.old.value:
            yield (
                "contact renamed by the CRM"
                if write.record[0] == CONTACTS
                else "CRM record renamed by ActiveCampaign"
            )


def _rested(world: World) -> Iterator[str]:
    yield from _written(world)
    for hold in world.holds():
        if not world.org.takes((CRM, hold["object"], hold["crm_id"] or "")):
            yield "hold while a lead is closed"
        if hold["kind"] in HELD:
            yield HELD[hold["kind"]]
        if hold["field"] == "email" and hold["kind"] != "conflict":
            yield "address held that another contact has"
    for row in world.journal():
        if row["op"] == "kept":
            yield "value kept in a form of the vendor's own"
        if any(reason == "first_link" for _before, _after, reason in row["fields"].values()):
            yield "first link with both sides filled"
    if models.Link.objects.filter(closed_reason="deleted_crm").exists():
        yield "link closed because the CRM record was deleted"
    if any("DUPLICATES_DETECTED" in text for text in world.refused):
        yield "write refused as a duplicate"
    yield from _lives(world)
    yield from _made(world)
    if world.second is not None:
        yield from world.second.states()
    for side in world.consents.carried:
        yield f"opt-out carried to {'the CRM' if side == CRM else 'ActiveCampaign'}"


def _made(world: World) -> Iterator[str]:
    """What we made."""
    for record, _at in world.ledger.created:
        if record[0] == CRM:
            yield "lead made of a tagged contact"
    if any(world.ledger.shared.values()):
        yield "CRM record left its twin with another address"


def _lives(world: World) -> Iterator[str]:
    """What became of links with their records."""
    people = world.people
    for link in world.links(state="open"):
        if (CRM, link.object, link.crm_id) in people.restored:
            yield (
                "link opened again when the CRM record was restored"
                if world.org.binned
                else "CRM record closed and opened again"
            )
        if not link.is_primary:
            yield "two CRM records share a contact"
    if any(record not in world.ledger.cells for record in people.merged):
        yield "CRM records merged"
    if people.converted & people.restored:
        yield "qualified lead opened again"
    if people.converted and world.links(state="open", object="contact"):
        yield "link went with a converted lead"
