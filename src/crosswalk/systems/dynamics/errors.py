"""What Dataverse's errors mean: one table of codes, read by whole requests and single records alike.

Source: Dataverse Web API, error codes and the form of errors. Texts differ by language and version: codes decide, then
the status.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.language import for_browser
from ...core.system import Op, Outcome, Problem
from ...core.words import keepable as _
from ..answers import NEXT_RUN, REPORT, Answer, mark
from ..refusals import Refused, Rule, explain_without_words, outcome_for


class ApiError(msgspec.Struct, frozen=True):
    """One error as Dataverse writes it; `code` is made lower-case hexadecimal, as the table has it."""

    code: str = ""
    message: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    error: ApiError


_SIGN_IN = mark("Save new credentials for this connection: crosswalk connection add NAME --credentials FILE.")
for_browser({_SIGN_IN: mark("Save new credentials for this connection.")})
_APP_USER = mark(
    "Add the app as application user: Power Platform admin center, Environments, your environment, Settings, Users +"
    " permissions, Application users, New app user."
)
_USER_OFF = mark(
    "Activate the application user and give it a business unit: Power Platform admin center, Environments, your"
    " environment, Settings, Users + permissions, Application users."
)
_PRIVILEGE = mark(
    "Give the application user's security role the privilege that is named, for the whole organization; see"
    " docs/setup-dynamics.md."
)
_NO_RIGHT = mark(
    "Give the application user's security role access to this record and to its owner's records."
)
_DELEGATE = mark(
    "Give the application user the role Delegate, or take caller_object_id out of the credentials."
)
_COLUMN_RIGHT = mark(
    "Add the application user to a column security profile that allows this column, or unmap it."
)
_COLUMN_GONE = mark("Remove the field from the mapping, or correct its name.")
_SHORTEN = mark("Shorten the value, or map the field to a longer one.")
_CORRECT = mark("Correct the value on either side.")
_OPTIONS = mark("Add the option to the column in Dynamics 365, or choose one that it has.")
_FILL = mark("Fill the field, or set a default for it in the connection.")
_AUTOMATION = mark("Ask your Dynamics 365 admin to look at the plug-in or workflow that declined it.")
_TWIN = mark("Merge the records, or exempt the application user from the duplicate detection rule.")
_OTHER_RECORD = mark("Look at the record that already holds this value.")
_CLOSED = mark("Reactivate the lead, or change the contact that it became.")
_STATES = mark("Choose a status reason that belongs to the status.")
_TRACKING = mark(
    "Turn on change tracking for the table: Power Apps, Tables, the table, Properties, Advanced options, Track changes."
)

EXPIRED_DELTA = "0x80044352"
NOT_TRACKED = "0x80072491"
NO_APP_USER = "0x80072560"
VERSION_MISMATCH = "0x80060882"
NO_VERSIONS = "0x8006088d"
DUPLICATE_ID = "0x80040237"
TOO_MANY_AT_ONCE = "0x80072326"

_DATA, _CONFLICT, _PERMISSION = FailureKind.DATA, FailureKind.CONFLICT, FailureKind.PERMISSION
_LATER = Rule(FailureKind.TRANSIENT, Outcome.RETRY, NEXT_RUN)
_FULL = Rule(FailureKind.QUOTA, Outcome.RETRY, NEXT_RUN)
_STALE = Rule(FailureKind.MAPPING, cure=_COLUMN_GONE)

_RULES = {
    "0x80040217": Rule(_CONFLICT, Outcome.MISSING),  # ObjectDoesNotExist
    "0x80060891": Rule(_CONFLICT, Outcome.MISSING),  # RecordNotFoundByEntityKey
    "0x80060890": Rule(FailureKind.MAPPING),  # EntityKeyNotDefined
    "0x80040220": Rule(_PERMISSION, cure=_PRIVILEGE),  # PrivilegeDenied
    "0x80048306": Rule(_PERMISSION, cure=_NO_RIGHT),  # unManagedIdsAccessDenied
    "0x80040231": Rule(_PERMISSION, cure=_NO_RIGHT),  # PrincipalPrivilegeDenied
    "0x8004a110": Rule(_PERMISSION, cure=_DELEGATE),  # CannotActOnBehalfOfAnotherUser
    "0x8004f504": Rule(_PERMISSION, cure=_COLUMN_RIGHT),  # column security: read
    "0x8004f507": Rule(_PERMISSION, cure=_COLUMN_RIGHT),  # column security: update
    NO_APP_USER: Rule(FailureKind.AUTH, cure=_APP_USER),  # UserNotMemberOfOrg
    "0x80040225": Rule(FailureKind.AUTH, cure=_USER_OFF),  # user disabled, or without business unit
    "0x80044302": Rule(FailureKind.AUTH, cure=_SIGN_IN),  # RequestIsNotAuthenticated
    "0x80040333": Rule(_CONFLICT, cure=_TWIN),  # DuplicateRecordsFound
    DUPLICATE_ID: Rule(_CONFLICT, Outcome.DUPLICATE, _OTHER_RECORD),  # DuplicateRecord
    # DuplicateRecordEntityKey: whoever has the value need not have the address, so that a look-up would find nobody
    "0x80060892": Rule(_CONFLICT, cure=_OTHER_RECORD),
    VERSION_MISMATCH: Rule(_CONFLICT, Outcome.CHANGED, NEXT_RUN),  # ConcurrencyVersionMismatch
    "0x80060883": Rule(FailureKind.BUG, cure=REPORT),  # ConcurrencyVersionNotProvided
    NO_VERSIONS: Rule(FailureKind.BUG, cure=REPORT),  # OptimisticConcurrencyNotEnabled
    "0x80044331": Rule(_DATA, cure=_SHORTEN),  # StringLengthTooLong
    "0x8004431a": Rule(_DATA, cure=_OPTIONS),  # PicklistValueOutOfRange
    "0x8004432f": Rule(_DATA, cure=_CORRECT),  # IntegerValueOutOfRange
    "0x80044330": Rule(_DATA, cure=_CORRECT),  # DecimalValueOutOfRange
    "0x80048408": Rule(_DATA, cure=_STATES),  # InvalidStateCodeStatusCode
    "0x80040203": Rule(_DATA, cure=_CORRECT),  # InvalidArgument
    "0x80048d19": Rule(_DATA, cure=_CORRECT),  # a payload that does not fit the table
    "0x80060888": _STALE,  # a property that does not exist
    "0x8006088a": _STALE,  # a table that does not exist
    "0x80041103": _STALE,  # QueryBuilderNoAttribute
    "0x8004024a": _STALE,  # MetadataNotFound
    "0x80040227": Rule(_CONFLICT),  # CannotDeleteDueToAssociation
    "0x80040265": Rule(_DATA, cure=_AUTOMATION),  # IsvAborted
    "0x80040224": _LATER,  # IsvUnExpected
    "0x80040216": _LATER,  # UnExpected
    "0x80044150": _LATER,  # GenericSqlError
    "0x80044151": _LATER,  # SqlTimeout
    EXPIRED_DELTA: _LATER,  # ExpiredVersionStamp
    NOT_TRACKED: Rule(_PERMISSION, cure=_TRACKING),  # ChangeTrackingNotEnabledForEntity
    "0x80072321": _FULL,  # execution time
    "0x80072322": _FULL,  # number of requests
    TOO_MANY_AT_ONCE: _FULL,  # concurrent requests
    "0x80040519": Rule(_CONFLICT, Outcome.MOVED, _CLOSED),  # the lead is closed already
    "0x8004418a": Rule(_DATA, cure=_SHORTEN),  # request too long
}
_UNKNOWN = Rule(_DATA)
_BY_STATUS = {
    400: _UNKNOWN,
    401: Rule(FailureKind.AUTH, cure=_SIGN_IN),
    403: Rule(_PERMISSION, cure=_PRIVILEGE),
    404: Rule(_CONFLICT, Outcome.MISSING),
    409: Rule(_CONFLICT, Outcome.RETRY, NEXT_RUN),
    412: Rule(_CONFLICT, Outcome.CHANGED, NEXT_RUN),
    413: Rule(_DATA, cure=_SHORTEN),
    429: _FULL,
}

# What a text may name: a column by itself, or in the vendor's usual sentences.
_COLUMNS_IN_TEXT = (
    re.compile(r"'(\w+)' attribute"),
    re.compile(r"property (?:named )?'(\w+)'"),
    re.compile(r"of '(\w+)' on record of type"),
    re.compile(r"\b(\w+) secured (?:attribute|field)"),
    re.compile(r"attribute '(\w+)'"),
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def explain(answer: Answer) -> SystemFailure:
    """Turn a declined request into a failure that says what to do."""
    error = read_error(answer)
    if error is None:
        return explain_without_words(
            answer,
            address_cure=_(
                "Check url: it must be your environment's address, like https://acme.crm4.dynamics.com."
            ),
            cures={401: _(_SIGN_IN)},
        )
    rule = _rule(error, answer.status)
    message = _("Dynamics 365 declined {path}: {message} ({code})").format(
        path=answer.path, message=error.message.strip(), code=error.code or answer.status
    )
    return Refused(
        rule.kind,
        message,
        cure=rule.told_cure,
        code=error.code,
        status=answer.status,
    )


def read_error(answer: Answer) -> ApiError | None:
    """Return the error that an answer holds, if it holds one."""
    try:
        error = msgspec.json.decode(answer.body, type=_Envelope).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return ApiError(code=_normal(error.code), message=error.message)


def outcome_of(op: Op, error: ApiError, status: int, record_id: str | None) -> Outcome:
    """Return what an error means for a write of the record `record_id`.

    What does not exist is the record itself only where no other id is named: a lookup may point to nothing.
    """
    outcome = _rule(error, status).outcome
    if outcome is Outcome.MISSING:
        named = [found.lower() for found in _ID.findall(error.message)]
        itself = not named or (record_id is not None and record_id.lower() in named)
        return outcome if op is Op.UPDATE and itself else Outcome.REFUSED
    return outcome_for(op, outcome)


def problems_of(error: ApiError, status: int, fields: Sequence[str] = ()) -> list[Problem]:
    """Return the problems of one record: one for each of the `fields` that the error names, else one for the record."""
    named = [each for each in columns_of(error) if each in fields]
    return _rule(error, status).problems(error.code or str(status), error.message, named)


def columns_of(error: ApiError) -> list[str]:
    """Return the names that the text of an error may mean columns by."""
    found = [match for pattern in _COLUMNS_IN_TEXT for match in pattern.findall(error.message)]
    return list(dict.fromkeys(found))


def _rule(error: ApiError, status: int) -> Rule:
    known = _RULES.get(error.code)
    if known is not None:
        return known
    return _LATER if status >= 500 else _BY_STATUS.get(status, _UNKNOWN)


def _normal(code: str) -> str:
    """Return a code in lower-case hexadecimal; some answers give it as a signed decimal number."""
    if code.removeprefix("-").isdigit():
        return f"0x{int(code) & 0xFFFFFFFF:08x}"
    return code.lower()
