"""What acceptance tests share: both systems in a process of their own, and fresh installations."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.conftest import database_named, own_name, template
from tests.helpers.command_line import Installation, Sandbox, running_sandbox

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "src" / "crosswalk" / "cli" / "demo_mapping.json"
WithBrowser = Callable[..., dict[str, str]]  # makes the environment of a command; see `with_browser`
Server = tuple[str, psycopg.Connection]
_numbers = itertools.count(1)


@contextmanager
def new_database(server: Server, origin: str) -> Iterator[tuple[str, str]]:
    """A database made from a template: its name and address."""
    name = own_name(f"commands_{os.getpid()}_{next(_numbers)}")
    server[1].execute(f"CREATE DATABASE {name} TEMPLATE {origin}")
    yield name, database_named(server[0], name)
    server[1].execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def served_sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served_sandbox: Sandbox) -> Sandbox:
    """Both systems as they were at their start."""
    for system in served_sandbox.ready:
        served_sandbox.post(system, "reset")
    return served_sandbox


@pytest.fixture
def crosswalk(database_url: str, tmp_path: Path) -> Installation:
    """A fresh installation: a database with empty tables, and a home."""
    return Installation(home=tmp_path / "home", database_url=database_url)


@pytest.fixture(scope="session")
def mapped_once(
    database_server: Server, served_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A database and a home with one connection, mapped and never synced: what `mapped` is copied from."""
    home = tmp_path_factory.mktemp("mapped")
    with new_database(database_server, template()) as (name, url):
        crosswalk = Installation(home=home, database_url=url)
        added = crosswalk("connection", "add", "acme", "--credentials", "-", stdin=served_sandbox.line)
        assert added.code == 0, added.err
        saved = crosswalk("mapping", "set", "acme", str(MAPPING))
        assert saved.code == 0, saved.err
        yield name, home


@pytest.fixture
def mapped(
    database_server: Server, mapped_once: tuple[str, Path], sandbox: Sandbox, tmp_path: Path
) -> Iterator[Installation]:
    """An installation with one connection, mapped and never synced."""
    origin, home = mapped_once
    shutil.copytree(home, tmp_path / "home")
    with new_database(database_server, origin) as (_, url):
        yield Installation(home=tmp_path / "home", database_url=url)


@pytest.fixture
def synced(mapped: Installation) -> Installation:
    """An installation whose first sync is done."""
    done = mapped("sync", "--approve")
    assert done.code == 0, done.err
    return mapped


@pytest.fixture
def with_browser(tmp_path: Path) -> WithBrowser:
    """Makes the environment of a command in which somebody at a browser presses a button."""

    def make(button: str = "allow", user: str = "ada.lindqvist@org.example") -> dict[str, str]:
        script = tmp_path / "browser"
        command = f'cd {ROOT} && exec {sys.executable} -m tests.helpers.consenting {button} {user} "$1"'
        script.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        script.chmod(0o755)
        return {"BROWSER": str(script), "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}

    return make
