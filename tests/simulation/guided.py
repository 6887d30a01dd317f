"""Histories that chance alone would seldom tell: each is a few steps about a newcomer of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.crms import CREATE, FEED, UPDATE
from tests.simulation.history import NOBODY, Act, Event, Step

if TYPE_CHECKING:
    from tests.simulation.generate import Chance

HOUR = 3600.0
CROWD = 12  # so many new contacts go by import


def _pair(chance: Chance, object: str = "contact") -> tuple[int, Step]:
    """A newcomer whom both sides know, linked."""
    who = chance.newcomer()
    acts = (
        Act(op="crm_new", who=who, object=object, field="firstName", value=chance.value("firstName")),
        Act(op="contact_new", who=who, field="nickname", value=chance.value("nickname")),
    )
    return who, Step(wait=HOUR, acts=acts)


def _crowd(chance: Chance) -> tuple[list[int], tuple[Act, ...]]:
    """New contacts of the CRM, so many that they go by import."""
    people = [chance.newcomer() for _ in range(CROWD)]
    return people, tuple(chance_new(chance, who) for who in people)


def chance_new(chance: Chance, who: int) -> Act:
    """A new contact of the CRM."""
    return Act(op="crm_new", who=who, field="firstName", value=chance.value("firstName"))


def import_and_death(chance: Chance) -> list[Step]:
    """The process dies between an import's call and its answer, or before the import is confirmed."""
    _people, acts = _crowd(chance)
    part = "POST /api/3/import" if chance.either() else "import/info"
    event = Event(at=1, part=part, after=chance.random.random() < 0.8, fault="killed")
    return [Step(wait=HOUR, acts=acts, events=(event,)), Step(wait=HOUR)]


def deleted_during_import(chance: Chance) -> list[Step]:
    """A contact is deleted by a person between its import and the confirmation."""
    return _during_import(chance, lambda who: Act(op="contact_delete", who=who))


def renamed_during_import(chance: Chance) -> list[Step]:
    """A contact gets another address between its import and the confirmation."""
    return _during_import(chance, lambda who: chance.edit("contact_edit", who, "email"))


def edited_during_import(chance: Chance) -> list[Step]:
    """A contact is edited between its import and the confirmation."""
    return _during_import(chance, lambda who: chance.edit("contact_edit", who, "firstName"))


def _during_import(chance: Chance, act: Callable[[int], Act]) -> list[Step]:
    people, acts = _crowd(chance)
    event = Event(at=1, part="import/info", after=True, acts=(act(people[0]), act(people[-1])))
    return [Step(wait=HOUR, acts=acts, events=(event,), import_seconds=0.05)]


def made_during_import(chance: Chance) -> list[Step]:
    """A person makes the very contact that an import under way is about to make."""
    people, acts = _crowd(chance)
    made = chance.edit("contact_new", people[3], "nickname")
    event = Event(at=1, part="import/info", acts=(made,))
    return [Step(wait=HOUR, acts=acts, events=(event,), import_seconds=20.0)]


def restored_after_edit(chance: Chance) -> list[Step]:
    """A record of the CRM is put away, its contact edited, then it is had back."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    return [
        first,
        Step(wait=HOUR, acts=(Act(op="crm_put_away", who=who),)),
        Step(wait=HOUR, acts=(chance.edit("contact_edit", who, "phone"),)),
        Step(wait=HOUR, acts=(Act(op="crm_restore", who=who),)),
    ]


def twice_in_a_second(chance: Chance) -> list[Step]:
    """Two edits within one second, the second one after the feed was read."""
    who, first = _pair(chance)
    op = chance.random.choice(("crm_edit", "contact_edit"))
    part = FEED if op == "crm_edit" else "GET /api/3/contacts"
    event = Event(at=1, part=part, after=True, acts=(chance.edit(op, who, "lastName"),))
    return [first, Step(wait=HOUR, acts=(chance.edit(op, who, "lastName"),), events=(event,))]


def conflict(chance: Chance) -> list[Step]:
    """Both sides edit one field between two runs."""
    who, first = _pair(chance)
    field = chance.random.choice(("phone", "nickname", "score"))
    edits = [chance.edit("crm_edit", who, field), chance.edit("contact_edit", who, field)]
    return [first, Step(wait=HOUR, acts=tuple(chance.random.sample(edits, 2)))]


WRITTEN = (  # who edits, who edits the target meanwhile, and the call that writes to it
    ("crm_edit", "contact_edit", "PUT /api/3/contacts"),
    ("contact_edit", "crm_edit", UPDATE),
)


def edited_under_a_write(chance: Chance) -> list[Step]:
    """A person edits a field after the target was read and before our write to it has effect."""
    who, first = _pair(chance)
    source, target, part = WRITTEN[chance.either()]
    edit = chance.edit(source, who, "phone")
    field = chance.random.choice(("phone", "phone", "lastName"))
    event = Event(at=1, part=part, acts=(chance.edit(target, who, field),))
    return [first, Step(wait=HOUR, acts=(edit,), events=(event,))]


def answer_lost_then_edited(chance: Chance) -> list[Step]:
    """A write has its effect, a person edits the field, and the answer never comes."""
    who, first = _pair(chance)
    source, target, part = WRITTEN[chance.either()]
    edit = chance.edit(source, who, "phone")
    event = Event(
        at=1,
        part=part,
        after=True,
        late=chance.random.choice((0.0, 4.0, 30.0)),
        acts=(chance.edit(target, who, "phone"),),
        fault=chance.random.choice(("dropped", "killed", "server error")),
    )
    return [first, Step(wait=HOUR, acts=(edit,), events=(event,)), Step(wait=HOUR)]


def deleted_under_a_write(chance: Chance) -> list[Step]:
    """A record is deleted while a write to it is in flight."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    if chance.either():
        edit, delete, part = "crm_edit", "contact_delete", "PUT /api/3/contacts"
    else:
        edit, delete, part = "contact_edit", "crm_delete", UPDATE
    event = Event(at=1, part=part, acts=(Act(op=delete, who=who),))
    return [first, Step(wait=HOUR, acts=(chance.edit(edit, who, "phone"),), events=(event,))]


def lead_by_tag(chance: Chance) -> list[Step]:
    """A tag makes a lead of a contact, and the answer to the creation is lost or the process dies."""
    who = chance.newcomer()
    acts = (chance.edit("contact_new", who, "phone"), Act(op="contact_tag", who=who))
    fault = "killed" if chance.either() else chance.random.choice(("dropped", "server error", ""))
    event = Event(at=1, part=CREATE, after=chance.random.random() < 0.7, fault=fault)
    return [Step(wait=HOUR, acts=acts, events=(event,)), Step(wait=HOUR)]


def new_on_both_sides(chance: Chance) -> list[Step]:
    """The same new person appears on both sides between two runs, or while the contact is being made."""
    who = chance.newcomer()
    made = chance.edit("contact_new", who, "firstName")
    if chance.either():
        return [Step(wait=HOUR, acts=(chance_new(chance, who), made))]
    event = Event(at=1, part="POST /api/3/contacts", acts=(made,))
    return [Step(wait=HOUR, acts=(chance_new(chance, who),), events=(event,))]


def refused(chance: Chance) -> list[Step]:
    """What a side cannot take: a required field is emptied, or an address is another person's."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    if chance.random.random() < 0.5:
        return [first, Step(wait=HOUR, acts=(Act(op="contact_edit", who=who, field="lastName"),))]
    other, second = _pair(chance)
    taken = Act(op="crm_edit", who=who, field="email", value=f"person{other}@example.org")
    return [first, second, Step(wait=HOUR, acts=(taken,))]


def swapped(chance: Chance) -> list[Step]:
    """Two people exchange their addresses in the CRM, perhaps while one of them is being renamed."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    other, second = _pair(chance)
    swap = (
        Act(op="crm_edit", who=who, field="email", value=f"person{other}@example.org"),
        Act(op="crm_edit", who=other, field="email", value=f"person{who}@example.org"),
    )
    if chance.either():
        return [first, second, Step(wait=HOUR, acts=swap), Step(wait=HOUR)]
    event = Event(at=1, part="PUT /api/3/contacts", after=chance.random.random() < 0.5, acts=swap[1:])
    return [first, second, Step(wait=HOUR, acts=swap[:1], events=(event,)), Step(wait=HOUR)]


def renamed(chance: Chance) -> list[Step]:
    """The address of a linked person changes on one side, and a run dies on the way."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    op = "crm_edit" if chance.either() else "contact_edit"
    part = "PUT /api/3/contacts" if op == "crm_edit" else UPDATE
    event = Event(at=1, part=part, after=chance.random.random() < 0.5, fault="killed")
    return [first, Step(wait=HOUR, acts=(chance.edit(op, who, "email"),), events=(event,)), Step(wait=HOUR)]


def deleted_and_made_again(chance: Chance) -> list[Step]:
    """A record of the CRM is deleted and made again with its old address."""
    who, first = _pair(chance)
    delete = Act(op="crm_delete", who=who)
    return [first, Step(wait=HOUR, acts=(delete,)), Step(wait=HOUR, acts=(chance_new(chance, who),))]


def opted_out_then_edited(chance: Chance) -> list[Step]:
    """A person opts out on one side while the other side is edited."""
    who, first = _pair(chance)
    out = "crm_opt_out" if chance.either() else "contact_leaves"
    acts = (Act(op=out, who=who), chance.edit("contact_edit", who, "phone"))
    return [first, Step(wait=HOUR, acts=acts)]


def converted(chance: Chance) -> list[Step]:
    """A lead is converted; what the contact has no field for is edited before or after on the other side.

    Where a converted lead can be opened again, that happens later.
    """
    who, first = _pair(chance, "lead")
    acts = [Act(op="crm_convert", who=who), chance.edit("contact_edit", who, "score")]
    if chance.random.random() < 0.5:
        acts.append(chance.edit("crm_edit", who, "phone"))
    opened = [Step(wait=HOUR, acts=(Act(op="crm_restore", who=who),))] if chance.either() else []
    return [first, Step(wait=HOUR, acts=tuple(chance.random.sample(acts, len(acts)))), *opened]


def converted_under_a_write(chance: Chance) -> list[Step]:
    """A lead is converted while a write to it is in flight."""
    who, first = _pair(chance, "lead")
    convert = (Act(op="crm_convert", who=who),)
    after = chance.random.random() < 0.5
    fault = chance.random.choice(("", "", "killed", "dropped"))
    event = Event(at=1, part=UPDATE, after=after, acts=convert, fault=fault)
    return [first, Step(wait=HOUR, acts=(chance.edit("contact_edit", who, "phone"),), events=(event,))]


def converted_before_its_contact_is_made(chance: Chance) -> list[Step]:
    """A new lead is converted while its contact is being made."""
    who = chance.newcomer()
    new = Act(op="crm_new", who=who, object="lead", field="phone", value=chance.value("phone"))
    fault = chance.random.choice(("", "killed"))
    event = Event(
        at=1,
        part="POST /api/3/contacts",
        after=chance.random.random() < 0.5,
        acts=(Act(op="crm_convert", who=who),),
        fault=fault,
    )
    return [Step(wait=HOUR, acts=(new,), events=(event,)), Step(wait=HOUR)]


def twins_merged(chance: Chance) -> list[Step]:
    """Two records of one person are merged, perhaps while the contact is being written."""
    who, first = _pair(chance)
    twin = Act(op="crm_new", who=who, field="lastName", value=chance.value("lastName"))
    merge = Act(op="crm_merge", who=who)
    edit = chance.edit("crm_edit", who, "phone")
    if chance.random.random() < 0.5:
        return [first, Step(wait=HOUR, acts=(twin,)), Step(wait=HOUR, acts=(edit, merge))]
    event = Event(at=1, part="PUT /api/3/contacts", acts=(merge,))
    return [first, Step(wait=HOUR, acts=(twin,)), Step(wait=HOUR, acts=(edit,), events=(event,))]


def twin_takes_over(chance: Chance) -> list[Step]:
    """The record that exchanges values is deleted, and the other one of that person takes its place."""
    who, first = _pair(chance)
    twin = Act(op="crm_new", who=who, field="lastName", value=chance.value("lastName"))
    gone = (Act(op="crm_delete", who=who), chance.edit("contact_edit", who, "phone"))
    return [first, Step(wait=HOUR, acts=(twin,)), Step(wait=HOUR, acts=gone)]


def twin_renamed(chance: Chance) -> list[Step]:
    """One of two records that share a contact gets another address: it leaves the other, and has its own contact."""
    who, first = _pair(chance)
    twin = Act(op="crm_new", who=who, field="lastName", value=chance.value("lastName"))
    renamed = chance.edit("crm_edit", who, "email")
    if chance.either():
        return [first, Step(wait=HOUR, acts=(twin,)), Step(wait=HOUR, acts=(renamed,))]
    event = Event(at=1, part="POST /api/3/contacts", after=chance.random.random() < 0.5, fault="killed")
    return [first, Step(wait=HOUR, acts=(twin,)), Step(wait=HOUR, acts=(renamed,), events=(event,))]


def closed_for_good(chance: Chance) -> list[Step]:
    """A lead is put away and never had back, while its contact is edited."""
    who, first = _pair(chance, "lead")
    acts = (Act(op="crm_put_away", who=who), chance.edit("contact_edit", who, "lastName"))
    return [first, Step(wait=HOUR, acts=acts)]


def two_people_merged(chance: Chance) -> list[Step]:
    """The records of two people are merged on one side."""
    who, first = _pair(chance)
    other, second = _pair(chance)
    merge = Act(op=chance.random.choice(("crm_merge", "contact_merge")), who=who, other=other)
    edit = chance.edit(chance.random.choice(("crm_edit", "contact_edit")), who, "phone")
    return [first, second, Step(wait=HOUR, acts=(edit, merge))]


def set_without_stamp(chance: Chance) -> list[Step]:
    """A custom value is set alone, which no feed shows; perhaps the CRM edits the same field later."""
    who, first = _pair(chance)
    silent = Step(wait=HOUR, acts=(chance.edit("contact_sets", who, "score"),))
    if chance.random.random() < 0.5:
        return [first, silent]
    return [first, silent, Step(wait=60.0, acts=(chance.edit("crm_edit", who, "score"),))]


def flow_after_an_edit(chance: Chance) -> list[Step]:
    """A person edits a record just before our write to it, upon which a flow edits it as our user."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    event = Event(at=1, part=UPDATE, acts=(chance.edit("crm_edit", who, "lastName"),))
    return [first, Step(wait=HOUR, acts=(chance.edit("contact_edit", who, "phone"),), events=(event,))]


def found_as_a_duplicate(chance: Chance) -> list[Step]:
    """A person makes a record in the CRM just before we make one with its address; its rules may be against that."""
    who = chance.newcomer()
    blocks = (Act(op="crm_blocks", who=NOBODY),) if chance.either() else ()
    acts = (*blocks, chance.edit("contact_new", who, "phone"), Act(op="contact_tag", who=who))
    made = Act(op="crm_new", who=who, object="lead", field="nickname", value=chance.value("nickname"))
    event = Event(at=1, part=CREATE, acts=(made,))
    return [Step(wait=HOUR, acts=acts, events=(event,)), Step(wait=HOUR)]


def field_limited(chance: Chance) -> list[Step]:
    """Programs may not see a field of the CRM any more, or not change it; it is edited meanwhile, and opened again.

    It is hidden in the middle of a run that reads its record for another reason, or closed to a write that is due.
    """
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    field = chance.random.choice(("nickname", "score", "phone"))
    hides = chance.either()
    limit = Act(op="crm_hides" if hides else "crm_locks", who=NOBODY, field=field)
    edit = chance.edit(
        chance.random.choice(("contact_edit", "crm_edit")) if hides else "contact_edit", who, field
    )
    part = FEED if hides else chance.random.choice((FEED, UPDATE, ""))
    events = (Event(at=1, part=part, acts=(limit,)),) if part else ()
    read = (chance.edit("crm_edit", who, "lastName"),) if hides else ()
    opened = Act(op="crm_opens", who=NOBODY, field=field)
    return [
        first,
        Step(wait=HOUR, acts=(chance.edit("crm_edit", who, field),)),
        Step(wait=HOUR, acts=(*read, edit) if part else (limit, edit), events=events),
        Step(wait=HOUR),
        Step(wait=HOUR, acts=(opened,)),
    ]


def field_deleted(chance: Chance) -> list[Step]:
    """A field is deleted outright on one side while or before a run is about to write it, and others of that record."""
    who, first = _pair(chance, chance.random.choice(("lead", "contact")))
    forms = ("contact_edit", "crm", UPDATE), ("crm_edit", "contact", "PUT /api/3")
    ours, theirs, writes = forms[0 if chance.either() else 1]
    edited = chance.random.choice((("birthday", "lastName"), ("lastName",)))
    edits = (
        chance.edit(f"{theirs}_edit", who, "firstName"),  # so that its record is read
        *(chance.edit(ours, who, name) for name in edited),
    )
    dropped = Act(op=f"{theirs}_drops", who=NOBODY, field="birthday")
    part = chance.random.choice((FEED, "GET /api/3/contacts", writes, ""))
    events = (Event(at=1, part=part, acts=(dropped,)),) if part else ()
    later = (chance.edit(ours, who, name) for name in ("birthday", "firstName"))
    return [
        first,
        Step(wait=HOUR, acts=(chance.edit("crm_edit", who, "birthday"),)),
        Step(wait=HOUR, acts=edits if part else (dropped, *edits), events=events),
        Step(wait=HOUR, acts=(dropped, *later)),
    ]


def two_crms(chance: Chance) -> list[Step]:
    """Another CRM with a connection of its own has the person too: edits there, here, and of one field in both."""
    who, first = _pair(chance)
    met = Act(op="other_new", who=who, field="phone", value=chance.value("phone"))
    edits = [chance.edit("other_edit", who, "score")]
    edits.append(chance.edit(chance.random.choice(("crm_edit", "contact_edit")), who, "lastName"))
    both = [chance.edit(op, who, "nickname") for op in ("other_edit", "crm_edit", "contact_edit")]
    crossing = tuple(chance.random.sample(both, 2 if chance.either() else 3))
    return [
        first,
        Step(wait=HOUR, acts=(met,)),
        Step(wait=HOUR, acts=tuple(edits)),
        Step(wait=HOUR, acts=crossing),
    ]


def vendor_rests(chance: Chance) -> list[Step]:
    """A vendor takes no more calls for longer than a run waits, in the middle of one."""
    who, first = _pair(chance)
    edits = (chance.edit("crm_edit", who, "phone"), chance.edit("contact_edit", who, "lastName"))
    part = chance.random.choice(("PUT /api/3/contacts", UPDATE, "GET /api/3/contacts"))
    event = Event(at=1, part=part, fault="throttled for long")
    return [first, Step(wait=HOUR, acts=edits, events=(event,)), Step(wait=HOUR)]


def erased(chance: Chance) -> list[Step]:
    """A contact is erased while its CRM record is edited."""
    who, first = _pair(chance)
    acts = (Act(op="contact_erase", who=who), chance.edit("crm_edit", who, "phone"))
    return [first, Step(wait=HOUR, acts=tuple(chance.random.sample(acts, 2))), Step(wait=HOUR)]


Guide = Callable[["Chance"], list[Step]]
GUIDED: dict[str, Guide] = {
    guide.__name__: guide
    for guide in (
        import_and_death,
        deleted_during_import,
        renamed_during_import,
        edited_during_import,
        made_during_import,
        restored_after_edit,
        twice_in_a_second,
        conflict,
        edited_under_a_write,
        answer_lost_then_edited,
        deleted_under_a_write,
        lead_by_tag,
        new_on_both_sides,
        refused,
        swapped,
        renamed,
        deleted_and_made_again,
        opted_out_then_edited,
        converted,
        converted_under_a_write,
        converted_before_its_contact_is_made,
        twins_merged,
        twin_takes_over,
        twin_renamed,
        closed_for_good,
        two_people_merged,
        set_without_stamp,
        flow_after_an_edit,
        found_as_a_duplicate,
        field_limited,
        field_deleted,
        two_crms,
        vendor_rests,
        erased,
    )
}
