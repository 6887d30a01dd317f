"""Who may read the schema, and who may change it. Source: Dataverse, security role privileges for customizations."""

from __future__ import annotations

from collections.abc import Sequence

from crosswalk_sandbox.dynamics.answers import Call
from crosswalk_sandbox.dynamics.security import rights

VERBS = {"GET": "Read", "POST": "Create", "PUT": "Write", "DELETE": "Delete"}
# what the first part of a path, or a later one, is about
KINDS = {
    "EntityDefinitions": "Entity",
    "Attributes": "Attribute",
    "Keys": "Entity",
    "RelationshipDefinitions": "Relationship",
    "ManyToOneRelationships": "Relationship",
    "OneToManyRelationships": "Relationship",
    "ManyToManyRelationships": "Relationship",
    "GlobalOptionSetDefinitions": "OptionSet",
}
FIRST = ("EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions")
PUBLISHING = ("PublishXml", "PublishAllXml")


def check(call: Call, parts: Sequence[tuple[str, str | None]]) -> None:
    """Refuse a call about the schema for which the caller has no privilege. Raises ODataError."""
    if parts[0][0] in PUBLISHING:
        rights.require_named(call.environment, "prvPublishCustomization")
    if parts[0][0] not in FIRST:
        return
    kinds = [KINDS[name] for name, _ in parts if name in KINDS]
    rights.require_named(call.environment, f"prvRead{kinds[0]}")
    verb = VERBS.get(call.request.method)
    if verb is not None:
        changes_key = verb in ("Create", "Delete") and any(name == "Keys" for name, _ in parts)
        rights.require_named(call.environment, f"prv{'Write' if changes_key else verb}{kinds[-1]}")
