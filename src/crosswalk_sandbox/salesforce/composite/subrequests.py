"""The parts of a composite request: what each asks for, and the references between them.

Source: Salesforce REST, Composite Subrequest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from crosswalk_sandbox.http import Request, make_request
from crosswalk_sandbox.salesforce.answers import Answer, Call, to_json
from crosswalk_sandbox.salesforce.errors import ApiError

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*\Z")
REFERENCE = re.compile(r"@\{([^{}]*)\}")
STEP = re.compile(r"\.?([A-Za-z0-9_]+)|\[(\d+)\]")
INHERITED = ("accept", "authorization", "host")
KNOWN = frozenset({"body", "httpHeaders", "method", "referenceId", "url"})
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class UnknownReferenceError(Exception):
    """A reference leads to nothing that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subrequest:
    """One call within another."""

    method: str
    url: str
    reference_id: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's parts below the version, in lower case."""
        parts = [part.lower() for part in self.url.partition("?")[0].split("/") if part]
        return tuple(parts[3:]) if parts[:2] == ["services", "data"] else ()

    def mentioned(self) -> set[str]:
        """The ids of other parts that this one refers to."""
        text = self.url + to_json(self.body).decode()
        return {re.split(r"[.\[]", found, maxsplit=1)[0] for found in REFERENCE.findall(text)}


def read(sent: object) -> list[Subrequest]:
    """The parts of a `compositeRequest`. Raises ApiError when it is not well formed."""
    if not isinstance(sent, list) or not sent:
        raise ApiError("JSON_PARSER_ERROR", "compositeRequest is a list of subrequests")
    found = [_one(each) for each in sent]
    names = [each.reference_id.lower() for each in found]
    for name in names:
        if names.count(name) > 1:
            raise ApiError("INVALID_INPUT", f"Duplicate referenceId provided: {name}")
    return found


def _one(sent: object) -> Subrequest:
    if not isinstance(sent, dict) or set(sent) - KNOWN:
        text = f"A subrequest is an object with {', '.join(sorted(KNOWN))}"
        raise ApiError("JSON_PARSER_ERROR", text)
    method, url, name = (sent.get(key) for key in ("method", "url", "referenceId"))
    if not all(isinstance(each, str) and each for each in (method, url, name)):
        raise ApiError("JSON_PARSER_ERROR", "A subrequest needs method, url and referenceId, all text")
    if str(method).upper() not in METHODS or not ID.match(str(name)):
        text = f"Provided referenceId ('{name}') or method ('{method}') is not valid"
        raise ApiError("INVALID_INPUT", text)
    return Subrequest(
        method=str(method).upper(),
        url=str(url),
        reference_id=str(name),
        body=sent.get("body"),
        headers=_headers(sent.get("httpHeaders") or {}),
    )


def _headers(sent: object) -> dict[str, str]:
    """Headers of one part. Raises ApiError for those that it must share with the others."""
    if not isinstance(sent, dict):
        raise ApiError("JSON_PARSER_ERROR", "httpHeaders is an object")
    found = {str(name).lower(): str(value) for name, value in sent.items()}
    if refused := found.keys() & {"accept", "authorization", "content-type"}:
        raise ApiError("INVALID_INPUT", f"The header {min(refused)} cannot be set for a subrequest")
    return found


class References:
    """The answers so far, by the parts' ids, and filling them into later parts."""

    def __init__(self) -> None:
        self._contents: dict[str, Any] = {}

    def note(self, name: str, answer: Answer) -> None:
        """Remember a part's answer; what failed is nothing to refer to."""
        if answer.status < 300:
            self._contents[name] = answer.content

    def filled(self, part: Subrequest) -> Subrequest:
        """The part with references replaced by what they stand for. Raises UnknownReferenceError."""
        url = REFERENCE.sub(lambda found: quote(_text(self._resolve(found[1])), safe=""), part.url)
        return Subrequest(
            method=part.method,
            url=url,
            reference_id=part.reference_id,
            body=self._fill(part.body),
            headers=part.headers,
        )

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if not isinstance(value, str):
            return value
        if whole := REFERENCE.fullmatch(value):
            return self._resolve(whole[1])
        return REFERENCE.sub(lambda found: _text(self._resolve(found[1])), value)

    def _resolve(self, path: str) -> Any:
        name = re.split(r"[.\[]", path, maxsplit=1)[0]
        value = self._contents.get(name)
        for step in STEP.finditer(path, len(name)):
            value = _below(value, step[1], step[2])
        if value is None or isinstance(value, dict | list):
            text = f"Invalid reference specified. No value for {path} found in {name}."
            raise UnknownReferenceError(text)
        return value


def _below(value: Any, name: str | None, number: str | None) -> Any:
    if name is not None and isinstance(value, dict):
        return value.get(name)
    if number is not None and isinstance(value, list | tuple) and int(number) < len(value):
        return value[int(number)]
    return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def request(call: Call, part: Subrequest) -> Request:
    """The HTTP request that a part stands for."""
    inherited = {name: value for name in INHERITED if (value := call.request.headers.get(name))}
    headers = {**inherited, "content-type": "application/json", **part.headers}
    body = b"" if part.body is None else to_json(part.body)
    return make_request(part.method, part.url, headers, body)
