"""How tables are related: the names of the vendor's one-to-many relationships, and many-to-many ones.

Source: Dataverse, table relationships; ManyToManyRelationshipMetadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

# one-to-many, by table, lookup and table that it leads to
RELATIONSHIPS = {
    ("contact", "parentcustomerid", "account"): "contact_customer_accounts",
    ("contact", "parentcustomerid", "contact"): "contact_customer_contacts",
    ("contact", "originatingleadid", "lead"): "contact_originating_lead",
    ("contact", "masterid", "contact"): "contact_master_contact",
    ("account", "primarycontactid", "contact"): "account_primary_contact",
    ("account", "parentaccountid", "account"): "account_parent_account",
    ("account", "originatingleadid", "lead"): "account_originating_lead",
    ("account", "masterid", "account"): "account_master_account",
    ("lead", "parentaccountid", "account"): "lead_parent_account",
    ("lead", "parentcontactid", "contact"): "lead_parent_contact",
    ("lead", "customerid", "account"): "lead_customer_accounts",
    ("lead", "customerid", "contact"): "lead_customer_contacts",
    ("lead", "masterid", "lead"): "lead_master_lead",
    ("opportunity", "customerid", "account"): "opportunity_customer_accounts",
    ("opportunity", "customerid", "contact"): "opportunity_customer_contacts",
    ("opportunity", "parentaccountid", "account"): "opportunity_parent_account",
    (
        "sdkmessageprocessingstep",
        "eventhandler",
        "serviceendpoint",
    ): "serviceendpoint_sdkmessageprocessingstep",
    ("opportunity", "parentcontactid", "contact"): "opportunity_parent_contact",
}


class Tie(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A many-to-many relationship: an intersect table whose rows name one row of each of two tables."""

    name: str  # the schema name
    table: str  # the intersect table
    first: str
    second: str
    first_navigation: str  # from rows of the first table to those of the second
    second_navigation: str
    custom: bool = True  # made by the environment's own people

    @cached_property
    def columns(self) -> tuple[str, str]:
        """The columns of the intersect table that name the rows: of the first table, of the second."""
        if self.first == self.second:
            return f"{self.first}idone", f"{self.first}idtwo"
        return f"{self.first}id", f"{self.second}id"

    @cached_property
    def ends(self) -> tuple[End, End]:
        """The relationship as each of the tables sees it."""
        one, two = self.columns
        return (
            End(tie=self, table=self.first, navigation=self.first_navigation, far=self.second, mine=one, theirs=two),
            End(tie=self, table=self.second, navigation=self.second_navigation, far=self.first, mine=two, theirs=one),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class End:
    """A many-to-many relationship as one of its tables sees it."""

    tie: Tie
    table: str
    navigation: str
    far: str  # the table at the other end
    mine: str  # the column of the intersect table for rows of this table
    theirs: str


def _standard(name: str, table: str, first: str, second: str) -> Tie:
    return Tie(
        name=name,
        table=table,
        first=first,
        second=second,
        first_navigation=name,
        second_navigation=name,
        custom=False,
    )


STANDARD_TIES = (
    _standard("systemuserroles_association", "systemuserroles", "systemuser", "role"),
    _standard("teamroles_association", "teamroles", "team", "role"),
    _standard("teammembership_association", "teammembership", "team", "systemuser"),
    _standard("systemuserprofiles_association", "systemuserprofiles", "systemuser", "fieldsecurityprofile"),
    _standard("teamprofiles_association", "teamprofiles", "team", "fieldsecurityprofile"),
)
INTERSECTS = frozenset(tie.table for tie in STANDARD_TIES)


class Ties:
    """All many-to-many relationships of an environment."""

    def __init__(self, ties: dict[str, Tie] | None = None) -> None:
        self._ties = {tie.name: tie for tie in STANDARD_TIES} if ties is None else dict(ties)

    def __iter__(self) -> Iterator[Tie]:
        return iter(self._ties.values())

    def put(self, tie: Tie) -> None:
        self._ties[tie.name] = tie

    def remove(self, name: str) -> None:
        del self._ties[name]

    def copy(self) -> Ties:
        return Ties(self._ties)

    def of_table(self, table: str) -> Iterator[End]:
        """The ends that a table has."""
        for tie in self:
            yield from (end for end in tie.ends if end.table == table)

    def end(self, table: str, navigation: str) -> End | None:
        """The end with that navigation property; None where a table has no such thing."""
        return next((end for end in self.of_table(table) if end.navigation == navigation), None)

    def of_intersect(self, table: str) -> Tie:
        """The relationship whose rows an intersect table holds."""
        return next(tie for tie in self if tie.table == table)
