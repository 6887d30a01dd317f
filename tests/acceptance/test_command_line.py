"""The way from credentials to equal systems, on real processes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.helpers.command_line import Installation, Sandbox


def test_it_works_from_credentials_to_equal_systems(mapped: Installation, sandbox: Sandbox) -> None:
    plan = mapped("plan", "--json", "--limit", "3").data
    assert plan["counts"]["create activecampaign contact"] > 0
    assert len(plan["changes"]) == 3 < plan["changes_in_all"]
    assert sandbox.writes() == []

    run = mapped("sync", "--plan", str(plan["id"]), "--json")
    assert (run.code, run.data["state"], run.data["waiting"]) == (0, "done", 0)
    planned = sum(count for name, count in plan["counts"].items() if name.startswith(("create", "update")))
    assert sum(run.data["counts"].values()) == planned

    again = mapped("sync", "--json")
    assert (again.code, again.data["counts"]) == (0, {})

    found = mapped("verify", "--json")
    assert found.code == 0
    assert list(found.data) == ["version", "compared", "equal", "excused", "unexcused", "samples"]
    assert found.data["version"] == 1
    assert found.data["unexcused"] == 0
    assert found.data["compared"] == found.data["equal"] + sum(found.data["excused"].values())
    assert found.data["equal"] > 400


def test_the_first_sync_without_a_terminal_writes_nothing_and_asks_for_approval(
    mapped: Installation, sandbox: Sandbox
) -> None:
    asked = mapped("sync", "--json")
    assert (asked.code, asked.data["state"]) == (3, "needs_approval")
    assert asked.data["plan"]["changes_in_all"] > 0
    assert f"crosswalk sync --plan {asked.data['plan']['id']}" in asked.err
    assert sandbox.writes() == []

    unasked = mapped("sync", "--approve", "--json")
    assert (unasked.code, unasked.data["state"]) == (0, "done")
    assert sandbox.writes() != []


def test_a_run_stops_before_it_goes_further_than_its_plan(synced: Installation, sandbox: Sandbox) -> None:
    first, *others = sandbox.leads()[:8]
    sandbox.edit("salesforce", "Lead", first["Id"], Phone="+1 202 555 0100")
    plan = synced("plan", "--json").data
    assert plan["counts"] == {"update activecampaign contact": 1}
    for lead in others:
        sandbox.edit("salesforce", "Lead", lead["Id"], Phone="+1 202 555 0101")
    before = sandbox.writes()

    braked = synced("sync", "--plan", str(plan["id"]), "--json")
    assert (braked.code, braked.data["state"]) == (3, "braked")
    assert "the plan has 1" in braked.data["message"]
    assert sandbox.writes() == before

    assert synced("sync").code == 0
    assert synced("verify").code == 0


def test_a_difference_without_an_excuse_has_an_exit_code_of_its_own(
    synced: Installation, sandbox: Sandbox
) -> None:
    lead = sandbox.leads()[0]
    sandbox.post("salesforce", "clock", {"set": lead["SystemModstamp"], "freeze": True})
    sandbox.edit("salesforce", "Lead", lead["Id"], LastName="Changed behind the stamp")
    found = synced("verify", "--json")
    assert (found.code, found.data["unexcused"]) == (2, 1)
    (sample,) = [each for each in found.data["samples"] if each["excuse"] is None]
    assert sample["crm_id"] == lead["Id"]
    assert (sample["field"], sample["crm"]) == ("LastName", "Changed behind the stamp")

    shown = synced("verify")
    assert shown.code == 2
    assert "Changed behind the stamp" in shown.out


def test_a_record_is_explained_from_either_side(synced: Installation, sandbox: Sandbox) -> None:
    lead = next(each for each in sandbox.leads() if each["Phone"])
    sandbox.edit("salesforce", "Lead", lead["Id"], Phone="+1 202 555 0100")
    found = synced("explain", "crm", lead["Id"], "--json").data
    (link,) = found["links"]
    (phone,) = [each for each in link["fields"] if each["crm_field"] == "Phone"]
    assert phone["crm"] == "+1 202 555 0100"
    assert phone["crm_shadow"] != phone["crm"]
    assert (phone["decision"], bool(phone["reason"])) == ("offer", True)
    assert "journal" in link

    other = synced("explain", "activecampaign", link["activecampaign_id"])
    assert other.code == 0
    assert "+1 202 555 0100" in other.out
    assert lead["Id"] in other.out


def test_holds_are_listed_with_reason_and_cure_and_can_be_tried_again(
    mapped: Installation, sandbox: Sandbox, tmp_path: Path
) -> None:
    mapping = mapped("mapping", "show", "acme", "--json").data
    mapping["settings"]["policy"] = "ask"
    assert mapped("mapping", "set", "acme", "-", stdin=json.dumps(mapping)).code == 0
    assert mapped("sync", "--approve").code == 0
    held = mapped("holds", "--json").data["holds"]
    assert held
    assert {"conflict"} == {each["kind"] for each in held}
    assert all(each["reason"] and each["cure"] and each["record_id"] for each in held)

    (cause,) = mapped("holds", "--json").data["causes"]
    assert (cause["code"], cause["count"]) == ("CW-4001", len(held))
    assert "CW-4001" in mapped("holds").out

    for words in (("retry", "--all"), ("--retry",)):
        tried = mapped("holds", *words, "--json")
        assert (tried.code, tried.data["retried"]) == (0, [each["id"] for each in held])
    assert mapped("sync").code == 0
    assert len(mapped("holds", "--json").data["holds"]) == len(held)
    assert mapped("verify", "--json").data["excused"]["held"] == len(held)


def test_a_person_decides_a_hold_after_a_look_at_it(mapped: Installation) -> None:
    mapping = mapped("mapping", "show", "acme", "--json").data
    mapping["settings"]["policy"] = "ask"
    assert mapped("mapping", "set", "acme", "-", stdin=json.dumps(mapping)).code == 0
    assert mapped("sync", "--approve").code == 0
    first, second, *others = mapped("holds", "--json").data["holds"]

    shown = mapped("holds", "show", str(first["id"]), "--json").data["hold"]
    assert (shown["values"], shown["title"]) == (first["values"], "Both sides changed a field")
    assert str(second["id"]) in mapped("holds", "--cause", "CW-4001", "--limit", "1000").out
    chosen = mapped("holds", "choose", str(first["id"]), str(second["id"]), "crm", "--json")
    assert (chosen.code, chosen.data["refused"]) == (0, [])
    assert mapped("sync").code == 0

    left = mapped("holds", "--json").data["holds"]
    assert {each["id"] for each in left} == {each["id"] for each in others}
    settled = mapped("explain", "crm", first["crm_id"], "--json").data["links"][0]
    assert any(why == "chosen" for write in settled["journal"] for _, _, why in write["fields"].values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "4711"), "no hold 4711"),
        (("choose", "4711", "crm"), "no hold 4711"),
        (("choose", "4711"), "what to choose"),
        (("choose", "crm"), "which holds"),
        (("choose", "4711", "mars"), "mars"),
        (("choose", "4711", "--value", "x", "--always"), "--always"),
        (("retry",), "which holds"),
        (("--cause", "CW-0000"), "CW-0000"),
    ],
)
def test_what_is_asked_of_holds_and_cannot_be_done_is_said(
    mapped: Installation, arguments: tuple[str, ...], words: str
) -> None:
    done = mapped("holds", *arguments, "--json")
    assert done.code == 1
    assert words in done.data["error"]["message"]
    assert done.data["error"]["code"].startswith("CW-60")


def test_a_person_erased_in_activecampaign_is_made_again_only_when_someone_says_so(
    synced: Installation, sandbox: Sandbox
) -> None:
    lead = sandbox.leads()[0]
    (link,) = synced("explain", "crm", lead["Id"], "--json").data["links"]
    order = {"object": "contact", "op": "anonymize", "id": link["activecampaign_id"]}
    sandbox.post("activecampaign", "person", order)
    assert synced("sync").code == 0

    assert "deleted_activecampaign" in synced("explain", "crm", lead["Id"]).out
    assert synced("status", "--json").data["connections"][0]["closed_reasons"]["deleted_activecampaign"] > 0
    assert lead["Email"].lower() in synced("tombstones").out
    (rests,) = [
        each for each in synced("tombstones", "--json").data["resting"] if each["record_id"] == lead["Id"]
    ]
    wrong = synced("tombstones", "lift", "nobody@example.org", "--json")
    assert (wrong.code, "nobody@example.org" in wrong.data["error"]["message"]) == (1, True)
    assert synced("tombstones", "lift", rests["email"], "--json").data["tombstones"] >= 1
    assert synced("sync").code == 0
    assert all(each["record_id"] != lead["Id"] for each in synced("tombstones", "--json").data["resting"])


def test_status_and_runs_tell_what_was_done(synced: Installation) -> None:
    (connection,) = synced("status", "--json").data["connections"]
    assert connection["name"] == "acme"
    assert connection["links"] > 30
    assert (connection["waiting"], connection["unreceipted"]) == (0, 0)
    assert connection["last_run"]["state"] == "done"
    assert {each["system"] for each in connection["quota"]} == {"activecampaign", "salesforce"}
    (run,) = synced("runs", "--json").data["runs"]
    assert (run["kind"], run["state"]) == ("initial", "done")
    assert run["counts"]["activecampaign create"] > 0

    shown = synced("status")
    assert "acme" in shown.out
    assert re.search(rf"^ links +{connection['links']} *$", shown.out, flags=re.MULTILINE)
    assert "100000 a second" in shown.out

    assert (connection["state"], connection["cause"]) == ("ok", "settled")
    assert {each["feed"] for each in connection["cursors"]} == {"contact", "lead"}
    assert re.search(
        r"state +ok: All that was seen by .+ is settled\. Held: \d+\. Nothing to do\.", shown.out
    )
    assert "Nichts zu tun." in synced("status", LANGUAGE="de", COLUMNS="300").out


def test_a_sweep_is_made_when_asked_for_and_status_tells_when_everything_was_seen(
    synced: Installation,
) -> None:
    before = synced("status", "--json").data["connections"][0]["sweep"]
    assert {(each["system"], each["object"]) for each in before} == {
        ("salesforce", "contact"),
        ("salesforce", "lead"),
        ("activecampaign", "contact"),
    }
    assert {(each["round_seconds"], each["ended_at"]) for each in before} == {(3600, None)}
    assert "every 1 h 00 min" in synced("status", COLUMNS="200").out

    done = synced("sync", "--sweep", "--json")

    assert (done.code, done.data["counts"]) == (0, {})
    after = synced("status", "--json").data["connections"][0]["sweep"]
    assert all(each["ended_at"] for each in after)
    assert "; last on " in synced("status", COLUMNS="200").out
    refused = synced("sync", "--plan", "1", "--sweep", "--json")
    assert (refused.code, "--sweep" in refused.data["error"]["message"]) == (1, True)


def test_a_mapping_that_was_shown_can_be_set_again(mapped: Installation) -> None:
    shown = mapped("mapping", "show", "acme", "--json")
    assert {each["object"] for each in shown.data["objects"]} == {"contact", "lead"}
    assert mapped("mapping", "set", "acme", "-", stdin=shown.out).code == 0
    assert mapped("mapping", "show", "acme", "--json").data == shown.data


def test_removing_a_connection_touches_no_record(synced: Installation, sandbox: Sandbox) -> None:
    before = [sandbox.get(system, "dump") for system in sandbox.ready]
    kept = synced("connection", "remove", "acme", "--json")
    assert (kept.code, kept.data["removed"]) == (3, False)
    gone = synced("connection", "remove", "acme", "--yes", "--json")
    assert (gone.code, gone.data["removed"]) == (0, True)
    assert synced("connection", "list", "--json").data["connections"] == []
    assert [sandbox.get(system, "dump") for system in sandbox.ready] == before


def test_several_connections_are_told_apart_by_name(mapped: Installation, sandbox: Sandbox) -> None:
    added = mapped("connection", "add", "other", "--credentials", "-", stdin=sandbox.line)
    assert added.code == 0
    names = [each["name"] for each in mapped("connection", "list", "--json").data["connections"]]
    assert names == ["acme", "other"]
    unnamed = mapped("plan")
    assert unnamed.code == 1
    assert "--connection NAME" in unnamed.err
    assert mapped("runs", "--connection", "acme").code == 0
    assert mapped("runs", "--connection", "nobody").code == 1


def test_a_field_at_rest_is_told_by_every_command_that_looks_and_resumes_by_itself(
    synced: Installation, sandbox: Sandbox
) -> None:
    permission = {"object": "FieldPermissions", "op": "edit"}
    hidden = {"Field": "Lead.Phone", "PermissionsRead": False, "PermissionsEdit": False}
    sandbox.post("salesforce", "person", {**permission, "values": hidden})

    run = synced("sync", "--json")
    assert run.code == 0
    assert [(each["object"], each["crm"]) for each in run.data["paused_fields"]] == [("lead", "Phone")]
    planned = synced("plan", "--json").data["paused_fields"]
    (stands,) = synced("status", "--json").data["connections"]
    (hold,) = [each for each in synced("holds", "--json").data["holds"] if each["kind"] == "paused"]
    lead = sandbox.leads()[0]["Id"]
    (link,) = synced("explain", "crm", lead, "--json").data["links"]
    (explained,) = [each for each in link["fields"] if each["crm_field"] == "Phone"]
    assert {each["code"] for each in (*planned, *stands["paused_fields"], hold)} == {"CW-5001"}
    assert (explained["decision"], explained["hold"][:7]) == ("paused", "CW-5001")
    assert hold["cure"] in synced("status", COLUMNS="1000").out
    checked = synced("verify", "--json")
    assert (checked.code, checked.data["excused"]["held"] > 5) == (0, True)

    seen = {**hidden, "PermissionsRead": True, "PermissionsEdit": True}
    sandbox.post("salesforce", "person", {**permission, "values": seen})
    assert synced("sync", "--json").data["paused_fields"] == []
    assert synced("status", "--json").data["connections"][0]["paused_fields"] == []
    assert synced("verify").code == 0


def test_todays_rules_are_applied_to_all_by_a_plan(synced: Installation, sandbox: Sandbox) -> None:
    mapping = synced("mapping", "show", "acme", "--json").data
    lead = next(each for each in mapping["objects"] if each["object"] == "lead")
    phone = next(each for each in lead["fields"] if each["crm"] == "Phone")
    phone["to_activecampaign"] = "never"
    assert synced("mapping", "set", "acme", "-", stdin=json.dumps(mapping)).code == 0
    chosen = sandbox.leads()[0]
    sandbox.edit("salesforce", "Lead", chosen["Id"], Phone="+1 555 0100")
    assert synced("sync").code == 0
    phone["to_activecampaign"] = "always"
    assert synced("mapping", "set", "acme", "-", stdin=json.dumps(mapping)).code == 0

    plan = synced("plan", "--apply-to-all", "--object", "lead", "--field", "phone", "--json").data

    assert plan["applied"] == {"lead": ["Phone"]}
    assert plan["counts"]["first-link overwrite"] == 1
    assert synced("sync", "--json").data["counts"] == {}
    assert synced("sync", "--plan", str(plan["id"]), "--json").data["counts"] == {"activecampaign update": 1}
    assert synced("verify").code == 0
    assert synced("plan", "--field", "phone").code == 1


def test_the_budget_says_who_used_what_and_takes_another_share(synced: Installation) -> None:
    told = synced("budget", "--json").data["budgets"]
    salesforce, account = told
    assert (salesforce["system"], account["system"]) == ("salesforce", "activecampaign")
    assert min(salesforce["ours"], salesforce["used"], account["ours"]) > 0
    assert salesforce["cap"] * 2 == salesforce["limit"]
    assert (account["limit"], account["stopped"]) == (None, [])

    more = synced("budget", "--percent", "80")
    assert (more.code, "80 % of" in more.out) == (0, True)
    refused = synced("budget", "--percent", "101")
    assert refused.code == 1
    assert "settings.crm_calls_percent" in refused.err
