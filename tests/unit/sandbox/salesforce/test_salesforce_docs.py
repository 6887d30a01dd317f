"""docs/sandbox-salesforce.md names every object and every resource of the org."""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers.sandbox_org import SalesforceOrg

from crosswalk_sandbox.salesforce.bulk import columns
from crosswalk_sandbox.salesforce.bulk.loading import OPERATIONS
from crosswalk_sandbox.salesforce.routes import STATELESS

PAGE = (Path(__file__).parents[4] / "docs" / "sandbox-salesforce.md").read_text(encoding="utf-8")


def test_every_object_is_named(org: SalesforceOrg) -> None:
    assert [name for name in org.dump() if not re.search(rf"\b{name}\b", PAGE)] == []


def test_every_resource_has_a_line() -> None:
    paths = {"/" + re.sub(r"\{object\}", "X", path) for _, path, _ in STATELESS}
    lines = [line for line in PAGE.splitlines() if line.startswith("| `/")]
    named = {path for line in lines for path in re.findall(r"`([^`?]+)", line.split("|")[1])}
    assert sorted(paths - named) == []


def test_every_operation_of_ingest_jobs_is_named() -> None:
    words = [*OPERATIONS, columns.EMPTIES, "sf__Id", "sf__Created", "sf__Error"]
    assert [word for word in words if f"`{word}" not in PAGE] == []


def test_every_rule_of_an_admin_is_described(org: SalesforceOrg) -> None:
    section = PAGE.partition("## Rules")[2].partition("\n## ")[0]
    assert [name for name in org.send_control("GET", "rules") if f"`{name}`" not in section] == []
