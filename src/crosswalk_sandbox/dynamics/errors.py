"""How the Web API says no: codes, their HTTP statuses, and the exception that carries them.

Source: Dataverse, Web service error codes; Compose HTTP requests and handle errors.
"""

from __future__ import annotations

# every other code is a 400
STATUS = {
    "0x80040217": 404,  # ObjectDoesNotExist
    "0x80060891": 404,  # RecordNotFoundByEntityKey
    "0x8006088a": 404,  # no such segment
    "0x8004024a": 404,  # MetadataNotFound
    "0x80040220": 403,  # PrivilegeDenied
    "0x80072560": 403,  # UserNotMemberOfOrg
    "0x80040225": 403,  # user disabled
    "0x80048306": 403,  # no access to this record
    "0x80040231": 403,  # PrincipalPrivilegeDenied
    "0x8004F504": 403,  # column security
    "0x8004F507": 403,  # column security
    "0x80040333": 412,  # DuplicateRecordsFound
    "0x8004A110": 403,  # CannotActOnBehalfOfAnotherUser
    "0x8004418a": 413,  # too long
    "0x80060882": 412,  # ConcurrencyVersionMismatch
    "0x80040237": 412,  # DuplicateRecord
    "0x80060892": 412,  # DuplicateRecordEntityKey
    "0x80040227": 405,  # CannotDeleteDueToAssociation
    "0x80040800": 405,  # NotSupported
    "0x8006088b": 405,  # no such method
    "0x80072321": 429,  # work within five minutes
    "0x80072322": 429,  # requests within five minutes
    "0x80072326": 429,  # requests at once
    "0x80040216": 500,  # UnExpected
}


class ODataError(Exception):
    """A refused request."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status or STATUS.get(code, 400)


def missing_segment(name: str) -> ODataError:
    """No such resource."""
    return ODataError("0x8006088a", f"Resource not found for the segment '{name}'.")


def missing_property(name: str, type_: str) -> ODataError:
    """No such property of a type."""
    text = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_}'."
    return ODataError("0x80060888", text)


def missing_row(table: str, key: str) -> ODataError:
    """No such record."""
    return ODataError("0x80040217", f"Entity '{table}' With Id = {key} Does Not Exist")
