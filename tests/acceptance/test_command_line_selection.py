"""`crosswalk selection`: counted, set, carried by the mapping, and refused by name."""

from __future__ import annotations

import json

from tests.helpers.command_line import Installation, Sandbox


def test_a_selection_is_counted_set_and_synced(mapped: Installation, sandbox: Sandbox) -> None:
    first, second, *_others = sandbox.leads()
    for lead in (first, second):
        sandbox.edit("salesforce", "Lead", lead["Id"], Title="Chosen one")
    sandbox.edit("salesforce", "Lead", second["Id"], Email=None)

    counted = mapped("selection", "count", "acme", "lead", "--where", "Title starts_with chosen", "--json")
    assert (counted.code, counted.data["records"], counted.data["with_email"]) == (0, 2, 1)
    assert counted.data["exact"] is True

    saved = mapped("selection", "set", "acme", "lead", "criteria", "--where", "title = chosen one")
    assert saved.code == 0, saved.err
    assert "Title equals chosen one" in saved.out
    selection = {each["object"]: each for each in mapped("mapping", "show", "acme", "--json").data["objects"]}
    assert selection["lead"]["selection"]["criteria"]["rows"] == [
        {"field": "Title", "operator": "equals", "values": ["chosen one"]}
    ]
    again = mapped("selection", "count", "acme", "lead", "--json")
    assert (again.data["records"], again.data["selection"]["kind"]) == (2, "criteria")


def test_criteria_come_from_a_file_and_the_mapping_file_carries_them(mapped: Installation) -> None:
    rows = [{"field": "Region__c", "operator": "is_not_empty"}]
    group = {
        "match": "any",
        "rows": [{"field": "Origin__c", "operator": "one_of", "values": ["referral", "fair"]}],
    }
    criteria = json.dumps({"rows": rows, "groups": [group], "zone": "Europe/Madrid"})

    saved = mapped("selection", "set", "acme", "contact", "criteria", "--file", "-", "--json", stdin=criteria)
    assert saved.code == 0, saved.err

    shown = mapped("mapping", "show", "acme", "--json").out
    assert mapped("mapping", "set", "acme", "-", stdin=shown).code == 0
    assert json.loads(mapped("mapping", "show", "acme", "--json").out) == json.loads(shown)
    assert mapped("selection", "set", "acme", "contact", "created-from-now").code == 0


def test_what_cannot_be_selected_is_refused_by_name(mapped: Installation) -> None:
    def refused(*arguments: str) -> str:
        done = mapped("selection", *arguments)
        assert done.code == 1
        return " ".join(done.err.split())

    assert "use one of: none" in refused("set", "acme", "lead", "some").lower()
    assert "give them with --where" in refused("set", "acme", "lead", "criteria").lower()
    assert "Only the selection" in refused("set", "acme", "lead", "all", "--where", "Title is_empty")
    assert "no field Nope" in refused("count", "acme", "lead", "--where", "Nope is_empty")
    assert "cannot be compared" in refused("count", "acme", "lead", "--where", "Score__c contains 1")
    assert "Americas, Asia" in refused("count", "acme", "lead", "--where", "Region__c one_of Mars")
    assert "no mapping of account" in refused("count", "acme", "account")
    assert "Install the package" in refused("set", "acme", "lead", "flagged")
    assert "exclude each other" in refused("count", "acme", "lead", "--where", "A is_empty", "--file", "-")
