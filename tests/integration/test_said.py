"""What is said to people: in their own language whoever stored it, and in the browser without commands."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import crosswalk
from crosswalk.core import catalogue
from crosswalk.core.language import gettext, speaking
from crosswalk.core.mapping import Side

NOW = datetime(2026, 11, 23, tzinfo=UTC)

SOURCE = Path(crosswalk.__file__).parent
COMMAND = re.compile(r"\bcrosswalk [a-z]+|(?<!\w)--[a-z]+")
ROOMS = ("core", "convert", "merge", "store", "sync", "systems", "jobs")
MARKS = {"_", "gettext", "gettext_noop", "mark"}
# What is done on the machine alone: where no page can be shown, or nobody may do it in the browser.
OF_THE_MACHINE = {
    "store/backup/file.py",
    "store/backup/restore.py",
    "store/tokens.py",
    "sync/doctor/stored.py",
    "core/state_words.py",  # the command line and mails say these; pages have `web.next_steps`
}


@pytest.mark.usefixtures("django_database")  # models are imported
def test_no_other_text_that_a_page_may_show_names_a_command_in_the_browser() -> None:
    with speaking("en", browser=True):
        told = [(where, gettext(text)) for room in ROOMS for where, text in _texts(room)]
    assert len(told) > 500
    assert [(where, text) for where, text in told if COMMAND.search(text)] == []


def _texts(room: str) -> Iterator[tuple[str, str]]:
    """Yield what the modules of a room mark for translation."""
    for path in sorted((SOURCE / room).rglob("*.py")):
        where = path.relative_to(SOURCE)
        if where.as_posix() in OF_THE_MACHINE or "migrations" in where.parts:
            continue
        marked = [
            str(call.args[0].value)
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS
            if call.args and isinstance(call.args[0], ast.Constant)
        ]
        if any(COMMAND.search(text) for text in marked):  # it says itself what the browser says instead
            importlib.import_module(".".join(("crosswalk", *where.with_suffix("").parts)))
        yield from ((where.as_posix(), text) for text in marked)


# --- what is stored ----------------------------------------------------------------------------------------------


@pytest.fixture
def acme(django_database: str) -> Iterator[Any]:
    """A connection; whoever stores something about it speaks English."""
    from crosswalk.store import models

    def tenant(system: str) -> Any:
        return models.Tenant.objects.create(system=system, identity="acme", credentials=b"", created_at=NOW)

    both = {"crm": tenant("salesforce"), "activecampaign": tenant("activecampaign")}
    with speaking("en"):
        yield models.Connection.objects.create(name="acme", settings={}, created_at=NOW, **both)


def test_every_reader_of_a_hold_is_told_in_the_own_language(acme: Any) -> None:
    from crosswalk.store import history, holds
    from crosswalk.store.hold_rows import HoldNote

    said = catalogue.say("field_retyped", field="Region", system="Salesforce", before="text", now="number")
    about: dict[str, Any] = {"link_id": None, "side": Side.CRM, "object": "lead", "kind": "paused"}
    told: dict[str, Any] = {"code": said.code, "reason": said.message, "cure": said.cure}
    theirs: dict[str, Any] = {"code": "CW-3001", "reason": "value too long", "cure": ""}
    holds.note(
        acme.id,
        [HoldNote(record_id="1", **about, **told), HoldNote(record_id="2", **about, **theirs)],
        NOW,
    )
    with speaking("de"):
        german = catalogue.say(
            "field_retyped", field="Region", system="Salesforce", before="text", now="number"
        )
        vendors, ours = holds.listed(acme.id)
        assert [ours.reason, ours.cure] == [german.message, german.cure] != [said.message, said.cure]
        assert [vendors.reason, vendors.cure] == ["value too long", ""]
        assert german.message in {row["reason"] for row in history.paused_fields(acme.id)}
    with speaking("en", browser=True):
        ours = holds.listed(acme.id)[1]
        assert ours.reason == said.message
        assert not COMMAND.search(ours.cure)


def test_a_hold_of_an_older_version_keeps_its_words(acme: Any) -> None:
    from crosswalk.store import holds, models

    models.Hold.objects.create(
        connection=acme,
        side="crm",
        object="lead",
        record_id="1",
        kind="rejected",
        code="CW-2003",
        reason="Name holds 40 characters, this value has 50.",
        cure="Shorten the value.",
        held_at=NOW,
    )
    with speaking("de"):
        (hold,) = holds.listed(acme.id)
    assert [hold.reason, hold.cure] == ["Name holds 40 characters, this value has 50.", "Shorten the value."]


def test_a_brake_is_told_in_the_language_of_whom_a_notice_goes_to(acme: Any) -> None:
    from crosswalk.store import brakes
    from crosswalk.sync.states import standing

    brakes.note(acme.id, catalogue.say("contact_limit", count=12), NOW)
    before = standing(acme, NOW)  # read once, for people of all languages
    with speaking("de"):
        german = catalogue.say("contact_limit", count=12)
        assert f"{german.code}: {german.message}" in before.condition().sentence
        assert before.condition().next_step == german.cure


def test_a_task_and_a_run_that_failed_say_why_in_the_readers_language(acme: Any) -> None:
    from crosswalk.store import history, models, runs, tasks
    from crosswalk.sync.states import standing
    from crosswalk.systems.salesforce.oauth_errors import nothing_to_renew_with

    failure = nothing_to_renew_with("acme")
    number = models.Task.objects.create(connection=acme, kind="plan", asked_by="ada", asked_at=NOW).id
    begun = tasks.begin(number, NOW)
    assert begun is not None
    tasks.fail(begun, NOW, catalogue.told(failure))
    runs.note_failure(acme.id, "manual", NOW, failure)
    with speaking("de"):
        german = nothing_to_renew_with("acme")
        assert german.message != failure.message
        assert tasks.said_of(tasks.of(acme, number) or models.Task()) == catalogue.told(german)
        assert runs.said_of(models.Run.objects.get()) == (german.message, german.cure)
        assert [run["error"] for run in history.runs(acme)] == [german.message]
        assert standing(acme, NOW).facts.error == german.message


def test_checks_that_were_kept_are_read_in_another_language(acme: Any) -> None:
    from crosswalk.store import checked
    from crosswalk.systems.checking import failed
    from crosswalk.systems.salesforce.oauth_errors import nothing_to_renew_with

    checked.keep(acme, Side.CRM, [failed("sign-in", nothing_to_renew_with("acme"))], NOW)
    with speaking("de"):
        (check,) = checked.known(acme)[Side.CRM].checks
        assert check.message == nothing_to_renew_with("acme").message
