"""The rows of a tab: each pair with its rules, what bars a direction, whether it rests, what others changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crosswalk.convert import kind_words, read_only
from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.mapping import FieldMapping, ObjectMapping, Policy, Settings, Side, UpdateRule
from crosswalk.core.schema import Field, Schema
from crosswalk.sync.context import PausedField
from crosswalk.sync.sampled import RowSample

from .samples import ShownSample, shown_sample
from .typed import CONNECTION, RuleSet, TypedRow

RULES: dict[UpdateRule, str | Promise] = {
    UpdateRule.ALWAYS: gettext_lazy("always"),
    UpdateRule.IF_EMPTY: gettext_lazy("only if empty"),
    UpdateRule.NEVER: gettext_lazy("never"),
}
POLICIES: dict[Policy, str | Promise] = {
    Policy.NEWEST: gettext_lazy("the later change wins"),
    Policy.CRM: gettext_lazy("{crm} wins"),
    Policy.ACTIVECAMPAIGN: gettext_lazy("ActiveCampaign wins"),
    Policy.UNION: gettext_lazy("choices of both are joined"),
    Policy.ASK: gettext_lazy("ask a person"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field as pages show it."""

    name: str
    label: str
    words: str  # its type
    tag: str = ""  # its name as people know it, where the label does not say it
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction of a pair."""

    name: str  # of its control
    label: str
    rule: str | Promise
    options: SafeString
    barred: str  # why nothing can go this way; empty: it can


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """The rules of a pair that are seldom changed; a page has them of those that somebody opened."""

    policies: SafeString  # options of their selects
    blanks: SafeString
    is_fixed: bool  # the e-mails: never without
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One pair."""

    prefix: str  # with which the names of its controls begin
    pair: FieldMapping
    activecampaign: ShownField
    crm: ShownField
    was: str
    ways: Sequence[Way]
    more: More | None = None  # None: nobody opened it
    accept: bool = False
    paused: PausedField | None = None
    theirs: Sequence[str] = ()  # what somebody else changed meanwhile
    sample: ShownSample | None = None

    @property
    def can_accept(self) -> bool:
        """Tell whether the pair rests for another type alone, which can be accepted."""
        return self.paused is not None and self.paused.code == CATALOGUE["field_retyped"].code


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What all rows of an object share."""

    crm: Schema
    contact: Schema
    settings: Settings
    mapping: ObjectMapping
    crm_name: str  # the system's
    paused: Mapping[str, PausedField] = field(default_factory=dict)  # by CRM field
    samples: Mapping[str, RowSample] = field(default_factory=dict)  # by CRM field
    cells: int = 0  # of a sample that a row shows
    _options: dict[tuple[str, str], SafeString] = field(default_factory=dict)

    def options(self, kind: str, chosen: str, labels: Callable[[], Mapping[Any, object]]) -> SafeString:
        """Return the options of a select, which many rows have in common."""
        key = (kind, chosen)
        if key not in self._options:
            self._options[key] = format_html_join(
                "",
                '<option value="{}"{}>{}</option>',
                (
                    (value, mark_safe(" selected") if value == chosen else "", label)
                    for value, label in labels().items()
                ),
            )
        return self._options[key]


def rows_of(around: Around, pairs: Sequence[FieldMapping], typed: Sequence[TypedRow] = ()) -> list[Row]:
    """Return the rows of these pairs; what a person `typed` and did not save stands in them."""
    by_fields = {(each.crm, each.activecampaign): each for each in typed}
    return [
        _row(around, f"r{number}-", pair, by_fields.get((pair.crm, pair.activecampaign)), bool(typed))
        for number, pair in enumerate(pairs)
    ]


def _row(around: Around, prefix: str, pair: FieldMapping, typed: TypedRow | None, is_typed: bool) -> Row:
    was = RuleSet.of(pair)
    now = _merged(was, typed) if typed is not None else was
    theirs = _theirs(around, was, typed) if is_typed else []
    return Row(
        prefix=prefix,
        pair=pair,
        activecampaign=shown_field(around.contact, pair.activecampaign),
        crm=shown_field(around.crm, pair.crm),
        was=was.text(),
        ways=[_way(around, prefix, pair, side, now) for side in (Side.ACTIVECAMPAIGN, Side.CRM)],
        more=more_of(around, pair.crm, now, remove=typed.remove) if typed and typed.is_open else None,
        accept=typed is not None and typed.accept,
        paused=around.paused.get(pair.crm),
        theirs=theirs,
        sample=shown_sample(around.samples.get(pair.crm), around.cells),
    )


def more_of(around: Around, crm: str, now: RuleSet, *, remove: bool = False) -> More:
    """Return the rules of a pair that are seldom changed."""
    return More(
        policies=around.options("policy", now.policy or CONNECTION, lambda: _policies(around)),
        blanks=around.options("blanks", _spelled(now.blanks), lambda: _BLANKS),
        is_fixed=crm == around.crm.email,
        remove=remove,
    )


def _merged(stored: RuleSet, typed: TypedRow) -> RuleSet:
    """Return the rules that a form shows: the person's own where they changed one, else what is stored now."""
    return RuleSet(
        typed.now.to_activecampaign
        if typed.now.to_activecampaign != typed.was.to_activecampaign
        else stored.to_activecampaign,
        typed.now.to_crm if typed.now.to_crm != typed.was.to_crm else stored.to_crm,
        typed.now.policy if typed.now.policy != typed.was.policy else stored.policy,
        typed.now.blanks if typed.now.blanks != typed.was.blanks else stored.blanks,
    )


def _theirs(around: Around, stored: RuleSet, typed: TypedRow | None) -> list[str]:
    """Tell what somebody else made of a pair since the person's form was made."""
    if typed is None:
        return [_("This pair was added.")]
    texts = []
    for before, after, mine in zip(
        _told(around, typed.was), _told(around, stored), _told(around, typed.now), strict=True
    ):
        if before == after:
            continue
        text = _("{rule}: {before} → {after}.").format(rule=before[0], before=before[1], after=after[1])
        if mine not in (before, after):
            text += " " + _("Yours: {mine}.").format(mine=mine[1])
        texts.append(text)
    return texts


def _told(around: Around, rules: RuleSet) -> list[tuple[str, str]]:
    """Return each rule with its name, in words."""
    policies = _policies(around)
    return [
        (direction(Side.ACTIVECAMPAIGN, around.crm_name), str(RULES[rules.to_activecampaign])),
        (direction(Side.CRM, around.crm_name), str(RULES[rules.to_crm])),
        (_("When both sides changed"), policies[rules.policy or CONNECTION]),
        (_("When one side is emptied"), str(_BLANKS[_spelled(rules.blanks)])),
    ]


def direction(target: Side, crm_name: str) -> str:
    """Return a direction in words."""
    return _("to {system}").format(system="ActiveCampaign" if target is Side.ACTIVECAMPAIGN else crm_name)


def shown_field(schema: Schema, name: str) -> ShownField:
    """Return a field of a schema, or what is left of one that is gone."""
    found = schema.fields.get(name)
    if found is None:
        return ShownField(name=name, label=name, words=_("not there any more"))
    return ShownField(
        name=name,
        label=found.label,
        words=kind_words(found),
        tag=tag_of(found),
        is_required=found.required and found.creatable,
    )


def tag_of(found: Field) -> str:
    """Return a field's name as people know it: of ActiveCampaign's custom fields that is the merge tag."""
    if found.aliases and "/" in found.name:  # `field/7` says nothing
        return f"%{found.aliases[0]}%"
    return "" if found.name.casefold() == found.label.casefold() else found.name


def _way(around: Around, prefix: str, pair: FieldMapping, target: Side, now: RuleSet) -> Way:
    rule = now.rule(target)
    return Way(
        name=f"{prefix}to_{target.value}",
        label=direction(target, around.crm_name),
        rule=RULES[rule],
        options=around.options("rule", rule, lambda: RULES),
        barred=_barred(around, pair, target) if rule is UpdateRule.NEVER else "",
    )


def _barred(around: Around, pair: FieldMapping, target: Side) -> str:
    """Return why a direction cannot be switched on."""
    schema = around.crm if target is Side.CRM else around.contact
    found: Field | None = schema.fields.get(pair.name(target))
    return (read_only(found) or "") if found is not None else ""


def _policies(around: Around) -> dict[str, str]:
    labels: dict[str, str] = {
        policy: str(label).format(crm=around.crm_name) for policy, label in POLICIES.items()
    }
    usual = _("as set for the connection: {policy}").format(policy=labels[around.settings.policy])
    return {CONNECTION: usual, **labels}


def _spelled(blanks: bool) -> str:
    return "yes" if blanks else "no"


_BLANKS: dict[str, str | Promise] = {
    "yes": gettext_lazy("the other side is emptied too"),
    "no": gettext_lazy("the other side keeps its value"),
}


def lacking(around: Around) -> list[ShownField]:
    """Return the fields without which the CRM makes no record, and which nothing fills."""
    filled = {pair.crm for pair in around.mapping.fields} | set(around.mapping.creation_defaults)
    return [
        shown_field(around.crm, each.name)
        for each in around.crm.fields.values()
        if each.required and each.creatable and each.name not in filled
    ]
