"""A sync goes on from a backup that was taken in the middle of a run, though both sides went on after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import mapping_of

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


@pytest.fixture
def database_url(new_database: str) -> str:
    """One that nobody else is connected to."""
    return new_database


@pytest.mark.every_crm
def test_what_was_in_doubt_is_looked_at_and_nothing_is_made_or_written_twice(
    both: TwoSystems, tmp_path: Path
) -> None:
    from crosswalk.store import backup

    file, key = tmp_path / "backup", tmp_path / "key"
    ids = [both.crm_new(LastName=f"P{number}", Email=f"p{number}@example.org") for number in range(3)]
    both.connect(mapping_of())
    both.sync()
    both.crm_edit("contact", ids[0], FirstName="Sent")
    both.wait(20)
    both.wire.once("PUT /api/3/contacts", lambda: backup.take(file, key, "", both.clock.now()), after=True)
    both.sync()

    both.crm_edit("contact", ids[1], FirstName="After")
    new = both.crm_new(LastName="New", Email="new@example.org")
    both.wait(20)
    both.sync()
    both.contact_edit(both.contact("p2@example.org")["id"], lastName="By hand")
    both.wait(20)

    restored = backup.restore(file, key, "", replace=True)
    assert restored.in_doubt == 1
    both.contexts.clear()
    marks = both.marks()
    both.sync()

    assert not [
        route for route in both.routes_since(marks) if route.startswith(("PUT", "POST /api/3/contacts"))
    ]
    assert both.crm("contact", ids[2])["LastName"] == "By hand"
    assert [both.contact(f"p{number}@example.org")["firstName"] for number in (0, 1)] == ["Sent", "After"]
    assert both.contact("new@example.org")["lastName"] == both.crm("contact", new)["LastName"] == "New"
    both.assert_quiet()
