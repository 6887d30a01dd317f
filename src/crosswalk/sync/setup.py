"""Set-up: connections are added and opened here, mappings are checked before they are saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from crosswalk.core import catalogue
from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.keeping import LEAST_DAYS, MOST_DAYS
from crosswalk.core.lanes import Lane, working_in
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.mapping import (
    CreationRule,
    FieldMapping,
    MappingFile,
    ObjectMapping,
    SelectionKind,
    Settings,
    Side,
)
from crosswalk.core.schema import Schema
from crosswalk.core.sweep import MOST
from crosswalk.core.system import System
from crosswalk.core.words import keepable as _
from crosswalk.store import connections, mapped, models, switches
from crosswalk.store.budget import TenantBudget
from crosswalk.store.halts import Heeds, Watch, Watched
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .context import CONTACT, OBJECTS, Context, ObjectPlan, Progress, compile_object
from .fields import compile_mapped
from .mapping_acts import note_replaced
from .mapping_check import check_doubles, check_writable, named
from .selecting import checked_selection
from .sign_in import ACTIVECAMPAIGN, Opener, Visit, budget_of, open_tenant, signed_in

CRMS = ("salesforce", "dynamics")

_REMAP = gettext_noop(
    "Make the field visible to the connection's user again, or take the pair out of the mapping"
    " (crosswalk mapping show, then mapping set)."
)
for_browser(
    {
        _REMAP: gettext_noop(
            "Make the field visible to the connection's user again, or take the pair out of the mapping."
        )
    }
)


def add_connection(
    name: str,
    credentials: Mapping[str, Mapping[str, Any]],
    vault: Vault,
    clock: Clock,
    opener: Opener = open_system,
    browser: Visit | None = None,
) -> models.Connection:
    """Join the two systems named in `credentials` (system → its credentials) under a name.

    Where the credentials only name an app, a person signs in by `browser`. Both are signed in to first; nothing is
    stored unless both let us in. Under the name of a connection of the same two accounts their new credentials are
    saved. Raises UserError for a system that is missing or unknown and for a name that is taken, SystemFailure when a
    system cannot be reached or refuses the credentials.
    """
    crm = next((vendor for vendor in CRMS if vendor in credentials), None)
    if crm is None or ACTIVECAMPAIGN not in credentials:
        raise UserError(
            _("The credentials must name activecampaign and one CRM."),
            cure=_("Give a JSON object with the keys activecampaign and one of: {crms}.").format(
                crms=", ".join(CRMS)
            ),
        )
    # ActiveCampaign first: its key needs nobody at a browser.
    account = signed_in(ACTIVECAMPAIGN, credentials[ACTIVECAMPAIGN], name, clock, opener)
    crm_account = signed_in(crm, credentials[crm], name, clock, opener, browser)
    return connections.add(name, vault, crm_account, account, clock.now())


def open_systems(
    connection: models.Connection, vault: Vault, clock: Clock, opener: Opener = open_system
) -> dict[Side, System]:
    """Open both systems of a connection with its stored credentials; sends nothing yet.

    Raises Halted while all is stopped; so do later calls.
    """
    return _opened(connection, budgets_of(connection, clock), Watch(None, clock), vault, clock, opener)


def budgets_of(connection: models.Connection, clock: Clock) -> dict[Side, TenantBudget]:
    """Return the budgets from which a connection's calls are paid."""
    return {side: budget_of(tenant, connection, clock) for side, tenant in _tenants(connection).items()}


def _opened(
    connection: models.Connection,
    budgets: Mapping[Side, TenantBudget],
    watch: Watch,
    vault: Vault,
    clock: Clock,
    opener: Opener,
) -> dict[Side, System]:
    return {
        side: open_tenant(tenant, connection.name, vault, clock, opener, Watched(budgets[side], watch))
        for side, tenant in _tenants(connection).items()
    }


def _tenants(connection: models.Connection) -> dict[Side, models.Tenant]:
    return {Side.CRM: connection.crm, Side.ACTIVECAMPAIGN: connection.activecampaign}


def open_context(
    name: str,
    vault: Vault,
    clock: Clock,
    *,
    report: Callable[[Progress], None] | None = None,
    opener: Opener = open_system,
    heeds: Heeds | None = None,
    instead: MappingFile | None = None,
) -> Context:
    """Make a connection ready to run: systems opened, fields described, mappings compiled; `instead` of the saved ones.

    Mapped fields that vanished or have another type rest; see `compile_mapped`. Raises UserError when the connection
    does not exist or has no mapping, SystemFailure when a system cannot be reached, refuses the sign-in, or lacks an
    e-mail field (MAPPING). With `heeds` it is also refused, and stopped, by halts of the connection; without, only by
    those of everything.
    """
    connection = connections.get(name)
    mapping = instead or connections.mapping_of(connection)
    if not mapping.objects:
        said = catalogue.say("no_mapping", connection=name)
        raise UserError(said.message, cure=said.cure, entry="no_mapping")
    budgets = budgets_of(connection, clock)
    watch = Watch(None if heeds is None else connection.id, clock, heeds)
    systems = _opened(connection, budgets, watch, vault, clock, opener)
    tenants = {side: tenant.id for side, tenant in _tenants(connection).items()}
    context = Context(
        connection_id=connection.id,
        name=name,
        tenants=tenants,
        systems=systems,
        budgets=budgets,
        watch=watch,
        settings=mapping.settings,
        objects=_compiled(mapping, systems, mapped.known(connection.id)),
        clock=clock,
        opened_at=clock.now(),
        switches=switches.of(connection),
        basis=connections.basis(connection, mapping),
    )
    if report is not None:
        context.report = report
    return context


def _compiled(
    mapping: MappingFile, systems: Mapping[Side, System], known: Mapping[mapped.Pairing, mapped.Mapped]
) -> dict[str, ObjectPlan]:
    """Have both systems describe the fields of all objects, and compile what pairs them."""
    by_object = {item.object: item for item in mapping.objects}
    objects = {}
    with working_in(Lane.OPT_OUT):  # without it nothing goes, not even an opt-out
        contact = systems[Side.ACTIVECAMPAIGN].describe(CONTACT)
        for object in OBJECTS:
            if object in by_object:
                crm = systems[Side.CRM].describe(object)
                objects[object] = compile_mapped(by_object[object], crm, contact, mapping.settings, known)
    return objects


# --- mappings ----------------------------------------------------------------------------------------------------


def set_mapping(
    name: str, mapping: MappingFile, vault: Vault, clock: Clock, opener: Opener = open_system
) -> MappingFile:
    """Check a mapping against both schemas, resolve field names, and save it; return it as saved.

    The fields' types are accepted as they are now. Raises UserError that names the object and field.
    """
    connection = connections.get(name)
    check_settings(mapping.settings, [item.object for item in mapping.objects])
    systems = open_systems(connection, vault, clock, opener)
    with closing(systems[Side.CRM]) as crm, closing(systems[Side.ACTIVECAMPAIGN]) as activecampaign:
        contact = activecampaign.describe(CONTACT)
        objects = [_checked(item, crm, contact, mapping.settings, clock) for item in mapping.objects]
    saved = replace(mapping, objects=tuple(objects))
    with connections.locked(name) as connection:
        before = connections.mapping_of(connection)
        connections.save_mapping(connection, saved, clock.now())
        mapped.accept_kinds(connection.id)
        note_replaced(connection, before, saved)
    return saved


def _checked(
    mapping: ObjectMapping, system: System, contact: Schema, settings: Settings, clock: Clock
) -> ObjectMapping:
    """Return one object's mapping with resolved names, checked against both schemas."""
    if mapping.object not in OBJECTS:
        raise UserError(
            _("There is no object called {object}.").format(object=mapping.object),
            cure=_("Use one of: {objects}.").format(objects=", ".join(OBJECTS)),
        )
    crm = system.describe(mapping.object)
    since = dated(mapping, system, clock)
    selected = replace(since, selection=checked_selection(since.selection, crm))
    return checked_object(selected, crm, contact, settings)


def checked_object(mapping: ObjectMapping, crm: Schema, contact: Schema, settings: Settings) -> ObjectMapping:
    """Return one object's mapping with resolved names. Raises UserError when it does not fit the schemas."""
    resolved = _resolve(mapping, crm, contact)
    check_object(resolved, crm, contact)
    check_writable(resolved, crm, contact)
    compile_object(resolved, crm, contact, settings)
    return resolved


def check_settings(settings: Settings, objects: list[str]) -> None:
    """Raise UserError when a setting cannot be as it is."""
    if not 0 <= settings.sweep_share <= MOST:
        raise UserError(
            _("The sweep's share of the calls cannot be {share:g}.").format(share=settings.sweep_share),
            cure=_("Set settings.sweep_share to a number from 0 (no sweep) to {most:g}.").format(most=MOST),
        )
    if not 0 < settings.crm_calls_percent <= 100:
        raise UserError(
            _("A connection cannot have {percent:g} % of the CRM's calls.").format(
                percent=settings.crm_calls_percent
            ),
            cure=_("Set settings.crm_calls_percent to a number above 0 and up to 100."),
        )
    for name in ("journal_days", "runs_days"):
        if not LEAST_DAYS <= getattr(settings, name) <= MOST_DAYS:
            raise UserError(
                _("settings.{name} cannot be {days}.").format(name=name, days=getattr(settings, name)),
                cure=_("Set it to a number of days from {least} to {most}.").format(
                    least=LEAST_DAYS, most=MOST_DAYS
                ),
            )
    for name, brake in asdict(settings.brakes).items():
        if brake["number"] < 0 or not 0 <= brake["percent"] <= 100:
            raise UserError(
                _("settings.brakes.{name}: a brake is a number from 0 and a share from 0 to 100.").format(
                    name=name
                ),
                cure=_("Correct it, or leave it out to have the usual one."),
            )
    if settings.creation is CreationRule.TAGGED and not settings.creation_tag:
        raise UserError(_("Creation “tagged” needs a tag."), cure=_("Set settings.creation_tag."))
    if settings.creation is not CreationRule.NEVER and settings.creation_object not in objects:
        raise UserError(
            _("New CRM records shall be of the object {object}, which has no mapping.").format(
                object=settings.creation_object
            ),
            cure=_("Map that object, or set settings.creation_object to one that is mapped."),
        )


def dated(mapping: ObjectMapping, crm: System, clock: Clock) -> ObjectMapping:
    """A selection *created from now on* counts from the CRM's time at which it is saved."""
    selection = mapping.selection
    if selection.kind is not SelectionKind.CREATED_FROM_NOW or selection.since is not None:
        return mapping
    now = clock.now() + timedelta(seconds=crm.clock_difference())
    return replace(mapping, selection=replace(selection, since=now))


def _resolve(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
    """Replace labels, merge tags and other spellings of fields by their names."""
    pairs = [
        replace(pair, crm=named(crm, pair.crm), activecampaign=named(contact, pair.activecampaign))
        for pair in mapping.fields
    ]
    return replace(mapping, fields=tuple(pairs))


def check_object(mapping: ObjectMapping, crm: Schema, contact: Schema) -> None:
    """Raise UserError when a field does not exist, stands twice, or the e-mail is not mapped."""
    for schema, side in ((crm, Side.CRM), (contact, Side.ACTIVECAMPAIGN)):
        names = [pair.name(side) for pair in mapping.fields]
        for name in names:
            if name not in schema.fields:
                partner = next(pair for pair in mapping.fields if pair.name(side) == name).name(side.other)
                raise UserError(
                    _(
                        "{object}: there is no field {name} in {side} (any more), the partner of {partner}."
                    ).format(object=mapping.object, name=name, side=side.value, partner=partner),
                    cure=_(_REMAP),
                )
    check_doubles(mapping)
    consent = next((pair for pair in mapping.fields if crm.holds_consent(pair.crm)), None)
    if consent is not None:
        raise UserError(
            _(
                "{object}: {field} is not synced like other fields: opt-outs travel by rules of their own."
            ).format(object=mapping.object, field=consent.crm),
            cure=_("Take the pair out of the mapping; settings.consent carries opt-outs both ways."),
        )
    email = FieldMapping(crm=crm.email, activecampaign=contact.email)
    if not any(
        (pair.crm, pair.activecampaign) == (email.crm, email.activecampaign) for pair in mapping.fields
    ):
        raise UserError(
            _("{object}: the e-mail fields must be mapped to each other.").format(object=mapping.object),
            cure=_("Add the pair {crm} and {activecampaign}.").format(
                crm=email.crm, activecampaign=email.activecampaign
            ),
        )
