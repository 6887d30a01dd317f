"""Dynamics 365 in the words of Salesforce, so that one test runs with either CRM.

A test names objects, fields and what people do as with Salesforce; here stands what that is in an environment. Import
this only when Django knows its database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from tests.helpers.crm_words import DynamicsWords
from tests.helpers.mappings import mapping_of
from tests.helpers.two_systems import NAME, Row
from tests.helpers.with_dynamics import WithDynamics

from crosswalk.core.mapping import MappingFile
from crosswalk_sandbox.system import PersonError

WORDS = DynamicsWords()
BATCH = "POST /api/data/v9.2/$batch"


class DynamicsTwin(WithDynamics):
    """Both sides, the CRM being Dynamics 365, for tests that speak of Salesforce's fields."""

    @property
    def integration_user(self) -> str:
        return str(self.systems["dynamics"].system.environment.caller)  # type: ignore[attr-defined]

    def name(self, field: str) -> str:
        return WORDS.name(field)

    def usual_mapping(self) -> MappingFile:
        return mapping_of()

    def set_mapping(self, mapping: MappingFile, name: str = NAME) -> None:
        super().set_mapping(WORDS.mapping(mapping), name)

    # --- people -----------------------------------------------------------------------------------------------

    def crm_new(self, object: str = "contact", /, **values: Any) -> str:
        usual = {"Company": "Harbour Ltd"} if object == "lead" else {}
        return super().crm_new(object, **WORDS.row({**usual, **values}))

    def crm_edit(self, object: str, record_id: str, **values: Any) -> None:
        super().crm_edit(object, record_id, **WORDS.row(values))

    def crm_edit_all(self, object: str, edits: Mapping[str, Row]) -> None:
        super().crm_edit_all(object, {record_id: WORDS.row(values) for record_id, values in edits.items()})

    def crm_convert(self, lead_id: str, **options: Any) -> str:
        """A person qualifies a lead, to the contact `contactId` if there is one."""
        if contact := options.pop("contactId", None):
            self._crm("lead", "edit", lead_id, {"parentcontactid@odata.bind": f"/contacts({contact})"})
        assert options.keys() <= {"accountId"}
        return super().crm_convert(lead_id)

    def crm_merge(self, object: str, winner: str, *losers: str, **values: Any) -> None:
        super().crm_merge(object, winner, *losers, **WORDS.row(values))

    def crm_undelete(self, object: str, record_id: str) -> None:
        raise PersonError("there is no recycle bin")

    def crm_purge(self, object: str, record_id: str) -> None:
        """There is no recycle bin that a record could be taken out of."""

    # --- what the CRM holds -----------------------------------------------------------------------------------

    def crm(self, object: str, record_id: str) -> Row:
        gone = {"Id": record_id, "IsDeleted": True}
        found = [row for row in self.crm_all(object, deleted=True) if row["Id"] == record_id]
        return found[0] if found else gone

    def crm_all(self, object: str = "contact", *, deleted: bool = False) -> list[Row]:
        """Who lost a merge counts as deleted; who was deleted left nothing."""
        rows = [WORDS.told(object, row) for row in super().crm_all(object)]
        return [row for row in rows if deleted or not row["IsDeleted"]]

    # --- calls ------------------------------------------------------------------------------------------------

    def at_guard(self, object: str, act: Callable[[], object]) -> None:
        path = f"GET /api/data/v9.2/{object}s"
        self.wire.once_where(lambda route, request: route == path and b"filter" in request.url.query, act)

    def at_write(self, act: Callable[[], object]) -> None:
        self.wire.once_where(lambda route, request: route == BATCH and b"PATCH /api" in request.content, act)

    def writes_to(self, object: str, request: httpx2.Request) -> int:
        return request.content.count(f"PATCH /api/data/v9.2/{object}s(".encode())

    def hide_leads(self) -> None:
        def unchanged(route: str, request: httpx2.Request) -> httpx2.Response | None:
            if route != "GET /api/data/v9.2/leads" or b"deltatoken" not in request.url.query:
                return None
            return httpx2.Response(200, json={"value": [], "@odata.deltaLink": str(request.url)})

        self.wire.before.append(unchanged)
