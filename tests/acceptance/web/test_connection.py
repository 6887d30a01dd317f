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


def test_it_tells_what_is_stored_about_a_connection_after_a_run(site: Site) -> None:
    number = site.add("standing-synced", mapped=True)
    done = site.crosswalk("sync", "--connection", "standing-synced", "--approve")
    assert done.code == 0, done.err
    visitor = site.visitor()
    page = visitor.get(f"/connections/{number}/").text
    counted = visitor.get(f"/connections/{number}/?part=counted", headers={"HX-Request": "true"}).text
    links = site.one("SELECT count(*) FROM link WHERE connection_id = %s", number)
    assert "Linked pairs" not in page  # it need not wait until all are counted
    assert f"<dt>Linked pairs</dt><dd>{links}</dd>" in counted
    assert (
        f"<dt>Linked pairs</dt><dd>{links}</dd>" in visitor.get(f"/connections/{number}/?part=counted").text
    )
    for text in (
        "Which records take part",
        "Last read to the end",
        "Salesforce: leads",
        "Of this connection",
        "by hand",
        "done",
    ):
        assert text in page, text
    assert 'datetime="' in page
    assert "crosswalk sync" not in page


def test_the_overview_leads_to_the_connection_and_to_what_is_to_be_done(site: Site) -> None:
    number = site.add("standing-next")
    site.show(number)
    assert f'href="/connections/{number}/"' in site.visitor("manager").get("/").text
    page = site.visitor("user").get(f"/connections/{number}/").text
    assert "A manager can do something about it." in page


def test_the_way_to_where_one_is_is_marked_also_on_pages_below(site: Site) -> None:
    number = site.add("marked", mapped=True)
    visitor = site.visitor()
    for path, label in (
        ("", "How it stands"),
        ("plans", "Plan"),
        ("records/crm/nobody", "Records"),
        ("set-up/mapping/lead/custom/suggestions", "Set-up"),
        ("remove", "Settings"),
    ):
        bars = visitor.get(f"/connections/{number}/{path}").text.partition("</header>")[0]
        marked = [part.partition("</a>")[0] for part in bars.split('aria-current="page"')[1:]]
        assert [each.rpartition("</svg>")[2].strip() for each in marked] == [label], path
