from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import msgspec
import pytest

from crosswalk.core.failures import FailureKind
from crosswalk.core.system import Op, Outcome
from crosswalk.systems.answers import Answer
from crosswalk.systems.dynamics.errors import ApiError, explain, outcome_of, problems_of, read_error
from crosswalk.systems.refusals import Refused

ID = "c0000000-0000-0000-0000-00000000000a"
OTHER = "0a000000-0000-0000-0000-000000000001"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(
        vendor="Dynamics 365",
        path="/api/data/v9.2/contacts",
        status=status,
        headers=httpx2.Headers(headers),
        body=body,
        requested_at=NOW,
        received_at=NOW,
    )


def said(code: str, message: str = "no") -> bytes:
    return msgspec.json.encode({"error": {"code": code, "message": message, "innererror": {"type": "x"}}})


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("0x80040220", 403, FailureKind.PERMISSION),
        ("0x80072560", 403, FailureKind.AUTH),
        ("0x80072326", 429, FailureKind.QUOTA),
        ("-2147015902", 429, FailureKind.QUOTA),
        ("0x8004F507", 403, FailureKind.PERMISSION),
        ("0x80060888", 400, FailureKind.MAPPING),
        ("0x80040216", 400, FailureKind.TRANSIENT),
        ("0x80044352", 410, FailureKind.TRANSIENT),
        ("", 403, FailureKind.PERMISSION),
        ("0x99999999", 400, FailureKind.DATA),
    ],
)
def test_the_code_decides_in_any_spelling_then_the_status(code: str, status: int, kind: FailureKind) -> None:
    assert explain(answer(status, said(code))).kind is kind


def test_a_page_that_is_none_of_dataverse_is_about_the_address() -> None:
    failure = explain(answer(404, b"<html></html>"))

    assert isinstance(failure, Refused)
    assert failure.kind is FailureKind.PERMISSION
    assert "url" in failure.cure


@pytest.mark.parametrize(
    ("op", "message", "outcome"),
    [
        (Op.UPDATE, f"Entity 'contact' With Id = {ID} Does Not Exist", Outcome.MISSING),
        (Op.UPDATE, "It does not exist.", Outcome.MISSING),
        (Op.UPDATE, f"Entity 'account' With Id = {OTHER} Does Not Exist", Outcome.REFUSED),
        (Op.CREATE, f"Entity 'account' With Id = {OTHER} Does Not Exist", Outcome.REFUSED),
    ],
)
def test_a_missing_record_is_told_from_a_lookup_that_points_to_nothing(
    op: Op, message: str, outcome: Outcome
) -> None:
    assert outcome_of(op, ApiError("0x80040217", message), 404, ID.upper()) is outcome


@pytest.mark.parametrize(
    "message",
    [
        "The length of the 'jobtitle' attribute of the 'contact' entity exceeded the maximum allowed length of '100'.",
        "A validation error occurred. The value 99 of 'jobtitle' on record of type 'contact' is outside the range.",
        "Invalid property 'jobtitle' was found in entity 'contact'.",
    ],
)
def test_a_problem_names_the_field_that_the_text_names(message: str) -> None:
    (problem,) = problems_of(ApiError("0x80044331", message), 400, ["jobtitle", "contact"])

    assert problem.field == "jobtitle"


def test_a_name_that_was_not_written_is_no_field_of_ours() -> None:
    (problem,) = problems_of(ApiError("0x80040265", "The attribute 'acx_total' is odd."), 400, ["jobtitle"])

    assert problem.field is None


@pytest.mark.parametrize(
    ("code", "status", "op", "outcome"),
    [
        ("0x80060882", 412, Op.UPDATE, Outcome.CHANGED),
        ("", 412, Op.CREATE, Outcome.RETRY),
        ("0x80040237", 412, Op.CREATE, Outcome.DUPLICATE),
        ("0x80060892", 412, Op.UPDATE, Outcome.REFUSED),
        ("0x80040333", 500, Op.CREATE, Outcome.REFUSED),
        ("0x80072322", 429, Op.UPDATE, Outcome.RETRY),
        ("0x80044331", 400, Op.UPDATE, Outcome.REFUSED),
        ("", 503, Op.UPDATE, Outcome.RETRY),
    ],
)
def test_what_an_error_means_for_a_record(code: str, status: int, op: Op, outcome: Outcome) -> None:
    error = read_error(answer(status, said(code)))

    assert error is not None
    assert outcome_of(op, error, status, ID) is outcome
