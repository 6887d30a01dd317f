"""The sweep: what no feed shows is found, within a share of the calls, by one reader for all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import httpx2
import msgspec
import pytest
from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import (
    CreationRule,
    FieldMapping,
    MappingFile,
    ObjectMapping,
    Selection,
    SelectionKind,
    Settings,
    Side,
    UpdateRule,
)
from crosswalk.core.sweep import EVERY, ROUND_EVERY, Place

if TYPE_CHECKING:
    from tests.helpers.two_systems import NAME, TwoSystems
else:
    NAME = "demo"

HOUR = ROUND_EVERY.total_seconds()
JOB = FieldMapping(crm="Title", activecampaign="Job title")
LABEL = FieldMapping(crm="Full_Label__c", activecampaign="Job title", to_crm=UpdateRule.NEVER)


def linked(both: TwoSystems, mapping: MappingFile | None = None, *, people: int = 1) -> list[str]:
    """People on both sides, settled; the ids of the CRM's contacts."""
    ids = [both.crm_new(FirstName="Ana", LastName=f"No {n}", Email=address(n)) for n in range(people)]
    both.connect(mapping or mapping_of(fields=(*NAMES, JOB)))
    both.sync()
    both.sync()
    return ids


def address(number: int = 0) -> str:
    return f"ana{number}@example.org"


def set_alone(both: TwoSystems, email: str, title: str) -> None:
    """An automation sets a custom value: its contact's stamp does not move."""
    both.contact_set_values(both.contact(email)["id"], **{"Job title": title})


def purge(both: TwoSystems, record_id: str) -> None:
    """A deleted record leaves the recycle bin, and with it every trail, before anybody looked."""
    both.crm_delete("contact", record_id)
    both.crm_purge("contact", record_id)


def ranges_read(both: TwoSystems, marks: dict[str, int]) -> list[str]:
    """What was asked since `marks` by calls that read a range of ids."""
    return [
        asked for asked in both.queries_since(marks) if "ORDER BY Id LIMIT" in asked or of_contacts(asked)
    ]


def of_contacts(asked: str) -> bool:
    return "orders[id]" in asked and not any(word in asked for word in ("updated_after", "status=", "tagid"))


def place(both: TwoSystems, object: str = "contact", system: str = "activecampaign") -> Place:
    tenants = {row["id"]: row["system"] for row in both.rows("tenant")}
    (text,) = [
        row["sweep"]
        for row in both.rows("feed")
        if row["name"] == object and tenants[row["tenant_id"]] == system
    ]
    return msgspec.json.decode(text, type=Place) if text else Place()


def test_a_custom_value_that_was_set_alone_travels(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    set_alone(both, address(), "Director")
    assert both.sync().counts == {}, "no stamp moved"

    assert both.sync(sweep_all=True).counts == {"crm update": 1}

    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet()


def test_it_is_found_without_being_asked_for_when_the_next_round_is_due(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    set_alone(both, address(), "Director")
    both.wait(HOUR)

    both.sync()

    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet()


def test_a_formula_that_follows_its_parent_travels(both: TwoSystems) -> None:
    account = both.systems["salesforce"].person("Account", "create", values={"Name": "Harbour Ltd"})["Id"]
    both.crm_new(FirstName="Ana", LastName="Ruiz", Email=address(), AccountId=account)
    both.connect(mapping_of(fields=(*NAMES, LABEL)))
    both.sync()
    assert both.held(address(), "Job title") == "Ana Ruiz (Harbour Ltd)"
    both.wait(600)  # the feed reads its last minutes again
    both.sync()
    both.systems["salesforce"].person("Account", "edit", record_id=account, values={"Name": "Quay Ltd"})
    assert both.sync().counts == {}, "no stamp of the contact moved"

    both.sync(sweep_all=True)

    assert both.held(address(), "Job title") == "Ana Ruiz (Quay Ltd)"
    both.assert_quiet()


def test_a_record_that_left_the_recycle_bin_unseen_closes_its_link(both: TwoSystems) -> None:
    kept, gone = linked(both, people=2)
    purge(both, gone)
    assert both.sync().counts == {}

    both.sync(sweep_all=True)

    (closed,) = both.links(state="closed")
    assert (closed.crm_id, closed.closed_reason) == (gone, "deleted_crm")
    assert [link.crm_id for link in both.links(state="open")] == [kept]
    assert [row["side"] for row in both.rows("tombstone")] == ["crm"]
    both.assert_quiet()


def test_a_vanished_contact_closes_its_link_for_good(both: TwoSystems) -> None:
    crm_id, other = linked(both, people=2)
    both.contact_delete(both.contact(address(0))["id"])
    assert both.sync().counts == {}, "a feed does not show it"

    both.sync(sweep_all=True)

    (closed,) = both.links(state="closed")
    assert (closed.crm_id, closed.closed_reason) == (crm_id, "deleted_activecampaign")
    assert [link.crm_id for link in both.links(state="open")] == [other]
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    assert both.contacts(address(0)) == [], "a tombstone keeps it from coming back"
    both.assert_quiet()


def test_contacts_that_vanished_at_the_end_and_in_a_gap_are_found(both: TwoSystems) -> None:
    linked(both, people=5)
    for number in (0, 2, 4):
        both.contact_delete(both.contact(address(number))["id"])

    both.sync(sweep_all=True)

    assert len(both.links(state="closed")) == 3
    both.assert_quiet()


def test_an_erased_contact_is_as_good_as_deleted(both: TwoSystems) -> None:
    """Also when its stamp does not say so."""
    linked(both)
    contact = both.contact(address())["id"]
    account = both.systems["activecampaign"].system.account  # type: ignore[attr-defined]
    before = account.contacts[int(contact)].updated
    both.contact_anonymize(contact)
    account.contacts[int(contact)].updated = before
    assert both.sync().counts == {}

    both.sync(sweep_all=True)

    (closed,) = both.links(state="closed")
    assert (closed.activecampaign_id, closed.closed_reason) == (contact, "deleted_activecampaign")
    assert [row["side"] for row in both.rows("tombstone")] == ["activecampaign"]


def test_a_contact_that_was_deleted_and_made_again_is_linked_anew(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    both.contact_delete(both.contact(address())["id"])
    again = both.contact_new(address(), firstName="Ana", lastName="Made again")

    both.sync(sweep_all=True)
    both.sync()

    assert [link.activecampaign_id for link in both.links(state="open")] == [again]
    assert [link.crm_id for link in both.links(state="closed")] == [crm_id]
    both.assert_quiet()


def test_what_a_page_lacks_is_not_believed_gone(both: TwoSystems) -> None:
    """A contact is missing from one answer, and asking for it alone shows it."""
    ids = linked(both, people=3)
    hidden = both.contact(address(1))["id"]

    def hide(route: str, request: httpx2.Request) -> httpx2.Response | None:
        if route != "GET /api/3/contacts" or "updated_after" in str(request.url) or "ids" in str(request.url):
            return None
        response = both.wire.inner.handle_request(request)
        response.read()
        page = msgspec.json.decode(response.content)
        page["contacts"] = [row for row in page["contacts"] if row["id"] != hidden]
        return httpx2.Response(response.status_code, json=page, headers={"date": response.headers["date"]})

    both.wire.before.append(hide)
    both.sync(sweep_all=True)
    both.wire.allow()

    assert sorted(link.crm_id or "" for link in both.links(state="open")) == sorted(ids)
    assert both.rows("tombstone") == []
    both.assert_quiet()


def test_a_record_that_was_restored_without_a_new_stamp_is_seen_again(both: TwoSystems) -> None:
    """The directory believes it gone; the sweep shows it alive."""
    linked(both, people=2)
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE directory SET deleted = true WHERE object = 'contact' AND key = %s", [address()]
        )
    both.sync(sweep_all=True)
    assert [row["key"] for row in both.rows("directory") if row["deleted"]] == []


def test_what_was_written_in_the_same_run_is_no_news(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    both.wait(HOUR)
    both.crm_edit("contact", crm_id, Title="Director")
    both.contact_edit(both.contact(address())["id"], firstName="Anna")

    result = both.sync()

    assert result.counts == {"activecampaign update": 1, "crm update": 1}
    assert place(both).ended is not None
    both.assert_quiet()


def test_verify_has_read_again_what_changed_without_a_stamp(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    set_alone(both, address(), "Director")
    assert both.verify().unexcused == 1

    both.sync()

    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet()


def test_a_sweep_that_fails_takes_nothing_with_it(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    both.wait(HOUR)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    set_alone(both, address(), "Director")

    def fail(route: str, request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(503) if of_contacts(unquote_plus(str(request.url))) else None

    both.wire.before.append(fail)
    with pytest.raises(SystemFailure):
        both.sync()
    both.wire.allow()
    assert both.contact(address())["firstName"] == "Anna", "the run's own work was done"

    both.sync()

    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet()


def test_while_another_process_sweeps_nobody_else_does(both: TwoSystems) -> None:
    from crosswalk.store import leases

    linked(both)
    both.wait(HOUR)
    account = both.context().tenants[Side.ACTIVECAMPAIGN]
    marks = both.marks()

    with leases.lease("sweep contact", account), both.another_session():
        both.sync()

    assert [asked for asked in ranges_read(both, marks) if of_contacts(asked)] == []
    both.sync()
    assert len([asked for asked in ranges_read(both, marks) if of_contacts(asked)]) == 1


def test_nothing_is_read_while_nothing_is_due(both: TwoSystems) -> None:
    linked(both)
    marks = both.marks()

    both.sync()
    both.sync()
    both.wait(HOUR / 2)
    both.sync()

    assert ranges_read(both, marks) == []


def test_a_round_over_two_small_sides_is_two_calls(both: TwoSystems) -> None:
    linked(both, people=3)
    both.wait(HOUR)
    marks = both.marks()

    both.sync()
    both.sync()
    both.wait(2 * EVERY.total_seconds())
    both.sync()

    assert len(ranges_read(both, marks)) == 2, "one for each side, and no more for an hour"
    assert place(both).ended is not None


def test_a_quiet_sweep_finds_nothing_new(both: TwoSystems) -> None:
    mapping = mapping_of(*both_objects((*NAMES, JOB)))
    both.crm_new("lead", FirstName="Leo", Email="leo@example.org", Title="Boss")
    both.contact_new("only.here@example.org", firstName="Nobody")
    linked(both, mapping, people=3)
    both.sync()
    before, known = both.journal(), both.rows("directory")

    result = both.sync(sweep_all=True)

    assert (result.counts, result.waiting) == ({}, 0)
    assert (both.journal(), both.rows("directory")) == (before, known)
    both.assert_quiet()


def test_a_share_of_nothing_turns_it_off(both: TwoSystems) -> None:
    linked(both, mapping_of(settings=Settings(sweep_share=0)))
    both.wait(100 * HOUR)
    marks = both.marks()

    both.sync()

    assert ranges_read(both, marks) == []


def test_a_share_that_cannot_be_is_refused(both: TwoSystems) -> None:
    with pytest.raises(UserError, match="cannot be 2"):
        both.connect(mapping_of(settings=Settings(sweep_share=2)))


def small_pages(both: TwoSystems, size: int = 2) -> None:
    """The vendor gives fewer contacts a page than it is asked for."""

    def cut(route: str, request: httpx2.Request) -> httpx2.Response | None:
        if route != "GET /api/3/contacts" or "updated_after" in str(request.url) or "ids" in str(request.url):
            return None
        url = request.url.copy_set_param("limit", str(size))
        return both.wire.inner.handle_request(httpx2.Request("GET", url, headers=request.headers))

    both.wire.before.append(cut)


def slow_vendor(both: TwoSystems, calls_an_hour: float) -> None:
    """ActiveCampaign allows no more than this, as far as its tenant's budget knows."""
    from django.db import connection as database

    tenant = both.context().tenants
    with database.cursor() as cursor:
        for number in tenant.values():
            cursor.execute(
                "UPDATE budget SET limit_today = %s WHERE tenant_id = %s", [round(calls_an_hour * 24), number]
            )


def test_a_run_reads_no_more_than_its_share(both: TwoSystems) -> None:
    linked(both, people=9)
    small_pages(both)
    slow_vendor(both, 100)  # of which two an hour are for the sweep
    both.wait(HOUR)
    marks = both.marks()

    both.sync()
    first = place(both)
    both.sync()

    assert len([asked for asked in ranges_read(both, marks) if of_contacts(asked)]) == 2
    assert first.began is not None
    assert first.records == 4
    for _ in range(3):
        both.wait(HOUR)
        both.sync()
    assert place(both).last_records == 9
    assert place(both).took >= 2 * HOUR


def test_killed_in_the_middle_it_goes_on_where_it_was(both: TwoSystems) -> None:
    linked(both, people=9)
    small_pages(both)
    set_alone(both, address(0), "Director")
    set_alone(both, address(8), "Boss")
    both.contact_delete(both.contact(address(1))["id"])
    marks = both.marks()
    both.wire.once("GET /api/3/contacts", kill, at=4)
    both.wire.before.reverse()
    with pytest.raises(KeyboardInterrupt):
        both.sync(sweep_all=True)
    both.reopen()
    both.wire.allow()
    stood = place(both)
    assert 0 < stood.records < 9

    both.wait(2 * HOUR)
    both.sync()

    assert place(both).last_records == 8
    assert {both.crm("contact", link.crm_id or "")["Title"] for link in both.links(state="open")} == {
        None,
        "Director",
        "Boss",
    }
    assert len(both.links(state="closed")) == 1
    contacts = [asked for asked in ranges_read(both, marks) if of_contacts(asked)]
    assert sum("id_greater" not in asked for asked in contacts) == 1, "no round began anew"
    both.assert_quiet()


def kill() -> None:
    raise KeyboardInterrupt


def test_two_connections_of_the_same_tenants_share_one_sweep(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email=address(), Title="Boss")
    both.connect(mapping_of(fields=(EMAIL, NAMES[1])), "names")
    both.connect(mapping_of(fields=(EMAIL, JOB)), "jobs")
    for name in ("names", "jobs", "names", "jobs"):
        both.sync(name)
    set_alone(both, address(), "Director")
    both.wait(HOUR)
    marks = both.marks()

    both.sync("names")
    both.sync("jobs")

    assert len(ranges_read(both, marks)) == 2
    assert both.crm("contact", crm_id)["Title"] == "Director", "the other one's reading is its news too"
    both.assert_quiet("names")
    both.assert_quiet("jobs")


def test_a_tag_that_moved_from_one_contact_to_another_is_found(both: TwoSystems) -> None:
    """Neither the number of its holders nor the first page of them shows it."""
    settings = Settings(creation=CreationRule.TAGGED, creation_object="contact", creation_tag="go")
    ids = [both.contact_new(address(number), lastName="No") for number in range(6)]
    for contact in ids[:4]:
        both.contact_tag(contact, "go")
    both.connect(mapping_of(settings=settings))
    small_pages(both)
    both.sync()
    both.contact_untag(ids[3], "go")
    both.contact_tag(ids[5], "go")
    assert both.sync().counts == {}
    assert len(both.crm_all()) == 4

    both.sync(sweep_all=True)

    assert sorted(row["Email"] for row in both.crm_all()) == [address(number) for number in (0, 1, 2, 3, 5)]


def test_records_that_are_not_selected_are_not_read(both: TwoSystems) -> None:
    criteria = Criteria(rows=(Criterion(field="LastName", operator=Operator.EQUALS, values=("In",)),))
    selected = Selection(kind=SelectionKind.CRITERIA, criteria=criteria)
    inside = both.crm_new(LastName="In", Email="in@example.org")
    both.crm_new(LastName="Out", Email="out@example.org")
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=selected)))
    both.sync()
    both.wait(600)  # the feed reads its last minutes again, whatever they show
    both.sync()
    purge(both, inside)
    marks = both.marks()

    both.sync(sweep_all=True)

    (asked,) = [each for each in ranges_read(both, marks) if "ORDER BY" in each]
    assert "LastName IN ('In')" in asked
    assert [link.crm_id for link in both.links(state="closed")] == [inside]
    assert [each for each in both.routes_since(marks) if "composite" in each] == [
        "POST /composite/sobjects/{object}"
    ], "and only what is linked is asked for by id"


def test_status_says_in_what_time_everything_is_seen(both: TwoSystems) -> None:
    from crosswalk.store import connections
    from crosswalk.sync.sweep import figures

    linked(both, people=3)
    crm, contacts = figures(connections.get(NAME))
    assert (crm["system"], contacts["system"]) == ("salesforce", "activecampaign")
    assert contacts["round_seconds"] == HOUR
    assert contacts["ended_at"] is None

    both.sync(sweep_all=True)

    contacts = figures(connections.get(NAME))[1]
    assert isinstance(contacts["ended_at"], datetime)
    assert contacts["took_seconds"] < 60
    assert contacts["records"] == 3
