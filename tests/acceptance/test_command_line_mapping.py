"""A mapping field by field, and from proposals, on the command line."""

from __future__ import annotations

import json

from tests.acceptance.conftest import MAPPING
from tests.helpers.command_line import Installation, Sandbox


def saved(crosswalk: Installation) -> str:
    return crosswalk("mapping", "show", "acme", "--json").out


def pairs(crosswalk: Installation, object: str = "contact") -> dict[str, dict[str, object]]:
    (found,) = (each for each in json.loads(saved(crosswalk))["objects"] if each["object"] == object)
    return {pair["crm"]: pair for pair in found["fields"]}


def test_a_pair_is_added_changed_and_removed(mapped: Installation) -> None:
    added = mapped(
        "mapping", "add", "acme", "contact", "Title", "Job title", "--to-crm", "if_empty", "--no-blanks"
    )
    assert added.code == 0, added.err
    assert "crosswalk plan --connection acme" in added.err
    assert pairs(mapped)["Title"] | {"activecampaign": ""} == {
        "crm": "Title", "activecampaign": "", "to_crm": "if_empty", "to_activecampaign": "always",
        "blanks": False, "policy": None,
    }  # fmt: skip

    changed = mapped("mapping", "change", "acme", "contact", "Title", "--policy", "ask", "--blanks", "--json")
    assert (changed.code, changed.data["pair"]["policy"], changed.data["pair"]["to_crm"]) == (
        0,
        "ask",
        "if_empty",
    )
    assert changed.data["pair"]["blanks"] is True

    removed = mapped("mapping", "remove", "acme", "contact", "Title", "--json")
    assert removed.code == 0
    assert "Title" not in pairs(mapped)


def test_a_pair_that_does_not_fit_is_refused_with_what_would_work(mapped: Installation) -> None:
    refused = mapped("mapping", "add", "acme", "contact", "Last Meeting", "Wedding day")
    assert refused.code == 1
    assert "mapped twice" in refused.err
    refused = mapped("mapping", "add", "acme", "lead", "ConvertedDate", "Landing page", "--to-crm", "always")
    assert refused.code == 1
    assert "never" in refused.err
    refused = mapped("mapping", "add", "acme", "contact", "CreatedDate", "Wedding day")
    assert refused.code == 1
    assert "these types work for it: text or hidden, text area, date and time" in refused.err


def test_both_sides_fields_are_listed(mapped: Installation) -> None:
    listed = mapped("mapping", "fields", "acme", "contact", "--json").data
    crm = {each["name"]: each for each in listed["crm"]}
    contact = {each["label"]: each for each in listed["activecampaign"]}
    assert crm["LastName"]["required"] is True
    assert crm["Full_Label__c"]["type"] == "text (formula)"
    assert crm["Full_Label__c"]["writable"] is False
    assert crm["Score__c"]["mapped_to"] == contact["Score"]["name"]
    assert contact["Score"]["mapped_to"] == "Score__c"
    assert contact["Wedding day"]["name"] in crm["Birthday__c"]["fields"]
    assert contact["Wedding day"]["name"] not in crm["CreatedDate"]["fields"]
    assert crm["MailingAddress"]["fields"] == []
    assert "Wedding day" in mapped("mapping", "fields", "acme", "contact").out


def test_proposals_change_nothing_until_they_are_applied(mapped: Installation, sandbox: Sandbox) -> None:
    mapped("mapping", "remove", "acme", "contact", "Score__c")
    before = saved(mapped)
    proposed = mapped("mapping", "suggest", "acme", "--object", "contact", "--json")
    assert proposed.code == 0
    whys = {each["crm"]: each["why"] for each in proposed.data["suggested"]}
    assert whys["Score__c"] == "same name"
    assert whys["Title"] == "another name for the same thing"
    assert "Phone" not in whys
    assert "Salutation" in proposed.data["unmapped"]["contact"]["crm"]
    unasked = mapped("mapping", "suggest", "acme", "--apply")
    assert unasked.code == 3
    assert saved(mapped) == before

    applied = mapped("mapping", "suggest", "acme", "--object", "contact", "--apply", "--yes", "--json")
    assert applied.code == 0
    assert whys.keys() <= pairs(mapped).keys()
    assert sandbox.writes() == []


def test_a_proposal_is_a_mapping_file(mapped: Installation) -> None:
    proposed = mapped("mapping", "suggest", "acme", "--json")
    assert proposed.data["settings"] == json.loads(saved(mapped))["settings"]
    assert mapped("mapping", "set", "acme", "-", stdin=proposed.out).code == 0
    known = {pair["crm"] for pair in json.loads(MAPPING.read_text(encoding="utf-8"))["objects"][0]["fields"]}
    assert known < pairs(mapped).keys()


def test_a_standard_pair_is_switched_off_used_otherwise_and_switched_on_again(mapped: Installation) -> None:
    def state() -> str:
        listed = mapped("mapping", "standard", "acme", "contact", "--json").data["standard"]
        return next(str(each["state"]) for each in listed if each["crm"] == "Phone")

    assert mapped("mapping", "standard", "acme", "contact", "Phone", "--off").code == 0
    assert state() == "off"
    assert mapped("mapping", "add", "acme", "contact", "Phone", "Job title").code == 0
    assert state() == "elsewhere"
    done = mapped("mapping", "standard", "acme", "contact", "Phone", "--on")
    assert done.code == 0
    assert "Taken out: Phone" in done.err
    assert state() == "on"

    assert mapped("mapping", "standard", "acme", "contact", "Email", "--off").code == 1
    assert mapped("mapping", "standard", "acme", "contact", "--off").code == 1


def test_a_sample_says_what_the_rules_would_do_with_real_records(mapped: Installation) -> None:
    shown = mapped("mapping", "sample", "acme", "contact")
    assert shown.code == 0, shown.err
    assert "Nothing was written" in shown.err
    assert "What would happen" in shown.out
    found = mapped("mapping", "sample", "acme", "contact", "--json").data
    assert 0 < len(found["records"]) <= 10
    (email,) = [row for row in found["rows"] if row["activecampaign"] == "email"]
    assert {cell["fate"] for cell in email["cells"]} <= {"equal", "new", "aside"}
    assert mapped("mapping", "sample", "acme", "deal").code == 1
