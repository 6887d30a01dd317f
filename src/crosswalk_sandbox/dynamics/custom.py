"""The columns that the environment's own people added to leads and contacts, with the prefix `new`."""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox import names
from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column

FIRST_OPTION = 100_000_000  # of the publisher's option values
ORIGINS = tuple(source for source in names.SOURCES if source)

# schema name, label, type, and what else there is to say
COLUMNS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("new_Nickname", "Nickname (own)", "String", {"length": 80, "format": "Text"}),
    ("new_Notes", "Notes", "Memo", {"length": 32_768, "format": "TextArea"}),
    ("new_Score", "Score", "Decimal", {"precision": 2}),
    ("new_AnnualBudget", "Annual Budget", "Money", {"precision": 2}),
    ("new_AnnualBudget_base", "Annual Budget (Base)", "Money", {"precision": 4, "writable": False}),
    ("new_Discount", "Discount", "Double", {"precision": 2}),
    ("new_Birthday", "Birthday (own)", "DateTime", {"behaviour": "DateOnly"}),
    ("new_LastMeeting", "Last Meeting", "DateTime", {"behaviour": "UserLocal"}),
    ("new_BestTime", "Best Time to Call", "DateTime", {"behaviour": "TimeZoneIndependent"}),
    ("new_Partner", "Partner", "Boolean", {"choices": ("No", "Yes"), "first": 0}),
    ("new_Region", "Region", "Picklist", {"choices": names.REGIONS}),
    ("new_Origin", "Origin", "Picklist", {"choices": ORIGINS}),
    ("new_Interests", "Interests", MULTIPLE, {"choices": names.INTERESTS}),
    ("new_ProfileUrl", "Profile URL", "String", {"length": 200, "format": "Url"}),
    ("new_LegacyKey", "Legacy Key", "String", {"length": 40, "format": "Text"}),
    ("new_ReferredBy", "Referred By", "Lookup", {"targets": ("contact",)}),
)  # fmt: skip


def columns() -> list[Column]:
    """All of them, for both tables."""
    return [_column(table, *row) for table in ("contact", "lead") for row in COLUMNS]


def _column(table: str, schema_name: str, label: str, type_: str, facts: dict[str, Any]) -> Column:
    first = facts.get("first", FIRST_OPTION)
    writable = facts.get("writable", True)
    return Column(
        table=table,
        name=schema_name.lower(),
        schema_name=schema_name,
        label=label,
        type=type_,
        length=facts.get("length"),
        required="None",
        creatable=writable,
        updatable=writable,
        precision=facts.get("precision"),
        targets=facts.get("targets", ()),
        part_of=None,
        options=dict(enumerate(facts.get("choices", ()), start=first)),
        format=facts.get("format", ""),
        behaviour=facts.get("behaviour", ""),
        custom=True,
        precision_source=0,
    )
