"""Salesforce counts an org's calls of a day: what a run leaves out while our share of them runs short."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.failures import SystemFailure
from crosswalk.core.lanes import Lane, working_in
from crosswalk.core.mapping import FieldMapping, Settings

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

ANA, BEN = "ana@example.org", "ben@example.org"
LIMIT = 1_000  # of which half is ours


def used_by_others(both: TwoSystems, calls: int) -> None:
    """Other tools have made so many calls within the last 24 hours, and nobody any others."""
    window = both.systems["salesforce"].system._calls  # type: ignore[attr-defined]
    window.limit = LIMIT
    window.restore([both.clock.now() - timedelta(minutes=1)] * calls)


def linked(both: TwoSystems) -> tuple[str, str]:
    """Two linked pairs; the ids of both CRM records."""
    used_by_others(both, 0)
    ids = [both.crm_new(Email=email, Phone="1", Title="Cook") for email in (ANA, BEN)]
    both.contact_new(ANA, lists={"1": 1})
    both.connect(mapping_of())
    both.sync()
    return ids[0], ids[1]


def scheduled(both: TwoSystems) -> dict[str, int]:
    """A scheduled run of a new process; what it wrote."""
    both.wait(30)
    both.reopen()
    with working_in(Lane.SCHEDULED):
        return dict(both.sync().counts)


def test_only_opt_outs_travel_while_a_scheduled_run_has_no_calls(both: TwoSystems) -> None:
    ana, ben = linked(both)
    used_by_others(both, LIMIT - 20)
    both.crm_edit("contact", ana, HasOptedOutOfEmail=True)
    both.crm_edit("contact", ben, Phone="2")

    with pytest.raises(SystemFailure, match=r"calls that it may make in 24 hours.*98\d of 1000") as short:
        scheduled(both)

    assert short.value.entry == "quota_share"
    assert set(both.contact(ANA)["lists"].values()) == {"2"}
    assert both.contact(BEN)["phone"] == "1"
    assert both.waiting() > 0

    used_by_others(both, 10)  # those of yesterday cease to count
    assert scheduled(both) == {"activecampaign update": 1}
    assert both.contact(BEN)["phone"] == "2"


def test_a_person_who_starts_a_run_is_served_when_a_schedule_is_not(both: TwoSystems) -> None:
    _ana, ben = linked(both)
    used_by_others(both, LIMIT - 20)
    both.crm_edit("contact", ben, Phone="2")
    both.sync()
    assert both.contact(BEN)["phone"] == "2"


def test_a_back_fill_waits_while_other_work_goes_on(both: TwoSystems) -> None:
    ana, _ben = linked(both)
    job = FieldMapping(crm="Title", activecampaign=both.field("Job title"))
    both.wait(3600)
    both.sync()  # from here on the feeds show them no more
    used_by_others(both, LIMIT - 140)
    both.set_mapping(mapping_of(fields=(*NAMES, job)))
    both.crm_edit("contact", ana, Phone="2")

    scheduled(both)
    assert both.contact(ANA)["phone"] == "2"
    assert both.held(BEN, "Job title") == ""

    used_by_others(both, 10)
    scheduled(both)
    scheduled(both)
    assert both.held(BEN, "Job title") == "Cook"


def test_an_idle_run_reads_on_when_the_share_is_nearly_gone_and_nothing_is_lost(both: TwoSystems) -> None:
    linked(both)
    both.set_mapping(mapping_of(settings=Settings(crm_calls_percent=100)))
    used_by_others(both, LIMIT - 20)
    with pytest.raises(SystemFailure, match="24 hours"):
        scheduled(both)
    used_by_others(both, 0)
    scheduled(both)
    both.assert_quiet()
