"""What a vendor makes of our value is settled in two rounds: nothing travels back, and it is said why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of

from crosswalk.core.mapping import FieldMapping, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"
REASON = "Stored differently"


def pair(crm: str, contact: str) -> FieldMapping:
    return FieldMapping(crm=crm, activecampaign=contact)


# the pair, what it holds first, what somebody enters in the CRM, and what ActiveCampaign makes of it
FORMS = {
    "blanks": (pair("Title", "Job title"), "Boss", "Head  of\tsales", "Head of sales"),
    "line ends": (pair("Notes__c", "Notes"), "-", "one\ntwo", "one two"),
    "letters": (pair("Title", "Job title"), "Boss", "ﬁve ①", "five 1"),
    "cut": (pair("Notes__c", "Notes"), "-", "x" * 300, "x" * 255),
    "phone": (pair("Phone", "phone"), "+34 1", "+34 600 123-456", "34600123456"),
    "rounded": (pair("Score__c", "Score"), 1, 12.5, "13"),
    "option dropped": (pair("Interests__c", "Interests"), "Email", "Webinars;Email", "||Email||"),
    "seconds": (
        pair("Last_Meeting__c", "Last meeting"),
        None,
        "2026-03-01T09:08:07Z",
        "2026-03-01T10:08:00+01:00",
    ),
}


def linked(both: TwoSystems, mapped: FieldMapping, value: object) -> str:
    names = tuple(each for each in NAMES if each.crm != mapped.crm)
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, **{mapped.crm: value})
    both.connect(mapping_of(fields=(*names, mapped)))
    both.sync()
    both.wait(60)
    return crm_id


def reform(both: TwoSystems, name: str, text: str) -> None:
    """The account holds the value in its own form, without a word."""
    if name == "phone":
        both.undo(ANA, phone=text)
    else:
        both.spoil(ANA, name, text)


def assert_said(both: TwoSystems, crm_id: str, field: str) -> None:
    """Verify, explain and the journal name the reason."""
    assert both.assert_quiet().excused == {"stored differently": 1}
    (link,) = both.explain(Side.CRM, crm_id).links
    (said,) = [each for each in link.fields if each.crm_field == field]
    assert said.reason.startswith(REASON)
    (kept,) = [row for row in both.journal() if row["op"] == "kept"]
    ((before, after, reason),) = kept["fields"].values()
    assert reason == "stored_differently"
    assert before != after


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_activecampaigns_does_not_travel_back(both: TwoSystems, name: str) -> None:
    mapped, first, entered, form = FORMS[name]
    crm_id = linked(both, mapped, first)
    both.wire.once("PUT /api/3/contacts", lambda: reform(both, mapped.activecampaign, form), after=True)
    both.crm_edit("contact", crm_id, **{mapped.crm: entered})
    held = both.crm("contact", crm_id)[mapped.crm]

    assert both.sync().counts == {"activecampaign update": 1}

    assert_said(both, crm_id, mapped.crm)
    assert both.crm("contact", crm_id)[mapped.crm] == held
    both.contact_edit(
        both.contact(ANA)["id"], firstName="Anna"
    )  # what somebody edits beside it travels alone
    assert both.sync().counts == {"crm update": 1}
    assert both.crm("contact", crm_id)[mapped.crm] == held
    assert both.assert_quiet().excused == {"stored differently": 1}


def test_a_form_of_the_crms_does_not_travel_back(both: TwoSystems) -> None:
    mapped = pair("Title", "Job title")
    crm_id = linked(both, mapped, "Boss")
    contact_id = both.contact(ANA)["id"]
    both.wire.once(
        "PATCH /services/data",
        lambda: both.crm_edit("contact", crm_id, Title="Head of sales"),
        after=True,
    )
    both.contact_edit(contact_id, **{"Job title": "Head  of  sales"})

    assert both.sync().counts == {"crm update": 1}

    assert_said(both, crm_id, "Title")
    assert both.held(ANA, "Job title") == "Head  of  sales"


def shouting(both: TwoSystems) -> Callable[[str, httpx2.Request], httpx2.Response | None]:
    """An account that writes first names in capitals, and says so in its answers."""

    def answer(route: str, request: httpx2.Request) -> httpx2.Response | None:
        if not route.startswith(("PUT /api/3/contacts", "POST /api/3/contacts")):
            return None
        response = both.wire.inner.handle_request(request)
        body = msgspec.json.decode(response.read())
        name = body["contact"]["firstName"].upper()
        body["contact"]["firstName"] = name
        both.undo(ANA, first_name=name)
        return httpx2.Response(response.status_code, json=body)

    return answer


def test_what_the_vendors_own_answer_says_is_its_form(both: TwoSystems) -> None:
    """Also when no habit that is known explains it; later edits are edits."""
    both.wire.before.append(shouting(both))
    crm_id = linked(both, pair("Title", "Job title"), "Boss")

    assert_said(both, crm_id, "FirstName")
    both.crm_edit("contact", crm_id, FirstName="Anna")
    assert both.sync().counts == {"activecampaign update": 1}
    assert (both.crm("contact", crm_id)["FirstName"], both.contact(ANA)["firstName"]) == ("Anna", "ANNA")
    assert both.assert_quiet().excused == {"stored differently": 1}

    both.wire.calm()
    both.contact_edit(both.contact(ANA)["id"], firstName="Anita")
    both.sync()
    assert both.crm("contact", crm_id)["FirstName"] == "Anita"
    assert both.assert_quiet().excused == {}


def test_what_an_import_loses_empties_nothing(both: TwoSystems) -> None:
    ids = [both.crm_new(Email=f"p{n}@example.org", Phone=f"+34 60{n}") for n in range(12)]
    both.connect()
    both.wire.after_import(lambda: both.undo("p5@example.org", phone=""))
    both.sync()
    both.sync()

    assert both.crm("contact", ids[5])["Phone"] == "+34 605"
    (hold,) = both.holds()
    assert (hold["code"], hold["field"]) == ("CW-4007", "Phone")
    assert both.assert_quiet().excused == {"held": 1}


def test_after_a_lost_answer_the_vendors_form_is_known_as_ours(both: TwoSystems) -> None:
    mapped = pair("Phone", "phone")
    crm_id = linked(both, mapped, "+34 1")
    both.crm_edit("contact", crm_id, Phone="+34 600 123-456")

    def gone(route: str, request: httpx2.Request) -> None:
        if route.startswith("PUT /api/3/contacts"):
            both.undo(ANA, phone="34600123456")
            raise httpx2.RemoteProtocolError("disconnected without an answer")

    both.wire.after.append(gone)
    assert both.sync().counts == {"activecampaign update": 1}
    both.wire.calm()

    assert both.crm("contact", crm_id)["Phone"] == "+34 600 123-456"
    assert_said(both, crm_id, "Phone")


# What an account makes of texts, each way in a field of its own, and what somebody enters there.
WAYS = {
    "phone": ["digits"],
    "Job title": ["spaces"],
    "Notes": ["crlf", "cut 40"],
    "Nickname": ["nfd"],
    "City": ["trim", "cut 6"],
}
MAPPED = (
    EMAIL,
    pair("Phone", "phone"),
    pair("Title", "Job title"),
    pair("Notes__c", "Notes"),
    pair("Nickname__c", "Nickname"),
    pair("MailingCity", "City"),
)
ENTERED = {
    "Phone": "+34 (600) 123-456",
    "Title": "Head  of   sales",
    "Notes__c": "one\ntwo\n" + "x" * 100,
    "Nickname__c": "Zoë Å",
    "MailingCity": "Hafen an der Elbe",
}


def entered(both: TwoSystems, crm_id: str) -> dict[str, object]:
    record = both.crm("contact", crm_id)
    return {name: record[name] for name in ENTERED}


@pytest.mark.parametrize("others", [0, 11], ids=["singly", "by import"])
def test_an_account_that_stores_texts_in_its_own_ways_comes_to_rest(both: TwoSystems, others: int) -> None:
    """At creation and at later edits, of all fields at once: nothing travels back, whichever way it went."""
    both.account_rules(stored_as=WAYS)
    ids = [both.crm_new(Email=f"p{number}@example.org", **ENTERED) for number in range(others + 1)]
    before = entered(both, ids[0])
    both.connect(mapping_of(fields=MAPPED))
    assert both.sync().counts == {"activecampaign create": others + 1}
    kept = both.assert_quiet().excused["stored differently"]
    assert kept >= 3 * (others + 1)

    for crm_id in ids:
        both.crm_edit("contact", crm_id, Title="Head  of    all", Phone="+34 (600) 123-457")
    assert both.sync().counts == {"activecampaign update": others + 1}
    assert both.assert_quiet().excused == {"stored differently": kept}
    changed = {"Title": "Head  of    all", "Phone": "+34 (600) 123-457"}
    assert [entered(both, crm_id) for crm_id in ids] == [{**before, **changed}] * (others + 1)


@pytest.mark.parametrize("moment", ["before", "after", "later"])
def test_what_a_flow_makes_of_our_value_travels_on(both: TwoSystems, moment: str) -> None:
    """It runs as our own user; the CRM then has what the flow made, and so does the contact."""
    crm_id = linked(both, pair("Title", "Job title"), "Boss")
    made = {"Title": {"from": "Title", "as": "upper"}}
    both.crm_rules(flows=[{"object": "Contact", "by": "api", "moment": moment, "seconds": 4, "set": made}])
    both.contact_edit(both.contact(ANA)["id"], **{"Job title": "Head of sales"})

    assert both.sync().counts == {"crm update": 1}
    assert both.sync().counts == {"activecampaign update": 1}

    assert both.held(ANA, "Job title") == both.crm("contact", crm_id)["Title"] == "HEAD OF SALES"
    assert both.assert_quiet().excused == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_flow_empties_is_held(both: TwoSystems, moment: str) -> None:
    crm_id = linked(both, pair("Title", "Job title"), "Boss")
    when = [{"field": "Title", "is": "changed"}]
    both.crm_rules(
        flows=[{"object": "Contact", "by": "api", "moment": moment, "when": when, "set": {"Title": None}}]
    )
    both.contact_edit(both.contact(ANA)["id"], **{"Job title": "Head of sales"})
    both.sync()
    both.sync()

    assert both.crm("contact", crm_id)["Title"] is None
    assert both.held(ANA, "Job title") == "Head of sales"
    assert [(hold["code"], hold["field"]) for hold in both.holds()] == [("CW-4007", "Title")]
    assert both.assert_quiet().excused == {"held": 1}


def test_what_a_flow_empties_long_after_our_write_is_its_change(both: TwoSystems) -> None:
    """Our write was seen to stand; what becomes of it later is an edit like any other, and comes to rest."""
    crm_id = linked(both, pair("Title", "Job title"), "Boss")
    flow = {"object": "Contact", "by": "api", "moment": "later", "seconds": 600, "set": {"Title": None}}
    both.crm_rules(flows=[{**flow, "when": [{"field": "Title", "is": "changed"}]}])
    both.contact_edit(both.contact(ANA)["id"], **{"Job title": "Head of sales"})
    assert both.sync().counts == {"crm update": 1}
    assert both.sync().counts == {}
    assert both.crm("contact", crm_id)["Title"] == "Head of sales"
    both.wait(600)

    assert both.sync().counts == {"activecampaign update": 1}

    assert (both.crm("contact", crm_id)["Title"], both.held(ANA, "Job title")) == (None, "")
    assert both.holds() == []
    both.wait(600)
    assert both.assert_quiet().excused == {}
