"""What the headers of a call say: who saves how, and whether they are too long.

Source: Salesforce REST, Assignment Rule Header, Duplicate Rule Header.
"""

from __future__ import annotations

from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.guards import Actor

MOST_ADDRESS = 16_384  # bytes of the address, and of it with the headers
DUPLICATE_HEADER_FROM = 52.0  # version of the API


def actor(user: str, version: str, request: Request) -> Actor:
    """The user of a call with what its headers say. Raises ApiError."""
    duplicates = _options(request.headers.get("sforce-duplicate-rule-header", ""))
    known = float(version) >= DUPLICATE_HEADER_FROM
    return Actor(
        user=user,
        assigns=_assigns(request),
        saves_duplicates=known and duplicates.get("allowsave") == "true",
        shows_duplicates=known and duplicates.get("includerecorddetails") == "true",
        version=version,
    )


def _options(header: str) -> dict[str, str]:
    """`name=value; name=value` in lower case."""
    pairs = (part.partition("=") for part in header.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _assigns(request: Request) -> bool:
    """Whether the lead assignment rule runs: unless Sforce-Auto-Assign says FALSE. Raises ApiError.

    Source: Salesforce REST, Assignment Rule Header: TRUE, FALSE or the id of a rule.
    """
    value = request.headers.get("sforce-auto-assign", "TRUE").strip()
    if value.upper() in ("TRUE", "FALSE"):
        return value.upper() == "TRUE"
    full = ids.canonical(value)
    if full is None or not full.startswith("01Q"):
        raise ApiError("INVALID_ASSIGNMENT_RULE", f"invalid assignment rule: {value}")
    return True


def too_long(request: Request) -> Response | None:
    """The answer to an address, or an address with headers, beyond what the vendor reads."""
    address = len(request.path) + len(request.raw_query) + 1
    headers = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    status = 414 if address > MOST_ADDRESS else 431 if address + headers > MOST_ADDRESS else None
    if status is None:
        return None
    text = "URI Too Long" if status == 414 else "Request Header Fields Too Large"
    page = f"<html><body><h1>Bad Message {status}</h1><pre>reason: {text}</pre></body></html>"
    return Response(status, page.encode(), {"content-type": "text/html;charset=iso-8859-1"})
