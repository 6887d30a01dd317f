from __future__ import annotations

import psycopg
import pytest
from django.db import IntegrityError, OperationalError

from crosswalk.cli.failures import trouble
from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.failures import FailureKind, SystemFailure, UserError


def test_a_lost_sign_in_has_an_exit_code_of_its_own() -> None:
    found = trouble(SystemFailure(FailureKind.AUTH, "The key was refused.", cure="Copy it again."))
    assert (found.code, found.kind, found.message, found.cure) == (
        4,
        "auth",
        "The key was refused.",
        "Copy it again.",
    )


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.AUTH])
def test_every_other_failure_of_a_system_is_an_error(kind: FailureKind) -> None:
    assert trouble(SystemFailure(kind, "No.")).code == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SystemFailure(FailureKind.QUOTA, "No."), "CW-1002"),
        (SystemFailure(FailureKind.MAPPING, "No.", entry="email_gone"), "CW-6006"),
        (UserError("No."), "CW-6001"),
        (UserError("No.", entry="under_way"), "CW-6003"),
        (OperationalError("away"), "CW-9002"),
        (ValueError(), "CW-9001"),
    ],
)
def test_every_failure_has_a_code_of_the_catalogue(error: Exception, code: str) -> None:
    assert CATALOGUE[trouble(error).entry].code == code


def test_what_cannot_be_done_says_what_to_do() -> None:
    found = trouble(UserError("There is no connection yet.", cure="Add one."))
    assert (found.code, found.kind, found.cure) == (1, "user", "Add one.")


def test_a_server_that_is_away_is_no_bug() -> None:
    found = trouble(OperationalError("connection refused"))
    assert (found.code, found.kind) == (1, "database")
    assert "DATABASE_URL" in found.cure


def test_a_wrong_address_is_not_repeated_because_it_may_hold_a_password() -> None:
    found = trouble(psycopg.ProgrammingError('missing "=" after "postgre://me:s3cret@host"'))
    assert found.kind == "database"
    assert "s3cret" not in found.message + found.cure


@pytest.mark.parametrize("error", [ValueError("s3cret"), KeyError("s3cret")])
def test_the_unexpected_is_named_without_its_details(error: Exception) -> None:
    found = trouble(error)
    assert (found.code, found.kind) == (1, "bug")
    assert "s3cret" not in found.message
    assert "--verbose" in found.cure


def test_a_refusal_by_the_database_is_told() -> None:
    assert "duplicate key" in trouble(IntegrityError("duplicate key")).message
