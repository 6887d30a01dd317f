"""What a person asks for in the browser is done by a worker; everybody who sees the connection can watch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.served import Visitor
from tests.helpers.workers import wait_for, working

from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.language import gettext, speaking
from crosswalk.core.words import kept
from crosswalk.systems.salesforce.oauth_errors import nothing_to_renew_with

GERMAN = {"Accept-Language": "de"}


@pytest.fixture(scope="module")
def synced(site: Site) -> int:
    """A connection whose first sync was done on the command line."""
    number = site.add("runs", mapped=True)
    site.show(number)
    done = site.crosswalk("sync", "--connection", "runs", "--approve")
    assert done.code == 0, done.err
    return number


@pytest.fixture
def worker(site: Site) -> Iterator[None]:
    with working(site.crosswalk):
        yield
    forget_workers(site)


def forget_workers(site: Site) -> None:
    """They were killed, and a worker counts as alive for a minute."""
    site.database.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
    )


def ask(visitor: Visitor, connection: int, what: str = "runs/now") -> str:
    """Press a button of the connection's page; return where it leads."""
    visitor.get(f"/connections/{connection}/")
    answer = press(visitor, f"/connections/{connection}/{what}")
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def press(visitor: Visitor, address: str) -> httpx2.Response:
    return visitor.post(address, data={"csrfmiddlewaretoken": visitor.cookies["csrftoken"]})


def test_sync_now_is_done_by_a_worker_and_leads_on_to_the_run(site: Site, synced: int, worker: None) -> None:
    manager = site.visitor("manager")
    lead = site.sandbox.leads()[0]
    site.sandbox.edit("salesforce", "Lead", lead["Id"], FirstName="Wilhelmina")
    address = ask(manager, synced)
    part = {"HX-Request": "true"}
    wait_for(lambda: "HX-Redirect" in manager.get(address, headers=part).headers, "the end of the task")
    run = manager.get(address, headers=part).headers["HX-Redirect"]
    assert manager.get(address).headers["Location"] == run  # without script too
    shown = manager.get(run).text
    assert "done" in shown
    assert ">manager<" in shown
    assert re.search(r"<ins>.*Wilhelmina", shown)
    assert "First name" in shown  # not the field's API name
    assert "Only this side changed." in shown

    listed = manager.get(f"/connections/{synced}/runs?wrote=1").text
    assert f'href="{run}"' in listed
    assert "No run is like that" in manager.get(f"/connections/{synced}/runs?state=failed").text


def test_when_a_worker_is_killed_another_one_goes_on_and_everybody_watches(site: Site, synced: int) -> None:
    manager, user = site.visitor("manager"), site.visitor("user")
    before = len(site.sandbox.get("activecampaign", "dump")["contact"])
    for lead in site.sandbox.leads():
        site.sandbox.edit("salesforce", "Lead", lead["Id"], FirstName="Rescued")
    slow = {"kind": "delay", "seconds": 0.3, "route": "PUT *", "times": 100}
    site.sandbox.post("activecampaign", "faults", slow)
    written = "SELECT count(*) FROM journal JOIN task ON task.run_id = journal.run_id WHERE task.id = %s"
    page, live = f"/connections/{synced}/", f"/connections/{synced}/?part=live"

    address = ask(manager, synced)
    task = int(address.rpartition("/")[2])
    with working(site.crosswalk) as first:
        wait_for(lambda: site.one(written, task), "a write")
        wait_for(lambda: "Updating records in ActiveCampaign" in user.get(page).text, "how far it is")
        part = user.get(live, headers={"HX-Request": "true"}).text
        assert "<progress max=" in part
        assert "Calls so far" in part
        assert "Stop safely" not in part  # users look
        assert "Stop safely" in manager.get(page).text
        first.kill()
    with working(site.crosswalk):
        wait_for(lambda: manager.get(address).status_code == 302, "the end of the task")
    run = manager.get(manager.get(address).headers["Location"]).text
    assert ">manager<" in run
    assert "interrupted" in manager.get(f"/connections/{synced}/runs").text
    assert site.one("SELECT count(*) FROM progress") == 0
    assert site.one("SELECT count(*) FROM run WHERE kind = 'manual' AND state = 'interrupted'") == 1
    contacts = site.sandbox.get("activecampaign", "dump")["contact"]
    assert len({each["email"] for each in contacts}) == len(contacts) == before
    assert site.crosswalk("verify", "--connection", "runs").code == 0
    forget_workers(site)


def test_who_asks_twice_waits_for_one_task_and_is_told_that_no_worker_is_at_work(
    site: Site, synced: int
) -> None:
    manager = site.visitor("manager")
    address = ask(manager, synced)
    assert ask(manager, synced) == address
    shown = manager.get(address).text
    assert "No worker is at work" in shown
    assert "crosswalk worker" in shown
    assert "Waits for a worker" in manager.get(f"/connections/{synced}/").text

    assert ask(manager, synced, "runs/cancel") == address
    shown = manager.get(address).text
    assert "Somebody cancelled this run" in shown
    assert "Try again" in shown


def test_a_plan_made_on_the_command_line_is_stopped_in_the_browser(site: Site, synced: int) -> None:
    manager, page = site.visitor("manager"), f"/connections/{synced}/"
    for object, seconds in (("Contact", 1.2), ("Lead", 5)):  # the first takes long enough to be shown
        slow = {"kind": "delay", "seconds": seconds, "holding": f"FROM {object}"}
        site.sandbox.post("salesforce", "faults", slow)
    with ThreadPoolExecutor(1) as threads:
        made = threads.submit(site.crosswalk, "plan", "--connection", "runs", "--json")
        wait_for(lambda: "A plan is being made" in manager.get(page).text, "the plan")
        assert "says so on the command line where it is made" in manager.get(page).text
        assert ask(manager, synced, "runs/cancel") == page
        assert "A plan writes nothing." in manager.get(page).text
        ended = made.result()
    site.sandbox.delete("salesforce", "faults")
    assert (ended.code, ended.data["error"]["code"]) == (1, "CW-6019")
    assert site.crosswalk("plan", "--connection", "runs").code == 0


def test_a_task_of_a_paused_connection_says_so_and_can_be_tried_again(
    site: Site, synced: int, worker: None
) -> None:
    manager = site.visitor("manager")
    ask(manager, synced, "runs/pause")
    assert "Sync now" not in manager.get(f"/connections/{synced}/").text
    address = ask(manager, synced)
    wait_for(lambda: "is paused since" in manager.get(address).text, "why it was not done")
    with speaking("de"):  # the worker speaks English
        paused, nothing_runs = gettext(CATALOGUE["paused"].message).split("{since}")
    german = manager.get(address, headers=GERMAN).text
    assert paused.removeprefix("{connection}") in german
    assert nothing_runs in german
    ask(manager, synced, "runs/resume")
    again = press(manager, f"{address}/again").headers["Location"]
    assert again != address
    wait_for(lambda: manager.get(again).status_code == 302, "the end of the second task")


def test_why_a_run_failed_is_told_in_the_readers_language(site: Site, synced: int) -> None:
    with speaking("en"):
        failure = nothing_to_renew_with("acme")
    run = site.one(
        "INSERT INTO run (connection_id, kind, state, started_at, ended_at, counts, error, failure, said)"
        " VALUES (%s, 'manual', 'failed', now(), now(), '{}', %s, 'auth', %s) RETURNING id",
        synced,
        failure.message,
        kept(failure.message, failure.cure),
    )
    page = site.visitor("manager").get(f"/connections/{synced}/runs/{run}", headers=GERMAN).text
    with speaking("de", browser=True):
        assert nothing_to_renew_with("acme").message in page
    assert failure.message not in page
    assert "crosswalk connection" not in page
    assert "/help/CW-1003" in page
    site.database.execute("DELETE FROM run WHERE id = %s", [run])


def test_before_fields_are_mapped_the_set_up_goes_on(site: Site) -> None:
    page = site.visitor("manager").get(f"/connections/{site.add('unmapped for runs')}/").text
    assert "Go on with the set-up" in page
    assert "Sync now" not in page


def test_before_the_first_sync_a_plan_is_asked_for(site: Site) -> None:
    number = site.add("unplanned", mapped=True)
    manager = site.visitor("manager")
    page = manager.get(f"/connections/{number}/").text
    assert "Sync now" not in page
    assert "See the plan of the first sync" in page
    assert ask(manager, number) == f"/connections/{number}/plans"
    assert "needs a plan that you looked at" in manager.get(f"/connections/{number}/plans").text


def test_users_look_and_press_nothing(site: Site, synced: int) -> None:
    user = site.visitor("user")
    page = user.get(f"/connections/{synced}/").text
    assert "Sync now" not in page
    assert press(user, f"/connections/{synced}/runs/now").status_code == 403
    assert press(user, f"/connections/{synced}/runs/cancel").status_code == 403
    assert user.get(f"/connections/{synced}/runs").status_code == 200


def test_another_connections_runs_and_tasks_are_not_found(site: Site, synced: int) -> None:
    other = site.add("runs of another")
    run = site.one("SELECT max(id) FROM run WHERE connection_id = %s", synced)
    visitor = site.visitor()
    assert visitor.get(f"/connections/{other}/runs/{run}").status_code == 404
    assert visitor.get(f"/connections/{synced}/runs/{run}").status_code == 200
    assert "Nothing ran yet" in visitor.get(f"/connections/{other}/runs").text
