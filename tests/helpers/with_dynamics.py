"""The world of two_systems.py with Dynamics 365 as the CRM.

Import this only when Django knows its database: the fixtures of tests/integration/sync do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.helpers.crm_words import KEYS
from tests.helpers.mappings import DYNAMICS_NAMES, both_objects, mapping_of
from tests.helpers.two_systems import NAME, Row, TwoSystems

from crosswalk.core.mapping import MappingFile


class WithDynamics(TwoSystems):
    """Both sides with what people do in an environment's pages."""

    def __init__(self, key_file: Path, **options: Any) -> None:
        super().__init__(key_file, crm="dynamics", **options)

    def connect(
        self,
        mapping: MappingFile | None = None,
        name: str = NAME,
        org: str = "dynamics",
        account: str = "activecampaign",
    ) -> Self:
        super().connect(mapping or self.usual_mapping(), name, org, account)
        return self

    def usual_mapping(self) -> MappingFile:
        """Return what `connect` takes where a test names no mapping."""
        return mapping_of(*both_objects(DYNAMICS_NAMES))

    def crm_new(self, object: str = "contact", /, **values: Any) -> str:
        made = self._crm(object, "create", None, {"lastname": "Ruiz", **values})
        return str(made[KEYS[object]])

    def crm_convert(self, lead_id: str, **options: Any) -> str:
        """A person qualifies a lead; the id of the contact that it became, "" if there is none."""
        return str(self._crm("lead", "qualify", lead_id, options).get("parentcontactid", ""))

    def crm_merge(self, object: str, winner: str, *losers: str, **values: Any) -> None:
        for loser in losers:
            self._crm(object, "merge", winner, {"Subordinate": loser, "UpdateContent": values})

    def crm_edit_all(self, object: str, edits: Mapping[str, Row]) -> None:
        self._edit_all("dynamics", object, edits)

    def crm(self, object: str, record_id: str) -> Row:
        (found,) = [row for row in self.crm_all(object) if row[KEYS[object]] == record_id]
        return found

    def crm_all(self, object: str = "contact", *, deleted: bool = False) -> list[Row]:
        del deleted  # the environment keeps none
        return list(self.systems["dynamics"].dump()[object])

    def crm_found(self, email: str, object: str = "contact") -> Row:
        """The one record with that address."""
        rows = self.crm_all(object)
        (found,) = [row for row in rows if (row.get("emailaddress1") or "").lower() == email]
        return found

    def crm_lose(self, object: str, record_id: str) -> None:
        """A record is gone and no reading of changes ever says so."""
        environment = self.systems["dynamics"].system.environment  # type: ignore[attr-defined]
        del environment.rows[object][record_id]

    def _crm(self, object: str, op: str, record_id: str | None, values: Row) -> Row:
        return self.systems["dynamics"].person(object, op, record_id=record_id, values=values)
