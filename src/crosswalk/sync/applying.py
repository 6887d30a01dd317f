"""*Apply to all now*: chosen fields of every link are decided as at a first link, under the rules of today.

It is a plan like any other, and approving it starts a run. Until then nothing is written, and no shadow is touched: the
fields only count as without one while such a plan or run works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosswalk.core.failures import UserError
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.merge import FieldPlan
from crosswalk.store import mapped

from .context import Context, ObjectPlan

_SEE = gettext_noop("See the mapping: crosswalk mapping show {connection}")
for_browser({_SEE: gettext_noop("See the mapping.")})
Applied = Mapping[str, Sequence[str]]  # object → CRM fields


def fields_to_apply(context: Context, object: str | None, field: str | None) -> dict[str, list[str]]:
    """Return the CRM fields to apply, by object: all that are mapped, those of one object, or one field by any name.

    Raises UserError for an object or a field that is not mapped, or rests.
    """
    if object is not None and object not in context.objects:
        raise UserError(
            _("{connection} does not sync {object}.").format(connection=context.name, object=object),
            cure=_("Use one of: {objects}.").format(objects=", ".join(context.objects)),
        )
    plans = [plan for plan in context.objects.values() if object in (None, plan.object)]
    found = {plan.object: [each.mapping.crm for each in _meant(plan, field)] for plan in plans}
    chosen = {object: fields for object, fields in found.items() if fields}
    if not chosen:
        raise UserError(
            _("No mapped field is called {field}, or it rests.").format(field=field),
            cure=_(_SEE).format(connection=context.name),
        )
    return chosen


def _meant(plan: ObjectPlan, field: str | None) -> list[FieldPlan]:
    if field is None:
        return list(plan.fields)
    wanted = field.casefold()
    return [
        each
        for each in plan.fields
        if wanted
        in {name.casefold() for side in (each.crm, each.activecampaign) for name in (side.name, side.label)}
    ]


def list_all(context: Context, applied: Applied) -> None:
    """Have every linked record read whose values of these fields are not in the inbox."""
    now = context.clock.now()
    for object, chosen in applied.items():
        plan = context.objects.get(object)
        pairs = [each.mapping for each in plan.fields if each.mapping.crm in chosen] if plan else []
        names = {side: [pair.name(side) for pair in pairs] for side in Side}
        if pairs:
            mapped.want_values(context.connection_id, object, names, now, now)
