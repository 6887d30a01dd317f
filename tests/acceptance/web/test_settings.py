"""The installation's settings: everything stopped and going on, who is told, shares of calls, what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.web.conftest import Site


@pytest.fixture
def going(site: Site) -> Iterator[Site]:
    """Whatever a test does: everything goes on afterwards."""
    yield site
    site.database.execute("DELETE FROM halt WHERE connection_id IS NULL")


def test_everything_is_stopped_and_goes_on_and_all_are_told_by_whom(going: Site) -> None:
    administrator, manager = going.visitor(), going.visitor("manager")
    going.add("settings-stopped")
    administrator.fill_in("/settings/halt", to="stop")
    assert going.one("SELECT count(*) FROM halt WHERE connection_id IS NULL AND kind = 'stopped'") == 1
    for page in (administrator.get("/settings").text, manager.get("/").text):
        assert "Everything is stopped: no call goes out" in page
    assert "Let everything go on" not in manager.get("/").text
    assert manager.fill_in("/settings/halt", to="start").status_code == 403

    administrator.fill_in("/settings/halt", to="start")
    assert going.one("SELECT count(*) FROM halt WHERE connection_id IS NULL") == 0
    assert "Everything is stopped" not in manager.get("/").text


def test_a_webhooks_secret_is_shown_once_and_never_its_whole_address(site: Site) -> None:
    administrator = site.visitor()
    given = {"name": "hooked", "kind": "webhook", "to": "http://127.0.0.1:9/private/part", "language": "de"}
    shown = administrator.fill_in("/settings/receivers/add", **given)
    secret = shown.text.partition("<code>")[2].partition("</code>")[0]
    assert secret.startswith("whsec_")
    page = administrator.get("/settings").text
    assert "hooked" in page
    assert secret not in page
    assert "private/part" not in page
    told = administrator.fill_in("/settings/receivers/test", name="hooked")
    assert told.status_code == 302
    assert "it did not arrive" in administrator.get("/settings").text
    administrator.fill_in("/settings/receivers/remove", name="hooked")
    assert "is told nothing any more" in administrator.get("/settings").text
    assert site.crosswalk("notices", "list", "--json").data["receivers"] == []


@pytest.mark.parametrize(
    ("kind", "to", "told"),
    [
        ("email", "nobody", "is no e-mail address"),
        ("webhook", "http://example.org/x", "begins with https://"),
    ],
)
def test_a_wrong_address_is_told_and_what_was_typed_stays(site: Site, kind: str, to: str, told: str) -> None:
    given = {"name": "wrong", "kind": kind, "to": to, "language": "en"}
    answer = site.visitor().fill_in("/settings/receivers/add", **given)
    assert answer.status_code == 400
    assert told in answer.text
    assert f'value="{to}"' in answer.text


def test_a_connection_gets_another_share_of_its_calls(site: Site) -> None:
    number = site.add("settings-share")
    administrator = site.visitor()
    administrator.fill_in("/settings/share", connection=number, percent="20")
    assert (
        site.crosswalk("mapping", "show", "settings-share", "--json").data["settings"]["crm_calls_percent"]
        == 20
    )
    wrong = administrator.fill_in("/settings/share", connection=number, percent="120")
    assert wrong.status_code == 400
    assert "less than or equal to 100" in wrong.text


def test_what_it_stands_on_is_told_as_the_command_line_tells_it(site: Site) -> None:
    site.add("settings-doctor")
    page = site.visitor().get("/settings/doctor").text
    found = site.crosswalk("doctor", "--json").data["checks"]
    assert {each["check"] for each in found} >= {"database", "key", "credentials"}
    for each in found:
        if each["check"] in {"database", "key", "encoding"}:
            assert each["message"] in page
