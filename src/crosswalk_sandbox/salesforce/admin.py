"""What an admin set up in the org besides permissions, through the control API or in process."""

from __future__ import annotations

from typing import Any

import msgspec

from crosswalk_sandbox.salesforce.schema import Schema


class Rules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All rules of an org; a new one has these."""

    # custom fields of leads that a conversion carries over, such as {"Score__c": "Contact.Score__c"}
    lead_mapping: dict[str, str] = {}

    def changed(self, sent: dict[str, Any], schema: Schema) -> Rules:
        """The rules with those that are named replaced. Raises ValueError."""
        changed = msgspec.convert({**msgspec.to_builtins(self), **sent}, Rules)
        changed.check(schema)
        return changed

    def check(self, schema: Schema) -> None:
        """Raises ValueError for a rule about what the org does not have."""
        for own, target in self.lead_mapping.items():
            _field(schema, f"Lead.{own}")
            _field(schema, target)


def _field(schema: Schema, path: str) -> None:
    object_name, _, name = path.partition(".")
    kind = schema.find(object_name)
    if kind is None or kind.fields.get(name) is None:
        raise ValueError(f"there is no field {path}")
