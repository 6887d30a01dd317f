"""What Salesforce's errors mean: one table of codes, read by whole requests and single records alike.

Source: Salesforce REST API, status codes and error responses; sObject Collections, per-record errors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.language import for_browser
from ...core.system import Op, Outcome, Problem
from ...core.words import keepable as _
from .. import refusals
from ..answers import NEXT_RUN, REPORT, Answer, explain_by_status, mark
from ..refusals import Rule, explain_without_words, outcome_for
from .ids import long_id

SHORT_PAUSE = 60.0  # seconds until another try when too many calls run at once
LONG_PAUSE = 3600.0  # seconds until another try when the day's calls are used up


class ApiError(msgspec.Struct, frozen=True):
    """One error as Salesforce writes it; collections say `statusCode`, all else `errorCode`."""

    message: str = ""
    errorCode: str = ""  # noqa: N815 - the vendor's name
    statusCode: str = ""  # noqa: N815 - the vendor's name
    fields: list[str] | None = None

    @property
    def code(self) -> str:
        return self.errorCode or self.statusCode


class Refused(refusals.Refused):
    """Salesforce understood a request and declined it; `errors` are its own words."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        cure: str = "",
        code: str = "",
        retry_after: float | None = None,
        status: int,
        final: bool = False,
        errors: Sequence[ApiError] = (),
    ) -> None:
        super().__init__(
            kind, message, cure=cure, code=code, retry_after=retry_after, status=status, final=final
        )
        self.errors = errors


_SIGN_IN = mark("Connect Salesforce again: crosswalk connection sign-in NAME, or save new credentials.")
for_browser({_SIGN_IN: mark("Connect Salesforce again, or save new credentials.")})
_API_OFF = mark(
    "Give the integration user the permission “API Enabled” (Setup, Permission Sets, the user's set, System"
    " Permissions); the edition must have API access."
)
_NO_RIGHT = mark("Give the integration user the right to edit this record and its owner's records.")
_FIELD_RIGHT = mark("Give the integration user edit access to this field in a permission set, or unmap it.")
_FIELD_GONE = mark("Remove the field from the mapping, or give the integration user read access to it.")
_OBJECT_RIGHT = mark("Give the integration user read, create and edit access to this object.")
_SHORTEN = mark("Shorten the value, or map the field to a longer one.")
_CORRECT = mark("Correct the value on either side.")
_OPTIONS = mark("Add the option to the picklist, or choose one that it has.")
_FILL = mark("Fill the field, or set a default for it in the connection.")
_ADMIN_RULE = mark("Meet the rule that your Salesforce admin set up, or have the rule changed.")
_AUTOMATION = mark("Ask your Salesforce admin to look at the automation that failed.")
_CONVERTED = mark("Change the contact that the lead was converted to.")
_TWIN = mark("Merge the records, or let the duplicate rule only warn for the integration user.")
_OTHER_RECORD = mark("Look at the record that already holds this value.")
_STORAGE = mark("Free storage in Salesforce, or buy more.")

_RULES = {
    "INVALID_SESSION_ID": Rule(FailureKind.AUTH, cure=_SIGN_IN),
    "INVALID_AUTH_HEADER": Rule(FailureKind.AUTH, cure=_SIGN_IN),
    "REQUEST_LIMIT_EXCEEDED": Rule(FailureKind.QUOTA, Outcome.RETRY, NEXT_RUN),
    "API_DISABLED_FOR_ORG": Rule(FailureKind.PERMISSION, cure=_API_OFF),
    "API_CURRENTLY_DISABLED": Rule(FailureKind.PERMISSION, cure=_API_OFF),
    "INSUFFICIENT_ACCESS_OR_READONLY": Rule(FailureKind.PERMISSION, cure=_NO_RIGHT),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Rule(FailureKind.PERMISSION, cure=_NO_RIGHT),
    "NOT_FOUND": Rule(FailureKind.CONFLICT, Outcome.MISSING),
    "ENTITY_IS_DELETED": Rule(FailureKind.CONFLICT, Outcome.MISSING),
    "INVALID_CROSS_REFERENCE_KEY": Rule(FailureKind.CONFLICT, Outcome.MISSING),
    "MALFORMED_ID": Rule(FailureKind.DATA, cure=_CORRECT),
    "INVALID_FIELD": Rule(FailureKind.MAPPING, cure=_FIELD_GONE),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Rule(FailureKind.PERMISSION, cure=_FIELD_RIGHT),
    "INVALID_TYPE": Rule(FailureKind.PERMISSION, cure=_OBJECT_RIGHT),
    "MALFORMED_QUERY": Rule(FailureKind.BUG, cure=REPORT),
    "INVALID_QUERY_LOCATOR": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "QUERY_TIMEOUT": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "OPERATION_TOO_LARGE": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "REQUIRED_FIELD_MISSING": Rule(FailureKind.DATA, cure=_FILL),
    "STRING_TOO_LONG": Rule(FailureKind.DATA, cure=_SHORTEN),
    "INVALID_EMAIL_ADDRESS": Rule(FailureKind.DATA, cure=_CORRECT),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Rule(FailureKind.DATA, cure=_OPTIONS),
    "FIELD_INTEGRITY_EXCEPTION": Rule(FailureKind.DATA, cure=_CORRECT),
    "NUMBER_OUTSIDE_VALID_RANGE": Rule(FailureKind.DATA, cure=_CORRECT),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Rule(FailureKind.DATA, cure=_CORRECT),
    "JSON_PARSER_ERROR": Rule(FailureKind.DATA, cure=_CORRECT),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Rule(FailureKind.DATA, cure=_ADMIN_RULE),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Rule(FailureKind.DATA, cure=_ADMIN_RULE),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Rule(FailureKind.DATA, cure=_AUTOMATION),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Rule(FailureKind.DATA, cure=_AUTOMATION),
    "CANNOT_UPDATE_CONVERTED_LEAD": Rule(FailureKind.CONFLICT, Outcome.MOVED, _CONVERTED),
    "DUPLICATE_VALUE": Rule(FailureKind.CONFLICT, Outcome.DUPLICATE, _OTHER_RECORD),
    "DUPLICATES_DETECTED": Rule(FailureKind.CONFLICT, cure=_TWIN),
    "UNABLE_TO_LOCK_ROW": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "TOO_MANY_APEX_REQUESTS": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "STORAGE_LIMIT_EXCEEDED": Rule(FailureKind.QUOTA, cure=_STORAGE),
    "UNKNOWN_EXCEPTION": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "SERVER_UNAVAILABLE": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN),
}
_UNKNOWN = Rule(FailureKind.DATA)
API_IS_OFF = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"})

# The worst outcome of a record's errors is the record's.
_GRAVITY = (Outcome.MISSING, Outcome.MOVED, Outcome.REFUSED, Outcome.DUPLICATE, Outcome.RETRY)

# Where the list of fields is empty, the text may still name them: (code, pattern whose group lists names).
_FIELDS_IN_TEXT = (
    ("INVALID_FIELD", re.compile(r"No such column '(\w+)'")),
    ("INVALID_FIELD_FOR_INSERT_UPDATE", re.compile(r"create/update fields: ([\w, ]+)\.")),
    ("REQUIRED_FIELD_MISSING", re.compile(r"Required fields are missing: \[([\w, ]+)\]")),
)
_RECORD_IN_TEXT = re.compile(r"record with id: ([A-Za-z0-9]{15,18})")
_TOO_MANY_AT_ONCE = re.compile(r"concurrent", re.IGNORECASE)


def explain(answer: Answer) -> SystemFailure:
    """Turn a declined request into a failure that says what to do."""
    errors = _read_errors(answer)
    if not errors:
        return explain_without_words(
            answer,
            address_cure=_(
                "Check the address: it must be your org's My Domain, like https://acme.my.salesforce.com."
            ),
            cures={410: _("Salesforce retired this version of its API: update Crosswalk.")},
            refused=Refused,
        )
    error = errors[0]
    rule = _RULES.get(error.code)
    if error.code == "REQUEST_LIMIT_EXCEEDED":
        return _over_limit(answer, errors)
    message = _("Salesforce declined {path}: {message} ({code})").format(
        path=answer.path, message=error.message.strip(), code=error.code
    )
    named = fields_of(error)
    if error.code == "INVALID_FIELD" and named:
        # Its own text repeats the statement, which says nothing to a person.
        message = _(
            "Salesforce does not know the field {field} (any more), or hides it from the integration user."
        ).format(field=", ".join(named))
    return Refused(
        rule.kind if rule else explain_by_status(answer).kind,
        message,
        cure=rule.told_cure if rule else "",
        code=error.code,
        status=answer.status,
        errors=errors,
    )


def outcome_of(op: Op, errors: Sequence[ApiError]) -> Outcome:
    """Return what a record's errors mean for its write."""
    found = {_outcome(op, error) for error in errors}
    return next((outcome for outcome in _GRAVITY if outcome in found), Outcome.REFUSED)


def problems_of(errors: Sequence[ApiError]) -> list[Problem]:
    """Return the problems of one record, one per field that an error names."""
    return [problem for error in errors for problem in _problems(error)]


def _problems(error: ApiError) -> list[Problem]:
    return _RULES.get(error.code, _UNKNOWN).problems(error.code, error.message, fields_of(error))


def fields_of(error: ApiError) -> list[str]:
    """Return the names of the fields that an error is about."""
    if error.fields:
        return list(error.fields)
    for code, pattern in _FIELDS_IN_TEXT:
        found = pattern.search(error.message) if code == error.code else None
        if found:
            return [name.strip() for name in found.group(1).split(",")]
    return []


def other_record(errors: Sequence[ApiError]) -> str | None:
    """Return the 18-character id of the record that a duplicate error names."""
    for error in errors:
        found = _RECORD_IN_TEXT.search(error.message)
        if found:
            return long_id(found.group(1))
    return None


def is_about_concurrency(failure: Refused) -> bool:
    """Tell whether too many calls run at once, as opposed to too many today."""
    return failure.kind is FailureKind.QUOTA and failure.retry_after == SHORT_PAUSE


def _outcome(op: Op, error: ApiError) -> Outcome:
    outcome = _RULES.get(error.code, _UNKNOWN).outcome
    about_a_value = op is Op.CREATE or any(name.lower() != "id" for name in fields_of(error))
    if outcome is Outcome.MISSING and about_a_value:
        return Outcome.REFUSED  # what is missing is a record that a value refers to
    return outcome_for(op, outcome)


def _read_errors(answer: Answer) -> list[ApiError]:
    try:
        return msgspec.json.decode(answer.body, type=list[ApiError])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _over_limit(answer: Answer, errors: Sequence[ApiError]) -> SystemFailure:
    at_once = _TOO_MANY_AT_ONCE.search(errors[0].message) is not None
    if at_once:
        message = _("Too many calls run in Salesforce at the same time.")
    else:
        message = _("The calls that Salesforce allows your org in 24 hours are used up.")
    return Refused(
        FailureKind.QUOTA,
        message,
        cure=_("Nothing is lost: start the sync again later. Other tools in the org use the same allowance."),
        code=errors[0].code,
        retry_after=SHORT_PAUSE if at_once else LONG_PAUSE,
        status=answer.status,
        errors=errors,
    )
