"""Large first readings by a query job, over real HTTP: the same records in fewer calls, whatever goes wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from tests.contract.test_salesforce_connector import EVERY_KIND, Rig, records, running, send, write

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.schema import OPT_OUT
from crosswalk.core.system import Page, Record
from crosswalk.core.values import Value
from crosswalk.systems.salesforce import Salesforce, bulk, soql
from crosswalk.systems.salesforce.feed import read_cursor

PEOPLE = 700
FIELDS = [*EVERY_KIND, "FirstName", "Nickname__c", "Discount__c", "Title", OPT_OUT]
JOBS, JOB, RESULTS = "POST /jobs/query", "GET /jobs/query/{job}", "GET /jobs/query/{job}/results"


class HastyClock(SystemClock):
    """Nobody waits long for a job of the sandbox."""

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.1))


@pytest.fixture(scope="module")
def served() -> Iterator[Rig]:
    people = ("--leads", "0", "--contacts", str(PEOPLE - 1), "--limits", "off", "--job-seconds", "0.05")
    with running(*people) as rig:
        yield rig


@pytest.fixture
def org(served: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """An org that is large, measured by what pages and parts hold now; one person has everything."""
    monkeypatch.setattr(bulk, "WORTH_A_JOB", 500)
    monkeypatch.setattr(bulk, "PART", 300)
    monkeypatch.setattr(bulk, "PAGE", 100)
    pages = {"Sforce-Query-Options": "batchSize=200"}
    monkeypatch.setattr("crosswalk.systems.salesforce.client._LARGEST_PAGES", pages)
    served.begin_again()
    odd: dict[str, Value] = {"Interests__c": ("Email", "Events"), "Nickname__c": 'a,b;"c"', "Title": "null"}
    send(served.open(), write(1, None, **{**EVERY_KIND, **odd}))
    yield served
    served.hang_up()


def opened(org: Rig) -> Salesforce:
    system = org.open(HastyClock())
    system.describe("contact")
    return system


def read(system: Salesforce, cursor: str | None = None) -> list[Page]:
    return list(system.feed("contact", FIELDS, cursor, lambda _moment: 0))


def by_pages(org: Rig, monkeypatch: pytest.MonkeyPatch) -> dict[str, Record]:
    """The same records, read page by page."""
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "WORTH_A_JOB", PEOPLE + 1)
        return records(read(opened(org)))


def routes(org: Rig) -> dict[str, int]:
    return dict(org.control("GET", "counts")["calls"])


def test_a_job_brings_the_same_records_as_pages(org: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = by_pages(org, monkeypatch)

    pages = read(opened(org))

    assert records(pages) == expected
    assert len(expected) == PEOPLE
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert max(len(page.records) for page in pages) <= 200


def test_more_columns_than_a_query_takes_are_worth_a_job_earlier(
    org: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = by_pages(org, monkeypatch)
    monkeypatch.setattr(soql, "LONGEST_COLUMNS", 10)
    monkeypatch.setattr(bulk, "WORTH_A_JOB", 5000)
    before = routes(org)

    assert records(read(opened(org))) == expected
    assert routes(org)[JOBS] == before.get(JOBS, 0) + 1


def test_the_calls_of_a_job_do_not_grow_with_the_rows(org: Rig) -> None:
    before = routes(org)

    read(opened(org))

    made = {route: count - before.get(route, 0) for route, count in routes(org).items()}
    assert (made.get("GET /queryAll"), made[JOBS], made[RESULTS]) == (1, 1, 2)
    assert made[JOB] <= 3


def test_small_readings_and_later_ones_are_read_by_pages(org: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    before = routes(org).get(JOBS, 0)
    cursor = read(opened(org))[-1].cursor
    assert routes(org)[JOBS] == before + 1

    since = read_cursor(cursor).since
    assert since is not None
    read(opened(org), cursor)
    monkeypatch.setattr(bulk, "WORTH_A_JOB", PEOPLE + 1)
    read(opened(org))
    assert routes(org)[JOBS] == before + 1


def test_what_changes_while_the_job_runs_is_shown_by_the_next_reading(org: Rig) -> None:
    system = opened(org)
    pages = system.feed("contact", FIELDS, None, lambda _moment: 0)
    seen = records([next(pages)])
    changed, gone = list(seen)[:2]
    org.person("edit", changed, Title="Changed meanwhile")
    org.person("delete", gone)
    rest = list(pages)

    later = records(read(system, rest[-1].cursor))

    assert later[changed].values["Title"] == "Changed meanwhile"
    assert later[gone].deleted


def test_a_reading_goes_on_where_it_was_cut_off(org: Rig) -> None:
    pages = opened(org).feed("contact", FIELDS, None, lambda _moment: 0)
    begun = [next(pages) for _ in range(6)]  # a page, a part of 300 in three, its end, the next one's first
    made = routes(org)

    rest = read(opened(org), begun[-1].cursor)

    assert len(records([*begun, *rest])) == PEOPLE
    assert routes(org)[JOBS] == made[JOBS]
    assert routes(org)[RESULTS] == made[RESULTS] + 1


@pytest.mark.parametrize(
    ("route", "status", "code"),
    [
        (JOBS, 403, "API_DISABLED_FOR_ORG"),
        (JOBS, 400, "EXCEEDED_QUOTA"),
        (JOB, 404, "NOT_FOUND"),
        (RESULTS, 404, "NOT_FOUND"),
        (RESULTS, 400, "INVALID_QUERY_LOCATOR"),
    ],
)
def test_without_a_job_pages_do(org: Rig, route: str, status: int, code: str) -> None:
    body = json.dumps([{"message": "no", "errorCode": code}])
    org.fault(route, kind="status", status=status, body=body)

    assert len(records(read(opened(org)))) == PEOPLE
    assert left(org) == []


def left(org: Rig) -> list[object]:
    """Faults that nobody met."""
    return [each for each in org.control("GET", "faults") if not each["fired"]]


def test_a_job_that_is_gone_when_the_reading_goes_on_is_replaced_by_pages(org: Rig) -> None:
    pages = opened(org).feed("contact", FIELDS, None, lambda _moment: 0)
    begun = [next(pages) for _ in range(3)]
    body = json.dumps([{"message": "no", "errorCode": "NOT_FOUND"}])
    org.fault(JOB, kind="status", status=404, body=body)

    rest = read(opened(org), begun[-1].cursor)

    assert len(records([*begun, *rest])) == PEOPLE


@pytest.mark.parametrize(("when", "clean"), [("before", True), ("after", True), ("after", False)])
def test_results_that_are_cut_off_end_the_run_and_are_read_again(org: Rig, when: str, clean: bool) -> None:
    pages = opened(org).feed("contact", FIELDS, None, lambda _moment: 0)
    begun = [next(pages)]
    fault = {"route": RESULTS, "times": 9, "kind": "truncate", "when": when, "clean": clean}
    org.control("POST", "faults", fault)

    with pytest.raises(SystemFailure) as failure:
        begun.extend(pages)
    assert failure.value.kind is FailureKind.TRANSIENT
    org.control("DELETE", "faults")
    begun += read(opened(org), begun[-1].cursor)

    assert len(records(begun)) == PEOPLE
