"""What verify found: differences are counted by their excuses, with samples."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from crosswalk.store.audit import AuditedLink

HELD, NOT_PRIMARY, NOT_SELECTED = "held", "not primary", "not selected"
STORED_DIFFERENTLY, AFTER_CURSOR = "stored differently", "changed after the cursor"
DELETED, TOMBSTONE, AMBIGUOUS, NO_EMAIL = "deleted on one side", "tombstone", "ambiguous", "no e-mail"
DIRECTION = "direction"
CONSENT_DIFFERS = "consent differs"
_SAMPLES = 5  # of every excuse, and of differences without one: ten times as many


class Verification(msgspec.Struct, kw_only=True):
    """What verify found. `compared` is `equal` plus all that is excused plus what is not."""

    links: int = 0
    compared: int = 0
    equal: int = 0
    excused: dict[str, int] = msgspec.field(default_factory=dict)
    unexcused: int = 0
    samples: list[dict[str, Any]] = msgspec.field(default_factory=list)


class Tally:
    """Counts findings and keeps samples of each kind."""

    def __init__(self) -> None:
        self.result = Verification()
        self._samples: Counter[str | None] = Counter()

    def equal(self) -> None:
        self.result.compared += 1
        self.result.equal += 1

    def differs(self, excuse: str | None, **what: Any) -> None:
        self.result.compared += 1
        if excuse is None:
            self.result.unexcused += 1
        else:
            self.result.excused[excuse] = self.result.excused.get(excuse, 0) + 1
        self._samples[excuse] += 1
        if self._samples[excuse] <= (_SAMPLES if excuse else 10 * _SAMPLES):
            self.result.samples.append({"excuse": excuse, **what})


def ids_of(link: AuditedLink) -> dict[str, str | None]:
    """Name a link's records in a sample."""
    return {"object": link.object, "crm_id": link.crm_id, "activecampaign_id": link.activecampaign_id}
