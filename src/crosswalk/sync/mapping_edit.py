"""A mapping changed field by field: each change is checked against both systems and made to the mapping as it is then.

Nobody's change is lost: the mapping is locked, read again, changed and saved in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from crosswalk.convert import default_rule
from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import (
    FieldMapping,
    MappingFile,
    ObjectMapping,
    Policy,
    Settings,
    Side,
    UpdateRule,
)
from crosswalk.core.schema import Field, Schema
from crosswalk.core.versions import version_of
from crosswalk.store import connections, mapped
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .context import CONTACT, OBJECTS
from .mapping_acts import note_changes
from .mapping_check import check_doubles, named
from .setup import checked_object, open_systems
from .sign_in import Opener

_FIELDS = gettext_noop("List the fields: crosswalk mapping fields NAME OBJECT")
_PAIRS = gettext_noop("See the pairs: crosswalk mapping show NAME")
for_browser(
    {
        _FIELDS: gettext_noop("Load the page anew: it lists the fields as they are now."),
        _PAIRS: gettext_noop("Load the page anew: it lists the pairs as they are now."),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schemas:
    """Both sides' fields of some objects, as they are now."""

    crm: dict[str, Schema]  # by object
    contact: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a person said about a pair; None is what nobody spoke of."""

    to_crm: UpdateRule | None = None
    to_activecampaign: UpdateRule | None = None
    blanks: bool | None = None
    policy: Policy | None = None
    connection_policy: bool = False  # take the connection's policy again

    def applied(self, pair: FieldMapping) -> FieldMapping:
        """Return the pair with these rules."""
        return replace(
            pair,
            to_crm=self.to_crm or pair.to_crm,
            to_activecampaign=self.to_activecampaign or pair.to_activecampaign,
            blanks=pair.blanks if self.blanks is None else self.blanks,
            policy=None if self.connection_policy else self.policy or pair.policy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person wants of one pair; with neither rules nor removal its fields' types are accepted as they are."""

    crm: str  # the pair's CRM field
    rules: Rules = Rules()
    remove: bool = False


class MappingMovedError(UserError):
    """Somebody else changed an object's mapping since the version that a change was made for; nothing was saved."""

    def __init__(self, current: ObjectMapping) -> None:
        super().__init__(
            _("{object}: somebody else changed this mapping meanwhile.").format(object=current.object),
            cure=_("Look at what is there now, and make your change to it."),
        )
        self.current = current


Change = Callable[[ObjectMapping, Schema, Schema], ObjectMapping]


class MappingEditor:
    """Changes one connection's mapping."""

    def __init__(self, name: str, vault: Vault, clock: Clock, opener: Opener = open_system) -> None:
        self._name = name
        self._vault = vault
        self._clock = clock
        self._opener = opener

    def schemas(self, objects: Iterable[str]) -> Schemas:
        """Read both sides' fields. Raises UserError for an unknown object, SystemFailure."""
        wanted = [known_object(each) for each in objects]
        systems = open_systems(connections.get(self._name), self._vault, self._clock, self._opener)
        with closing(systems[Side.CRM]) as crm, closing(systems[Side.ACTIVECAMPAIGN]) as activecampaign:
            contact = activecampaign.describe(CONTACT)
            return Schemas(crm={each: crm.describe(each) for each in wanted}, contact=contact)

    def mapping(self) -> MappingFile:
        """Return the mapping as it is now."""
        return connections.mapping_of(connections.get(self._name))

    def add(self, object: str, crm_field: str, contact_field: str, rules: Rules) -> FieldMapping:
        """Pair two fields, named by name, label or merge tag; return the pair as it was saved.

        The first pair of an object brings the e-mails along. Raises UserError when a field is unknown, mapped
        already, or cannot be paired with the other.
        """

        def change(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
            left = _field(Side.CRM, crm, crm_field)
            right = _field(Side.ACTIVECAMPAIGN, contact, contact_field)
            pair = FieldMapping(crm=left.name, activecampaign=right.name, to_crm=default_rule(left))
            return _with(mapping, [rules.applied(pair)], crm, contact)

        saved, schema = self._edit(object, change, confirmed=[crm_field])
        return _pair(saved, named(schema, crm_field))

    def extend(self, object: str, pairs: Sequence[FieldMapping]) -> ObjectMapping:
        """Add pairs; those of which a field was mapped meanwhile are left out."""

        def change(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
            return _with(mapping, [pair for pair in pairs if _is_free(mapping, pair)], crm, contact)

        return self._edit(object, change)[0]

    def change(self, object: str, crm_field: str, rules: Rules) -> FieldMapping:
        """Change the rules of the pair of a CRM field; return it as it was saved. Raises UserError.

        Without a rule it confirms a pair that rests because one of its fields got another type.
        """
        saved, schema = self._edit_several(object, [Edit(crm=crm_field, rules=rules)])
        return _pair(saved, named(schema, crm_field))

    def change_several(self, object: str, edits: Sequence[Edit], version: str | None = None) -> ObjectMapping:
        """Make all these edits, or none; see `change` and `remove`.

        Raises UserError, and MappingMovedError when the mapping has another `version` by now.
        """
        return self._edit_several(object, edits, version)[0]

    def remove(self, object: str, crm_field: str) -> ObjectMapping:
        """Take the pair of a CRM field out, also where a field is gone; what it synced stays. Raises UserError."""
        return self._edit_several(object, [Edit(crm=crm_field, remove=True)])[0]

    def _edit_several(
        self, object: str, edits: Sequence[Edit], version: str | None = None
    ) -> tuple[ObjectMapping, Schema]:
        def change(mapping: ObjectMapping, crm: Schema, _contact: Schema) -> ObjectMapping:
            if version is not None and version != version_of(mapping.fields):
                raise MappingMovedError(mapping)
            for edit in edits:
                mapping = _edited(mapping, edit, crm)
            return mapping

        confirmed = [edit.crm for edit in edits if not edit.remove]
        return self._edit(object, change, confirmed=confirmed)

    def restore(
        self, object: str, crm_field: str, contact_field: str
    ) -> tuple[FieldMapping, list[FieldMapping]]:
        """Pair two fields with each other under the usual rules, whatever they are paired with now.

        Returns the pair, and the pairs that had to go for it; a pair that is there stays as it is. Raises UserError.
        """
        gone: list[FieldMapping] = []

        def change(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
            left = _field(Side.CRM, crm, crm_field)
            right = _field(Side.ACTIVECAMPAIGN, contact, contact_field)
            pair = FieldMapping(crm=left.name, activecampaign=right.name, to_crm=default_rule(left))
            gone[:] = [each for each in mapping.fields if _clash(each, pair)]
            if [(each.crm, each.activecampaign) for each in gone] == [(pair.crm, pair.activecampaign)]:
                gone.clear()
                return mapping
            kept = tuple(each for each in mapping.fields if each not in gone)
            return _with(replace(mapping, fields=kept), [pair], crm, contact)

        saved, schema = self._edit(object, change, confirmed=[crm_field])
        return _pair(saved, named(schema, crm_field)), gone

    def _edit(
        self, object: str, change: Change, confirmed: Collection[str] = ()
    ) -> tuple[ObjectMapping, Schema]:
        """Change one object's mapping as it is at this moment, and save it; what is new in it is checked.

        Of the pairs that are new, changed or `confirmed` the fields' types are accepted as they are now.
        """
        schemas = self.schemas([object])
        crm = schemas.crm[object]
        with connections.locked(self._name) as connection:
            whole = connections.mapping_of(connection)
            by_object = {item.object: item for item in whole.objects}
            before = by_object.get(object, ObjectMapping(object=object))
            changed = change(before, crm, schemas.contact)
            sure = {named(crm, each) for each in confirmed}
            new = [pair for pair in changed.fields if pair not in before.fields or pair.crm in sure]
            _check(changed, new, Schemas(crm={object: crm}, contact=schemas.contact), whole.settings)
            by_object[object] = changed
            saved = replace(whole, objects=tuple(by_object.values()))
            connections.save_mapping(connection, saved, self._clock.now())
            mapped.accept_kinds(connection.id, [(object, pair.crm) for pair in new])
            note_changes(connection, before, changed)
        return by_object[object], crm


def known_object(object: str) -> str:
    """Return an object's name. Raises UserError for one that there is not."""
    if object not in OBJECTS:
        raise UserError(
            _("There is no object called {object}.").format(object=object),
            cure=_("Use one of: {objects}.").format(objects=", ".join(OBJECTS)),
        )
    return object


def _check(mapping: ObjectMapping, new: Sequence[FieldMapping], schemas: Schemas, settings: Settings) -> None:
    """Check new pairs beside the e-mails; others may rest until a field of theirs comes back. Raises UserError."""
    crm = schemas.crm[mapping.object]
    emails = [pair for pair in mapping.fields if pair.crm == crm.email and pair not in new]
    checked_object(replace(mapping, fields=(*emails, *new)), crm, schemas.contact, settings)
    check_doubles(mapping)


def _with(
    mapping: ObjectMapping, pairs: Sequence[FieldMapping], crm: Schema, contact: Schema
) -> ObjectMapping:
    """Add pairs, and the e-mails where an object has none yet."""
    emails = FieldMapping(crm=crm.email, activecampaign=contact.email)
    first = [] if mapping.fields or any(pair.crm == emails.crm for pair in pairs) else [emails]
    return replace(mapping, fields=(*mapping.fields, *first, *pairs))


def _edited(mapping: ObjectMapping, edit: Edit, crm: Schema) -> ObjectMapping:
    """Return the mapping with one pair changed or without it. Raises UserError for one that may not go."""
    wanted = _pair(mapping, named(crm, edit.crm))
    if not edit.remove:
        pairs = (edit.rules.applied(pair) if pair is wanted else pair for pair in mapping.fields)
        return replace(mapping, fields=tuple(pairs))
    if wanted.crm == crm.email:
        text = _("{object}: the e-mail fields must be mapped to each other.")
        raise UserError(text.format(object=mapping.object))
    return replace(mapping, fields=tuple(pair for pair in mapping.fields if pair is not wanted))


def _is_free(mapping: ObjectMapping, pair: FieldMapping) -> bool:
    return not any(_clash(each, pair) for each in mapping.fields)


def _clash(one: FieldMapping, other: FieldMapping) -> bool:
    """Tell whether two pairs share a field, so that they cannot stand beside each other."""
    return one.crm == other.crm or one.activecampaign == other.activecampaign


def _field(side: Side, schema: Schema, given: str) -> Field:
    field = schema.fields.get(named(schema, given))
    if field is None:
        raise UserError(
            _("{side}: no field of {object} is called {name}, or several are.").format(
                side=side.value, object=schema.object, name=given
            ),
            cure=_(_FIELDS),
        )
    return field


def _pair(mapping: ObjectMapping, crm_field: str) -> FieldMapping:
    found = next((pair for pair in mapping.fields if pair.crm == crm_field), None)
    if found is None:
        raise UserError(
            _("{object}: the CRM field {name} is in no pair.").format(object=mapping.object, name=crm_field),
            cure=_(_PAIRS),
        )
    return found
