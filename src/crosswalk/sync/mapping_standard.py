"""Standard pairs: the names and the phone that both sides have by themselves, each switched on or off.

Switched off, a standard field may be paired with another one; switched on again, it takes its own partner back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crosswalk.core.failures import UserError
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import FieldMapping, ObjectMapping
from crosswalk.core.schema import Schema

from .mapping_check import named
from .mapping_edit import MappingEditor

_OTHERS = gettext_noop("Use one of: {fields}; for other fields: crosswalk mapping add, remove.")
for_browser({_OTHERS: gettext_noop("Use one of: {fields}.")})


class State(StrEnum):
    """Where a standard pair stands."""

    ON = "on"
    OFF = "off"
    ELSEWHERE = "elsewhere"  # one of its fields is paired with another one


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPair:
    """A pair that both systems offer by themselves."""

    crm: str
    activecampaign: str
    state: State
    fixed: bool  # the e-mails: always on
    instead: tuple[FieldMapping, ...] = ()  # pairs that have one of its fields


class StandardPairs:
    """The standard pairs of one object of a connection. Raises UserError, SystemFailure."""

    def __init__(self, editor: MappingEditor, object: str) -> None:
        self._editor = editor
        self._object = object
        self._schemas = editor.schemas([object])

    def all(self) -> list[StandardPair]:
        """Return them as they stand now."""
        objects = {item.object: item for item in self._editor.mapping().objects}
        fields = objects.get(self._object, ObjectMapping(object=self._object)).fields
        return pairs_of(self._schemas.crm[self._object], self._schemas.contact, fields)

    def off(self, crm_field: str) -> None:
        """Take a standard pair out, if it is there; both sides keep what they hold. Raises UserError."""
        pair = self._wanted(crm_field)
        if pair.state is State.ON:
            self._editor.remove(self._object, pair.crm)

    def on(self, crm_field: str) -> list[FieldMapping]:
        """Bring a standard pair back, and return the pairs of its fields that were undone for it. Raises UserError."""
        pair = self._wanted(crm_field)
        return self._editor.restore(self._object, pair.crm, pair.activecampaign)[1]

    def _wanted(self, crm_field: str) -> StandardPair:
        pairs, name = self.all(), named(self._schemas.crm[self._object], crm_field)
        found = next((each for each in pairs if each.crm == name), None)
        if found is None:
            raise UserError(
                _("{object}: {name} is no standard field.").format(object=self._object, name=crm_field),
                cure=_(_OTHERS).format(fields=", ".join(each.crm for each in pairs if not each.fixed)),
            )
        if found.fixed:
            text = _("{object}: the e-mail fields must be mapped to each other.")
            raise UserError(text.format(object=self._object))
        return found


def pairs_of(crm: Schema, contact: Schema, fields: Sequence[FieldMapping]) -> list[StandardPair]:
    """Return the standard pairs of an object as they stand in a mapping of these fields."""
    names = [(crm.email, contact.email)]
    names += [
        (name, contact.standard[what]) for what, name in crm.standard.items() if what in contact.standard
    ]
    return [
        _pair(left, right, fields, fixed=left == crm.email)
        for left, right in names
        if left in crm.fields and right in contact.fields
    ]


def _pair(crm: str, contact: str, fields: Sequence[FieldMapping], *, fixed: bool) -> StandardPair:
    having = tuple(each for each in fields if crm == each.crm or contact == each.activecampaign)
    on = any((each.crm, each.activecampaign) == (crm, contact) for each in having)
    state = State.ON if on else State.ELSEWHERE if having else State.OFF
    instead = () if on else having
    return StandardPair(crm=crm, activecampaign=contact, state=state, fixed=fixed, instead=instead)
