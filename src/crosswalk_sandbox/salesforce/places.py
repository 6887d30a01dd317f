"""Lists of states and countries: what an address may say once they are turned on, in words and in codes.

Source: Salesforce, state and country/territory picklists; FIELD_INTEGRITY_EXCEPTION.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.salesforce.admin import Country
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.features import ADDRESSES
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row


def settle(org: Org, kind: Object, new: Row, sent: Mapping[str, Any]) -> Row:
    """The row with words and codes of its addresses that agree. Raises RecordError for what is not listed."""
    if not org.rules.countries:
        return new
    for prefix in ADDRESSES.get(kind.name, ()):
        parts = {f"{prefix}{part}" for part in ("Country", "CountryCode", "State", "StateCode")}
        if parts & sent.keys():
            new = {**new, **_settled(org, kind, prefix, new, sent)}
    return {name: value for name, value in new.items() if value is not None}


def _settled(org: Org, kind: Object, prefix: str, new: Row, sent: Mapping[str, Any]) -> dict[str, Any]:
    country, state = f"{prefix}Country", f"{prefix}State"
    wanted = _wanted(country, new, sent)
    listed = _country(org, wanted)
    if wanted and listed is None:
        raise _unlisted(kind, country, "country", "countries")
    wanted = _wanted(state, new, sent)
    states = listed[1].states if listed else {}
    code = next((code for code, name in states.items() if wanted in (code, name)), None)
    if wanted and code is None:
        raise _unlisted(kind, state, "state", "states")
    return {
        country: listed[0] if listed else None,
        f"{country}Code": listed[1].code if listed else None,
        state: states.get(code or ""),
        f"{state}Code": code,
    }


def _wanted(name: str, new: Row, sent: Mapping[str, Any]) -> str | None:
    """What a part of the address shall be: a code that was sent goes before words."""
    if sent.get(f"{name}Code") is not None:
        return str(sent[f"{name}Code"])
    if name in sent or f"{name}Code" in sent:
        return sent.get(name)
    return new.get(name)


def _country(org: Org, wanted: str | None) -> tuple[str, Country] | None:
    found = org.rules.countries.items()
    return next(((name, each) for name, each in found if wanted in (name, each.code)), None)


def _unlisted(kind: Object, name: str, what: str, several: str) -> RecordError:
    text = (
        f"There's a problem with this {what}, even though it may appear correct. Please select a {what} "
        f"from the list of valid {several}.: {kind.fields[name].label}"
    )
    return RecordError("FIELD_INTEGRITY_EXCEPTION", text, (name,))
