"""A backup of an older version is put in place and brought up to date."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

BEFORE = [("store", "0026_drafts")]  # the oldest whose secrets the code of today can look at
NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
def database_url(new_database: str) -> str:
    """One whose tables may be changed."""
    return new_database


def test_what_an_older_version_stored_is_there_in_todays_tables(django_database: str, tmp_path: Path) -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from crosswalk.store import backup, models
    from crosswalk.store.vault import Vault

    vault = Vault.at(tmp_path / "key")
    sealed = vault.seal({"key": "secret"}, "tenant activecampaign b")
    for system, identity, content in (("salesforce", "a", b""), ("activecampaign", "b", sealed)):
        models.Tenant.objects.create(system=system, identity=identity, credentials=content, created_at=NOW)
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(BEFORE)
    taken = backup.take(tmp_path / "backup", tmp_path / "key", "", NOW)
    MigrationExecutor(connection).migrate(newest)
    models.Tenant.objects.all().delete()

    other = tmp_path / "other key"
    Vault.at(other)
    restored = backup.restore(tmp_path / "backup", other, "", replace=False)

    assert (taken.secrets, restored.secrets, restored.rows) == (1, 1, taken.rows)
    assert not MigrationExecutor(connection).migration_plan(newest)
    assert other.read_bytes() == (tmp_path / "key").read_bytes()
    created = models.Tenant.objects.create(system="dynamics", identity="c", credentials=b"", created_at=NOW)
    assert created.id == 3  # numbers go on after those that the backup has
