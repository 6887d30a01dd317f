"""Tables of an older version are brought up to date with what is in them."""

from __future__ import annotations

import json

import pytest

BEFORE = [("store", "0005_tokens")]
MAPPING = {
    "fields": [{"crm": "Email", "activecampaign": "email"}, {"crm": "Title", "activecampaign": "field/7"}]
}


@pytest.fixture
def database_url(new_database: str) -> str:
    """One whose tables may be changed."""
    return new_database


@pytest.fixture
def older(django_database: str) -> int:
    """A database of an older version with one connection and its number."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    MigrationExecutor(connection).migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant (system, identity, credentials, tokens, created_at)"
            " VALUES ('salesforce', 'a', '', '', now()), ('activecampaign', 'b', '', '', now()) RETURNING id"
        )
        tenants = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO connection (name, crm_id, activecampaign_id, settings, created_at)"
            " VALUES ('acme', %s, %s, '{}', now()) RETURNING id",
            tenants,
        )
        (number,) = cursor.fetchone() or (0,)
        cursor.execute(
            "INSERT INTO mapping (connection_id, object, definition, saved_at) VALUES (%s, 'lead', %s, now())",
            [number, json.dumps(MAPPING)],
        )
        for kind in ("conflict", "rejected", "ambiguous", "unreadable"):
            cursor.execute(
                "INSERT INTO hold (connection_id, side, object, record_id, field, kind, reason, cure, values,"
                " fingerprint, held_at) VALUES (%s, 'crm', 'lead', %s, '', %s, 'why', 'how', '', '', now())",
                [number, kind, kind],
            )
    return int(number)


def test_mapped_fields_are_known_and_filled_and_holds_have_codes(older: int) -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    from crosswalk.store import holds, mapped

    known = mapped.known(older)
    assert set(known) == {("lead", "Email", "email"), ("lead", "Title", "field/7")}
    assert all(row.filled and not row.paused and row.crm_kind == "" for row in known.values())
    assert {hold.kind: hold.code for hold in holds.listed(older)} == {
        "conflict": "CW-4001",
        "rejected": "CW-3001",
        "ambiguous": "CW-4002",
        "unreadable": "CW-4006",
    }


def test_the_tables_of_all_migrations_are_those_of_the_models(django_database: str) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)  # exits with 1 else
