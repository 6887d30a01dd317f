"""`crosswalk notices`: receivers are added, listed without their secrets, tested for real, and removed."""

from __future__ import annotations

import json

from tests.helpers.command_line import Installation
from tests.helpers.post_office import Hook, Mailbox, serving


def test_receivers_are_added_tested_listed_and_removed(crosswalk: Installation) -> None:
    with serving(Mailbox()) as mailbox, serving(Hook()) as hook:
        mail = {
            "CROSSWALK_SMTP_HOST": "127.0.0.1",
            "CROSSWALK_SMTP_PORT": str(mailbox.port),
            "CROSSWALK_SMTP_SECURITY": "none",
            "CROSSWALK_MAIL_FROM": "Crosswalk <sync@example.com>",
        }
        assert "Nobody is told" in crosswalk("notices", "list").err
        added = crosswalk("notices", "add", "ops", "--email", "ops@example.org", "--language", "es")
        assert added.code == 0, added.err
        hooked = crosswalk("notices", "add", "pager", "--webhook", "-", "--json", stdin=hook.url + "\n")
        assert hooked.data["secret"].startswith("whsec_")

        without = crosswalk("notices", "test", "ops")
        assert (without.code, "CROSSWALK_SMTP_HOST" in without.err) == (1, True)
        assert crosswalk("notices", "test", "ops", **mail).code == 0
        assert mailbox.mails[0]["subject"] == "Crosswalk: una prueba"
        assert crosswalk("notices", "test", "pager").code == 0
        assert json.loads(hook.calls[0][2])["type"] == "test"
        hook.status = 503
        refused = crosswalk("notices", "test", "pager", "--json")
        assert (refused.code, refused.data["error"]) == (1, "answered 503")

        listed = crosswalk("notices", "list")
        assert "ops@example.org" in listed.out
        assert "s3cret" not in listed.out
        assert hooked.data["secret"] not in listed.out
        assert crosswalk("notices", "remove", "ops").code == 0
        (left,) = crosswalk("notices", "list", "--json").data["receivers"]
        assert left["name"] == "pager"


def test_what_cannot_be_told_anything_is_refused_with_its_cure(crosswalk: Installation) -> None:
    def refused(*given: str) -> str:
        done = crosswalk("notices", *given)
        assert done.code == 1
        return " ".join(done.err.split())

    assert "one of --email ADDRESS and --webhook URL" in refused("add", "ops")
    assert "name@example.com" in refused("add", "ops", "--email", "ops")
    assert "begins with https://" in refused("add", "ops", "--webhook", "http://198.51.100.7/hook")
    assert "crosswalk notices list" in refused("remove", "ops")
