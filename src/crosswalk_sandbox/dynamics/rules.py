"""What the environment's own people set up besides roles, through the control API or in process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from crosswalk_sandbox.dynamics.costs import Costs
from crosswalk_sandbox.dynamics.hooks.sending import Habits
from crosswalk_sandbox.dynamics.schema import Schema
from crosswalk_sandbox.triggers import Event, Flow, Triggered, check_ways


class Refusal(Triggered, frozen=True, kw_only=True):
    """A save that all conditions hold for is refused, as by a plug-in that throws."""

    message: str
    code: str = "0x80040265"  # IsvAborted


class Logic(Flow, frozen=True, kw_only=True):
    """A plug-in or flow that sets more columns of a row; `user` (a domain name or an id) is who it runs as."""

    user: str = ""  # left out: as who saves


class DuplicateRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published rule of duplicate detection: rows that are like one that there is are refused, if that is asked for.

    Source: Dataverse, Detect duplicate data using the Web API.
    """

    object: str
    match: tuple[str, ...] = ("emailaddress1",)  # columns that must be equal and filled, whatever their case
    against: str = ""  # the table that is looked through; left out: its own
    on: tuple[Event, ...] = ("create", "update")

    @property
    def other(self) -> str:
        return self.against or self.object

    def paths(self) -> Iterator[str]:
        """The columns that it names."""
        yield from (f"{table}.{name}" for table in (self.object, self.other) for name in self.match)


class Rules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All rules of an environment; a new one has these."""

    duplicates: tuple[DuplicateRule, ...] = tuple(
        DuplicateRule(object=name) for name in ("account", "contact", "lead")
    )
    duplicate_status: Literal[412, 500] = 412  # what a duplicate is refused with
    refusals: tuple[Refusal, ...] = ()
    flows: tuple[Logic, ...] = ()
    # columns that must be filled, such as "contact.telephone1", as if they were required by the system
    required: tuple[str, ...] = ()
    # what the schema says of columns; only SystemRequired is enforced by the API
    levels: dict[str, Literal["None", "Recommended", "ApplicationRequired", "SystemRequired"]] = {}
    # columns under column security, and what the API's users may do with them
    secured: dict[str, Literal["none", "read"]] = {}
    # custom columns of leads that a qualification carries over, such as {"new_score": "contact.new_score"}
    lead_mapping: dict[str, str] = {}
    page_rows: int | None = None  # most rows of a page; None: as the vendor gives them
    costs: Costs = Costs()
    webhooks: Habits = Habits()

    def changed(self, sent: Mapping[str, Any], schema: Schema) -> Rules:
        """The rules with those that are named replaced. Raises ValueError."""
        changed = msgspec.convert({**msgspec.to_builtins(self), **sent}, Rules)
        changed.check(schema)
        return changed

    def must_be_filled(self) -> Iterator[str]:
        """The columns that no row may lack."""
        yield from self.required
        yield from (path for path, level in self.levels.items() if level == "SystemRequired")

    def check(self, schema: Schema) -> None:
        """Raises ValueError for a rule about what the environment does not have."""
        for path in self._paths():
            table, _, column = path.partition(".")
            if (found := schema.find(table)) is None or column not in found.columns:
                raise ValueError(f"there is no column {path}")
        if self.page_rows is not None and self.page_rows < 1:
            raise ValueError("page_rows is at least 1")
        check_ways(self.flows)

    def _paths(self) -> Iterator[str]:
        yield from (*self.required, *self.levels, *self.secured)
        for own, target in self.lead_mapping.items():
            yield from (f"lead.{own}", target)
        found: tuple[DuplicateRule | Refusal | Logic, ...] = (*self.duplicates, *self.refusals, *self.flows)
        yield from (path for rule in found for path in rule.paths())
