"""The resources of the REST API: their paths below the version, and what answers each.

Source: Salesforce REST, Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from crosswalk_sandbox.salesforce import batches, describe, record_types, records, replication, resources
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.composite import requests, trees
from crosswalk_sandbox.salesforce.errors import ApiError

Handler = Callable[[Call], Answer]
Row = tuple[str, str, Handler]  # method, path template, what answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A resource: its method, its path below the version as parts, and what answers."""

    method: str
    parts: tuple[str, ...]
    handler: Handler

    @property
    def name(self) -> str:
        return f"{self.method} /{'/'.join(self.parts)}"

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """What the path's segments say for the parts in braces; None when it is another path."""
        if len(segments) != len(self.parts):
            return None
        args = {}
        for part, segment in zip(self.parts, segments, strict=True):
            if part.startswith("{"):
                args[part[1:-1]] = segment
            elif part.lower() != segment.lower():
                return None
        return args


class Routes:
    """All resources; the first that matches answers."""

    def __init__(self, stateful: Iterable[Row]) -> None:
        """`stateful` are the resources whose handlers remember something between calls."""
        self._routes = [
            Route(method=method, parts=tuple(path.split("/")) if path else (), handler=handler)
            for method, path, handler in (*stateful, *STATELESS)
        ]

    def find(self, method: str, segments: Sequence[str]) -> tuple[Route, dict[str, str]] | None:
        """The route of a path and what the path says; None when there is none."""
        for route in self._routes:
            if route.method == method and (args := route.match(segments)) is not None:
                return route, args
        return None

    def get(self, method: str, segments: Sequence[str]) -> tuple[Route, dict[str, str]]:
        """The route of a path and what the path says. Raises ApiError."""
        found = self.find(method, segments)
        if found is not None:
            return found
        allowed = sorted({route.method for route in self._routes if route.match(segments) is not None})
        if not allowed:
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        text = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
        raise ApiError("METHOD_NOT_ALLOWED", text)


STATELESS: tuple[Row, ...] = (
    ("GET", "", resources.root),
    ("GET", "sobjects", describe.all_objects),
    ("GET", "sobjects/{object}", describe.basic),
    ("POST", "sobjects/{object}", records.create),
    ("GET", "sobjects/{object}/describe", describe.full),
    ("GET", "sobjects/{object}/updated", replication.updated),
    ("GET", "sobjects/{object}/deleted", replication.deleted),
    ("GET", "sobjects/{object}/{id}", records.read),
    ("PATCH", "sobjects/{object}/{id}", records.update),
    ("DELETE", "sobjects/{object}/{id}", records.delete),
    ("GET", "sobjects/{object}/{field}/{value}", records.read_by_key),
    ("PATCH", "sobjects/{object}/{field}/{value}", records.upsert),
    ("DELETE", "sobjects/{object}/{field}/{value}", records.delete_by_key),
    ("GET", "ui-api/object-info/{object}/picklist-values/{type}", record_types.picklists),
    ("GET", "composite", resources.composite),
    ("POST", "composite", requests.composite),
    ("POST", "composite/batch", requests.batch),
    ("POST", "composite/graph", requests.graph),
    ("POST", "composite/tree/{object}", trees.tree),
    ("POST", "composite/sobjects", batches.create),
    ("PATCH", "composite/sobjects", batches.update),
    ("DELETE", "composite/sobjects", batches.delete),
    ("GET", "composite/sobjects/{object}", batches.retrieve),
    ("POST", "composite/sobjects/{object}", batches.retrieve_posted),
    ("PATCH", "composite/sobjects/{object}/{field}", batches.upsert),
)
