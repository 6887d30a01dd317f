"""The two blocks of the step where systems are signed in to, and the checks below: for drafts and connections alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crosswalk.core.mapping import Side
from crosswalk.core.system import Check
from crosswalk.sync.checking import lost
from crosswalk.web.alerts import Alert

from .entering import Entering
from .ways import VENDORS, Vendor, Way

SIDES = (Side.ACTIVECAMPAIGN, Side.CRM)  # ActiveCampaign first, as in its own set-up


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One system, as the page shows it."""

    side: Side
    vendor: Vendor
    action: str  # where its form goes; empty: this person may not sign in
    form: Entering
    identity: str = ""  # of the account that is signed in to
    checks: Sequence[Check] = ()
    checked_at: datetime | None = None
    alert: Alert | None = None  # what went wrong just now
    leave: str = ""  # the vendor's address where somebody is to sign in
    stay: str = ""  # where to say that they will not
    callback: str = ""  # the address to which the vendor sends the browser back

    @property
    def way(self) -> Way:
        """The way of signing in that is shown."""
        return self.form.way

    @property
    def lost(self) -> bool:
        """Whether the system refused the sign-in when it was checked last."""
        return lost(self.checks)

    @property
    def connected(self) -> bool:
        """Whether the account is signed in to, as far as is known."""
        return bool(self.identity) and not self.lost

    @property
    def facts(self) -> list[str]:
        """What is known of the account, in the words of the checks."""
        found = {each.name: each.message for each in self.checks if each.ok}
        return [found[name] for name in self.vendor.facts if name in found]

    @property
    def prepared(self) -> Sequence[object]:
        """What is to be made at the vendor's before."""
        return (*self.vendor.prepared, *self.way.prepared)

    @property
    def failing(self) -> list[Check]:
        """The checks that somebody should look at."""
        return [each for each in self.checks if not each.ok]


def vendor_of(crm: str, side: Side) -> Vendor:
    """Return how the system of a side is shown."""
    return VENDORS[crm if side is Side.CRM else "activecampaign"]
