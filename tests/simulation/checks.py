"""What must hold once everything is quiet; numbers in brackets are those of the invariants in docs/simulation.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.cells import CONTACTS, CRM, FLOW, Cell, Content, Record, Write
from tests.simulation.crms import UPDATE
from tests.simulation.history import FIELDS, ONE_WAY, TAG
from tests.simulation.world import World

from crosswalk.core.values import unpack
from crosswalk.store import models

WINDOW = timedelta(seconds=10)  # between our last reading of a record and the effect of our write
TOLERANCE = timedelta(seconds=10)  # of `newest`: five seconds, whole seconds of both stamps, calls under way
PER_SECOND = 5
SIDES = (CRM, CONTACTS)
Journalled = dict[
    tuple[str, str, str], list[tuple[str, str, str]]
]  # side, record, field → before, after, reason


@dataclass(kw_only=True)
class Verdict:
    """What is wrong, and what was lost in the one window in which it may be."""

    wrong: list[str] = field(default_factory=list)
    lost_in_window: list[str] = field(default_factory=list)


def judge(world: World) -> Verdict:
    """Judge a world that has come to rest."""
    verdict = Verdict(wrong=[*world.wrong, *world.ledger.wrong])
    journal = _journal(world)
    for write in world.ledger.writes:
        _judge_write(world, write, journal, verdict)
    for check in CHECKS:
        verdict.wrong += [f"{check.__name__.strip('_')}: {text}" for text in check(world)]
    return verdict


# --- every write (1, 2, 3, 7)


def _journal(world: World) -> Journalled:
    found: Journalled = defaultdict(list)
    names = {(side, world.names(side, name)): name for side in SIDES for name in FIELDS}
    for row in world.journal():
        for name, (before, after, reason) in row["fields"].items():
            if (row["side"], name) in names:
                field = names[row["side"], name]
                values = (world.canonical(field, before), world.canonical(field, after))
                found[row["side"], row["record_id"], field].append((*values, reason))
    return found


def _judge_write(world: World, write: Write, journal: Journalled, verdict: Verdict) -> None:
    side, _object, record_id = write.record
    rows = [row for row in journal[side, record_id, write.field] if row[1] == write.new.value]
    told = f"{write.at:%d %H:%M:%S} {side} {record_id}: {write.new.told()} over {write.old.told()}"
    if side == CRM and write.field == ONE_WAY and write.new.by != FLOW:
        verdict.wrong.append(f"a field that may not be written was: {told}")
    if side == CRM and write.new.by == FLOW:
        return  # the CRM's own doing within our call
    if not rows and (write.record in world.ledger.gone or _is_hidden(world, write)):
        return  # its answer never came, and there is nothing left by which to judge it
    if not rows:
        verdict.wrong.append(f"no journal row: {told}")
        return
    if not write.old.value or write.old.by == "default":
        return
    if all(row[0] != write.old.value for row in rows):
        if write.old_since >= min(write.asked, write.at) - WINDOW:
            verdict.lost_in_window.append(told)
        else:
            verdict.wrong.append(f"lost without a trace: {told}; journal {rows}")
        return
    if write.conflict and write.new.value:
        _judge_conflict(world, write, told, verdict)


def _is_hidden(world: World, write: Write) -> bool:
    """Whether a write in doubt left nothing to find: a person edited its value, or renamed what it had made.

    A contact whose creation is in doubt is looked for by its address alone, in the first run that comes to its end.
    """
    if not write.in_doubt or write.built_at is not None:
        return write.in_doubt
    birth = (write.record, write.at)
    looked = min((end for end in world.ends if end > write.at), default=None)
    renamed = [
        other.built_at
        for other in world.ledger.writes
        if (other.record, other.at) == birth and other.field == "email" and other.built_at is not None
    ]
    return birth in world.ledger.created and any(looked is None or at <= looked for at in renamed)


def _judge_conflict(world: World, write: Write, told: str, verdict: Verdict) -> None:
    """Both sides were edited: the policy says whose value stays."""
    options = world.history.options
    source = CONTACTS if write.record[0] == CRM else CRM
    if options.policy == "ask" and write.field != ONE_WAY:
        verdict.wrong.append(f"decided although a person was to be asked: {told}")
    elif options.policy in SIDES and options.policy != source and write.field != ONE_WAY:
        verdict.wrong.append(f"won against the policy: {told}")
    elif options.policy == "newest" and options.winner != source and write.field != ONE_WAY:
        latest = write.edited.get(source)
        if latest is None or latest + TOLERANCE < write.old.at:
            verdict.wrong.append(f"the older value won: {told}")


# --- at rest


def _rest(world: World) -> Iterator[str]:
    """Inbox and outbox are empty (13), one more run writes nothing (17)."""
    for table in ("inbox", "outbox", "consent_write"):
        for row in world.rows(table):
            yield f"{table} keeps { ({k: v for k, v in row.items() if not isinstance(v, (bytes, memoryview))}) }"
    sent = len(world.sent)
    world.wait(60)
    result = world.attempt()
    written = world.sent[sent:]
    if _shut(world):
        written = [route for route in written if not route.endswith(UPDATE)]
    if result is None or result.counts or written:
        yield f"a further run was not idle: {result} {written}"
    found = world.verify()
    if found.unexcused:
        yield f"verify: {found.samples}"


def _shut(world: World) -> set[Record]:
    """The closed leads of whose opt-outs a hold says that the CRM does not take them.

    Dynamics refuses every save of a closed lead but its reactivation. An opt-out is tried again all the same, more and
    more rarely, since nothing matters more; until somebody opens the lead, the contact alone says no.
    """
    held = (
        (CRM, hold["object"], hold["crm_id"] or "")
        for hold in world.holds()
        if hold["field"] in world.org.boxes
    )
    return {record for record in held if not world.org.takes(record)}


def _links(world: World) -> list[models.Link]:
    return world.links(state="open")


def _records(link: models.Link) -> tuple[Record, Record]:
    """Both ends of a link."""
    return (CRM, link.object, link.crm_id or ""), (CONTACTS, "contact", link.activecampaign_id or "")


def _equal(world: World) -> Iterator[str]:
    """Linked records are equal under the mapping (14), and nobody is without partner who should have one."""
    held = {(hold["link_id"], hold["field"]) for hold in world.holds()}
    linked = set()
    for link in _links(world):
        crm, contact = _records(link)
        linked |= {crm, contact}
        if not link.is_primary or not link.selected or (link.id, "") in held:
            continue
        ours, theirs = world.ledger.cells.get(crm), world.ledger.cells.get(contact)
        if ours is None or theirs is None:
            continue
        for name in _kept(world):
            if not _agree(name, ours[name], theirs[name]) and (link.id, name) not in held:
                yield f"{ours[name].content.told()} is not {theirs[name].content.told()}"
    yield from _unlinked(world, linked)


def _kept(world: World) -> list[str]:
    """The fields that both sides still have: one that somebody deleted rests, and nothing is emptied for it."""
    gone = {name for _side, name in world.dropped}
    return [name for name in FIELDS if name not in gone]


def _agree(name: str, crm: Cell, contact: Cell) -> bool:
    if crm.content.value == contact.content.value:
        return True
    # What is empty in a CRM record that never had it offers nothing, as when that record takes over a contact.
    return name == ONE_WAY and (contact.content.by == CONTACTS or crm.content.by == "nobody")


def _unlinked(world: World, linked: set[Any]) -> Iterator[str]:
    """Whom nobody ever deleted has a partner, if somebody asked for one."""
    tagged = {(CONTACTS, "contact", row["id"]) for row in world.contacts() if TAG in row["tags"]}
    held = {hold["record_id"] for hold in world.holds() if not hold["field"]}
    for record, cells in world.ledger.cells.items():
        who = world.ledger.who[record]
        taken_over = {(each, CONTACTS) for each in world.ledger.same(who)}  # whose contacts came along
        if (
            record in linked
            or world.people.deleted & ({(who, side) for side in SIDES} | taken_over)
            or record[2] in held
        ):
            continue
        if (record[0] == CRM and cells["email"].content.value) or record in tagged:
            yield f"{record} of person {who} has no partner"


def _linked_once(world: World) -> Iterator[str]:
    """One link for each pair (4): no record of the CRM has two, no contact two primary ones."""
    links = _links(world)
    for count in (
        Counter((link.object, link.crm_id) for link in links),
        Counter(link.activecampaign_id for link in links if link.is_primary),
    ):
        yield from (f"{what} has {number} links" for what, number in count.items() if number > 1)


def _made_once(world: World) -> Iterator[str]:
    """What we made is nobody's duplicate (4).

    A record beside it that has another address, and was never linked with what ours was made of, is somebody else's to
    all who cannot look into people's heads: its address was changed before both sides were ever linked, or a second
    record was made with the address that the first had just given up. And of several records that share a contact, one
    that gets another address leaves the others, who keep the contact with theirs.
    """
    for record, at in world.ledger.created:
        who = world.ledger.who[record]
        if who < 0:
            yield f"{record} was made for nobody"
        for other in world.ledger.records(who, record[0]):
            older = world.ledger.born[other] < at - WINDOW
            deleted = (who, record[0]) in world.people.deleted
            if other != record and older and not deleted and not _is_stranger(world, record, other, at):
                yield f"{record} of person {who} was made at {at:%d %H:%M:%S} beside {other}"


def _is_stranger(world: World, made: Record, other: Record, at: datetime) -> bool:
    """Whether nobody could know by then that a record of another address is the same person's."""
    if other not in world.ledger.namesakes[made] or not world.ledger.sources[made]:
        return False
    if other in world.ledger.shared[made]:
        return True
    return all(
        world.paired.get(frozenset((other, source)), at) >= at for source in world.ledger.sources[made]
    )


def _held(world: World) -> Iterator[str]:
    """A hold stands only where a vendor refused, or where the model saw both sides edit (15)."""
    for hold in world.holds():
        if not _is_due(world, hold):
            yield f"nothing asks for this hold: {hold}"


def _is_due(world: World, hold: dict[str, Any]) -> bool:
    crm = world.ledger.cells.get((CRM, hold["object"], hold["crm_id"] or ""))
    contact = world.ledger.cells.get((CONTACTS, "contact", hold["activecampaign_id"] or ""))
    field = hold["field"]
    if field in FIELDS and field not in _kept(world):
        return True
    if hold["kind"] == "conflict" and crm and contact and field in FIELDS:
        ours, theirs = crm[field].content, contact[field].content
        return ours.value != theirs.value and not _follow(ours, theirs)
    if field in world.org.filled and contact is not None and not contact[field].content.value:
        return True
    named = [hold[name] for name in ("crm_id", "activecampaign_id", "key", "record_id") if hold[name]]
    return any(name in text for name in named for text in world.refused)


def _follow(one: Content, other: Content) -> bool:
    """Whether one of two values surely followed from the other."""
    return one.follows(other, surely=True) or other.follows(one, surely=True)


def _shadows(world: World) -> Iterator[str]:
    """Shadows are what each side holds (5), but for what is held."""
    held = {hold["link_id"] for hold in world.holds()}
    for link in _links(world):
        if not link.is_primary or link.id in held:
            continue
        for side, record in zip(SIDES, _records(link), strict=True):
            cells = world.ledger.cells.get(record)
            shadow = unpack(getattr(link, f"{side}_shadow"))
            if cells is None:
                continue
            for name in _kept(world):
                kept = world.canonical(name, shadow.get(world.names(side, name)))
                if kept != cells[name].content.value:
                    yield f"{record} {name}: shadow {kept!r}, record {cells[name].content.value!r}"


def _seen(world: World) -> Iterator[str]:
    """What is behind the cursors is stored (6): the directory knows every live record with its address."""
    known = {
        (row.object, row.record_id): row.key or "" for row in models.Directory.objects.filter(deleted=False)
    }
    for (_side, object, record_id), cells in world.ledger.cells.items():
        key = known.get((object, record_id))
        if key != cells["email"].content.value:
            yield f"{object} {record_id} {cells['Email'].content.value!r} is known as {key!r}"


def _budget(world: World) -> Iterator[str]:
    """Never more than five calls to ActiveCampaign leave within a second (10).

    One that is held up on its way may arrive beside those after it: that is not in our hands, and the vendor says so.
    """
    calls = world.departures
    for first, last in zip(calls, calls[PER_SECOND:], strict=False):
        if last - first < timedelta(seconds=1):
            yield f"six calls within a second of {first}"
            return


def _consent(world: World) -> Iterator[str]:
    """An opt-out is on both sides and never undone by us (8)."""
    yield from world.consents.wrong
    shut = _shut(world)
    for link in _links(world):
        crm, contact = _records(link)
        if link.selected and crm not in shut and crm in world.ledger.cells and contact in world.ledger.cells:
            yield from world.consents.at_rest(crm, contact)


def _second(world: World) -> Iterator[str]:
    """The account's other connection is at rest too, and equal (14, 17)."""
    if world.second is not None:
        yield from world.second.judge()


def _echo(world: World) -> Iterator[str]:
    """No value is written to a record twice over the same value (17)."""
    count = Counter(
        (write.record, write.field, id(write.old), id(write.new)) for write in world.ledger.writes
    )
    for (record, name, _old, _new), number in count.items():
        if number > 1:
            yield f"{record} {name} was written {number} times"


CHECKS = (
    _rest,
    _equal,
    _linked_once,
    _made_once,
    _held,
    _shadows,
    _seen,
    _budget,
    _consent,
    _second,
    _echo,
)
