"""Planted bugs stay plantable: their patches fit the source, and the tests that are to find them exist."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.planted.__main__ import table
from tests.planted.bugs import ROOT, Bug, all_bugs, apply
from tests.planted.finding import Finding, run

BUGS = all_bugs()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product's source."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_still_fits_the_source(bug: Bug, source: Path) -> None:
    assert apply(bug, source, only_check=True)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_says_what_it_does_and_who_finds_it(bug: Bug) -> None:
    assert bug.text.endswith(".")
    assert bug.tests
    for test in bug.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(), "no such test"


def test_a_bug_that_no_longer_fits_is_said_to(source: Path) -> None:
    lost = Bug(name="lost", text="", tests=(), patch=source / "lost.patch")
    lost.patch.write_text(
        "--- a/src/crosswalk/absent.py\n+++ b/src/crosswalk/absent.py\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert not apply(lost, source, only_check=True)


def test_what_never_ends_is_interrupted(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", "import time; time.sleep(600)", limit=0.1) is None


def test_what_ends_is_heard(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "print('heard')")
    assert done is not None
    assert done.stdout == "heard\n"


def test_the_table_names_what_found_a_bug_and_what_survived() -> None:
    found = {
        BUGS[0]: Finding(by="`tests/test_a.py::test_b`", seconds=3.4),
        BUGS[1]: Finding(by="", seconds=9),
    }
    first, second = list(table(found))[2:]
    assert "`tests/test_a.py::test_b` | 3 s" in first
    assert "**nothing**" in second


def test_the_page_lists_every_bug_and_no_other() -> None:
    page = (ROOT / "docs" / "planted-bugs.md").read_text()
    listed = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert listed == {bug.name for bug in BUGS}
