"""A run that would go too far stops before it writes, asks, and goes on when it is released."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Brake, Brakes, FieldMapping, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.two_systems import TwoSystems

TITLE = FieldMapping(crm="Title", activecampaign="Job title")
MANY = Brake(number=1000, percent=100)
ONE_PERCENT = Brake(number=3, percent=1)


def people(both: TwoSystems, count: int = 10, **brakes: Brake) -> list[str]:
    """Linked people with a title; brakes that are not given stop nothing."""
    ids = [both.crm_new(Email=f"p{n}@example.org", FirstName=f"P{n}", Title="Boss") for n in range(count)]
    limits = Brakes(**{"changes": MANY, "deletes": MANY, "emptied": MANY, **brakes})
    both.connect(mapping_of(fields=(*NAMES, TITLE), settings=Settings(brakes=limits)))
    both.sync(plan=both.plan())
    both.wait(60)
    return ids


def contact_ids(both: TwoSystems) -> list[str]:
    return [row["id"] for row in sorted(both.contacts(), key=lambda row: str(row["email"]))]


def status(both: TwoSystems) -> dict[str, Any]:
    from tests.helpers.two_systems import NAME

    from crosswalk.store import connections, history  # needs a configured Django

    return history.figures(connections.get(NAME))


def rename(both: TwoSystems, ids: list[str], name: str = "New") -> None:
    for crm_id in ids:
        both.crm_edit("contact", crm_id, FirstName=name)


def test_too_many_changes_stop_the_run_until_a_plan_releases_it(both: TwoSystems) -> None:
    ids = people(both, changes=Brake(number=3, percent=20))
    rename(both, ids[:4])
    marks = both.marks()

    result = both.sync()

    assert (result.state, result.counts, result.waiting) == ("braked", {}, 4)
    assert result.message == (
        "CW-6012: 4 records would be created or changed: more than 3, and more than 20 % of the 10 links."
    )
    assert "crosswalk plan" in result.cure
    assert all(route.startswith(("GET", "POST /composite")) for route in both.routes_since(marks))
    assert both.rows("outbox") == []
    (hold,) = both.holds()
    assert (hold["kind"], hold["code"], hold["link_id"]) == ("brake", "CW-6012", None)
    assert status(both)["brake"]["reason"] == hold["reason"]

    both.retry()
    assert both.sync().state == "braked"
    assert len(both.holds()) == 1

    assert both.sync(plan=both.plan()).counts == {"activecampaign update": 4}
    assert both.holds() == []
    assert status(both)["brake"] is None
    both.assert_quiet()


def test_number_and_share_must_both_be_exceeded(both: TwoSystems) -> None:
    ids = people(both, changes=Brake(number=3, percent=50))
    rename(both, ids[:5])
    assert both.sync().state == "done"
    rename(both, ids[:6], "Newer")
    assert both.sync().state == "braked"


def test_the_usual_brakes_let_a_small_connection_be(both: TwoSystems) -> None:
    ids = [both.crm_new(Email=f"p{n}@example.org", FirstName=f"P{n}") for n in range(60)]
    both.connect()
    both.sync()
    rename(both, ids)
    assert both.sync().state == "done"
    for crm_id in ids[:50]:
        both.crm_edit("contact", crm_id, FirstName=None)
    assert both.sync().state == "done"
    for crm_id in ids[:50]:
        both.crm_delete("contact", crm_id)
    assert both.sync().state == "done"
    assert len(both.links(state="open")) == 10


def test_creates_count_with_changes(both: TwoSystems) -> None:
    ids = people(both, changes=Brake(number=3, percent=20))
    rename(both, ids[:2])
    for number in range(2):
        both.crm_new(Email=f"new{number}@example.org")

    assert both.sync().state == "braked"
    assert len(both.contacts()) == 10
    assert [link.state for link in both.links(key="new0@example.org")] == []


def test_one_field_that_would_be_emptied_in_many_records_stops_the_run(both: TwoSystems) -> None:
    ids = people(both, emptied=Brake(number=3, percent=5))
    for crm_id in ids[:4]:
        both.crm_edit("contact", crm_id, Title=None)

    result = both.sync()

    assert result.state == "braked"
    assert "Job title (activecampaign) would be emptied in 4 records" in result.message
    assert both.held("p0@example.org", "Job title") == "Boss"

    both.crm_edit("contact", ids[0], Title="Chair")  # the brake ends when its cause does
    assert both.sync().counts == {"activecampaign update": 4}
    assert both.holds() == []
    both.assert_quiet()


def test_several_fields_that_are_emptied_a_few_times_each_do_not(both: TwoSystems) -> None:
    ids = people(both, emptied=Brake(number=3, percent=5))
    for crm_id in ids[:3]:
        both.crm_edit("contact", crm_id, Title=None)
    for crm_id in ids[3:6]:
        both.crm_edit("contact", crm_id, FirstName=None)
    assert both.sync().counts == {"activecampaign update": 6}


def test_many_deleted_records_stop_the_run_before_links_are_closed(both: TwoSystems) -> None:
    ids = people(both, deletes=ONE_PERCENT)
    for crm_id in ids[:4]:
        both.crm_delete("contact", crm_id)
    rename(both, ids[4:5])

    result = both.sync()

    assert result.state == "braked"
    assert result.message.startswith("CW-6013: 4 links would be closed because a record is gone")
    assert len(both.links(state="open")) == 10
    assert both.rows("tombstone") == []
    assert both.sync().state == "braked"

    plan = both.plan()
    assert plan.counts["close crm"] == 4
    assert both.sync(plan=plan).state == "done"
    assert len(both.links(state="open")) == 6
    assert both.contact("p4@example.org")["firstName"] == "New"
    assert both.holds() == []
    both.assert_quiet()


def test_deletes_on_both_sides_add_up(both: TwoSystems) -> None:
    ids = people(both, deletes=ONE_PERCENT)
    for crm_id in ids[:2]:
        both.crm_delete("contact", crm_id)
    for contact_id in contact_ids(both)[5:7]:
        both.contact_delete(contact_id)
    rename(both, ids[5:7])

    assert both.sync().state == "braked"  # the contacts are found gone when they shall be written

    assert len(both.links(state="open")) == 8
    assert both.sync(plan=both.plan()).state == "done"
    assert len(both.links(state="open")) == 6


def test_records_that_come_back_before_the_release_keep_their_links(both: TwoSystems) -> None:
    ids = people(both, deletes=ONE_PERCENT)
    for crm_id in ids[:4]:
        both.crm_delete("contact", crm_id)
    assert both.sync().state == "braked"
    for crm_id in ids[:4]:
        both.crm_undelete("contact", crm_id)
    rename(both, ids[:1])

    assert both.sync().state == "done"

    assert len(both.links(state="open")) == 10
    assert both.contact("p0@example.org")["firstName"] == "New"
    assert both.holds() == []
    both.assert_quiet()


@contextmanager
def hidden(both: TwoSystems, ids: list[str]) -> Iterator[None]:
    """An admin's mistake: the connection's user does not see these records any more."""
    both.crm_rules(sharing=dict.fromkeys(ids, "none"))
    yield
    both.crm_rules(sharing={})


def test_records_that_a_lost_right_hides_close_no_links(both: TwoSystems) -> None:
    ids = people(both, deletes=ONE_PERCENT)
    for contact_id in contact_ids(both)[:5]:
        both.contact_edit(contact_id, firstName="New")
    with hidden(both, ids[:5]):
        assert both.sync().state == "braked"
        assert both.sync().state == "braked"
        assert len(both.links(state="open")) == 10

    assert both.sync().counts == {"crm update": 5}
    assert both.holds() == []
    assert [row["FirstName"] for row in both.crm_all()].count("New") == 5
    both.assert_quiet()


def test_records_found_gone_when_they_are_written_can_be_released(both: TwoSystems) -> None:
    ids = people(both, deletes=ONE_PERCENT)
    for contact_id in contact_ids(both)[:5]:
        both.contact_edit(contact_id, firstName="New")
    with hidden(both, ids[:5]):
        assert both.sync().state == "braked"
        plan = both.plan()
        assert plan.counts["close crm"] == 5
        assert both.sync(plan=plan).state == "done"
    assert len(both.links(state="open")) == 5


def test_counts_add_up_over_rounds(both: TwoSystems) -> None:
    """What is read while an import is confirmed makes a second round."""
    people(both, changes=Brake(number=12, percent=20))
    contacts = contact_ids(both)
    newcomers(both, 11)

    def edit() -> None:
        for contact_id in contacts[:2]:
            both.contact_edit(contact_id, firstName="Contact's")

    both.wire.once("POST /api/3/import/bulk_import", edit)
    result = both.sync()

    assert (result.state, result.counts) == ("braked", {"activecampaign create": 11})
    assert "13 records" in result.message
    assert both.sync().counts == {"crm update": 2}
    both.assert_quiet()


def test_what_people_do_while_a_planned_run_is_under_way_waits_for_the_next_and_stops_nothing(
    both: TwoSystems,
) -> None:
    people(both)
    contacts = contact_ids(both)
    newcomers(both, 11)
    plan = both.plan()

    def edit() -> None:
        for contact_id in contacts[:2]:
            both.contact_edit(contact_id, firstName="Contact's")

    both.wire.once("POST /api/3/import/bulk_import", edit)
    result = both.sync(plan=plan)

    assert (result.state, result.counts, result.waiting) == ("done", {"activecampaign create": 11}, 2)
    assert both.held_now() == []
    assert both.sync().counts == {"crm update": 2}
    both.assert_quiet()


def test_opt_outs_travel_past_every_brake(both: TwoSystems) -> None:
    ids = people(both, changes=Brake(number=0, percent=0), deletes=Brake(number=0, percent=0))
    both.contact_edit(contact_ids(both)[1], lists={"1": 1})
    both.sync()
    both.crm_edit("contact", ids[1], HasOptedOutOfEmail=True)
    rename(both, ids[:1])
    both.crm_delete("contact", ids[2])

    assert both.sync().state == "braked"

    assert both.contact("p1@example.org")["lists"] == {"1": "2"}
    assert both.contact("p0@example.org")["firstName"] == "P0"


def limited(both: TwoSystems, status: int = 200, **account: Any) -> None:
    """The account says this about its contract."""

    def answer(route: str, request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(status, json=account) if route.endswith("/settings/account") else None

    both.wire.before.append(answer)


def newcomers(both: TwoSystems, count: int = 50) -> None:
    for number in range(count):
        both.crm_new(Email=f"new{number}@example.org")


def test_contacts_beyond_the_limit_are_created_only_when_a_plan_said_so(both: TwoSystems) -> None:
    newcomers(both)
    both.connect()
    limited(both, subscriber_limit=100, subscriber_total="70")

    braked = both.sync()

    assert (braked.state, both.contacts()) == ("braked", [])
    assert "20 contacts more would be created" in braked.message
    plan = both.plan()
    assert plan.counts == {"create activecampaign contact": 50, "beyond the contact limit": 20}
    assert both.sync(plan=plan).state == "done"
    assert len(both.contacts()) == 50


@pytest.mark.parametrize(
    ("status", "account"),
    [
        (200, {"subscriber_limit": 120, "subscriber_total": 70}),
        (200, {"subscriber_limit": None, "subscriber_total": 70}),
        (200, {"subscriber_limit": 0, "subscriber_total": 70}),
        (200, {}),
        (403, {"message": "Forbidden"}),
        (404, {"message": "No Result found"}),
    ],
)
def test_a_limit_with_room_or_that_nobody_knows_stops_nothing(
    both: TwoSystems, status: int, account: dict[str, Any]
) -> None:
    newcomers(both)
    both.connect()
    limited(both, status, **account)
    assert both.sync().state == "done"
    assert len(both.contacts()) == 50


def test_a_few_new_contacts_cost_no_look_at_the_limit(both: TwoSystems) -> None:
    newcomers(both, 49)
    both.connect()
    marks = both.marks()
    both.sync()
    assert "GET /settings/account" not in both.routes_since(marks)


@pytest.mark.parametrize("brake", [Brake(number=-1, percent=1), Brake(number=1, percent=101)])
def test_a_brake_that_is_none_is_refused(both: TwoSystems, brake: Brake) -> None:
    with pytest.raises(UserError, match=r"settings\.brakes\.emptied"):
        both.connect(mapping_of(settings=Settings(brakes=Brakes(emptied=brake))))
