"""The merge, written again from the design alone: list what could be written, strike out what may not be."""

from __future__ import annotations

from typing import Any

OTHER = {"crm": "activecampaign", "activecampaign": "crm"}
Sides = dict[str, Any]  # by side; `...` is a missing shadow, an unknown value, and what cannot be carried


def merge(pair: Any, rules: Any, now: Sides, old: Sides, times: Sides) -> tuple[str, Sides, Sides | None]:
    """Return (outcome, {side: value to write}, {side: new shadow} or None)."""
    linked, carried = ... not in old.values(), {side: pair.carry(side, now[OTHER[side]]) for side in OTHER}
    sources = [side for side in OTHER if not linked or now[side] != old[side]]
    if ... in now.values() or not sources:
        return "unknown" if ... in now.values() else "nothing", {}, None
    if any(now[side] == carried[side] for side in OTHER):
        return "agree", {}, now
    offers = sources if linked else [side for side in OTHER if pair.never_empty or now[side] is not None]
    offers = [source for source in offers if passes(pair, rules, now, source)]
    if not offers:
        return "settled", {}, now
    if len(offers) == 1:
        writes = {OTHER[offers[0]]: carried[OTHER[offers[0]]]}
    elif rules.policy == "ask":
        return "held", {}, None
    elif rules.policy == "union" and pair.multi:
        result = united(now, old if linked else dict.fromkeys(OTHER))
        if result is None and not rules.blanks:
            return "settled", {}, now
        writes = {side: result for side in OTHER if now[side] != result}
    else:
        target = OTHER[chosen(rules, times if linked else dict.fromkeys(OTHER))]
        writes = {target: carried[target]}
    if all(value is not ... and pair.accepts(side, value) for side, value in writes.items()):
        return "offer", writes, now | writes
    return "held", {}, None


def passes(pair: Any, rules: Any, now: Sides, source: str) -> bool:
    target, empty = OTHER[source], {s for s in OTHER if now[s] is None and not pair.never_empty}
    allowed = rules.direction in {"both", f"to_{target}"} and rules.update[target] != "never"
    return (
        allowed
        and (target in empty or rules.update[target] == "always")
        and (source not in empty or rules.blanks)
    )


def chosen(rules: Any, times: Sides) -> str:
    for side, other in OTHER.items() if None not in times.values() and rules.policy not in OTHER else ():
        (mine, certain), (its, its_certain) = times[side], times[other]
        if mine - its > rules.tolerance and (certain or not its_certain):
            return side
    return str(rules.policy if rules.policy in OTHER else rules.winner)


def united(now: Sides, old: Sides) -> tuple[str, ...] | None:
    votes = [(set(now[side] or ()), set(old[side] or ())) for side in OTHER]
    added, removed = set().union(*(n - o for n, o in votes)), set().union(*(o - n for n, o in votes))
    return tuple(sorted(x for x in votes[0][0] | votes[1][0] if x in added or x not in removed)) or None
