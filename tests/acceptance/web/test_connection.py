"""A connection's own page."""

from __future__ import annotations

import pytest
from tests.acceptance.web.conftest import Site


@pytest.mark.parametrize("role", ["administrator", "user"])
def test_it_says_how_the_connection_stands_and_what_to_do_next(site: Site, role: str) -> None:
    number = site.add(f"standing-{role}")
    site.show(number)
    page = site.visitor(role).get(f"/connections/{number}/")
    assert page.status_code == 200
    assert f"standing-{role}" in page.text
    assert "No fields are mapped yet." in page.text
