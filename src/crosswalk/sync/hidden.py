"""A field that turned empty in a system that shows what it hides as empty: it is believed when it was surely shown.

A run learns what is hidden when it begins. A column that is hidden later reads as empty, in the same run and, where
that died or was a plan, from the inbox in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.values import pack, unpack
from crosswalk.store.pairs import Seen

from .context import Context
from .fields import describe_object_again
from .match import Matched, Pair


def distrust_empty(context: Context, matched: Matched) -> None:
    """Take out of a page what the CRM may be hiding, before anything is decided.

    An empty value counts that was read between two looks at the fields that both show it: the one with which the
    connection was opened, and one afterwards, which is made here, once for a reading. What was read before the
    connection was opened is read again; what is hidden by now is unknown.
    """
    for object, doubted in _doubted(context, matched.pairs).items():
        latest = max(seen.requested_at for _pair, seen, _names in doubted)
        if latest >= context.described_at.get(object, context.opened_at):
            describe_object_again(context, object)
        hidden = context.objects[object].schemas[Side.CRM].hides or frozenset()
        for pair, seen, names in doubted:
            pair.crm = _shown(seen, names & hidden)
        stale = [
            pair for pair, seen, names in doubted if names - hidden and seen.requested_at < context.opened_at
        ]
        _read_again(matched, stale)


_Doubt = tuple[Pair, Seen, set[str]]  # with the fields that turned empty


def _doubted(context: Context, pairs: Iterable[Pair]) -> dict[str, list[_Doubt]]:
    """Return by object what turned empty in a CRM that hides so."""
    found: dict[str, list[_Doubt]] = {}
    for pair in pairs:
        plan = context.objects[pair.link.object]
        seen = pair.crm
        if plan.schemas[Side.CRM].hides is None or seen is None or not pair.link.crm_shadow:
            continue
        names = _turned_empty(seen, pair.link.crm_shadow)
        if names and (names := names & plan.mapping.read(Side.CRM)):
            found.setdefault(plan.object, []).append((pair, seen, names))
    return found


def _turned_empty(seen: Seen, shadow: bytes) -> set[str]:
    """Return the fields that held something when they were settled; nothing ticked is as good as empty."""
    values = unpack(seen.packed)
    return {name for name, held in unpack(shadow).items() if held and not values.get(name, held)}


def _shown(seen: Seen, hidden: set[str]) -> Seen:
    """Return a sighting without the fields that are hidden."""
    if not hidden:
        return seen
    values = {name: value for name, value in unpack(seen.packed).items() if name not in hidden}
    return msgspec.structs.replace(seen, packed=pack(values))


def _read_again(matched: Matched, stale: Sequence[Pair]) -> None:
    """Have the CRM's records of these pairs read before they are decided."""
    links = {pair.link.id for pair in stale}
    if links:
        matched.pairs = [pair for pair in matched.pairs if pair.link.id not in links]
    for pair in stale:
        matched.want(Side.CRM, pair.link.object, pair.link.crm_id or "")
