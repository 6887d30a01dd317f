"""Composite, batch and graph requests. Source: Salesforce REST, Composite, Batch and Composite Graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crosswalk_sandbox.http import make_request
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.composite import subrequests
from crosswalk_sandbox.salesforce.composite.subrequests import References, Subrequest, UnknownReferenceError
from crosswalk_sandbox.salesforce.errors import ApiError, Problem

MOST_PARTS, MOST_SEARCHING_PARTS = 25, 5
MOST_GRAPHS, MOST_NODES, MOST_KINDS, MOST_DEPTH = 75, 500, 15, 15
MOST_FAILED_GRAPHS = 14
ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
HALTED = Problem("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
BATCHED = ("limits", "query", "queryall", "sobjects")
Result = dict[str, Any]


class _RolledBackError(Exception):
    """A part failed where all had to succeed."""


def composite(call: Call) -> Answer:
    """`POST /composite`: up to 25 calls, later ones may use the answers of earlier ones."""
    sent = _known(call, "allOrNone", "collateSubrequests", "compositeRequest")
    parts = subrequests.read(sent.get("compositeRequest"))
    if limit := _too_much(parts):
        body = [Problem("LIMIT_EXCEEDED", limit).single()]
        refused = {"body": body, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": None}
        return Answer(content={"compositeResponse": [refused]})
    results, _ = _run(call, parts, all_or_none=sent.get("allOrNone") is True)
    return Answer(content={"compositeResponse": results})


def graph(call: Call) -> Answer:
    """`POST /composite/graph`: graphs of up to 500 calls together, each of them all or nothing."""
    sent = _known(call, "graphs").get("graphs")
    if not isinstance(sent, list) or not all(_is_graph(each) for each in sent):
        raise ApiError("JSON_PARSER_ERROR", "graphs is a list of objects with graphId and compositeRequest")
    graphs = [(each["graphId"], subrequests.read(each["compositeRequest"])) for each in sent]
    _check_graphs([parts for _, parts in graphs])
    failed, answered = 0, []
    for graph_id, parts in graphs:
        halted = failed >= MOST_FAILED_GRAPHS
        results, good = (
            ([_halted(part) for part in parts], False) if halted else _run(call, parts, all_or_none=True)
        )
        failed += not good
        response = {"compositeResponse": results}
        answered.append({"graphId": graph_id, "graphResponse": response, "isSuccessful": good})
    return Answer(content={"graphs": answered})


def batch(call: Call) -> Answer:
    """`POST /composite/batch`: up to 25 calls that know nothing of each other; each counts as a call."""
    sent = _known(call, "batchRequests", "haltOnError")
    parts = sent.get("batchRequests")
    if not isinstance(parts, list) or not parts or not all(isinstance(each, dict) for each in parts):
        raise ApiError("JSON_PARSER_ERROR", "batchRequests is a list of subrequests")
    if len(parts) > MOST_PARTS:
        raise ApiError("LIMIT_EXCEEDED", _no_more_than(MOST_PARTS, "operations"))
    results: list[Result] = []
    for number, part in enumerate(parts):
        if sent.get("haltOnError") is True and any(each["statusCode"] >= 400 for each in results):
            results.append({"statusCode": 412, "result": [HALTED.single()]})
            continue
        answer = _batched(call, part, counts=number > 0)
        results.append({"statusCode": answer.status, "result": answer.content})
    failed = any(each["statusCode"] >= 400 for each in results)
    return Answer(content={"hasErrors": failed, "results": results})


def _known(call: Call, *names: str) -> dict[str, Any]:
    """The body, with these members alone. Raises ApiError."""
    sent = call.json()
    for name in sent:
        if name not in names:
            raise ApiError("JSON_PARSER_ERROR", f'Unrecognized field "{name}", not marked as ignorable')
    return sent


def _too_much(parts: Sequence[Subrequest]) -> str | None:
    """What is too much in a composite request."""
    if len(parts) > MOST_PARTS:
        return _no_more_than(MOST_PARTS, "operations")
    if sum(_searches(part) for part in parts) > MOST_SEARCHING_PARTS:
        return _no_more_than(MOST_SEARCHING_PARTS, "query or sObject Collections operations")
    return None


def _searches(part: Subrequest) -> bool:
    return part.segments[:1] in (("query",), ("queryall",)) or part.segments[:2] == ("composite", "sobjects")


def _no_more_than(most: int, what: str) -> str:
    return f"The request can’t contain more than {most} {what}."


def _run(call: Call, parts: Sequence[Subrequest], *, all_or_none: bool) -> tuple[list[Result], bool]:
    """The results of the parts, and whether all succeeded; with `all_or_none` one failure undoes all."""
    results: list[Result] = []
    references = References()
    try:
        with call.org.store.all_or_nothing():
            for part in parts:
                answer = _answer(call, part, references)
                references.note(part.reference_id, answer)
                results.append(_shown(part, answer))
                if all_or_none and _failed(results[-1]):
                    raise _RolledBackError
    except _RolledBackError:
        at = len(results) - 1
        return [results[at] if number == at else _halted(part) for number, part in enumerate(parts)], False
    return results, not any(map(_failed, results))


def _failed(result: Result) -> bool:
    return bool(result["httpStatusCode"] >= 400 or result["httpStatusCode"] == 300)


def _answer(call: Call, part: Subrequest, references: References) -> Answer:
    try:
        filled = references.filled(part)
    except UnknownReferenceError as error:
        return Answer(status=400, content=[Problem("PROCESSING_HALTED", str(error)).single()])
    if not filled.segments or (filled.segments[0] in ("composite", "jobs") and not _searches(filled)):
        problem = Problem("INVALID_INPUT", f"The URL {part.url} is not one that a subrequest can have")
        return Answer(status=400, content=[problem.single()])
    return call.again(subrequests.request(call, filled), False)


def _shown(part: Subrequest, answer: Answer) -> Result:
    headers = {"Location": answer.headers["location"]} if "location" in answer.headers else {}
    return {
        "body": answer.content,
        "httpHeaders": headers,
        "httpStatusCode": answer.status,
        "referenceId": part.reference_id,
    }


def _halted(part: Subrequest) -> Result:
    content = [Problem("PROCESSING_HALTED", ROLLED_BACK).single()]
    return _shown(part, Answer(status=400, content=content))


def _is_graph(sent: object) -> bool:
    return isinstance(sent, dict) and isinstance(sent.get("graphId"), str) and "compositeRequest" in sent


def _check_graphs(graphs: Sequence[Sequence[Subrequest]]) -> None:
    """Raises ApiError for more than a graph request may hold, or a node that it may not."""
    if len(graphs) > MOST_GRAPHS or sum(map(len, graphs)) > MOST_NODES:
        text = f"The request can’t contain more than {MOST_GRAPHS} graphs or {MOST_NODES} nodes."
        raise ApiError("LIMIT_EXCEEDED", text)
    for parts in graphs:
        kinds = {(part.method, part.segments[1:2]) for part in parts}
        if len(kinds) > MOST_KINDS or _depth(parts) > MOST_DEPTH:
            text = f"A graph can’t have more than {MOST_KINDS} different nodes or a depth above {MOST_DEPTH}."
            raise ApiError("LIMIT_EXCEEDED", text)
        for part in parts:
            _check_node(part)


def _check_node(part: Subrequest) -> None:
    """A graph takes records alone: created, or one row by its id or external id. Raises ApiError."""
    shape = (part.segments[:1], len(part.segments), part.method == "POST")
    if shape not in ((("sobjects",), 2, True), (("sobjects",), 3, False), (("sobjects",), 4, False)):
        text = f"{part.method} {part.url} is not supported in a composite graph"
        raise ApiError("INVALID_INPUT", text)


def _depth(parts: Sequence[Subrequest]) -> int:
    """How many parts follow one from the other, at most."""
    depths: dict[str, int] = {}
    for part in parts:
        depths[part.reference_id] = 1 + max((depths.get(name, 0) for name in part.mentioned()), default=0)
    return max(depths.values())


def _batched(call: Call, part: dict[str, Any], *, counts: bool) -> Answer:
    """The answer to a part of a batch, whose address begins with the version."""
    method, url = part.get("method"), part.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        raise ApiError("JSON_PARSER_ERROR", "A subrequest of a batch needs method and url")
    path = "/services/data/" + url.removeprefix("/services/data").lstrip("/")
    whole = Subrequest(method=method.upper(), url=path, reference_id="batch", body=part.get("richInput"))
    if whole.segments[:1] and whole.segments[0] not in BATCHED:
        return Answer(
            status=404, content=[Problem("NOT_FOUND", "The requested resource does not exist").single()]
        )
    inner = subrequests.request(call, whole)
    headers = {**call.request.headers, **inner.headers}
    return call.again(make_request(inner.method, path, headers, inner.body), counts)
