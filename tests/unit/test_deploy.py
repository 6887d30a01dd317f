"""What `deploy/` has runs without root, writes nowhere but in its own folders, and calls commands that exist."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from crosswalk.cli.app import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
LEAST_EXPOSED = 2.0  # of systemd-analyze's ten
YES = (
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateTmp",
    "ProtectHome",
    "ProtectKernelTunables",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
    "MemoryDenyWriteExecute",
)


def instructions(name: str) -> list[str]:
    """What a Dockerfile says to an instruction, lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return re.findall(rf"^{name} (.*)$", joined, flags=re.MULTILINE)


def block(name: str) -> str:
    """A block of the Compose file, by the name that heads it."""
    found = re.search(rf"^( {{0,2}}){name}:[^\n]*\n((?:\1 +[^\n]*\n|\n)*)", COMPOSE, flags=re.MULTILINE)
    assert found is not None, name
    return found[2]


def check_command(words: list[str]) -> None:
    """Whether the command line knows a command with its options."""
    group: Any = typer.main.get_command(app)
    known = {option for param in group.commands[words[0]].params for option in param.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


def test_an_image_is_built_from_named_versions_and_hashes() -> None:
    (default,) = instructions("ARG")
    assert re.fullmatch(r"PYTHON=python:\d+\.\d+-slim-\w+", default)
    assert [stage.split()[0] for stage in instructions("FROM")] == ["${PYTHON}"] * 2
    installs = [
        part
        for run in instructions("RUN")
        for part in run.split("&&")
        if re.search(r"pip (install|wheel)", part)
    ]
    assert len(installs) == 4
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)


def test_an_image_runs_as_somebody_without_rights_and_answers_a_health_check() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last_stage, flags=re.MULTILINE) == ["10001:10001"]
    assert "/healthz" in last_stage
    (command,) = instructions("CMD")
    check_command(re.findall(r'"([^"]+)"', command))


def test_an_image_is_made_of_what_the_build_names() -> None:
    allowed = re.findall(
        r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    sources = [
        word for copy in instructions("COPY") for word in copy.split()[:-1] if not copy.startswith("--from")
    ]
    assert {source if source in allowed else source.split("/")[0] for source in sources} == set(allowed)
    assert all((ROOT / source).exists() for source in sources)


@pytest.mark.parametrize("service", ["database", "x-crosswalk"])
def test_a_container_cannot_write_into_its_image_nor_gain_rights(service: str) -> None:
    found = block(service)
    assert "read_only: true" in found
    assert "cap_drop: [ALL]" in found
    assert "no-new-privileges:true" in found
    assert "privileged: true" not in found
    assert not re.search(r"image: (\S+:latest|[^:\s]+)$", found, flags=re.MULTILINE)


@pytest.mark.parametrize("service", ["web", "worker"])
def test_containers_of_ours_share_what_holds_for_all_and_call_what_exists(service: str) -> None:
    found = block(service)
    assert "<<: *crosswalk" in found
    command = re.search(r"command: \[(.*)\]", found)
    assert command is not None
    check_command([word.strip().strip('"') for word in command[1].split(",")])


def test_only_the_web_is_reached_and_by_this_machine_alone() -> None:
    assert re.findall(r"^ *- ([\d.:]+)(?: |$)", COMPOSE, flags=re.MULTILINE) == ["127.0.0.1:8000:8000"]
    assert "networks: [inside]" in block("database")
    assert "internal: true" in block("inside")


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_is_fenced_in_and_calls_what_exists(path: Path) -> None:
    unit = configparser.RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(path, encoding="utf-8")
    service = unit["Service"]
    assert service["User"] == "crosswalk-service"
    assert {name: service[name] for name in YES} == dict.fromkeys(YES, "yes")
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/crosswalk/bin/crosswalk"
    check_command(words)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_systemd_where_it_is_there_understands_a_unit_and_finds_it_hardly_exposed(
    path: Path, tmp_path: Path
) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    for each in (DEPLOY / "systemd").iterdir():
        here = each.read_text(encoding="utf-8").replace("/opt/crosswalk/bin/crosswalk", "/bin/true")
        (tmp_path / each.name).write_text(here.replace("=crosswalk-service\n", "=root\n"), encoding="utf-8")
    unit = tmp_path / path.name.replace("@", "@1")
    (tmp_path / path.name).rename(unit)
    verified = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")

    limit = f"--threshold={LEAST_EXPOSED * 10:.0f}"
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", limit, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]
