"""The error catalogue: everything that can go wrong for a person, with a stable code, what is wrong and what to do.

A code never changes its meaning and is never used again. `docs/errors/` has a page for each.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from .browser_cures import BROWSER_CURES
from .failures import FailureKind, SystemFailure, UserError
from .language import for_browser, gettext_noop
from .words import keepable as _


class Said(NamedTuple):
    """An entry put into words, in the reader's language."""

    code: str
    message: str
    cure: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can go wrong."""

    code: str  # CW-…: stable, for people, programs and search engines
    name: str  # what our own code calls it
    title: str  # what heads its page and its line in a list
    message: str = (
        ""  # with named placeholders; empty: whoever meets it says more, such as the vendor's own words
    )
    cure: str = ""

    def said(self, **params: object) -> Said:
        """Put it into words. `params` fill the placeholders of message and cure."""
        return Said(self.code, _filled(self.message, params), _filled(self.cure, params))

    @property
    def headline(self) -> str:
        """The title in the reader's language."""
        return _(self.title)


def _filled(text: str, params: dict[str, object]) -> str:
    return _(text).format(**params) if "{" in text else _(text)


# (code, name, title, what is wrong, what to do next)
_FAILURES = (
    ("CW-1001", "transient", gettext_noop("A system could not be reached just now"), "", ""),
    ("CW-1002", "quota", gettext_noop("A system takes no more calls for now"), "", ""),
    ("CW-1003", "auth", gettext_noop("A system refused the credentials"), "", ""),
    ("CW-1004", "permission", gettext_noop("The connection's user may not do this"), "", ""),
    ("CW-1005", "mapping", gettext_noop("A mapped object or field is not there"), "", ""),
    ("CW-1006", "data", gettext_noop("A system refused a request because of its data"), "", ""),
    ("CW-1007", "conflict_of_records", gettext_noop("A record is not what it was"), "", ""),
    ("CW-1008", "not_understood", gettext_noop("A system's answer was not understood"), "", ""),
    (
        "CW-1009",
        "quota_share",
        gettext_noop("A connection has used its share of a system's calls"),
        gettext_noop(
            "{vendor}: this connection has made {ours} of the {cap} calls that it may make in 24 hours, all tools"
            " of the org together {used} of {limit}."
        ),
        gettext_noop(
            "Opt-outs travel on; all else goes on by itself as calls of yesterday cease to count. To see it, or to give"
            " the connection more: crosswalk budget."
        ),
    ),
)
_VALUES = (
    (
        "CW-2001",
        "read_only",
        gettext_noop("A field cannot be written"),
        gettext_noop("{field} cannot be written."),
        gettext_noop("Set the update rule of this direction to “never”, or allow the field to be edited."),
    ),
    (
        "CW-2002",
        "required",
        gettext_noop("A field may not be empty"),
        gettext_noop("{field} may not be empty."),
        gettext_noop("Fill in the other side, or set that emptying it does not empty this field."),
    ),
    (
        "CW-2003",
        "too_long",
        gettext_noop("A value is too long"),
        gettext_noop("{field} holds {limit} characters, this value has {size}."),
        gettext_noop("Shorten the value, or make the field longer."),
    ),
    (
        "CW-2004",
        "email",
        gettext_noop("A value is no e-mail address"),
        gettext_noop("{field}: {value} is not an e-mail address."),
        gettext_noop("Correct the address."),
    ),
    (
        "CW-2005",
        "option",
        gettext_noop("A value is no option of the field"),
        gettext_noop("{field} has no option {value}."),
        gettext_noop("Add an option with exactly this value, or correct the value."),
    ),
    (
        "CW-2006",
        "separator",
        gettext_noop("A choice contains the sign that separates choices"),
        gettext_noop("{field}: the choice {value} contains {separator}, which separates choices."),
        gettext_noop("Rename the option."),
    ),
    (
        "CW-2007",
        "too_precise",
        gettext_noop("A number has too many decimal places"),
        gettext_noop("{field} holds {limit} decimal places, {value} has {size}."),
        gettext_noop("Round the value, or give the field more decimal places."),
    ),
    (
        "CW-2008",
        "too_large",
        gettext_noop("A number has too many digits"),
        gettext_noop("{value} has too many digits for {field}."),
        gettext_noop("Correct the value, or give the field more digits."),
    ),
    (
        "CW-2009",
        "not_ticked",
        gettext_noop("A value is neither ticked nor unticked"),
        gettext_noop("{value} is neither ticked nor unticked."),
        gettext_noop("Tick or untick the box."),
    ),
    (
        "CW-2010",
        "not_boolean",
        gettext_noop("A value is neither true nor false"),
        gettext_noop("{value} is neither true nor false."),
        gettext_noop("Write true or false, or yes or no."),
    ),
    (
        "CW-2011",
        "many_choices",
        gettext_noop("More than one choice for a field that takes one"),
        gettext_noop("{value} is more than one choice."),
        gettext_noop("Choose only one, or pair the field with a multi-select."),
    ),
    (
        "CW-2012",
        "not_number",
        gettext_noop("A value is not a number"),
        gettext_noop("{value} is not a number."),
        gettext_noop("Write it as a number, such as 1234.50 or $1,234.50."),
    ),
    (
        "CW-2013",
        "not_date",
        gettext_noop("A value is not a date"),
        gettext_noop("{value} is not a date."),
        gettext_noop("Write it as year-month-day: 2026-12-31."),
    ),
    (
        "CW-2014",
        "not_datetime",
        gettext_noop("A value is not a date and time"),
        gettext_noop("{value} is not a date and time with a time zone."),
        gettext_noop("Write it like 2026-12-31T18:00:00Z."),
    ),
    (
        "CW-2015",
        "not_time",
        gettext_noop("A value is not a time of day"),
        gettext_noop("{value} is not a time of day."),
        gettext_noop("Write it like 18:00:00."),
    ),
    (
        "CW-2016",
        "ambiguous_number",
        gettext_noop("A number may be read in two ways"),
        gettext_noop("{value} may be read as two different numbers."),
        gettext_noop("Write it with a decimal point and without signs between thousands, such as 1234.50."),
    ),
    (
        "CW-2017",
        "not_reference",
        gettext_noop("A value is not the id of a record"),
        gettext_noop("{value} is not the id of a record."),
        gettext_noop("Write the record's id, or set the update rule of this direction to “never”."),
    ),
)
_REFUSALS = (
    ("CW-3001", "refused_value", gettext_noop("A system refused a value"), "", ""),
    ("CW-3002", "refused_right", gettext_noop("The connection's user may not write this"), "", ""),
    ("CW-3003", "refused_field", gettext_noop("A system does not take this field"), "", ""),
    ("CW-3004", "refused_record", gettext_noop("Another record stands in the way"), "", ""),
    ("CW-3005", "refused_limit", gettext_noop("A limit of the system stands in the way"), "", ""),
)
_MATTERS = (
    (
        "CW-4001",
        "conflict",
        gettext_noop("Both sides changed a field"),
        gettext_noop("Both sides changed this field, and they differ."),
        gettext_noop("Choose a side or type a value: crosswalk holds choose. Or make both sides equal."),
    ),
    (
        "CW-4002",
        "ambiguous",
        gettext_noop("Several contacts have one e-mail address"),
        gettext_noop("{count} contacts have the e-mail {email}."),
        gettext_noop(
            "Choose one: crosswalk holds choose. Or merge or correct the contacts in ActiveCampaign."
        ),
    ),
    (
        "CW-4003",
        "outside_selection",
        gettext_noop("The CRM has this person, but outside the selection"),
        gettext_noop("A CRM record with the e-mail {email} exists, but it does not take part."),
        gettext_noop("Select that record in the mapping, or give the contact another e-mail."),
    ),
    (
        "CW-4004",
        "creation_lacks",
        gettext_noop("A new record lacks a required value"),
        gettext_noop("The record cannot be created: {field} is required and has no value."),
        gettext_noop("Fill it in on the other side, or set a default for new records in the mapping."),
    ),
    (
        "CW-4005",
        "creation_barred",
        gettext_noop("A new record may not be given its e-mail"),
        gettext_noop("The record cannot be created: its e-mail may not be written in this direction."),
        gettext_noop("Allow this direction for the object and its e-mail."),
    ),
    (
        "CW-4006",
        "unreadable",
        gettext_noop("A value could not be read"),
        gettext_noop("A value could not be read, so nothing was decided."),
        gettext_noop("Look at the value on both sides; one of them is not what its field's type allows."),
    ),
    (
        "CW-4007",
        "emptied",
        gettext_noop("Something empties the field again"),
        gettext_noop("{field} is empty although a value was written: something there removes it."),
        gettext_noop("Look for an automation or validation that empties the field, then retry."),
    ),
    (
        "CW-4008",
        "opt_out_refused",
        gettext_noop("An opt-out could not be carried over"),
        gettext_noop("The opt-out was refused without a reason."),
        gettext_noop("Opt the person out there by hand."),
    ),
    (
        "CW-4009",
        "loop",
        gettext_noop("A field is written to and fro"),
        gettext_noop(
            "{field} was set back {count} times within an hour: something on one of the two sides undoes each write."
        ),
        gettext_noop(
            "Look for an automation, a flow or another sync that sets this field, on either side, and stop it. Then"
            " crosswalk holds retry, or crosswalk holds choose."
        ),
    ),
)
_FIELDS = (
    (
        "CW-5001",
        "field_gone",
        gettext_noop("A mapped field is gone or hidden"),
        gettext_noop(
            "The field {field} of {system} does not exist any more, or is hidden from the connection's user."
        ),
        gettext_noop(
            "Make it visible to the connection's user again, and it resumes by itself; or take the pair out of the"
            " mapping, or map the field that took its place."
        ),
    ),
    (
        "CW-5002",
        "field_retyped",
        gettext_noop("A mapped field has another type than before"),
        gettext_noop("The field {field} of {system} was of the type {before} and is {now} now."),
        gettext_noop(
            "Look at its values. Then accept the new type: crosswalk holds retry; or give the field its old type back,"
            " and it resumes by itself."
        ),
    ),
    (
        "CW-5003",
        "field_unpairable",
        gettext_noop("Two mapped fields cannot be paired any more"),
        gettext_noop("{reason}"),
        gettext_noop(
            "Give the field its old type back, and it resumes by itself; or take the pair out of the mapping."
        ),
    ),
    (
        "CW-5004",
        "unfit_default",
        gettext_noop("A default for new records does not fit"),
        gettext_noop("{field} stays empty in new records: its default does not fit. {reason}"),
        gettext_noop("Correct the default in the mapping (creation_defaults), or the field."),
    ),
)
_WORK = (
    ("CW-6001", "user", gettext_noop("This cannot be done as asked"), "", ""),
    ("CW-6002", "usage", gettext_noop("The command was not understood"), "", ""),
    (
        "CW-6003",
        "under_way",
        gettext_noop("Another run is under way"),
        gettext_noop("Another run of {connection} is under way."),
        gettext_noop("Wait until it has ended, then try again."),
    ),
    (
        "CW-6004",
        "braked",
        gettext_noop("A run would go further than its plan"),
        gettext_noop("{count} times “{what}”, but the plan has {limit}."),
        gettext_noop(
            "Make a new plan and look at it: crosswalk plan. If it is right: crosswalk sync --plan ID."
        ),
    ),
    (
        "CW-6005",
        "no_mapping",
        gettext_noop("A connection has no mapping"),
        gettext_noop("{connection} has no mapping yet."),
        gettext_noop("Set one with: crosswalk mapping set {connection} FILE"),
    ),
    (
        "CW-6006",
        "email_gone",
        gettext_noop("The e-mail field is gone or hidden"),
        gettext_noop("{object}: without its e-mail field nothing can be synced. {reason}"),
        gettext_noop("Give the connection's user access to the e-mail field, as it was before."),
    ),
    (
        "CW-6007",
        "overtaken",
        gettext_noop("The values have changed since"),
        gettext_noop(
            "{record}, {field}: the values are not those that were held any more, but {crm} in the CRM and"
            " {activecampaign} in ActiveCampaign."
        ),
        gettext_noop("Run crosswalk sync, then look at what is held now."),
    ),
    (
        "CW-6008",
        "no_choice",
        gettext_noop("There is nothing to choose"),
        gettext_noop("Hold {id} ({title}) leaves nothing to choose."),
        gettext_noop("Do what its cure says: crosswalk holds show {id}."),
    ),
    (
        "CW-6009",
        "choice_barred",
        gettext_noop("A rule forbids this choice"),
        gettext_noop("{field} may not be written in this direction. {reason}"),
        gettext_noop("Change the rule in the mapping, or choose the other side."),
    ),
    (
        "CW-6010",
        "unknown_hold",
        gettext_noop("There is no such hold"),
        gettext_noop("There is no hold {id}."),
        gettext_noop("See what is held: crosswalk holds."),
    ),
    (
        "CW-6011",
        "no_candidate",
        gettext_noop("The record is not among the candidates"),
        gettext_noop("{record_id} is not among the candidates of hold {id}: {candidates}."),
        gettext_noop("Choose one of them, or --none."),
    ),
    (
        "CW-6012",
        "mass_change",
        gettext_noop("A run would change very many records"),
        gettext_noop(
            "{count} records would be created or changed: more than {number}, and more than {percent} % of the {links}"
            " links."
        ),
        gettext_noop(
            "Look at it: crosswalk plan. If it is right: crosswalk sync --plan ID, or crosswalk sync --approve."
        ),
    ),
    (
        "CW-6013",
        "mass_delete",
        gettext_noop("Very many records are gone"),
        gettext_noop(
            "{count} links would be closed because a record is gone: more than {number}, and more than {percent} % of"
            " the {links} links."
        ),
        gettext_noop(
            "Look whether the records are there, and whether the connection's users may see them; then sync again. If"
            " they were deleted: crosswalk plan, then crosswalk sync --plan ID, or crosswalk sync --approve."
        ),
    ),
    (
        "CW-6014",
        "mass_empty",
        gettext_noop("A run would empty a field in very many records"),
        gettext_noop(
            "{field} ({side}) would be emptied in {count} records: more than {number}, and more than {percent} % of the"
            " {links} links."
        ),
        gettext_noop(
            "Look at the field on the other side. If it is right: crosswalk plan, then crosswalk sync --plan ID, or"
            " crosswalk sync --approve."
        ),
    ),
    (
        "CW-6015",
        "contact_limit",
        gettext_noop("The contact limit would be exceeded"),
        gettext_noop("{count} contacts more would be created than the ActiveCampaign account has room for."),
        gettext_noop(
            "Select fewer records, or raise the limit in ActiveCampaign. To create them all the same: crosswalk plan,"
            " then crosswalk sync --plan ID, or crosswalk sync --approve."
        ),
    ),
    (
        "CW-6016",
        "mapping_changes",
        gettext_noop("The mapping is being changed"),
        gettext_noop("The plan could not be kept: somebody is changing the mapping of {connection}."),
        gettext_noop("Wait until that is saved, then plan again: crosswalk plan."),
    ),
    (
        "CW-6017",
        "stopped",
        gettext_noop("Crosswalk is stopped"),
        gettext_noop("Crosswalk is stopped since {since}: no call goes out."),
        gettext_noop("To let it go on: crosswalk start"),
    ),
    (
        "CW-6018",
        "paused",
        gettext_noop("A connection is paused"),
        gettext_noop("{connection} is paused since {since}: nothing runs."),
        gettext_noop("To let it go on: crosswalk runs resume {connection}"),
    ),
    (
        "CW-6019",
        "cancelled",
        gettext_noop("A run was cancelled"),
        gettext_noop("Somebody cancelled this run of {connection}."),
        gettext_noop("What it stored is kept; the next run goes on from there."),
    ),
    (
        "CW-6020",
        "global_sync_off",
        gettext_noop("Global synchronisation is off"),
        gettext_noop("Nothing goes to ActiveCampaign: global synchronisation of {connection} is off."),
        gettext_noop(
            "Turn it on, and the next run decides anew: crosswalk connection global {connection} on"
        ),
    ),
    (
        "CW-6021",
        "first_sync",
        gettext_noop("The first sync waits for approval"),
        gettext_noop("The first sync of {connection} needs a plan that somebody looked at."),
        gettext_noop(
            "Make a plan, look at it, and apply it (crosswalk plan, then crosswalk sync --plan ID)."
        ),
    ),
    (
        "CW-6022",
        "plan_outdated",
        gettext_noop("There is a newer plan"),
        gettext_noop("Plan {id} of {connection} is not its newest one any more."),
        gettext_noop("Look at the newest plan, or make a new one: crosswalk plan."),
    ),
    (
        "CW-6023",
        "plan_overtaken",
        gettext_noop("The mapping was changed since the plan was made"),
        gettext_noop(
            "The mapping, the selection or the settings of {connection} were changed since plan {id} was made: it does"
            " not show what would be written now."
        ),
        gettext_noop("Make a new plan and look at it: crosswalk plan."),
    ),
    ("CW-9001", "bug", gettext_noop("A mistake of Crosswalk"), "", ""),
    ("CW-9002", "database", gettext_noop("The database cannot be used"), "", ""),
)

CATALOGUE = {
    name: Entry(code=code, name=name, title=title, message=message, cure=cure)
    for code, name, title, message, cure in (
        *_FAILURES,
        *_VALUES,
        *_REFUSALS,
        *_MATTERS,
        *_FIELDS,
        *_WORK,
    )
}
for_browser({CATALOGUE[name].cure: words for name, words in BROWSER_CURES.items()})
_BY_CODE = {entry.code: entry for entry in CATALOGUE.values()}

# What ends a command, by the class of a system's failure.
_OF_FAILURE = {
    FailureKind.CONFLICT: "conflict_of_records",
    FailureKind.BUG: "not_understood",
}
# What holds a value that a system refused. Classes that are not here are said of the value.
_OF_REFUSAL = {
    FailureKind.PERMISSION: "refused_right",
    FailureKind.MAPPING: "refused_field",
    FailureKind.CONFLICT: "refused_record",
    FailureKind.QUOTA: "refused_limit",
}


def say(name: str, **params: object) -> Said:
    """Put an entry into words, in the reader's language."""
    return CATALOGUE[name].said(**params)


def find(word: str) -> Entry | None:
    """Return the entry with this code, in any letter case, or with this name."""
    return _BY_CODE.get(word.upper()) or CATALOGUE.get(word.lower())


def of_failure(kind: FailureKind) -> Entry:
    """Return the entry for a failure that ends what was going on."""
    return CATALOGUE[_OF_FAILURE.get(kind, kind.value)]


def told(error: SystemFailure | UserError) -> Said:
    """Return code, message and cure of what went wrong, as pages and tasks show them."""
    name = error.entry
    if isinstance(error, SystemFailure):
        name = name or of_failure(error.kind).name
    return Said(CATALOGUE[name].code, error.message, error.cure)


def of_refusal(kind: FailureKind) -> Entry:
    """Return the entry for a system's refusal of one record's values."""
    return CATALOGUE[_OF_REFUSAL.get(kind, "refused_value")]
