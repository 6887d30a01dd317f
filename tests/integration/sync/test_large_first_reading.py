"""A first reading so large that a query job reads it: the same result, in fewer calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.mapping import ObjectMapping, Selection, SelectionKind

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

Both = Callable[..., "TwoSystems"]


@pytest.fixture
def large(make_both: Both, monkeypatch: pytest.MonkeyPatch) -> TwoSystems:
    """An org that is large, measured by what a page holds here."""
    from crosswalk.systems.salesforce import bulk, client

    monkeypatch.setattr(bulk, "WORTH_A_JOB", 210)
    monkeypatch.setattr(bulk, "PART", 200)
    monkeypatch.setattr(client, "_LARGEST_PAGES", {"Sforce-Query-Options": "batchSize=200"})
    return make_both(contacts=230)


def test_a_large_first_reading_is_left_to_a_job_and_deletes_come_with_the_next_one(large: TwoSystems) -> None:
    gone, edited, *_others = large.crm_all()
    chosen = Criterion(field="LastName", operator=Operator.IS_NOT_EMPTY)
    selection = Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(chosen,)))
    large.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=selection)))
    large.wire.once("GET /services/data/v60.0/jobs/query", lambda: large.crm_delete("contact", gone["Id"]))
    marks = large.marks()

    large.sync()

    calls = Counter(large.routes_since(marks))
    assert (calls["POST /jobs/query"], calls["GET /jobs/query/{job}/results"]) == (1, 1)
    large.crm_edit("contact", edited["Id"], Phone="+34 9")
    large.sync()
    assert large.crm("contact", gone["Id"])["IsDeleted"]
    assert [link.crm_id for link in large.links(state="closed")] == [gone["Id"]]
    large.assert_quiet()
    known = large.rows("directory")
    large.sync(sweep_all=True)
    assert large.rows("directory") == known, "what a job gave and what ranges give is the same"


def test_pages_are_read_ahead_while_others_are_stored(large: TwoSystems) -> None:
    large.connect()
    large.context().reads_ahead = True

    large.sync()

    assert len(large.links()) == sum(row["Email"] is not None for row in large.crm_all())
    large.assert_quiet()
