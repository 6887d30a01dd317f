"""What the merge says about one field of one link."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from ..convert import Rejection
from ..core.language import gettext as _
from ..core.language import gettext_noop
from ..core.mapping import Side
from ..core.values import Value
from .case import ABSENT, Missing


class DecisionKind(StrEnum):
    """What is to be done about the field."""

    NOTHING = "nothing"  # neither side changed
    AGREE = "agree"  # both sides are equal: shadows move, nothing is written
    OFFER = "offer"  # write `offers`; shadows move with their receipts
    SETTLED = "settled"  # a rule stops every offer: shadows move, nothing is written
    CONFLICT = "conflict"  # held: both sides changed and the policy is to ask a person
    HELD = "held"  # held: the chosen value cannot be converted, or the target's schema refuses it
    UNKNOWN = "unknown"  # a value was not read: no decision


class Reason(StrEnum):
    """Why the decision is what it is."""

    UNCHANGED = "unchanged"
    UNREAD = "unread"
    EQUAL = "equal"
    CHANGED = "changed"
    FILLED = "filled"
    CREATED = "created"
    ONLY_ALLOWED = "only_allowed"
    FIRST_LINK = "first_link"
    NEWEST = "newest"
    WINNER = "winner"
    POLICY_CRM = "policy_crm"
    POLICY_ACTIVECAMPAIGN = "policy_activecampaign"
    UNION = "union"
    CHOSEN = "chosen"
    ASK = "ask"
    DIRECTION = "direction"
    NEVER = "never"
    IF_EMPTY = "if_empty"
    BLANK_RULE = "blank_rule"
    STORED_DIFFERENTLY = "stored_differently"
    CONVERSION = "conversion"
    SCHEMA = "schema"

    @property
    def text(self) -> str:
        """The reason in the user's words."""
        return _(_TEXTS[self])


_TEXTS = {
    Reason.UNCHANGED: gettext_noop("Neither side changed."),
    Reason.UNREAD: gettext_noop("A value could not be read, so nothing was decided."),
    Reason.EQUAL: gettext_noop("Both sides hold the same."),
    Reason.CHANGED: gettext_noop("Only this side changed."),
    Reason.FILLED: gettext_noop("The other side was empty when the records were linked."),
    Reason.CREATED: gettext_noop("The record is created with this value."),
    Reason.ONLY_ALLOWED: gettext_noop("Both sides differ, and the rules allow only this direction."),
    Reason.FIRST_LINK: gettext_noop(
        "Both sides were filled when the records were linked; the chosen side wins."
    ),
    Reason.NEWEST: gettext_noop("Both sides changed; the later change wins."),
    Reason.WINNER: gettext_noop("Both sides changed and no time decides; the chosen side wins."),
    Reason.POLICY_CRM: gettext_noop("Both sides changed; the CRM wins by policy."),
    Reason.POLICY_ACTIVECAMPAIGN: gettext_noop("Both sides changed; ActiveCampaign wins by policy."),
    Reason.UNION: gettext_noop("Both sides changed; their choices are joined."),
    Reason.CHOSEN: gettext_noop("A person chose this value."),
    Reason.ASK: gettext_noop("Both sides changed; a person has to choose."),
    Reason.DIRECTION: gettext_noop("The object does not flow in this direction."),
    Reason.NEVER: gettext_noop("The update rule of this direction is “never”."),
    Reason.IF_EMPTY: gettext_noop("The update rule is “only if empty”, and the target is filled."),
    Reason.BLANK_RULE: gettext_noop("Emptying this field does not empty the other side."),
    Reason.STORED_DIFFERENTLY: gettext_noop(
        "Stored differently: the other system keeps our value in a form of its own; nothing travels back."
    ),
    Reason.CONVERSION: gettext_noop("The value cannot be converted."),
    Reason.SCHEMA: gettext_noop("The target's field does not accept the value."),
}

# The order in which rules are asked; of two that stop both directions the first one is named.
RULES = (Reason.DIRECTION, Reason.NEVER, Reason.IF_EMPTY, Reason.BLANK_RULE)


class Shadows(NamedTuple):
    """What each side held when the field was settled."""

    crm: Value
    activecampaign: Value

    def side(self, side: Side) -> Value:
        """Return one side's shadow."""
        return self.crm if side is Side.CRM else self.activecampaign


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The decision for one field of one link."""

    kind: DecisionKind
    reason: Reason
    offers: Mapping[Side, Value] = {}  # side to be written → value to send, in that side's canonical form
    shadows: Shadows | None = None  # agree, settled: to set now; offer: to set when every offer is receipted
    stops: Mapping[Side, Reason] = {}  # side that may not be written → the rule that stops it
    winner: Side | None = None  # whose value was chosen, also when it is then held
    lost: Value | Missing = (
        ABSENT  # the other side's own change that was not chosen; ABSENT when it made none
    )
    first_link: bool = False  # both sides were filled and different, without shadows
    rejection: Rejection | None = None  # of a held field: what is wrong and what cures it

    @property
    def is_held(self) -> bool:
        """Tell whether the field waits for a person, a new value or a new definition; its shadows stay."""
        return self.kind is DecisionKind.HELD or self.kind is DecisionKind.CONFLICT


NOTHING = Decision(kind=DecisionKind.NOTHING, reason=Reason.UNCHANGED)
UNSEEN = Decision(kind=DecisionKind.UNKNOWN, reason=Reason.UNREAD)
