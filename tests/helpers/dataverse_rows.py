"""Contacts of a scripted Dataverse environment, and tables that have all types of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx2
from tests.helpers.dataverse import Environment, Reply, Tables, column, options, relation

COLUMNS = (
    column("createdon", "DateTime", DateTimeBehavior={"Value": "UserLocal"}),
    column("modifiedon", "DateTime", DateTimeBehavior={"Value": "UserLocal"}),
    column("modifiedby", "Lookup"),
    column("modifiedonbehalfby", "Lookup"),
    column("masterid", "Lookup"),
    column("statecode", "State", OptionSet={"Options": [{"Value": 0}, {"Value": 1}]}),
    column("parentcontactid", "Lookup"),
    column("donotemail", "Boolean"),
    column("vip", "Boolean"),
    column("birthdate", "DateTime", DateTimeBehavior={"Value": "DateOnly"}),
    column("meeting", "DateTime", DateTimeBehavior={"Value": "TimeZoneIndependent"}),
    column("score", "Decimal", Precision=2),
    column("income", "Money", Precision=2, PrecisionSource=0),
    column("source", "Picklist", OptionSet=options("Web", "Fair")),
    column("interests", "MultiSelectPicklist", OptionSet=options("Tea", "Chess", "Boats")),
    column("territoryid", "Lookup"),
    column("secret", IsSecured=True),
)
RELATIONS = (relation("territoryid", "territory", "acx_Territory"),)


def environment(*replies: Reply, tracked: bool = True) -> Environment:
    """An environment whose contacts and leads have `COLUMNS`."""
    found = Environment(*replies)
    found.before = Tables(*COLUMNS, relations=RELATIONS, tracked=tracked).answer
    return found


def guid(number: int) -> str:
    return f"c0000000-0000-0000-0000-{number:012d}"


def row(number: int = 1, key: str = "contactid", **values: Any) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"{number}"',
        key: guid(number),
        "emailaddress1": f"a{number}@example.org",
        "modifiedon": "2026-02-01T10:00:00Z",
        "createdon": "2026-01-01T10:00:00Z",
        **values,
    }


def rows(*found: dict[str, Any], **links: str) -> httpx2.Response:
    """An answer to a query; `nextLink` and `deltaLink` may follow."""
    named = {f"@odata.{name}": link for name, link in links.items()}
    return httpx2.Response(200, json={"value": list(found), **named})


def gone(number: int, reason: str = "deleted") -> dict[str, Any]:
    return {"@odata.context": "x/$metadata#contacts/$deletedEntity", "id": guid(number), "reason": reason}


def queries(environment: Environment) -> Sequence[httpx2.URL]:
    """The addresses of what was asked for by GET."""
    return [request.url for request in environment.requests if request.method == "GET"]
