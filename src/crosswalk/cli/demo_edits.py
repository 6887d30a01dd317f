"""What people may type into the fields of a mapping, made up from the fields' types: the edits of a demo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crosswalk.convert import ConversionError, fits
from crosswalk.core.mapping import Side
from crosswalk.core.schema import Field
from crosswalk.core.values import NUMBER_KINDS, Kind, Value

if TYPE_CHECKING:
    from crosswalk.merge import FieldPlan

Numbers = Mapping[str, Mapping[str, str]]  # field, number, label
Raw = Mapping[str, Any]  # field → value, as the people of one system enter it
_SAMPLES: Mapping[Kind, Sequence[Value]] = {
    Kind.TEXT: ("Ōe-Müller", "Zoë", "von der Heide", "Robin"),
    Kind.LONG_TEXT: ("Called back.\nWants the blue one 🎉", "Ligne une\nligne deux – «c'est noté»"),
    Kind.EMAIL: ("robin@office.example", "zoe@office.example"),
    Kind.PHONE: ("+49 30 5550 0100", "+44 20 7946 0100", "+1 202 555 0111"),
    Kind.URL: ("https://example.org/a", "https://example.org/b?c=d"),
    Kind.NUMBER: ("0", "12.5", "7", "22"),
    Kind.CURRENCY: ("1250.5", "0", "99"),
    Kind.PERCENT: ("12.5", "7"),
    Kind.BOOLEAN: (True, False),
    Kind.DATE: ("1980-02-29", "2000-01-31"),
    Kind.DATETIME: ("2026-05-04T07:30:00Z", "2025-12-31T23:00:00Z"),
    Kind.TIME: ("07:30:00", "18:00:00"),
}
_MOST_OPTIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Edits of one object's records, to be made in turn; every value fits both sides."""

    crm: Sequence[Raw]
    contact: Sequence[Raw]
    conflicts: Sequence[tuple[Raw, Raw]]  # the same field, differently on both sides


def edits_of(fields: Iterable[FieldPlan], options: Numbers = MappingProxyType({})) -> Edits:
    """Return edits of mapped fields but the e-mail, such that either side's would be taken over by the other.

    `options` are the choices that the CRM stores by number: field, number, label.
    """
    plans = [plan for plan in fields if plan.activecampaign.name != "email"]
    return Edits(
        crm=list(_mixed(_crm_edits(plan, options) for plan in plans if _flows(plan, Side.ACTIVECAMPAIGN))),
        contact=list(_mixed(_contact_edits(plan) for plan in plans if _flows(plan, Side.CRM))),
        conflicts=[conflict for plan in plans for conflict in _conflicts(plan, options)],
    )


def _flows(plan: FieldPlan, target: Side) -> bool:
    """Tell whether every edit of the other side reaches `target`, whatever it holds."""
    route, source = plan.route(target), plan.crm if target is Side.ACTIVECAMPAIGN else plan.activecampaign
    return route.barred is None and not route.only_if_empty and source.writable and route.field.writable


def _mixed(each: Iterable[Iterable[Raw]]) -> Iterator[Raw]:
    """Take one edit of every field, then the next of each."""
    return (edit for edit in chain.from_iterable(zip_longest(*each)) if edit is not None)


def _crm_edits(plan: FieldPlan, options: Numbers) -> Iterator[Raw]:
    for value in [*_values(plan), *_emptying(plan)]:
        yield {plan.crm.name: _crm_raw(plan.crm, value, options)}


def _contact_edits(plan: FieldPlan) -> Iterator[Raw]:
    for value in [*_values(plan), *_emptying(plan)]:
        yield _contact_raw(plan.activecampaign, plan.to_activecampaign.convert(value))


def _conflicts(plan: FieldPlan, options: Numbers) -> Iterator[tuple[Raw, Raw]]:
    values = _values(plan)
    if len(values) > 1 and all(_flows(plan, side) for side in Side):
        right = plan.to_activecampaign.convert(values[1])
        yield (
            {plan.crm.name: _crm_raw(plan.crm, values[0], options)},
            _contact_raw(plan.activecampaign, right),
        )


def _emptying(plan: FieldPlan) -> list[Value]:
    """Emptying is an edit too, where a field may be empty and emptiness travels."""
    fixed = plan.crm.required or plan.activecampaign.required or plan.crm.kind is Kind.BOOLEAN
    return [] if fixed or not plan.mapping.blanks else [None]


def _values(plan: FieldPlan) -> list[Value]:
    return [value for value in _candidates(plan.crm, plan.activecampaign) if _suits(plan, value)]


def _candidates(crm: Field, contact: Field) -> Sequence[Value]:
    if crm.kind is Kind.BOOLEAN:
        return _SAMPLES[Kind.BOOLEAN]
    options = [option.value for field in (crm, contact) for option in field.options][:_MOST_OPTIONS]
    if crm.kind is Kind.CHOICES:
        return [(one,) for one in options] + [tuple(sorted(set(options[:2])))]
    if options:
        return options
    kind = contact.kind if contact.kind in {Kind.DATE, Kind.PHONE} else crm.kind
    return _SAMPLES.get(kind, ())


def _suits(plan: FieldPlan, value: Value) -> bool:
    try:
        there = plan.to_activecampaign.convert(value)
    except ConversionError:
        return False
    return fits(plan.crm, value) is None and fits(plan.activecampaign, there) is None


def _crm_raw(field: Field, value: Value, options: Numbers) -> object:
    if field.name in options and value is not None:
        return _numbered(value, {label: number for number, label in options[field.name].items()})
    if isinstance(value, tuple):
        return ";".join(value)
    if field.kind in NUMBER_KINDS and isinstance(value, str):
        return float(value) if "." in value else int(value)
    return value


def _numbered(value: Value, numbers: Mapping[str, str]) -> object:
    """One choice is its number, several are a list of numbers in a text."""
    if isinstance(value, tuple):
        return ",".join(sorted(numbers[label] for label in value))
    return int(numbers[str(value)])


def _contact_raw(field: Field, value: Value) -> Raw:
    """Custom fields go by their number."""
    raw: object = list(value) if isinstance(value, tuple) else "" if value is None else value
    return {field.name.rpartition("/")[2]: raw}
