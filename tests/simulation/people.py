"""The people on both sides: what each act of a history does in the vendors' pages.

An act on somebody who is not there is left out, and so is one that the vendor's page refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.cells import CONTACTS, CRM, Record
from tests.simulation.consents import ACTIVE, LEFT
from tests.simulation.crms import May
from tests.simulation.history import NOBODY, TAG, Act

from crosswalk_sandbox.system import PersonError

if TYPE_CHECKING:  # needs a configured Django
    from tests.simulation.world import World

LIST = "1"


class People:
    """Everybody of one history."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._addresses: dict[int, str] = {}  # the last that a person was given
        self._names: Counter[tuple[str, int]] = Counter()  # how often a person's record was made
        self._away: dict[int, list[Record]] = {}  # records of the CRM that may be had back
        self.deleted: set[tuple[int, str]] = set()  # whom somebody deleted on that side
        self.restored: set[Record] = set()
        self.converted: set[Record] = set()
        self.silent: set[str] = set()  # values that no stamp shows
        self.merged: set[Record] = set()

    def act(self, act: Act) -> bool:
        """Do it; whether there was anything to do."""
        try:
            return ACTS[act.op](self, act)
        except PersonError as error:
            self._world.tell(f"    ({act.told()}: refused, {error})")
            return False

    def address(self, who: int) -> str:
        """The address that a new record of that person gets."""
        return self._addresses.setdefault(who, f"person{who}@example.org")

    def _named(self, word: str, who: int) -> str:
        """The name under which a person makes a record: never the same twice, as with every other value."""
        self._names[word, who] += 1
        number = self._names[word, who]
        return f"{word} {who}" if number == 1 else f"{word} {who} ({number})"

    # --- the CRM

    def _crm(self, who: int) -> Record | None:
        records = self._world.ledger.records(who, CRM)
        return records[0] if records else None

    def crm_new(self, act: Act) -> bool:
        values = {"email": self.address(act.who), "lastName": self._named("Last", act.who)}
        if act.field and not self.has_dropped(CRM, act.field):
            values[act.field] = act.value
        self._world.org.new(act.object, values)
        return True

    def crm_edit(self, act: Act) -> bool:
        record = self._crm(act.who)
        if record is None or self.has_dropped(CRM, act.field):
            return False
        self._world.org.edit(record, {act.field: act.value})
        if act.field == "email" and act.value:
            self._addresses[act.who] = act.value
        return True

    def crm_delete(self, act: Act) -> bool:
        record = self._crm(act.who)
        if record is None:
            return False
        self._world.org.delete(record)
        self.deleted.add((act.who, CRM))
        if self._world.org.binned:
            self._away.setdefault(act.who, []).append(record)
        return True

    def crm_put_away(self, act: Act) -> bool:
        """What this CRM lets people have back: out of a bin, or by opening it again."""
        record = self._crm(act.who)
        if record is None:
            return False
        self._world.org.put_away(record)
        self._away.setdefault(act.who, []).append(record)
        if self._world.org.binned:
            self.deleted.add((act.who, CRM))
        return True

    def crm_restore(self, act: Act) -> bool:
        away = self._away.get(act.who)
        if not away:
            return False
        self._world.org.restore(away[-1])
        self.restored.add(away.pop())
        if not away and self._world.org.binned:
            self.deleted.discard((act.who, CRM))
        return True

    def crm_convert(self, act: Act) -> bool:
        leads = [each for each in self._world.ledger.records(act.who, CRM) if each[1] == "lead"]
        if not leads:
            return False
        self._world.org.convert(leads[0])
        self.converted.add(leads[0])
        if not self._world.org.binned:
            self._away.setdefault(act.who, []).append(leads[0])  # a qualified lead may be opened again
        return True

    def crm_merge(self, act: Act) -> bool:
        """Two records of one person become one, or another person's record goes."""
        kept = self._crm(act.who)
        losers = self._world.ledger.records(act.who if act.other == NOBODY else act.other, CRM)
        losers = [each for each in losers if kept is not None and each[1] == kept[1] and each != kept]
        if kept is None or not losers:
            return False
        self._world.org.merge(kept, losers[0])
        if act.other != NOBODY:
            self.deleted.add((act.other, CRM))
            self._world.ledger.join(act.who, act.other)
        self.merged.add(losers[0])
        return True

    def crm_opt_out(self, act: Act) -> bool:
        record = self._crm(act.who)
        if record is None:
            return False
        self._world.org.opt_out(record, act.who)
        return True

    def crm_hides(self, act: Act) -> bool:
        """An admin takes programs the right to see a field."""
        return self._may(act.field, May.NOTHING)

    def crm_locks(self, act: Act) -> bool:
        """An admin takes programs the right to change a field."""
        return self._may(act.field, May.READ)

    def crm_opens(self, act: Act) -> bool:
        """An admin gives programs all rights to a field again."""
        return self._may(act.field, May.WRITE)

    def crm_drops(self, act: Act) -> bool:
        """An admin of the CRM deletes a field with all its values."""
        return self._drop(CRM, act.field, lambda: self._world.org.drop(act.field))

    def _drop(self, side: str, field: str, drop: Callable[[], None]) -> bool:
        """Only of a field that is mapped already."""
        if not self._world.connected or self.has_dropped(side, field):
            return False
        drop()
        self._world.dropped.add((side, field))
        self._world.contexts.clear()  # as above
        return True

    def has_dropped(self, side: str, field: str) -> bool:
        """Whether there is no such field any more."""
        return (side, field) in self._world.dropped

    def crm_blocks(self, act: Act) -> bool:
        """An admin has saves refused that would make one more record with an address."""
        self._world.org.refuse_duplicates("block")
        return True

    def _may(self, field: str, may: May) -> bool:
        """Only of a field that is mapped already; where what is hidden reads as empty, none is opened during a run.

        Dataverse shows hidden columns empty and says nowhere but in its metadata that they are hidden. What was hidden
        for a moment only, between two looks at those, was empty to everybody who asked.
        """
        world = self._world
        if self.has_dropped(CRM, field):
            return False
        silently = world.org.hides_silently and may is May.WRITE
        if not world.connected or (world.running and silently):
            return False
        world.org.let(field, may)
        world.contexts.clear()  # the next run is in a new process, which reads what fields there are
        return True

    # --- the CRM on the other connection

    def other_new(self, act: Act) -> bool:
        """A person makes a record there."""
        if self._world.running or not self._world.connected:
            return False
        values = {"email": self.address(act.who), "lastName": f"Else {act.who}", act.field: act.value}
        self._world.second_crm().new(values)
        return True

    def other_edit(self, act: Act) -> bool:
        """A person edits that person's record there."""
        second = self._world.second
        return second is not None and second.edit(self.address(act.who), act.field, act.value)

    # --- ActiveCampaign

    def contact_drops(self, act: Act) -> bool:
        """An admin of ActiveCampaign deletes a custom field with all its values."""
        title = self._world.titles[act.field]
        return self._drop(CONTACTS, act.field, lambda: self._world.drop_contact_field(title))

    def _contact(self, who: int) -> str | None:
        records = self._world.ledger.records(who, CONTACTS)
        return records[0][2] if records else None

    def contact_new(self, act: Act) -> bool:
        given = {"firstName": self._named("First", act.who), "lists": {LIST: ACTIVE}}
        if act.field and not self.has_dropped(CONTACTS, act.field):
            given[self._name(act.field)] = act.value
        self._world.contact_new(self.address(act.who), **given)
        return True

    def contact_edit(self, act: Act) -> bool:
        contact_id = self._contact(act.who)
        if contact_id is None or self.has_dropped(CONTACTS, act.field):
            return False
        self._world.contact_edit(contact_id, **{self._name(act.field): act.value})
        if act.field == "email":
            self._addresses[act.who] = act.value
        return True

    def contact_sets(self, act: Act) -> bool:
        """An automation sets a custom value alone: the contact's stamp does not move."""
        contact_id = self._contact(act.who)
        no_field = act.field not in self._world.custom or self.has_dropped(CONTACTS, act.field)
        if contact_id is None or no_field:
            return False
        values = {self._name(act.field): act.value}
        contacts = self._world.systems["activecampaign"]
        contacts.person("contact", "set_values", record_id=contact_id, values=values)
        self.silent.add(act.value)
        return True

    def contact_delete(self, act: Act) -> bool:
        contact_id = self._contact(act.who)
        if contact_id is None:
            return False
        self._world.contact_delete(contact_id)
        self.deleted.add((act.who, CONTACTS))
        return True

    def contact_merge(self, act: Act) -> bool:
        """One person's contact takes another's over."""
        kept, lost = self._contact(act.who), self._contact(act.other)
        if kept is None or lost is None or kept == lost:
            return False
        values = {"source": int(lost)}
        self._world.systems["activecampaign"].person("contact", "merge", record_id=kept, values=values)
        self.deleted.add((act.other, CONTACTS))
        return True

    def contact_erase(self, act: Act) -> bool:
        contact_id = self._contact(act.who)
        if contact_id is None:
            return False
        self._world.systems["activecampaign"].person("contact", "anonymize", record_id=contact_id)
        self.deleted.add((act.who, CONTACTS))
        return True

    def contact_tag(self, act: Act) -> bool:
        contact_id = self._contact(act.who)
        if contact_id is None:
            return False
        self._world.contact_tag(contact_id, TAG)
        return True

    def contact_leaves(self, act: Act) -> bool:
        return self._listed(act, LEFT)

    def contact_joins(self, act: Act) -> bool:
        return self._listed(act, ACTIVE)

    def _listed(self, act: Act, status: int) -> bool:
        contact_id = self._contact(act.who)
        if contact_id is None:
            return False
        self._world.contact_edit(contact_id, lists={LIST: status})
        return True

    def _name(self, field: str) -> str:
        """A field's name in ActiveCampaign's pages: custom fields go by their number."""
        return str(self._world.custom.get(field, field))


ACTS: dict[str, Callable[[People, Act], bool]] = {
    "crm_new": People.crm_new,
    "crm_edit": People.crm_edit,
    "crm_delete": People.crm_delete,
    "crm_put_away": People.crm_put_away,
    "crm_restore": People.crm_restore,
    "crm_convert": People.crm_convert,
    "crm_merge": People.crm_merge,
    "crm_opt_out": People.crm_opt_out,
    "crm_hides": People.crm_hides,
    "crm_locks": People.crm_locks,
    "crm_opens": People.crm_opens,
    "crm_blocks": People.crm_blocks,
    "crm_drops": People.crm_drops,
    "other_new": People.other_new,
    "other_edit": People.other_edit,
    "contact_new": People.contact_new,
    "contact_edit": People.contact_edit,
    "contact_sets": People.contact_sets,
    "contact_delete": People.contact_delete,
    "contact_merge": People.contact_merge,
    "contact_erase": People.contact_erase,
    "contact_tag": People.contact_tag,
    "contact_leaves": People.contact_leaves,
    "contact_joins": People.contact_joins,
    "contact_drops": People.contact_drops,
}
