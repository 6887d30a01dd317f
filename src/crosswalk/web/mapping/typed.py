"""What a person typed into the form of a tab: the rules of each pair, beside those that the form began with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import BadRequest

from crosswalk.core.mapping import FieldMapping, Policy, Side, UpdateRule
from crosswalk.sync.mapping_edit import Edit, Rules

CONNECTION = "connection"  # the policy of a pair that has none of its own
OPEN = "open"  # the button that opens a row, without scripts
_SELDOM = ("policy", "blanks", "remove")
_WAS = re.compile(r"r\d+-was")
_MOST = 1000  # rows of a form


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one pair."""

    to_activecampaign: UpdateRule
    to_crm: UpdateRule
    policy: Policy | None
    blanks: bool

    @classmethod
    def of(cls, pair: FieldMapping) -> RuleSet:
        """Return the rules that a pair has."""
        return cls(pair.to_activecampaign, pair.to_crm, pair.policy, pair.blanks)

    @classmethod
    def read(cls, text: str) -> RuleSet:
        """Read what `text` wrote. Raises ValueError."""
        to_activecampaign, to_crm, policy, blanks = text.split(" ")
        chosen = None if policy == CONNECTION else Policy(policy)
        return cls(UpdateRule(to_activecampaign), UpdateRule(to_crm), chosen, blanks == "yes")

    def text(self) -> str:
        """Return the rules as a form carries them along."""
        blanks = "yes" if self.blanks else "no"
        return f"{self.to_activecampaign} {self.to_crm} {self.policy or CONNECTION} {blanks}"

    def rule(self, target: Side) -> UpdateRule:
        """Return the rule of one direction."""
        return self.to_crm if target is Side.CRM else self.to_activecampaign

    def since(self, before: RuleSet) -> Rules:
        """Return what is other than it was."""
        return Rules(
            to_crm=self.to_crm if self.to_crm != before.to_crm else None,
            to_activecampaign=self.to_activecampaign
            if self.to_activecampaign != before.to_activecampaign
            else None,
            blanks=self.blanks if self.blanks != before.blanks else None,
            policy=self.policy if self.policy != before.policy else None,
            connection_policy=self.policy is None and before.policy is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRow:
    """One pair of the form."""

    crm: str
    activecampaign: str
    was: RuleSet  # when the form was made
    now: RuleSet
    remove: bool
    accept: bool  # the fields' types as they are now
    is_open: bool = False  # the person looks at what is seldom changed

    @property
    def is_changed(self) -> bool:
        """Tell whether the person wants anything of this pair."""
        return self.remove or self.accept or self.now != self.was

    @property
    def edit(self) -> Edit:
        """What is to be done."""
        return Edit(crm=self.crm, rules=self.now.since(self.was), remove=self.remove)


def read_rows(posted: Mapping[str, str]) -> list[TypedRow]:
    """Read the rows of a posted form. Raises BadRequest for what no form of ours says."""
    try:
        count = min(int(posted.get("rows", "0")), _MOST)
        return [_row(posted, f"r{number}-") for number in range(count)]
    except (KeyError, ValueError) as error:
        raise BadRequest(str(error)) from None


def read_row(sent: Mapping[str, str]) -> tuple[str, TypedRow]:
    """Read the one row that is sent, with how the names of its controls begin. Raises BadRequest."""
    try:
        prefix = next(name for name in sent if _WAS.fullmatch(name)).removesuffix("was")
        return prefix, _row(sent, prefix)
    except (KeyError, StopIteration, ValueError) as error:
        raise BadRequest(str(error)) from None


def _row(posted: Mapping[str, str], prefix: str) -> TypedRow:
    was = RuleSet.read(posted[f"{prefix}was"])
    policy = posted.get(f"{prefix}policy", was.policy or CONNECTION)
    now = RuleSet(
        UpdateRule(posted.get(f"{prefix}to_activecampaign", was.to_activecampaign)),
        UpdateRule(posted.get(f"{prefix}to_crm", was.to_crm)),
        None if policy == CONNECTION else Policy(policy),
        posted.get(f"{prefix}blanks", "yes" if was.blanks else "no") == "yes",
    )
    return TypedRow(
        crm=posted[f"{prefix}crm"],
        activecampaign=posted[f"{prefix}activecampaign"],
        was=was,
        now=now,
        remove=f"{prefix}remove" in posted,
        accept=f"{prefix}accept" in posted,
        is_open=posted.get(OPEN) == prefix or any(f"{prefix}{name}" in posted for name in _SELDOM),
    )


def edits_of(rows: Sequence[TypedRow]) -> list[Edit]:
    """Return what the person changed."""
    return [row.edit for row in rows if row.is_changed]


def as_typed(pairs: Sequence[FieldMapping], rows: Sequence[TypedRow]) -> tuple[FieldMapping, ...]:
    """Return the pairs with the rules that were typed and not saved, without those that are to go."""
    typed = {(row.crm, row.activecampaign): row for row in rows}
    changed = []
    for pair in pairs:
        row = typed.get((pair.crm, pair.activecampaign))
        if row is None or not row.remove:
            changed.append(pair if row is None else _with_rules(pair, row.now))
    return tuple(changed)


def _with_rules(pair: FieldMapping, rules: RuleSet) -> FieldMapping:
    return replace(
        pair,
        to_crm=rules.to_crm,
        to_activecampaign=rules.to_activecampaign,
        policy=rules.policy,
        blanks=rules.blanks,
    )
