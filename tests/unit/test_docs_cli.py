"""docs/cli.md names every command and option, and nothing that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from crosswalk.cli.app import app
from crosswalk.cli.outcome import ExitCode

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SHARED = {"--json", "--verbose", "--help"}


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _groups(group: Any) -> Iterator[Any]:
    """All groups that do something by themselves, such as `holds`."""
    for command in group.commands.values():
        if hasattr(command, "commands"):
            yield command
            yield from _groups(command)


TOP = typer.main.get_command(app)
COMMANDS = dict(_commands(TOP, "crosswalk"))
OPTIONS = {
    option
    for command in (*COMMANDS.values(), *_groups(TOP))
    for each in command.params
    for option in (*each.opts, *each.secondary_opts)
}


def _section(path: str) -> str:
    """The part of the page below the heading that names the command."""
    sections = re.split(r"^#{2,3} ", DOCS, flags=re.MULTILINE)
    found = [each for each in sections if f"`{path}" in each.splitlines()[0]]
    assert len(found) == 1, f"{path} has {len(found)} headings"
    return found[0]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_a_section_with_all_its_options_and_arguments(path: str) -> None:
    section = _section(path)
    for parameter in COMMANDS[path].params:
        names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
        for name in set(names) - SHARED:
            assert name in section


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_takes_json_and_verbose_and_explains_itself(path: str) -> None:
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}
    assert {"--json", "--verbose"} <= options
    assert len(COMMANDS[path].help) > 20


def test_no_option_is_described_that_does_not_exist() -> None:
    described = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", DOCS)) - {
        "--version",
        "--activecampaign",
        "--salesforce",
        "--dynamics",
        "--mapping",
    }
    assert described - SHARED <= OPTIONS


def test_every_exit_code_is_described() -> None:
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", DOCS, flags=re.MULTILINE)}
    assert described == {int(code) for code in ExitCode}
