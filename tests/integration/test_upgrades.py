"""Old and new versions work side by side: releases only add, and who is too old is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crosswalk.core.failures import UserError

FIRST_RELEASE = 22  # the last migration of which there is no older version in use


def _wrongs(name: str, operations: list[Any]) -> list[str]:
    """What in a migration would stop the code of the release before, unless its name says that this is meant."""
    from django.db import migrations

    if name.split("_")[1] == "contract":
        return []
    adding = (migrations.CreateModel, migrations.AddIndex)
    indexes = {each.index.name for each in operations if isinstance(each, migrations.AddIndex)}
    return [
        f"{name}: {operation.describe()}"
        for operation in operations
        if not isinstance(operation, adding)
        and not _adds_a_column(operation)
        and not (isinstance(operation, migrations.RemoveIndex) and operation.name in indexes)  # replaced
    ]


def _adds_a_column(operation: Any) -> bool:
    """Whether what does not know the column can still make rows."""
    from django.db import migrations

    if not isinstance(operation, migrations.AddField):
        return False
    return bool(operation.field.null or operation.field.has_db_default())


def _later() -> Iterator[tuple[str, list[Any]]]:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    for (app, name), migration in MigrationLoader(connection).disk_migrations.items():
        if app == "store" and int(name.split("_")[0]) > FIRST_RELEASE:
            yield name, list(migration.operations)


def test_a_release_only_adds(django_database: str) -> None:
    wrongs = [wrong for name, operations in _later() for wrong in _wrongs(name, operations)]
    assert not wrongs, "see docs/upgrading.md"


def test_what_an_older_version_could_not_bear_is_found(django_database: str) -> None:
    from django.db import migrations, models

    other = models.Index(fields=["tenant"], name="directory_key")
    bearable = [
        migrations.RemoveIndex("directory", "directory_key"),
        migrations.AddIndex("directory", other),
        migrations.AddField("run", "note", models.TextField(null=True)),
        migrations.AddField("run", "tries", models.IntegerField(default=0, db_default=0)),
    ]
    unbearable = [
        migrations.RemoveIndex("directory", "directory_key"),
        migrations.AddField("run", "tries", models.IntegerField(default=0)),
        migrations.RemoveField("run", "error"),
        migrations.RenameField("run", "error", "message"),
        migrations.AlterField("run", "error", models.IntegerField()),
        migrations.DeleteModel("run"),
        migrations.RunSQL("DROP TABLE run"),
    ]
    assert _wrongs("0042_more", bearable) == []
    assert len(_wrongs("0042_more", unbearable)) == len(unbearable)
    assert _wrongs("0042_contract_run", unbearable) == []


def _applied_by_a_newer_version(name: str) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connection).record_applied("store", name)


@pytest.fixture
def database_url(new_database: str) -> str:
    """One whose migrations may be changed."""
    return new_database


def test_an_older_version_works_on_tables_to_which_a_newer_one_added(django_database: str) -> None:
    from crosswalk.store.upgrades import bring_up_to_date

    _applied_by_a_newer_version("9998_more")
    bring_up_to_date()


def test_an_older_version_refuses_tables_from_which_a_newer_one_removed(django_database: str) -> None:
    from crosswalk.store.upgrades import bring_up_to_date

    _applied_by_a_newer_version("9999_contract_run")
    with pytest.raises(UserError, match="too old for the database, in which 9999_contract_run"):
        bring_up_to_date()
