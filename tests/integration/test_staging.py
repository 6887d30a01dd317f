"""Rows on their way to the database wait in a temporary table that holds nothing else."""

from __future__ import annotations

import pytest

COUNTS = (3, 0, 400, 2, 1, 250, 250, 1, 5)  # few rows and many, for the table is emptied in two ways


@pytest.mark.usefixtures("django_database")
def test_a_stage_holds_what_it_was_filled_with_last() -> None:
    from django.db import connection, transaction

    from crosswalk.store.staging import Stage

    stage = Stage("stage_numbers", number="bigint", words="text")
    with connection.cursor() as cursor:
        for count in COUNTS:
            rows = [(number, f"of {count}") for number in range(count)]
            with transaction.atomic():
                stage.fill(cursor, rows)
            cursor.execute("SELECT number, words FROM stage_numbers ORDER BY number")
            assert cursor.fetchall() == rows


@pytest.mark.usefixtures("django_database")
@pytest.mark.parametrize("before", [1, 400])
def test_a_fill_that_was_undone_leaves_nothing_for_the_next(before: int) -> None:
    from django.db import connection, transaction

    from crosswalk.store.staging import Stage

    stage = Stage("stage_undone", number="bigint")
    with connection.cursor() as cursor:
        with transaction.atomic():
            stage.fill(cursor, [(number,) for number in range(before)])
        for _ in range(2):
            with transaction.atomic():
                stage.fill(cursor, [(7,)])
                transaction.set_rollback(True)
        with transaction.atomic():
            stage.fill(cursor, [(8,)])
        cursor.execute("SELECT number FROM stage_undone")
        assert cursor.fetchall() == [(8,)]
