from __future__ import annotations

import json

import pytest

from crosswalk_sandbox.load import trees
from crosswalk_sandbox.load.trees import Node, Tree, TreeError

FAMILY = """{
  "records": [
    {"attributes": {"type": "Account", "referenceId": "A1"}, "Name": "Acme", "Employees": 5, "Active__c": true,
     "Contacts": {"records": [
        {"attributes": {"type": "Contact", "referenceId": "C1"}, "LastName": "Leaf"},
        {"attributes": {"type": "Contact", "referenceId": "C2"}, "LastName": "Root", "Score__c": 1.50}
     ]}
    },
    {"attributes": {"type": "Account", "referenceId": "A2"}, "Name": "Beta", "Phone": null}
  ]
}
"""


def nodes(text: str) -> list[Node]:
    return list(Tree(text).nodes())


def test_records_are_read_with_type_reference_and_line() -> None:
    acme, beta = nodes(FAMILY)
    assert (acme.type, acme.reference, acme.line) == ("Account", "A1", 3)
    assert acme.values == {"Name": "Acme", "Employees": "5", "Active__c": "true"}
    assert (beta.line, beta.values) == (9, {"Name": "Beta", "Phone": ""})


def test_children_have_lines_of_their_own() -> None:
    leaf, root = nodes(FAMILY)[0].children["Contacts"]
    assert [(each.reference, each.line) for each in (leaf, root)] == [("C1", 5), ("C2", 6)]
    assert root.values["Score__c"] == "1.50", "numbers stay as they are written"


def test_the_answer_of_a_query_is_read_like_a_tree() -> None:
    answer = {
        "status": 0,
        "result": {"records": [{"attributes": {"type": "Lead", "url": "/x"}, "Owner": {"Name": "Ada"}}]},
    }
    (lead,) = nodes(json.dumps(answer))
    assert (lead.type, lead.values) == ("Lead", {"Owner.Name": "Ada"})


def test_a_bare_list_of_records_is_read() -> None:
    assert [node.values for node in nodes('[{"Name": "a"}, {"Name": "b"}]')] == [{"Name": "a"}, {"Name": "b"}]


@pytest.mark.parametrize("text", ["{}", '{"records": []}', '{"records": 5}', "[]"])
def test_other_json_has_no_records(text: str) -> None:
    assert nodes(text) == []


@pytest.mark.parametrize(
    ("text", "line", "before"),
    [
        ('{"records": [\n{"Name": "a"},\n{"Name": oops}]}', 3, 1),
        ('{"records": [\n{"Name": "a"}\n', 3, 1),
        ('{"records": [\n{"Name": "a"}\n{"Name": "b"}]}', 3, 1),
        ('{"records": [\n5]}', 2, 0),
        ("not json", 1, 0),
        ("", 1, 0),
    ],
)
def test_a_broken_file_says_where_and_keeps_what_was_before(text: str, line: int, before: int) -> None:
    found: list[Node] = []
    with pytest.raises(TreeError) as error:
        found.extend(Tree(text).nodes())
    assert (error.value.line, len(found)) == (line, before)


def test_plans_are_told_from_records() -> None:
    plan = [
        {"sobject": "Account", "saveRefs": True, "resolveRefs": False, "files": ["Account.json"]},
        {"sobject": "Contact", "files": ["./Contact.json", {"file": "More.json"}]},
    ]
    steps = trees.plan(json.dumps(plan)) or []
    assert [(step.object, step.files) for step in steps] == [
        ("Account", ("Account.json",)),
        ("Contact", ("Contact.json", "More.json")),
    ]
    assert trees.plan(FAMILY) is None
    assert trees.plan('[{"Name": "a"}]') is None
    assert trees.plan("{") is None
