"""A sandbox in process over a folder of files that a test writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Loaded:
    """What a folder was loaded as."""

    sandbox: Sandbox

    @property
    def report(self) -> dict[str, Any]:
        assert self.sandbox.loaded is not None
        return self.sandbox.loaded.as_json()

    @property
    def summary(self) -> str:
        assert self.sandbox.loaded is not None
        return self.sandbox.loaded.summary()

    @property
    def refused(self) -> list[tuple[str, int, str]]:
        return [(each["file"], each["line"], each["reason"]) for each in self.report["refused"]]

    @property
    def remarks(self) -> list[str]:
        return [each["reason"] for each in self.report["remarks"]]

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of all custom fields made, by name."""
        return {each["name"]: each["kind"] for each in self.report["fields"]}

    def rows(self, object_name: str) -> list[dict[str, Any]]:
        """The records of an object, `contact` those of ActiveCampaign."""
        system = "activecampaign" if object_name == "contact" else "salesforce"
        return self.sandbox.systems[system].dump()[object_name]

    def row(self, object_name: str) -> dict[str, Any]:
        (found,) = self.rows(object_name)
        return found


Loading = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Loading:
    """Loads files: `load({"Lead.csv": "Id,LastName\\n…"})`; bytes as they are, other values as JSON."""

    def loading(files: dict[str, Any]) -> Loaded:
        for name, content in files.items():
            write(tmp_path / name, content)
        options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"), load=tmp_path)
        systems = ["activecampaign", "salesforce"]
        return Loaded(sandbox=Sandbox(systems, options, clock=lambda: Clock.standing(NOON)))

    return loading


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_bytes(content.encode())
    else:
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
