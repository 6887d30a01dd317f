"""What is synced with what, under which rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .criteria import Criteria, Criterion, Operator
from .keeping import JOURNAL_DAYS, RUNS_DAYS
from .lanes import CALLS_PERCENT
from .sweep import SHARE


class Side(StrEnum):
    """The two ends of a connection."""

    CRM = "crm"
    ACTIVECAMPAIGN = "activecampaign"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.ACTIVECAMPAIGN if self is Side.CRM else Side.CRM


class UpdateRule(StrEnum):
    """Whether a direction may write its target field."""

    ALWAYS = "always"
    IF_EMPTY = "if_empty"
    NEVER = "never"


class Direction(StrEnum):
    """Which way an object flows."""

    BOTH = "both"
    TO_ACTIVECAMPAIGN = "to_activecampaign"
    TO_CRM = "to_crm"

    def allows(self, target: Side) -> bool:
        """Tell whether values may be written to `target`."""
        return self is Direction.BOTH or self.value == f"to_{target}"


class Policy(StrEnum):
    """Who wins when both sides changed one field differently."""

    NEWEST = "newest"
    CRM = "crm"
    ACTIVECAMPAIGN = "activecampaign"
    UNION = "union"
    ASK = "ask"


class CreationRule(StrEnum):
    """Which ActiveCampaign contacts may become CRM records."""

    NEVER = "never"
    TAGGED = "tagged"
    ALL = "all"


class SelectionKind(StrEnum):
    """Which CRM records take part."""

    NONE = "none"
    CREATED_FROM_NOW = "created_from_now"
    FLAGGED = "flagged"
    CRITERIA = "criteria"
    ALL = "all"


WAITING = (
    "waiting"  # how the values of a flag begin that ask for the record: ours, and “Waiting for next sync”
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """One field a side, with an update rule per direction."""

    crm: str
    activecampaign: str
    to_crm: UpdateRule = UpdateRule.ALWAYS
    to_activecampaign: UpdateRule = UpdateRule.ALWAYS
    blanks: bool = True  # emptying the source empties the target
    policy: Policy | None = None  # None = the connection's

    def rule(self, target: Side) -> UpdateRule:
        """Return the update rule of the direction that writes `target`."""
        return self.to_crm if target is Side.CRM else self.to_activecampaign

    def name(self, side: Side) -> str:
        """Return the field's name on `side`."""
        return self.crm if side is Side.CRM else self.activecampaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which CRM records of an object take part."""

    kind: SelectionKind = SelectionKind.ALL
    since: datetime | None = None  # the CRM's time when `created_from_now` was saved
    flag: str | None = None  # the field that `flagged` looks at, set when it is saved
    criteria: Criteria | None = None  # what `criteria` asks for

    @property
    def asked(self) -> Criteria | None:
        """What is asked of a record's values; None when they do not matter."""
        if self.kind is SelectionKind.CRITERIA:
            return self.criteria
        if self.kind is SelectionKind.FLAGGED and self.flag is not None:
            row = Criterion(field=self.flag, operator=Operator.STARTS_WITH, values=(WAITING,))
            return Criteria(rows=(row,))
        return None

    def may_take(self, created: datetime | None) -> bool:
        """Tell whether a record created at `created` (the CRM's stamp) takes part, whatever its values ask."""
        if self.kind is SelectionKind.CREATED_FROM_NOW:
            return created is not None and self.since is not None and created >= self.since
        return self.kind is not SelectionKind.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """The mapping of one CRM object to ActiveCampaign's contact."""

    object: str  # lead | contact
    direction: Direction = Direction.BOTH
    selection: Selection = Selection()
    fields: tuple[FieldMapping, ...] = ()
    creation_defaults: dict[str, str] = field(
        default_factory=dict
    )  # CRM field → text, for required fields without value

    def read(self, side: Side) -> set[str]:
        """Return the names of the fields that are read on a side: the mapped ones, and what the selection asks."""
        names = {pair.name(side) for pair in self.fields}
        if side is Side.CRM and (asked := self.selection.asked) is not None:
            names.update(row.field for row in asked.all_rows())
        return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """Stops a run that would go beyond a number and, at the same time, beyond a share of the connection's links."""

    number: int
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """How much a run may do that no plan released."""

    changes: Brake = Brake(number=500, percent=20)  # records created and changed on both sides
    deletes: Brake = Brake(number=50, percent=1)  # links closed because a record is gone
    emptied: Brake = Brake(number=50, percent=5)  # records in which one field is emptied


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A connection's settings."""

    policy: Policy = Policy.NEWEST
    winner: Side = Side.CRM  # when `newest` cannot be decided
    creation: CreationRule = CreationRule.NEVER
    creation_object: str = "lead"  # what a permitted contact becomes
    creation_tag: str = ""  # the tag that `tagged` looks for
    import_updates_above: int = 200  # waiting updates from which ActiveCampaign's import is used for them
    exclude_automations_initially: bool = True
    consent: bool = True  # opt-outs travel both ways
    uncheck_opt_out: bool = False  # who subscribes again has the CRM's opt-out box unchecked
    sweep_share: float = SHARE  # of each tenant's calls, for reading everything again and again; 0: never
    crm_calls_percent: float = CALLS_PERCENT  # of the CRM's calls a day, where it counts them
    journal_days: int = JOURNAL_DAYS  # for which writes are kept, beyond the last ones of each link
    runs_days: int = RUNS_DAYS  # for which runs that wrote nothing, and plans, are kept
    brakes: Brakes = Brakes()


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """What `mapping show` prints and `mapping set` takes: settings and the mapping of every object."""

    version: int = 1
    settings: Settings = Settings()
    objects: tuple[ObjectMapping, ...] = ()
