"""What ActiveCampaign's error bodies mean. Source: ActiveCampaign API v3, error responses.

Bodies come in many shapes: `errors` may be a list of objects, a list of texts or one text; `message` may
stand alone; gateways answer in HTML. Everything here accepts all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Problem
from ...core.words import keepable as _
from ..answers import Answer, explain_by_status, is_web_page

VENDOR = "ActiveCampaign"
DUPLICATE = "duplicate"

# Names that pointers and import reasons use for the standard fields.
_STANDARD = {
    "email": "email",
    "firstName": "firstName",
    "first_name": "firstName",
    "lastName": "lastName",
    "last_name": "lastName",
    "phone": "phone",
}


class VendorError(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint of an error body."""

    message: str
    code: str = ""
    pointer: str = ""  # where in the request, as far as the vendor says


def read_body(answer: Answer) -> Any:
    """Return the decoded JSON body, or None when there is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_errors(answer: Answer) -> list[VendorError]:
    """Return the complaints of an error body, in the vendor's order; empty when it says nothing."""
    body = read_body(answer)
    if not isinstance(body, dict):
        return []
    errors = list(_each(body.get("errors")))
    if not errors and isinstance(body.get("message"), str) and body["message"]:
        errors = [VendorError(message=body["message"])]
    return errors


def is_throttle(answer: Answer) -> bool:
    """Tell whether a 400 says that calls come too fast, as imports do, and not that a contact is wrong."""
    return answer.status == 400 and b"rate limit" in answer.body.lower()


def problems(answer: Answer) -> list[Problem]:
    """Return why a record was refused, per field where the vendor says which; never empty."""
    errors = read_errors(answer) or [VendorError(message=_("refused without a reason"))]
    return [_problem(error) for error in errors]


def explain(answer: Answer) -> SystemFailure:
    """Turn an answer that no caller expects into a failure; 403 is the client's, which can ask more."""
    errors = read_errors(answer)
    if is_throttle(answer):
        return SystemFailure(
            FailureKind.QUOTA,
            _("ActiveCampaign takes no more calls for now ({path}).").format(path=answer.path),
            cure=_("Nothing is lost: start the sync again in a minute."),
            code="import_throttle",
            retry_after=60.0,
        )
    if 300 <= answer.status < 400 or (answer.status == 404 and (is_web_page(answer) or not errors)):
        return SystemFailure(
            FailureKind.PERMISSION,
            _("No ActiveCampaign API answers at this address (status {status} for {path}).").format(
                status=answer.status, path=answer.path
            ),
            cure=_("Copy the API URL from ActiveCampaign: Settings, Developer."),
            code="wrong_address",
        )
    if answer.status == 402:
        return SystemFailure(
            FailureKind.PERMISSION,
            _("ActiveCampaign answers no calls for this account: its trial or contract may have ended."),
            cure=_("See Settings, Billing in ActiveCampaign."),
            code="account_ended",
        )
    failure = explain_by_status(answer)
    if errors:
        failure.message = _("ActiveCampaign refused {path}: {reason}").format(
            path=answer.path, reason=errors[0].message
        )
        failure.args = (failure.message,)
        failure.code = errors[0].code or failure.code
    return failure


def _each(errors: object) -> Iterator[VendorError]:
    if isinstance(errors, str) and errors:
        yield VendorError(message=errors)
    elif isinstance(errors, dict):
        yield _one(errors)
    elif isinstance(errors, list):
        for error in errors:
            yield from _each(error)


def _one(error: dict[str, Any]) -> VendorError:
    title, detail = str(error.get("title") or ""), str(error.get("detail") or "")
    source = error.get("source")
    pointer = source.get("pointer") or source.get("value") if isinstance(source, dict) else source
    return VendorError(
        message=f"{title}: {detail}" if title and detail else title or detail or _("no reason given"),
        code=str(error.get("code") or ""),
        pointer=str(pointer or ""),
    )


def _problem(error: VendorError) -> Problem:
    name = field_of(error.pointer)
    duplicate = error.code == DUPLICATE
    return Problem(
        field=name,
        kind=FailureKind.CONFLICT if duplicate else FailureKind.DATA,
        code=error.code,
        message=error.message,
        cure=_("Another contact has this address: merge the two, or change one.")
        if duplicate
        else _("Correct the value in the CRM or in ActiveCampaign."),
    )


def field_of(pointer: str) -> str | None:
    """Return our name of the field a pointer such as `/data/attributes/email` ends in; None when unknown."""
    steps = [step for step in pointer.split("/") if step]
    if steps and steps[-1] in _STANDARD:
        return _STANDARD[steps[-1]]
    if len(steps) > 1 and steps[-1].isdigit() and steps[-2] in {"field", "fields"}:
        return f"field/{steps[-1]}"
    return None
