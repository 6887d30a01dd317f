"""Trees: up to 200 new records with their children, all or none. Source: Salesforce REST, sObject Tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk_sandbox.salesforce import operations, saving
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError, Problem, RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object

MOST_RECORDS, MOST_TYPES, MOST_DEPTH = 200, 5, 5


class _RolledBackError(Exception):
    """A record failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A record of a tree."""

    kind: Object
    reference_id: str
    fields: dict[str, Any]
    above: Node | None  # its parent
    through: str | None  # the field that will hold the parent's id
    depth: int


def tree(call: Call) -> Answer:
    """`POST /composite/tree/{object}`: 201 with the ids, or 400 with what failed."""
    nodes = list(_nodes(call))
    _check(nodes)
    made: dict[str, str] = {}
    failed: list[dict[str, Any]] = []
    try:
        with call.org.store.all_or_nothing():
            for node in nodes:
                if node.above is None or node.above.reference_id in made:
                    _create(call.org, call.actor, node, made, failed)
            if failed:
                raise _RolledBackError
    except _RolledBackError:
        return Answer(status=400, content={"hasErrors": True, "results": failed})
    results = [{"referenceId": node.reference_id, "id": made[node.reference_id]} for node in nodes]
    return Answer(status=201, content={"hasErrors": False, "results": results})


def _create(org: Org, actor: Actor, node: Node, made: dict[str, str], failed: list[dict[str, Any]]) -> None:
    """Save a record below its parent, which exists; note its id or what was wrong."""
    sent = dict(node.fields)
    if node.above is not None and node.through is not None:
        sent[node.through] = made[node.above.reference_id]
    try:
        with org.store.all_or_nothing():
            draft = saving.read(org, node.kind, sent)
            made[node.reference_id] = operations.create(org, actor, draft)["id"]
    except (ApiError, RecordError) as error:
        failed.append(_failure(node.reference_id, error.problem))


def _failure(reference_id: str | None, problem: Problem) -> dict[str, Any]:
    return {"referenceId": reference_id, "errors": [problem.of_record()]}


def _nodes(call: Call) -> Iterator[Node]:
    """All records, level by level. Raises ApiError when the body is not well formed."""
    level = [_node(call.kind, sent, None, None) for sent in _records(call.json())]
    while level:
        yield from (node for node, _ in level)
        if level[0][0].depth >= MOST_DEPTH and any(children for _, children in level):
            raise ApiError("INVALID_INPUT", f"A tree cannot be deeper than {MOST_DEPTH} levels")
        level = [below for node, children in level for below in _below(call, node, children)]


def _records(sent: object) -> list[Mapping[str, Any]]:
    found = sent.get("records") if isinstance(sent, Mapping) else None
    if not isinstance(found, list) or not found or not all(isinstance(each, Mapping) for each in found):
        raise ApiError("JSON_PARSER_ERROR", "A tree needs records, a list of objects")
    return found


def _node(
    kind: Object, sent: Mapping[str, Any], above: Node | None, through: str | None
) -> tuple[Node, dict[str, Any]]:
    """A record, and what is sent of its children by the names of their relationships."""
    attributes = sent.get("attributes")
    named = attributes if isinstance(attributes, Mapping) else {}
    reference_id = named.get("referenceId")
    if not isinstance(reference_id, str) or not reference_id:
        raise ApiError("INVALID_INPUT", "Include a reference ID for each record in the request.")
    if str(named.get("type", "")).lower() != kind.name.lower():
        raise ApiError("INVALID_INPUT", f"The record {reference_id} must be of type {kind.name}")
    children = {
        name: value for name, value in sent.items() if kind.child(name) and isinstance(value, Mapping)
    }
    fields = {name: value for name, value in sent.items() if name not in children}
    depth = above.depth + 1 if above else 1
    node = Node(
        kind=kind, reference_id=reference_id, fields=fields, above=above, through=through, depth=depth
    )
    return node, children


def _below(call: Call, node: Node, children: Mapping[str, Any]) -> Iterator[tuple[Node, dict[str, Any]]]:
    for name, sent in children.items():
        child = node.kind.child(name)
        if child is not None:
            kind = call.object(child.object)
            yield from (_node(kind, each, node, child.field) for each in _records(sent))


def _check(nodes: list[Node]) -> None:
    """Raises ApiError for more than a tree may hold, or a reference id that comes twice."""
    if len(nodes) > MOST_RECORDS or len({node.kind.name for node in nodes}) > MOST_TYPES:
        text = f"A tree cannot have more than {MOST_RECORDS} records of {MOST_TYPES} types"
        raise ApiError("LIMIT_EXCEEDED", text)
    if len({node.reference_id for node in nodes}) < len(nodes):
        raise ApiError("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
