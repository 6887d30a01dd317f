"""What the audit log keeps of an act is told in lines."""

from __future__ import annotations

from crosswalk.core.act_words import Line, lines


def test_only_what_changed_is_told_under_the_way_to_it() -> None:
    before = {
        "settings": {"policy": "newest", "winner": "crm"},
        "objects": [{"object": "lead", "fields": []}],
    }
    after = {
        "settings": {"policy": "ask", "winner": "crm"},
        "objects": [{"object": "lead", "fields": [{"crm": "Title", "to_crm": "never"}]}],
    }
    assert lines({"before": before, "after": after}) == [
        Line(what="settings, policy", before="newest", after="ask"),
        Line(what="objects, lead, fields", before="–", after=None),
        Line(what="objects, lead, fields, Title, CRM", before=None, after="Title"),
        Line(what="objects, lead, fields, Title, to_crm", before=None, after="never"),
    ]


def test_a_decision_is_told_with_what_both_sides_held_and_what_was_chosen() -> None:
    decided = {
        "record": "ana@example.org",
        "field": "FirstName",
        "before": {"crm": "Ana", "activecampaign": "Anna"},
        "after": {"crm": "Ana", "activecampaign": "Ana"},
    }
    assert lines({"count": 1, "decided": [decided]}) == [
        Line(what="ana@example.org, FirstName", before="Ana / Anna", after="Ana"),
        Line(what="how many", after="1"),
    ]


def test_an_act_without_detail_and_a_very_long_one_are_short() -> None:
    assert lines({}) == []
    assert len(lines({"after": {str(number): number for number in range(500)}})) == 60
