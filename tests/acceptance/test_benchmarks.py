"""`python -m benchmarks` at a small size: what it counts, and what it leaves behind. Times are not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
CONTACTS = 500
CHANGED, FEW = 25, 2  # a twentieth and a two-hundredth


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    code: int
    results: Mapping[str, Any]
    page: str

    def value(self, name: str) -> float:
        """The value of the one figure of that name."""
        (value,) = [each["value"] for each in self.results["figures"] if each["name"] == name]
        return float(value)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """One run of the command."""
    folder = tmp_path_factory.mktemp("benchmarks")
    results, page = folder / "results.json", folder / "benchmarks.md"
    command = [sys.executable, "-m", "benchmarks", "--contacts", str(CONTACTS)]
    command += ["--results", str(results), "--page", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode in {0, 1}, done.stderr
    return Measured(code=done.returncode, results=json.loads(results.read_bytes()), page=page.read_text())


pytestmark = pytest.mark.xdist_group("benchmarks")


def test_it_works(measured: Measured) -> None:
    assert set(measured.results) == {"version", "machine", "commit", "figures"}
    assert measured.results["version"] == 1
    for figure in measured.results["figures"]:
        assert set(figure) == {"name", "value", "unit", "limit", "ok"}
        assert f"| {figure['name']} |" in measured.page


def test_it_fails_when_a_figure_misses_its_limit(measured: Measured) -> None:
    missed = [figure["name"] for figure in measured.results["figures"] if not figure["ok"]]
    assert measured.code == (1 if missed else 0)
    assert measured.page.count("**missed**") == len(missed)


def test_a_first_load_costs_little_more_than_the_fewest_calls_possible(measured: Measured) -> None:
    calls = measured.value("first load and idle run: ActiveCampaign calls")
    fewest = measured.value("first load and idle run: fewest possible")
    assert fewest <= calls <= fewest + 5
    assert measured.value("first load: Salesforce calls a contact") == 0


def test_imports_of_a_first_load_are_full(measured: Measured) -> None:
    created = measured.value("first load: contacts created")
    assert 250 < created < CONTACTS  # some have no address
    assert measured.value("first load: contacts an import") == pytest.approx(created / 2, rel=0.001)


def test_idle_runs_keep_to_their_calls(measured: Measured) -> None:
    assert measured.value("idle run: Salesforce calls an object") <= 2
    assert measured.value("idle run: ActiveCampaign calls") <= 2
    assert measured.value("idle run with the count: ActiveCampaign calls") <= 3
    assert measured.value("idle run with the tag: ActiveCampaign calls") <= 3
    assert measured.value("idle run with both: ActiveCampaign calls") <= 4


def test_changes_cost_calls_in_proportion(measured: Measured) -> None:
    for number in (CHANGED, FEW):
        calls = measured.value(f"{number} changed: ActiveCampaign calls")
        assert number < calls <= number + 3  # single updates, their reading, the feed


def test_new_records_share_an_import(measured: Measured) -> None:
    assert measured.value(f"{CHANGED} new CRM records: ActiveCampaign calls") <= 8


def test_changes_in_activecampaign_are_read_with_one_call(measured: Measured) -> None:
    name = f"{CHANGED} contacts changed in ActiveCampaign"
    assert measured.value(f"{name}: ActiveCampaign calls") == 1
    assert measured.value(f"{name}: Salesforce calls") <= 4


def test_a_first_load_beats_one_call_a_record_at_the_vendors_pace(measured: Measured) -> None:
    assert measured.value("plain loop: contacts a second") <= 6.5  # the vendor takes five, and ten were sent
    calls = measured.value("first load and idle run: ActiveCampaign calls")
    assert measured.value("first load: contacts created") / calls > 10
