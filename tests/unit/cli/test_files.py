from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from crosswalk.cli import files
from crosswalk.cli.demo_crms import CRMS, Crm
from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Policy, UpdateRule

READY = {
    "activecampaign": {"url": "http://127.0.0.1:1", "key": "k3y", "control": "http://127.0.0.1:1/_sandbox/"},
    "salesforce": {"login_url": "http://127.0.0.1:2", "client_secret": "s3cret"},
}


def written(folder: Path, content: Any) -> str:
    file = folder / "given.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def test_a_ready_line_gives_the_credentials_of_both_systems(tmp_path: Path) -> None:
    given = files.read_credentials(written(tmp_path, READY))
    assert given["activecampaign"] == {"url": "http://127.0.0.1:1", "key": "k3y"}
    assert given["salesforce"]["client_secret"] == "s3cret"


def test_one_line_on_stdin_is_enough_although_its_writer_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = StringIO(json.dumps(READY) + "\nmore, later")
    monkeypatch.setattr("sys.stdin", stdin)
    assert files.read_credentials("-")["activecampaign"]["key"] == "k3y"
    assert stdin.read() == "more, later"


def test_a_private_key_is_read_from_the_file_beside_the_credentials(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----", encoding="ascii")
    org = {"login_url": "http://127.0.0.1:2", "private_key_file": "key.pem"}
    given = files.read_credentials(written(tmp_path, {**READY, "salesforce": org}))
    assert given["salesforce"] == {
        "login_url": "http://127.0.0.1:2",
        "private_key": "-----BEGIN PRIVATE KEY-----",
    }


def test_a_private_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"key\.pem cannot be read"):
        files.read_credentials(written(tmp_path, {"salesforce": {"private_key_file": "key.pem"}}))


def test_several_lines_on_stdin_are_read_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(READY, indent=2)))
    assert files.read_credentials("-")["activecampaign"]["key"] == "k3y"


@pytest.mark.parametrize(
    "content",
    [
        '{"activecampaign": {"key": "s3cret"',
        '["s3cret"]',
        '{"activecampaign": "s3cret"}',
        '{"activecampaign": {"key": ["s3cret"]}}',
        "s3cret",
    ],
)
def test_wrong_credentials_are_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError) as raised:
        files.read_credentials(written(tmp_path, content))
    assert "s3cret" not in f"{raised.value} {raised.value.cure} {raised.value.__cause__}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.json cannot be read: No such file"):
        files.read_mapping(str(tmp_path / "nowhere.json"))


def test_a_mapping_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    pair = {"crm": "Phone", "activecampaign": "phone", "to_crm": "never"}
    mapping = files.read_mapping(written(tmp_path, {"objects": [{"object": "lead", "fields": [pair]}]}))
    assert mapping.objects[0].fields[0].to_crm is UpdateRule.NEVER
    assert mapping.objects[0].fields[0].to_activecampaign is UpdateRule.ALWAYS
    assert mapping.settings.policy is Policy.NEWEST


@pytest.mark.parametrize("crm", CRMS.values(), ids=CRMS)
def test_a_demos_mapping_is_a_mapping_file(crm: Crm) -> None:
    mapping = files.read_mapping(str(crm.mapping))
    assert {item.object for item in mapping.objects} == {"contact", "lead"}


LEAD = {"object": "lead", "fields": [{"crm": "Phone", "activecampaign": "phone"}]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"objects": [}', "line 1, column 14"),
        ([], "Expected `object`"),
        ({"objects": [{"fields": []}]}, "missing required field `object` - at `$.objects[0]`"),
        ({"objects": [LEAD | {"direction": "up"}]}, "Invalid enum value 'up' - at `$.objects[0].direction`"),
        ({"objects": [LEAD | {"fields": [{"crm": 1}]}]}, "$.objects[0].fields[0].crm"),
        ({"objects": [LEAD | {"rules": {}}], "x": 1}, "unknown names: $.objects[0].rules, $.x"),
        ({"settings": {"polcy": "crm"}}, "$.settings.polcy"),
        (
            {"objects": [LEAD | {"fields": [{"crm": "A", "activecampaign": "b", "to_crn": "never"}]}]},
            "$.objects[0].fields[0].to_crn",
        ),
        ({"objects": [LEAD | {"selection": {"kind": "all", "form": 1}}]}, "$.objects[0].selection.form"),
        ({"version": 2}, "version 2"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_the_place(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(UserError) as raised:
        files.read_mapping(written(tmp_path, content))
    assert words in str(raised.value)
