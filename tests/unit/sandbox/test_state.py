"""What a sandbox holds goes into a file and comes back from it, whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.helpers.certificates import private_key, public_pem
from tests.helpers.sandbox_sign_in import SignIn, bad, good

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox
from crosswalk_sandbox.state import StateError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATA = "/services/data/v60.0"


class Running:
    """A sandbox on a state file, as one life of the process sees it."""

    def __init__(
        self, file: Path, clock: Callable[[], Clock], systems: tuple[str, ...], **options: Any
    ) -> None:
        chosen = {"limits": "real", "seed": 1, "package": False, "load": None, **options}
        sizes = Sizes(leads=220, contacts=5, subscribers=40)
        self.sandbox = Sandbox(
            systems,
            Options(
                sizes=sizes,
                seed=chosen["seed"],
                limits=Limits.parse(chosen["limits"]),
                package=chosen["package"],
                load=chosen["load"],
                state=file,
            ),
            clock=clock,
        )
        self.transport, self.ready = self.sandbox.transport()
        self.clients: list[httpx2.Client] = []

    def client(self, name: str, **headers: str) -> httpx2.Client:
        base_url = f"https://{name}.sandbox.example"
        self.clients.append(httpx2.Client(transport=self.transport, base_url=base_url, headers=headers))
        return self.clients[-1]

    @property
    def crm(self) -> httpx2.Client:
        token = self.ready["salesforce"]["access_token"]
        return self.client("salesforce", Authorization=f"Bearer {token}")

    @property
    def marketing(self) -> httpx2.Client:
        return self.client("activecampaign", **{"Api-Token": self.ready["activecampaign"]["key"]})

    def dumps(self) -> dict[str, Any]:
        return {name: controlled.dump() for name, controlled in self.sandbox.systems.items()}


Living = Callable[..., Running]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def living(file: Path) -> Iterator[Living]:
    """Starts sandboxes on the one file: `living()`."""
    started: list[Running] = []

    def start(
        *systems: str, clock: Callable[[], Clock] = lambda: Clock.standing(NOON), **options: Any
    ) -> Running:
        started.append(Running(file, clock, systems or ("activecampaign", "salesforce"), **options))
        return started[-1]

    yield start
    for running in started:
        for client in running.clients:
            client.close()


def sign_in(running: Running) -> SignIn:
    mine = running.ready["salesforce"]
    return SignIn(
        http=running.client("salesforce"), client_id=mine["client_id"], client_secret=mine["client_secret"]
    )


def test_a_sandbox_goes_on_where_the_last_one_ended(living: Living) -> None:
    first = living()
    first.marketing.post(
        "/api/3/contacts", json={"contact": {"email": "new@example.org", "firstName": "Ada"}}
    )
    lead = first.crm.post(
        f"{DATA}/sobjects/Lead", json={"LastName": "Vogel", "Company": "Acme", "Score__c": 1.1}
    )
    first.sandbox.systems["salesforce"].person("Lead", "delete", record_id=lead.json()["id"])
    first.marketing.delete("/api/3/contacts/3")
    first.sandbox.save()
    second = living()
    assert second.dumps() == first.dumps()
    assert second.ready == first.ready
    assert second.marketing.get("/api/3/contacts?email=new@example.org").json()["meta"]["total"] == "1"
    deleted = second.crm.get(
        f"{DATA}/queryAll", params={"q": "SELECT Score__c FROM Lead WHERE IsDeleted = true"}
    )
    assert [each["Score__c"] for each in deleted.json()["records"]] == [1.1]


def test_what_comes_next_is_what_would_have_come(living: Living) -> None:
    first = living()
    first.sandbox.save()
    second = living()

    def go_on(running: Running) -> list[Any]:
        contact = {"email": "next@example.org", "fieldValues": [{"field": "1", "value": "Acme"}]}
        made = running.marketing.post("/api/3/contacts", json={"contact": contact}).json()
        queued = running.marketing.post(
            "/api/3/import/bulk_import", json={"contacts": [{"email": "import@example.org"}]}
        )
        lead = running.crm.post(f"{DATA}/sobjects/Lead", json={"LastName": "Vogel", "Company": "Acme"})
        token = sign_in(running).token(grant_type="client_credentials")
        return [made, queued.json(), lead.json(), token.json()]

    assert go_on(second) == go_on(first)


def test_nothing_is_written_unless_it_is_asked_for(living: Living, file: Path) -> None:
    living()
    assert not file.exists()


def test_a_program_asks_through_either_system(living: Living, file: Path) -> None:
    running = living()
    answer = running.marketing.post("/_sandbox/save")
    assert answer.json() == {"saved": str(file)}
    kept = json.loads(file.read_text())
    assert (kept["version"], set(kept["systems"])) == (1, {"activecampaign", "salesforce"})
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_without_a_file_there_is_nothing_to_save_to() -> None:
    options = Options(sizes=Sizes.of(1), limits=Limits.parse("off"))
    transport, _ = Sandbox(["salesforce"], options).transport()
    with httpx2.Client(transport=transport, base_url="https://salesforce.sandbox.example") as client:
        answer = client.post("/_sandbox/save")
    assert (answer.status_code, "--state FILE" in answer.json()["message"]) == (400, True)


def test_a_file_that_cannot_be_written_is_said(living: Living, file: Path) -> None:
    running = living()
    file.mkdir()
    answer = running.crm.post("/_sandbox/save")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("cannot write the state file")
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_system_that_is_not_served_stays_in_the_file(living: Living) -> None:
    first = living()
    first.marketing.delete("/api/3/contacts/3")
    first.sandbox.save()
    living("salesforce").sandbox.save()
    assert living().dumps() == first.dumps()


def test_a_system_that_the_file_does_not_have_starts_from_the_seed(living: Living) -> None:
    living("salesforce").sandbox.save()
    assert len(living().dumps()["activecampaign"]["contact"]) == 40


def test_a_reset_leads_back_to_the_seed_and_not_to_the_file(living: Living) -> None:
    first = living()
    before = first.dumps()
    first.marketing.delete("/api/3/contacts/3")
    first.crm.post(f"{DATA}/sobjects/Lead", json={"LastName": "Vogel", "Company": "Acme"})
    first.sandbox.save()
    second = living()
    for controlled in second.sandbox.systems.values():
        controlled.reset()
    assert second.dumps() == before


def test_credentials_are_those_of_the_file(living: Living) -> None:
    first = living(seed=5)
    first.sandbox.save()
    assert living(seed=6).ready == first.ready


def test_a_clock_that_stands_stands_where_it_stood(living: Living) -> None:
    first = living()
    first.sandbox.systems["salesforce"].clock.advance(3600)
    first.sandbox.save()
    clocks = {name: each.clock for name, each in living().sandbox.systems.items()}
    assert (clocks["salesforce"].now() - clocks["activecampaign"].now()).total_seconds() == 3600
    assert clocks["salesforce"].frozen


def test_a_clock_that_runs_keeps_its_distance_and_runs_on(living: Living) -> None:
    times = [NOON]
    first = living(clock=lambda: Clock(lambda: times[-1]))
    first.sandbox.systems["salesforce"].clock.advance(-90)
    first.sandbox.save()
    times.append(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    second = living(clock=lambda: Clock(lambda: times[-1]))
    assert second.sandbox.systems["salesforce"].clock.offset == -90
    assert second.crm.get(f"{DATA}/limits").status_code == 401  # the session died in the meantime


def test_signing_in_goes_on(living: Living) -> None:
    first = living()
    first.crm.post("/_sandbox/apps", json={"rotation": True, "certificate": public_pem(private_key())})
    browser = sign_in(first)
    old = browser.granted(scope="api refresh_token openid")
    new = good(browser.refresh(old["refresh_token"]))
    code = browser.allow(prompt="login")["code"]
    keys = browser.http.get("/id/keys").json()
    first.sandbox.save()

    second = living()
    browser = sign_in(second)
    assert second.crm.get("/_sandbox/apps").json() == first.crm.get("/_sandbox/apps").json()
    assert browser.http.get("/id/keys").json() == keys
    api = second.client("salesforce", Authorization=f"Bearer {new['access_token']}")
    assert api.get(f"{DATA}/limits").status_code == 200
    good(browser.exchange(code))
    good(browser.refresh(new["refresh_token"]))
    assert bad(browser.refresh(old["refresh_token"]))[0] == "invalid_grant"


def test_pages_to_come_are_as_they_were(living: Living) -> None:
    first = living()
    query = {"q": "SELECT Id, LastName, Score__c FROM Lead ORDER BY Name"}
    page = first.crm.get(f"{DATA}/query", params=query, headers={"Sforce-Query-Options": "batchSize=200"})
    rest = first.crm.get(page.json()["nextRecordsUrl"]).json()
    last = rest["records"][-1]["Id"]
    first.crm.patch(f"{DATA}/sobjects/Lead/{last}", json={"LastName": "Changed"})
    first.sandbox.save()
    second = living()
    assert second.crm.get(page.json()["nextRecordsUrl"]).json() == rest
    found = second.crm.get(f"{DATA}/sobjects/Lead/{last}").json()
    assert found["LastName"] == "Changed"


def test_permissions_go_on(living: Living) -> None:
    first = living()
    people = first.sandbox.systems["salesforce"]
    people.person("FieldPermissions", "edit", values={"Field": "Lead.Title", "PermissionsRead": False})
    people.person("ObjectPermissions", "edit", values={"SobjectType": "Lead", "PermissionsDelete": False})
    before = first.crm.get(f"{DATA}/sobjects/Lead/describe").json()
    first.sandbox.save()
    after = living().crm.get(f"{DATA}/sobjects/Lead/describe").json()
    assert after == before
    assert "Title" not in {each["name"] for each in after["fields"]}


def test_rules_of_an_admin_and_lives_of_people_go_on(living: Living) -> None:
    first = living()
    types = [{"object": "Lead", "name": "Partner", "default": True}]
    rules = {
        "lead_mapping": {"Score__c": "Contact.Score__c"},
        "currencies": {"EUR": 1.5},
        "person_accounts": True,
    }
    first.crm.post("/_sandbox/rules", json={"record_types": types})
    first.crm.post("/_sandbox/rules", json=rules)
    first.marketing.post("/_sandbox/rules", json={"revives": True})
    org, account = (first.sandbox.systems[name] for name in ("salesforce", "activecampaign"))
    org.person("Lead", "convert", record_id=org.dump()["Lead"][0]["Id"])
    org.person("Lead", "create", values={"LastName": "Vogel"})
    account.person("contact", "anonymize", record_id="1")
    before = first.dumps()
    first.sandbox.save()
    second = living()
    assert second.crm.get("/_sandbox/rules").json().items() >= rules.items()
    assert second.marketing.get("/_sandbox/rules").json()["revives"] is True
    assert second.dumps() == before
    assert before["salesforce"]["Lead"][-1]["RecordTypeId"] == before["salesforce"]["RecordType"][0]["Id"]
    second.crm.post("/_sandbox/reset")
    assert "RecordTypeId" not in second.dumps()["salesforce"]["Lead"][0]


def test_limits_that_were_used_up_stay_so(living: Living) -> None:
    first = living()
    first.crm.get(f"{DATA}/limits")
    for _ in range(5):
        first.marketing.get("/api/3/users/me")
    first.sandbox.save()
    second = living()
    assert second.marketing.get("/api/3/users/me").status_code == 429
    assert second.crm.get(f"{DATA}/limits").headers["sforce-limit-info"] == "api-usage=2/100000"


def test_imports_that_wait_are_done_later(living: Living) -> None:
    first = living()
    values = {"email": "later@example.org", "fields": [{"id": 1, "value": "Acme"}], "tags": ["gold"]}
    body = {"contacts": [values, {"email": "bad@@example.org"}]}
    batch = first.marketing.post("/api/3/import/bulk_import", json=body).json()["batchId"]
    first.sandbox.save()
    second = living()
    info = f"/api/3/import/info?batchId={batch}"
    assert second.marketing.get(info).json()["status"] == "waiting"
    second.sandbox.systems["activecampaign"].clock.advance(60)
    done = second.marketing.get(info).json()
    assert (done["status"], done["failure"]) == ("completed", ["bad@@example.org"])
    contact = second.dumps()["activecampaign"]["contact"][-1]
    assert (contact["email"], contact["tags"]) == ("later@example.org", ["gold"])


def test_bulk_jobs_go_on(living: Living) -> None:
    first = living()
    jobs = f"{DATA}/jobs/ingest"
    made = {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Legacy_Key__c"}
    job = first.crm.post(jobs, json=made).json()["id"]
    rows = "Legacy_Key__c,LastName,Company\nN-1,Vogel,Acme\nN-2,,Acme\n"
    first.crm.put(f"{jobs}/{job}/batches", content=rows.encode(), headers={"Content-Type": "text/csv"})
    first.crm.patch(f"{jobs}/{job}", json={"state": "UploadComplete"})
    asked = {"operation": "query", "query": "SELECT Id, Score__c FROM Lead"}
    query = first.crm.post(f"{DATA}/jobs/query", json=asked).json()["id"]
    first.sandbox.save()

    second = living()
    second.sandbox.systems["salesforce"].clock.advance(60)
    first.sandbox.systems["salesforce"].clock.advance(60)
    told = second.crm.get(f"{jobs}/{job}").json()
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (
        "JobComplete",
        2,
        1,
    )
    for path in (f"jobs/ingest/{job}/failedResults", f"jobs/query/{query}/results"):
        assert second.crm.get(f"{DATA}/{path}").text == first.crm.get(f"{DATA}/{path}").text


def test_fields_of_the_package_come_and_go_with_it(living: Living) -> None:
    status = "ActiveCampaign_Sync_Status__c"
    first = living(package=True)
    body = {"LastName": "Vogel", "Company": "Acme", status: "waiting"}
    lead = first.crm.post(f"{DATA}/sobjects/Lead", json=body).json()["id"]
    first.sandbox.save()
    assert living(package=True).crm.get(f"{DATA}/sobjects/Lead/{lead}").json()[status] == "waiting"
    without = living().crm.get(f"{DATA}/sobjects/Lead/{lead}").json()
    assert status not in without
    assert without["LastName"] == "Vogel"


def test_loaded_exports_go_on_without_their_folder(living: Living, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    rows = "LastName,Company,Email,Shoe_Size__c\nVogel,Acme,r.vogel@example.org,42\nCosta,Acme,,43\n"
    (folder / "Lead.csv").write_text(rows)
    first = living(load=folder)
    query = {"q": "SELECT LastName, Shoe_Size__c FROM Lead WHERE Shoe_Size__c > 42"}
    before = first.crm.get(f"{DATA}/query", params=query).json()
    assert before["totalSize"] == 1
    first.sandbox.save()
    second = living()
    assert second.crm.get(f"{DATA}/query", params=query).json() == before
    assert second.dumps() == first.dumps()
    second.sandbox.systems["salesforce"].reset()
    assert second.crm.get(f"{DATA}/query", params=query).json()[0]["errorCode"] == "INVALID_FIELD"


NO_ORG = {"holds": {}, "clock": {"now": "2026-03-02T12:00:00Z", "offset": 0, "frozen": True}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no state file of a sandbox"),
        ("[1]", "is no state file of a sandbox"),
        ('{"systems": {}}', "is no state file of a sandbox"),
        ('{"version": 1, "systems": {"salesforce": {}}}', "is no state file of a sandbox"),
        ('{"version": 2, "systems": 5}', "of version 2, and this sandbox reads version 1"),
        (
            json.dumps({"version": 1, "systems": {"salesforce": NO_ORG}}),
            "does not keep salesforce as it is now",
        ),
    ],
)
def test_another_file_is_refused_and_left_alone(living: Living, file: Path, text: str, reason: str) -> None:
    file.write_text(text)
    with pytest.raises(StateError, match=reason):
        living()
    assert file.read_text() == text


def test_a_file_that_cannot_be_read_is_said(living: Living, file: Path) -> None:
    file.mkdir()
    with pytest.raises(StateError, match="cannot read the state file"):
        living()


def test_a_crash_while_writing_leaves_the_old_file(
    living: Living, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = living("salesforce")
    first.sandbox.save()
    before = file.read_text()

    def crash(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    first.crm.post(f"{DATA}/sobjects/Lead", json={"LastName": "Vogel", "Company": "Acme"})
    with pytest.raises(StateError, match="no space left"):
        first.sandbox.save()
    assert file.read_text() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]
