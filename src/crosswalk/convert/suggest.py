"""Which fields of two schemas probably belong together, by name and type. Nothing here is applied to anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..core.language import gettext as _
from ..core.language import gettext_noop
from ..core.mapping import FieldMapping, Side, UpdateRule
from ..core.schema import Field, Nature, Schema
from ..core.values import Kind
from .naming import Likeness, likeness, names
from .pairs import PAIRS, pairable, read_only

_WHY = {
    Likeness.SAME: gettext_noop("same name"),
    Likeness.MEANING: gettext_noop("another name for the same thing"),
    Likeness.SIMILAR: gettext_noop("similar name"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Two fields that probably belong together."""

    crm: Field
    activecampaign: Field
    likeness: Likeness
    why: str
    missing: tuple[str, ...] = ()  # options that one side has and the other would refuse

    @property
    def mapping(self) -> FieldMapping:
        """The field mapping as it is proposed: a CRM field that is only read, or a lookup, travels out only."""
        return FieldMapping(
            crm=self.crm.name, activecampaign=self.activecampaign.name, to_crm=default_rule(self.crm)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """All that is proposed for an object, and what is left."""

    pairs: tuple[Suggestion, ...]
    refused: tuple[tuple[Field, Field, str], ...]  # namesakes that may not be paired, and why
    rest: dict[Side, tuple[Field, ...]]  # fields without partner that could have one


def default_rule(crm: Field) -> UpdateRule:
    """Return the update rule towards the CRM when nobody named one."""
    one_way = read_only(crm) is not None or crm.kind is Kind.REFERENCE
    return UpdateRule.NEVER if one_way else UpdateRule.ALWAYS


def suggest(crm: Schema, contact: Schema, taken: Sequence[FieldMapping] = ()) -> Suggestions:
    """Propose pairs among the fields that are not `taken`; consent is no field to pair.

    The e-mails come first, then equal names, then names of the same meaning, then similar ones, and of equally
    good partners one of the same kind. No field stands in two pairs.
    """
    ours = _free(crm, {pair.crm for pair in taken})
    theirs = _free(contact, {pair.activecampaign for pair in taken})
    pairs: list[Suggestion] = []
    refused: list[tuple[Field, Field, str]] = []
    for left, right, alike in _ranked(ours.values(), theirs.values(), (crm.email, contact.email)):
        if left.name not in ours or right.name not in theirs:
            continue
        reason = pairable(left, right)
        if reason is not None:
            if alike is Likeness.SAME:
                refused.append((left, right, reason))
            continue
        pairs.append(_suggestion(left, right, alike))
        del ours[left.name], theirs[right.name]
    still = [(left, right, why) for left, right, why in refused if left.name in ours and right.name in theirs]
    rest = {
        Side.CRM: tuple(field for field in ours.values() if read_only(field) is None),
        Side.ACTIVECAMPAIGN: tuple(theirs.values()),
    }
    return Suggestions(pairs=tuple(pairs), refused=tuple(still), rest=rest)


def _free(schema: Schema, taken: Collection[str]) -> dict[str, Field]:
    return {
        name: field
        for name, field in schema.fields.items()
        if name not in taken and not schema.holds_consent(name)
        if field.kind is not Kind.OTHER and (field.kind in PAIRS or field.writable)
    }


def _ranked(
    crm: Iterable[Field], contact: Iterable[Field], emails: tuple[str, str]
) -> list[tuple[Field, Field, Likeness]]:
    """Return all candidates, the best first; the schemas' order decides between equals."""
    named = [(field, names(field)) for field in contact]
    found: list[tuple[tuple[bool, int, bool], tuple[Field, Field, Likeness]]] = []
    for left in crm:
        ours = names(left)
        for right, theirs in named:
            matched = (left.name, right.name) == emails
            if (not matched and emails[0] == left.name) or (not matched and emails[1] == right.name):
                continue
            alike = Likeness.SAME if matched else likeness(ours, theirs)
            if alike is not None and (alike is Likeness.SAME or not _is_odd(left)):
                found.append(((matched, alike, left.kind is right.kind), (left, right, alike)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [candidate for _rank, candidate in found]


def _is_odd(crm: Field) -> bool:
    """Tell whether a field is proposed only for one of the very same name: lookups, and what users cannot write."""
    return crm.kind is Kind.REFERENCE or (
        read_only(crm) is not None and crm.nature in {Nature.PLAIN, Nature.SECURED}
    )


def _suggestion(crm: Field, activecampaign: Field, alike: Likeness) -> Suggestion:
    missing = missing_options(crm, activecampaign)
    why = [_(_WHY[alike])]
    if default_rule(crm) is UpdateRule.NEVER:
        why.append(_("out of the CRM only"))
    if missing:
        why.append(_("options of one side only: {options}").format(options=", ".join(missing[:5])))
    return Suggestion(
        crm=crm, activecampaign=activecampaign, likeness=alike, why="; ".join(why), missing=missing
    )


def missing_options(crm: Field, activecampaign: Field) -> tuple[str, ...]:
    """Return the options of either field that the other would refuse."""
    return _missing(crm, activecampaign) + _missing(activecampaign, crm)


def _missing(source: Field, target: Field) -> tuple[str, ...]:
    """Return the options of `source` that `target` would refuse."""
    if not target.restricted or source.kind not in {Kind.CHOICE, Kind.CHOICES}:
        return ()
    known = {option.value for option in target.options}
    return tuple(option.value for option in source.options if option.value not in known)
