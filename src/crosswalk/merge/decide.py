"""The three-way merge of one field: the values now against the values when the field was last settled.

| CRM | ActiveCampaign | decision |
|---|---|---|
| same | same | nothing |
| changed | same | offer the CRM's value to ActiveCampaign (already equal: agree) |
| same | changed | offer ActiveCampaign's value to the CRM (already equal: agree) |
| changed | changed, equal after conversion | agree |
| changed | changed, different | both offers through the rules; if both pass, the conflict policy chooses |
| no shadow yet | equal | agree |
| no shadow yet | one empty | offer the filled one |
| no shadow yet | both filled and different | first link: like a conflict, without times |

An offer passes direction, update rule and blank rule (stopped there: settled), then conversion and the
target's schema (stopped there: held).
"""

from __future__ import annotations

from ..convert import ConversionError, Rejection, fits
from ..core.mapping import Policy, Side
from ..core.values import Value
from .case import ABSENT, TOLERANCE_SECONDS, FieldCase, Missing, Stamp
from .decision import NOTHING, RULES, UNSEEN, Decision, DecisionKind, Reason, Shadows
from .plan import FieldPlan, Route


def decide(plan: FieldPlan, case: FieldCase, tolerance_seconds: float = TOLERANCE_SECONDS) -> Decision:
    """Decide one field of one link; pure, the same on every replay.

    `tolerance_seconds` is within what two stamps count as equal, see `tolerance`.
    """
    crm, activecampaign = case.crm, case.activecampaign
    crm_shadow, activecampaign_shadow = case.crm_shadow, case.activecampaign_shadow
    if crm == crm_shadow and activecampaign == activecampaign_shadow:
        return NOTHING
    if isinstance(crm, Missing) or isinstance(activecampaign, Missing):
        return UNSEEN
    if isinstance(crm_shadow, Missing) or isinstance(activecampaign_shadow, Missing):
        return _without_shadow(plan, case, crm, activecampaign)
    crm_changed = not plan.same_crm(crm, crm_shadow)
    activecampaign_changed = not plan.same_activecampaign(activecampaign, activecampaign_shadow)
    if not crm_changed and not activecampaign_changed:
        return NOTHING
    if plan.equal(crm, activecampaign):
        return _agree(crm, activecampaign)
    if crm_changed and activecampaign_changed:
        return _contest(plan, case, Shadows(crm, activecampaign), tolerance_seconds, first_link=False)
    target = Side.ACTIVECAMPAIGN if crm_changed else Side.CRM
    return _offer(plan.route(target), Shadows(crm, activecampaign), Reason.CHANGED)


def decide_creation(plan: FieldPlan, target: Side, value: Value) -> Decision:
    """Decide one field of a record that is about to be created on `target` from the other side's `value`.

    The target's record does not exist, so nothing on it can be overwritten and only this direction counts.
    A value that leaves the target empty is not sent; whether a required field lacks a value is a question
    about the whole creation, not asked here. Kinds: offer, agree (nothing to send), settled, held.
    """
    route = plan.route(target)
    now = Shadows(value, None) if target is Side.ACTIVECAMPAIGN else Shadows(None, value)
    if route.barred is not None:
        return _settled(now, {target: route.barred}, first_link=False)
    return _deliver(route, now, Reason.CREATED, creating=True)


def decide_chosen(case: FieldCase, chosen: Shadows) -> Decision:
    """Decide a field for which a person chose what each side shall hold; both current values must be known.

    The choice was held against rules and schema when it was made. Kinds: offer, agree (both sides hold it already).
    """
    now = {Side.CRM: case.crm, Side.ACTIVECAMPAIGN: case.activecampaign}
    offers = {side: chosen.side(side) for side in Side if now[side] != chosen.side(side)}
    kind = DecisionKind.OFFER if offers else DecisionKind.AGREE
    return Decision(kind=kind, reason=Reason.CHOSEN, offers=offers, shadows=chosen)


def _agree(crm: Value, activecampaign: Value) -> Decision:
    return Decision(kind=DecisionKind.AGREE, reason=Reason.EQUAL, shadows=Shadows(crm, activecampaign))


def _settled(now: Shadows, stops: dict[Side, Reason], *, first_link: bool) -> Decision:
    reason = min(stops.values(), key=RULES.index)
    return Decision(kind=DecisionKind.SETTLED, reason=reason, shadows=now, stops=stops, first_link=first_link)


def _without_shadow(plan: FieldPlan, case: FieldCase, crm: Value, activecampaign: Value) -> Decision:
    if plan.equal(crm, activecampaign):
        return _agree(crm, activecampaign)
    now = Shadows(crm, activecampaign)
    if plan.empty(activecampaign):
        return _offer(plan.to_activecampaign, now, Reason.FILLED)
    if plan.empty(crm):
        return _offer(plan.to_crm, now, Reason.FILLED)
    return _contest(plan, case, now, 0.0, first_link=True)


def _offer(route: Route, now: Shadows, reason: Reason) -> Decision:
    """Take the one side's value through the rules to the other."""
    stop = route.stop(now.side(route.source), now.side(route.target))
    if stop is not None:
        return _settled(now, {route.target: stop}, first_link=False)
    return _deliver(route, now, reason)


def _deliver(
    route: Route,
    now: Shadows,
    reason: Reason,
    *,
    stops: dict[Side, Reason] | None = None,
    lost: Value | Missing = ABSENT,
    first_link: bool = False,
    creating: bool = False,
) -> Decision:
    """Convert the source's value and hold it against the target's schema; rules have been asked before.

    A new record is not sent what leaves it empty.
    """
    value: Value = None
    try:
        value = route.convert(now.side(route.source))
        if creating and value is None:
            return _agree(*now)
        rejection = fits(route.field, value, creating=creating)
        problem = Reason.SCHEMA
    except ConversionError as error:
        rejection = error.rejection
        problem = Reason.CONVERSION
    sent = rejection is None
    return Decision(
        kind=DecisionKind.OFFER if sent else DecisionKind.HELD,
        reason=reason if sent else problem,
        offers={route.target: value} if sent else {},
        shadows=_sent(now, route.target, value) if sent else None,
        stops=stops or {},
        winner=route.source,
        lost=lost,
        first_link=first_link,
        rejection=rejection,
    )


def _sent(now: Shadows, target: Side, value: Value) -> Shadows:
    return Shadows(value, now.activecampaign) if target is Side.CRM else Shadows(now.crm, value)


def _contest(
    plan: FieldPlan, case: FieldCase, now: Shadows, tolerance_seconds: float, *, first_link: bool
) -> Decision:
    """Both sides have something to offer: rules first, then the policy."""
    stops = {
        route.target: stop
        for route in (plan.to_crm, plan.to_activecampaign)
        if (stop := route.stop(now.side(route.source), now.side(route.target))) is not None
    }
    if len(stops) == 2:
        return _settled(now, stops, first_link=first_link)
    if stops:
        (stopped,) = stops
        winner, reason = stopped, Reason.ONLY_ALLOWED
    elif plan.policy is Policy.ASK:
        return _ask(first_link)
    elif plan.policy is Policy.UNION:
        return _unite(plan, case, now, first_link)
    else:
        winner, reason = _choose(plan, case, tolerance_seconds, first_link)
    route = plan.route(winner.other)
    return _deliver(route, now, reason, stops=stops, lost=now.side(winner.other), first_link=first_link)


_CHOOSE = Rejection(code="conflict")


def _ask(first_link: bool) -> Decision:
    return Decision(kind=DecisionKind.CONFLICT, reason=Reason.ASK, first_link=first_link, rejection=_CHOOSE)


def _choose(
    plan: FieldPlan, case: FieldCase, tolerance_seconds: float, first_link: bool
) -> tuple[Side, Reason]:
    """Return the winning side by the policies `crm`, `activecampaign` and `newest`."""
    if plan.policy is Policy.CRM:
        return Side.CRM, Reason.FIRST_LINK if first_link else Reason.POLICY_CRM
    if plan.policy is Policy.ACTIVECAMPAIGN:
        return Side.ACTIVECAMPAIGN, Reason.FIRST_LINK if first_link else Reason.POLICY_ACTIVECAMPAIGN
    if first_link:
        return plan.winner, Reason.FIRST_LINK
    newest = _newest(case.crm_time, case.activecampaign_time, tolerance_seconds)
    return (plan.winner, Reason.WINNER) if newest is None else (newest, Reason.NEWEST)


def _newest(crm: Stamp | None, activecampaign: Stamp | None, tolerance_seconds: float) -> Side | None:
    """Return the side that certainly changed later, or None.

    A record's stamp is only an upper bound of its field's time: against a certain time it can lose, never
    win.
    """
    if crm is None or activecampaign is None:
        return None
    ahead = (crm.moment - activecampaign.moment).total_seconds()
    if abs(ahead) <= tolerance_seconds:
        return None
    side, later = (Side.CRM, crm) if ahead > 0 else (Side.ACTIVECAMPAIGN, activecampaign)
    if crm.certain != activecampaign.certain and not later.certain:
        return None
    return side


def _unite(plan: FieldPlan, case: FieldCase, now: Shadows, first_link: bool) -> Decision:
    """Offer the union of both multi-selects to every side that differs from it.

    The result is an offer like any other, so the blank rule may stop it; if one side does not accept it,
    the field is held as a whole, since its shadows cannot move for one side alone.
    """
    base = (
        Shadows(None, None)
        if first_link
        else Shadows(_shadow(case.crm_shadow), _shadow(case.activecampaign_shadow))
    )
    result = _union(now, base)
    if result is None and not plan.mapping.blanks:
        return _settled(now, dict.fromkeys(Side, Reason.BLANK_RULE), first_link=first_link)
    offers = {side: result for side in Side if now.side(side) != result}
    for side in offers:
        rejection = fits(plan.route(side).field, result)
        if rejection is not None:
            return Decision(
                kind=DecisionKind.HELD, reason=Reason.SCHEMA, first_link=first_link, rejection=rejection
            )
    return Decision(
        kind=DecisionKind.OFFER,
        reason=Reason.UNION,
        offers=offers,
        shadows=Shadows(result, result),
        first_link=first_link,
    )


def _shadow(shadow: Value | Missing) -> Value:
    return None if isinstance(shadow, Missing) else shadow


def _union(now: Shadows, base: Shadows) -> Value:
    """Three-way union: what a side added stays, what a side removed goes, everything else is kept.

    Each side is compared with its own shadow. Where those differ, an option that one side added and the
    other removed stays: a union never undoes an addition.
    """
    crm, activecampaign, crm_base, activecampaign_base = (_options(value) for value in (*now, *base))
    added = (crm - crm_base) | (activecampaign - activecampaign_base)
    removed = (crm_base - crm) | (activecampaign_base - activecampaign)
    return tuple(sorted(((crm | activecampaign) - removed) | added)) or None


def _options(value: Value) -> frozenset[str]:
    return frozenset(value) if isinstance(value, tuple) else frozenset()
