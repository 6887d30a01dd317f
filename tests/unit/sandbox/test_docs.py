"""docs/sandbox.md names everything that the sandbox takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.helpers.sandbox_account import ActiveCampaign

from crosswalk_sandbox.activecampaign.habits import Rules
from crosswalk_sandbox.activecampaign.seed import FIELDS, USERS
from crosswalk_sandbox.cli import main
from crosswalk_sandbox.faults import FaultOrder, Kind
from crosswalk_sandbox.salesforce.sign_in.apps import App
from crosswalk_sandbox.texts import WAYS

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_option_of_the_command_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert len(options) > 5
    assert [option for option in sorted(options) if f"`{option}" not in PAGE] == []


def test_every_door_of_the_control_api_is_described(account: ActiveCampaign) -> None:
    doors = account.control("GET", "nonsense", status=404)["message"].partition(": ")[2].split(", ")
    assert [door for door in doors if f"`{door}" not in PAGE] == []


def test_every_fault_and_its_settings_are_described() -> None:
    words = [*get_args(Kind), *(field.name for field in msgspec.structs.fields(FaultOrder))]
    assert [word for word in words if f"`{word}`" not in PAGE and f'"{word}"' not in PAGE] == []


def test_every_field_and_user_of_the_demo_account_is_described() -> None:
    flat = " ".join(PAGE.split())
    names = [*(field.title for field in FIELDS), *(user[0] for user in USERS)]
    assert [name for name in names if name not in flat] == []


def test_every_rule_of_an_account_and_way_of_storing_a_text_is_described() -> None:
    section = PAGE.partition("### Rules")[2].partition("\n## ")[0]
    names = [*(field.name for field in msgspec.structs.fields(Rules)), *WAYS, "cut N"]
    assert [name for name in names if f"`{name}`" not in section] == []


def test_every_setting_of_an_app_is_described() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox-salesforce.md").read_text(encoding="utf-8")
    settings = {field.name for field in msgspec.structs.fields(App)} - {"client_id"}
    assert [setting for setting in sorted(settings) if f"`{setting}`" not in page] == []
    assert "`POST $CONTROL/apps`" in page
