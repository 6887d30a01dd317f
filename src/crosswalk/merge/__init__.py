"""The three-way merge: pure functions that decide, per field of a link, what to write where, and say why.

How the pipeline uses it:

    # once a run
    plan = compile_field(mapping, crm_field, activecampaign_field, direction=…, policy=…, winner=…)
    # per field of a link
    case = FieldCase(crm=…, activecampaign=…, crm_shadow=…, activecampaign_shadow=…)
    decision = decide(plan, case, tolerance(clock_difference))

* `decision.offers` maps each side to be written to the value to send, in that side's canonical form.
* `decision.shadows` is the pair of shadows to keep: at once when the kind is `agree` or `settled`; for an
  `offer` when **all** its offers are receipted (a union may have two; moving the shadows after one of them
  would lose the other).
* Nothing else moves a shadow. `held` and `conflict` become holds; `fingerprint` identifies them.
* `decide_creation` is for a record about to be created: only the source's value counts.
* `decide_chosen` is for a field about which a person decided.
* `difference` is for verify, and knows no shadow.
* `times_set_back` tells whether the writes of a field go to and fro.
* `decide_consent` is asked about every link instead of the fields that hold a person's consent.
"""

from __future__ import annotations

from ..convert import stored_differently
from .case import ABSENT, UNKNOWN, FieldCase, Missing, Stamp, tolerance
from .consent import (
    ConsentAction,
    ConsentCase,
    ConsentDecision,
    ConsentReason,
    consent_differs,
    decide_consent,
    shared_standing,
)
from .decide import decide, decide_chosen, decide_creation
from .decision import NOTHING, UNSEEN, Decision, DecisionKind, Reason, Shadows
from .loop import Written, times_set_back
from .plan import FieldPlan, Route, compile_field, fingerprint
from .verify import Difference, Kept, difference, kept_differently

__all__ = [
    "ABSENT",
    "NOTHING",
    "UNKNOWN",
    "UNSEEN",
    "ConsentAction",
    "ConsentCase",
    "ConsentDecision",
    "ConsentReason",
    "Decision",
    "DecisionKind",
    "Difference",
    "FieldCase",
    "FieldPlan",
    "Kept",
    "Missing",
    "Reason",
    "Route",
    "Shadows",
    "Stamp",
    "Written",
    "compile_field",
    "consent_differs",
    "decide",
    "decide_chosen",
    "decide_consent",
    "decide_creation",
    "difference",
    "fingerprint",
    "kept_differently",
    "shared_standing",
    "stored_differently",
    "times_set_back",
    "tolerance",
]
