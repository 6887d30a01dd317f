"""What is to be done about a person's consent: opt-outs travel, consent never does.

| CRM's box | contact | decision |
|---|---|---|
| checked since last settled, or at a first link | active on a list | unsubscribe the contact |
| not checked | opted out since last settled, or at a first link | check the box |
| checked before | active again | both stay as they are; with `uncheck_opt_out` the box is unchecked |
| unchecked | opted out before | both stay as they are |
| anything else | | nothing is written |

The contact's standing is taken together with the boxes of all its CRM records, so that an opt-out reaches every
record of the person even where the contact is on no list that it could leave.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from ..core.consent import Standing
from ..core.language import gettext as _
from ..core.language import gettext_noop
from ..core.mapping import Side


class ConsentReason(StrEnum):
    """Why the decision is what it is."""

    UNREAD = "unread"
    UNCHANGED = "unchanged"
    AGREE = "agree"
    FIRST_LINK = "opted_out_at_first_link"
    OPTED_OUT = "opted_out"
    SUBSCRIBED_AGAIN = "subscribed_again"
    UNCHECKED = "unchecked"

    @property
    def text(self) -> str:
        """The reason in the user's words."""
        return _(_TEXTS[self])


_TEXTS = {
    ConsentReason.UNREAD: gettext_noop("One side's consent could not be read, so nothing was decided."),
    ConsentReason.UNCHANGED: gettext_noop("Neither side changed."),
    ConsentReason.AGREE: gettext_noop("Nobody mails against the other side's word."),
    ConsentReason.FIRST_LINK: gettext_noop("One side had opted out when the records were linked."),
    ConsentReason.OPTED_OUT: gettext_noop("The person opted out on the other side."),
    ConsentReason.SUBSCRIBED_AGAIN: gettext_noop(
        "The contact became active on a list after the box in the CRM was checked."
    ),
    ConsentReason.UNCHECKED: gettext_noop(
        "The box in the CRM was unchecked after the contact opted out; a sync subscribes nobody."
    ),
}


class ConsentAction(StrEnum):
    """What is to be written."""

    OPT_OUT = "opt_out"
    LIFT = "lift_opt_out"  # of the CRM's box alone, and only where the admin turned it on


class ConsentCase(NamedTuple):
    """One link: both sides' standing now and when it was last settled. None is unknown, or not settled yet."""

    crm: Standing | None
    contact: Standing | None  # see `shared_standing`
    crm_shadow: Standing | None
    contact_shadow: Standing | None


class ConsentDecision(NamedTuple):
    """A write to make on `target`, or none. Without a write, `settled` moves both shadows to what was read."""

    reason: ConsentReason
    target: Side | None = None
    action: ConsentAction | None = None
    settled: bool = False


_OUT = frozenset({Standing.OUT, Standing.SHARED})
_UNREAD = ConsentDecision(ConsentReason.UNREAD)


def shared_standing(contact: Standing | None, boxes: Iterable[Standing | None]) -> Standing | None:
    """Return what a contact's standing means to its CRM records: on no list, their word counts."""
    if contact is Standing.NONE and any(box is Standing.OUT for box in boxes):
        return Standing.SHARED
    return contact


def decide_consent(case: ConsentCase, *, uncheck: bool = False) -> ConsentDecision:
    """Decide one link. `uncheck`: whoever is active on a list again has the CRM's box unchecked."""
    crm, contact, crm_shadow, contact_shadow = case
    if crm is None or contact is None:
        return _UNREAD
    first = crm_shadow is None or contact_shadow is None
    crm_out, contact_out = crm is Standing.OUT, contact in _OUT
    crm_news = crm_out and (first or crm_shadow is not Standing.OUT)
    contact_news = contact_out and (first or contact_shadow not in {contact, Standing.OUT})
    why = ConsentReason.FIRST_LINK if first else ConsentReason.OPTED_OUT
    if crm_news and contact is Standing.IN:
        return ConsentDecision(why, Side.ACTIVECAMPAIGN, ConsentAction.OPT_OUT)
    if contact_news and not crm_out:
        return ConsentDecision(why, Side.CRM, ConsentAction.OPT_OUT)
    if crm_out and contact is Standing.IN and contact_shadow is not Standing.IN:
        if uncheck:
            return ConsentDecision(ConsentReason.SUBSCRIBED_AGAIN, Side.CRM, ConsentAction.LIFT)
        return ConsentDecision(ConsentReason.SUBSCRIBED_AGAIN, settled=True)
    if contact_out and not crm_out and crm_shadow is Standing.OUT:
        return ConsentDecision(ConsentReason.UNCHECKED, settled=True)
    if (crm, contact) == (crm_shadow, contact_shadow):
        return ConsentDecision(ConsentReason.UNCHANGED)
    return ConsentDecision(ConsentReason.AGREE, settled=True)


def consent_differs(crm: Standing, contact: Standing) -> bool:
    """Tell whether one side would mail a person who opted out on the other."""
    if crm is Standing.OUT:
        return contact is Standing.IN
    return contact in _OUT
