from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from tests.helpers.salesforce import DATA, FIELDS, NOON, PERSON, Org, contact, error, field

from crosswalk.core.consent import Place, Standing
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.schema import OPT_OUT
from crosswalk.core.system import Outcome
from crosswalk.systems.salesforce import Salesforce

RETRIEVE = f"POST {DATA}/composite/sobjects/Contact"


def fetch_failure(system: Salesforce) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        system.fetch("contact", [contact(1)["Id"]], ["LastName"])
    return caught.value


def after_describe(org: Org, reply: httpx2.Response | Exception) -> Salesforce:
    """Open the org, describe its contacts, and have everything but token calls answered with `reply`."""
    system = org.open()
    system.describe("contact")
    org.requests.clear()
    org.before = lambda request: None if "oauth2" in request.url.path else reply
    return system


def test_it_works() -> None:
    org = Org([contact(1, LastName="Vogel"), contact(2, IsDeleted=True)])
    wanted = [contact(number)["Id"] for number in (1, 2, 3)]

    fetched = org.open().fetch("contact", wanted, ["LastName"])

    assert [(record.id, record.values) for record in fetched.records] == [(wanted[0], {"LastName": "Vogel"})]
    assert fetched.missing == wanted[1:]
    assert org.paths() == [RETRIEVE]


def test_two_hundred_are_fetched_a_call() -> None:
    org = Org([contact(number) for number in range(450)])

    fetched = org.open().fetch("contact", [row["Id"] for row in org.rows], ["LastName"])

    assert (len(fetched.records), fetched.missing) == (450, [])
    assert org.paths() == [RETRIEVE] * 3


def test_ids_that_cannot_be_of_this_object_are_missing_without_a_call() -> None:
    org = Org()

    fetched = org.open().fetch("contact", ["00Q5g00000A1b2CEAR", "me@example.org", ""], ["LastName"])

    assert fetched.missing == ["00Q5g00000A1b2CEAR", "me@example.org", ""]
    assert org.paths() == []


def test_short_ids_are_taken_too() -> None:
    org = Org([contact(1) | {"Id": "0035g00000AbCdEAAV"}])

    fetched = org.open().fetch("contact", ["0035g00000AbCdE"], ["LastName"])

    assert [record.id for record in fetched.records] == ["0035g00000AbCdEAAV"]
    assert fetched.missing == []


def test_a_retrieve_is_asked_again_after_a_lost_answer_because_it_only_reads() -> None:
    org = Org([contact(1)])
    system = org.open()
    system.describe("contact")
    losses: list[Exception] = [httpx2.ReadError("gone")]
    org.before = lambda request: losses.pop() if losses else None

    assert system.fetch("contact", [contact(1)["Id"]], ["LastName"]).missing == []


def test_live_records_are_found_by_e_mail_in_any_letter_case() -> None:
    org = Org([contact(1, Email="R.Vogel@Acme.example"), contact(2, IsDeleted=True), contact(3), contact(4)])

    found = org.open().find(
        "contact", ["r.vogel@ACME.example ", "c2@example.org", "c3@example.org", ""], ["LastName"]
    )

    assert [(record.id, record.key) for record in found] == [
        (contact(1)["Id"], "r.vogel@acme.example"),
        (contact(3)["Id"], "c3@example.org"),
    ]
    assert org.paths() == [f"GET {DATA}/query"]


def test_all_records_that_share_an_e_mail_are_found_over_several_pages() -> None:
    org = Org([contact(number, Email="team@example.org") for number in range(25)])
    org.page_size = 10

    assert len(org.open().find("contact", ["team@example.org"], ["LastName"])) == 25


def test_many_long_addresses_stay_below_the_limit_of_an_address() -> None:
    emails = [f"{'ä' * 30}{number}@example.org" for number in range(300)]
    org = Org([contact(number, Email=email) for number, email in enumerate(emails)])

    assert len(org.open().find("contact", emails, ["LastName"])) == 300
    assert max(len(quote(statement)) for statement in org.statements()) <= 12_000


def test_a_hostile_e_mail_stays_a_value() -> None:
    hostile = r"\' OR Email != '@example.org"
    org = Org([contact(1), contact(2, Email=hostile)])

    found = org.open().find("contact", [hostile], ["LastName"])

    assert [record.id for record in found] == [contact(2)["Id"]]


def test_nothing_is_asked_when_no_address_is_left() -> None:
    org = Org()

    assert org.open().find("contact", ["", "  "], ["LastName"]) == []
    assert org.paths() == []


def test_what_salesforce_says_about_its_limits_is_learned() -> None:
    org = Org([contact(1)])
    usage = {"Sforce-Limit-Info": "api-usage=790/115000; per-app-api-usage=17/250(appName=Crosswalk)"}
    org.before = lambda request: (
        None
        if "oauth2" in request.url.path
        else httpx2.Response(200, json={"fields": org.fields}, headers=usage)
    )

    org.open().describe("contact")

    assert org.budget.learned == [{"used_today": 790, "limit_today": 115_000}]


def test_too_many_calls_at_once_are_waited_out() -> None:
    org = Org([contact(1)])
    system = org.open()
    system.describe("contact")
    text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    refusals = [error("REQUEST_LIMIT_EXCEEDED", text, 403) for _ in range(2)]
    org.before = lambda request: refusals.pop() if refusals else None

    assert system.fetch("contact", [contact(1)["Id"]], ["LastName"]).missing == []
    assert org.budget.pauses() == [2.0, 5.0]


def test_too_many_calls_at_once_for_too_long_is_a_short_quota_failure() -> None:
    text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."

    failure = fetch_failure(after_describe(Org(), error("REQUEST_LIMIT_EXCEEDED", text, 403)))

    assert (failure.kind, failure.retry_after) == (FailureKind.QUOTA, 60)


def test_a_day_without_calls_left_is_not_waited_out() -> None:
    org = Org()

    failure = fetch_failure(
        after_describe(org, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403))
    )

    assert (failure.kind, failure.retry_after) == (FailureKind.QUOTA, 3600)
    assert "24 hours" in failure.message
    assert org.clock.slept == []


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (httpx2.Response(503, text="down"), FailureKind.TRANSIENT, "not available"),
        (httpx2.Response(200, html="<html>Maintenance</html>"), FailureKind.TRANSIENT, "web page"),
        (httpx2.Response(200, text='[{"Id":"0035g'), FailureKind.TRANSIENT, "broke off"),
        (httpx2.Response(200, json=[{"Id": 5}]), FailureKind.BUG, "shape"),
        (httpx2.ConnectError("refused"), FailureKind.TRANSIENT, "cannot be reached"),
        (error("API_CURRENTLY_DISABLED", "API is not enabled", 403), FailureKind.PERMISSION, "not enabled"),
        (error("SOMETHING_NEW", "who knows", 400), FailureKind.DATA, "who knows"),
        (httpx2.Response(410, html="<html>gone</html>"), FailureKind.BUG, "410"),
    ],
)
def test_trouble_has_its_kind_and_says_what_happened(
    reply: httpx2.Response | Exception, kind: FailureKind, said: str
) -> None:
    failure = fetch_failure(after_describe(Org(), reply))

    assert (failure.kind, failure.in_doubt) == (kind, False)
    assert said in failure.message


def test_after_a_passing_503_the_read_goes_on() -> None:
    org = Org([contact(1, at=NOON)])
    system = org.open()
    system.describe("contact")
    trouble = [httpx2.Response(503, text="busy"), httpx2.Response(500, html="<html>oops</html>")]
    org.before = lambda request: trouble.pop() if trouble else None

    assert system.fetch("contact", [contact(1)["Id"]], ["LastName"]).missing == []


def with_box(*rows: Any) -> Org:
    box = field("HasOptedOutOfEmail", "boolean", length=0, nillable=False, defaultedOnCreate=True)
    return Org(rows, [*FIELDS, box])


def test_the_opt_out_box_is_consent_and_no_value() -> None:
    rows = [contact(n, HasOptedOutOfEmail=ticked) for n, ticked in ((1, True), (2, False), (3, None))]
    system = with_box(*rows).open()

    found = system.fetch("contact", [row["Id"] for row in rows], ["LastName", OPT_OUT]).records

    assert [each.consent and each.consent.standing for each in found] == [Standing.OUT, Standing.NONE, None]
    assert all("HasOptedOutOfEmail" not in each.values for each in found)
    consent = found[0].consent
    assert consent is not None
    assert (consent.by, consent.places) == (PERSON, (Place("HasOptedOutOfEmail", "true", NOON),))


def test_a_box_that_is_hidden_is_unknown() -> None:
    org = Org([contact(1)])
    system = org.open()

    (found,) = system.fetch("contact", [contact(1)["Id"]], ["LastName", OPT_OUT]).records

    assert (system.describe("contact").opt_out, found.consent) == (None, None)
    assert "HasOptedOutOfEmail" not in org.bodies[-1]["fields"]


def test_boxes_are_checked_two_hundred_a_call() -> None:
    ids = [contact(number)["Id"] for number in range(201)]
    org = with_box()

    answers = org.open().opt_out("contact", [*ids, ids[0]])

    assert {each.record_id: each.outcome for each in answers} == dict.fromkeys(ids, Outcome.DONE)
    assert all(each.after is not None and each.after.standing is Standing.OUT for each in answers)
    records = [record for body in org.bodies if "records" in body for record in body["records"]]
    assert len(org.paths()) == 2
    assert [record["HasOptedOutOfEmail"] for record in records] == [True] * 201


def test_a_range_that_is_shorter_than_asked_goes_on() -> None:
    org = Org([contact(number) for number in range(5)])
    org.page_size = 2

    part = org.open().read_range("contact", ["LastName"], contact(0)["Id"])

    assert (len(part.records), part.upto, part.calls) == (2, contact(1)["Id"], 1)
    assert org.statements()[-1].endswith(f"WHERE Id > '{contact(0)['Id']}' ORDER BY Id LIMIT 2001")


def test_a_range_of_records_with_very_many_fields_says_what_it_cost() -> None:
    """Its field list does not fit into an address: they are fetched by id, and who went meanwhile is left out."""
    wide = [field(f"Field_{number:03d}_{'x' * 30}__c") for number in range(250)]
    org = Org([contact(number) for number in range(201)], [*FIELDS, *wide])
    system = org.open()

    def delete_one(request: httpx2.Request) -> None:
        if "composite" in request.url.path:
            org.rows = [row for row in org.rows if row["Id"] != contact(7)["Id"]]

    org.before = delete_one
    part = system.read_range("contact", [each["name"] for each in wide], "")

    assert part.calls == 3
    assert contact(7)["Id"] not in {each.id for each in part.records}
    assert part.upto is None
