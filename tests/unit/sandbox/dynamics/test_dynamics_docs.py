"""docs/sandbox-dynamics.md names every table, every column of its own and every setting of an app."""

from __future__ import annotations

from pathlib import Path

import msgspec

from crosswalk_sandbox.dynamics import custom
from crosswalk_sandbox.dynamics.costs import Costs
from crosswalk_sandbox.dynamics.entra.apps import GIVEN_BY_THE_TENANT, App
from crosswalk_sandbox.dynamics.rules import Rules
from crosswalk_sandbox.dynamics.schema import load

PAGE = (Path(__file__).parents[4] / "docs" / "sandbox-dynamics.md").read_text(encoding="utf-8")


def test_every_table_and_every_column_of_its_own_is_described() -> None:
    columns = custom.columns()
    names = [*(table.name for table in load(columns)), *(column.name for column in columns)]
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_setting_of_an_app_is_described() -> None:
    settings = {field.name for field in msgspec.structs.fields(App)} - set(GIVEN_BY_THE_TENANT)
    assert [setting for setting in sorted(settings) if f"`{setting}`" not in PAGE] == []


def test_every_rule_and_every_cost_is_described() -> None:
    names = [field.name for kind in (Rules, Costs) for field in msgspec.structs.fields(kind)]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
