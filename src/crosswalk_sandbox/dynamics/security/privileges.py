"""The privileges that there are. Source: Dataverse, privilege and roleprivileges tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.schema import Table

# verb and the bit of its access right
VERBS = {
    "Read": 1, "Write": 2, "Append": 4, "AppendTo": 16, "Create": 32, "Delete": 65_536, "Share": 262_144,
    "Assign": 524_288,
}  # fmt: skip
OWNED = tuple(VERBS)
UNOWNED = ("Read", "Write", "Append", "AppendTo", "Create", "Delete")
# by table: the word that its privileges have, and the verbs that there are
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "account": ("Account", OWNED),
    "contact": ("Contact", OWNED),
    "lead": ("Lead", OWNED),
    "opportunity": ("Opportunity", OWNED),
    "opportunityclose": ("Activity", OWNED),
    "systemuser": ("User", ("Read", "Write", "Append", "AppendTo", "Create")),
    "team": ("Team", UNOWNED),
    "role": ("Role", (*UNOWNED, "Assign")),
    "businessunit": ("BusinessUnit", UNOWNED),
    "organization": ("Organization", ("Read", "Write")),
    "transactioncurrency": ("TransactionCurrency", UNOWNED),
    "publisher": ("Publisher", UNOWNED),
    "solution": ("Solution", UNOWNED),
    "fieldsecurityprofile": ("FieldSecurityProfile", UNOWNED),
    "fieldpermission": ("FieldSecurityProfile", UNOWNED),
    "asyncoperation": ("AsyncOperation", UNOWNED),
    "serviceendpoint": ("ServiceEndpoint", UNOWNED),
    "sdkmessageprocessingstep": ("SdkMessageProcessingStep", UNOWNED),
    "sdkmessage": ("SdkMessage", ("Read", "AppendTo")),
    "sdkmessagefilter": ("SdkMessageFilter", ("Read", "AppendTo")),
    "savedquery": ("Query", UNOWNED),
    "userquery": ("UserQuery", OWNED),
}
ACT_FOR_OTHERS = "prvActOnBehalfOfAnotherUser"
BYPASS_PLUGINS = "prvBypassCustomPlugins"
BYPASS_LOGIC = "prvBypassCustomBusinessLogic"
OVERRIDE_CREATED = "prvOverrideCreatedOnCreatedBy"
OTHERS = (
    *(
        f"prv{verb}{what}"
        for what in ("Entity", "Attribute", "Relationship", "OptionSet")
        for verb in ("Create", "Read", "Write", "Delete")
    ),
    "prvBulkDelete", "prvPublishCustomization", ACT_FOR_OTHERS, BYPASS_PLUGINS, BYPASS_LOGIC, OVERRIDE_CREATED,
)  # fmt: skip
DEPTHS = ("Basic", "Local", "Deep", "Global")


def about(table: Table) -> tuple[str, tuple[str, ...]]:
    """The word that a table's privileges have, and the verbs that there are; none for what others protect."""
    if table.custom and not table.intersect:
        return table.schema_name, OWNED if table.owned else UNOWNED
    return TABLES.get(table.name, ("", ()))


def of_table(table: Table) -> list[str]:
    """The privileges of a table by name."""
    word, verbs = about(table)
    return [f"prv{verb}{word}" for verb in verbs]


def name_of(verb: str, table: Table) -> str | None:
    """The privilege of a verb for a table; None where there is no such thing."""
    word, verbs = about(table)
    return f"prv{verb}{word}" if verb in verbs else None


def everything(schema: Iterable[Table]) -> Iterator[str]:
    """All privileges by name; some tables share them."""
    names = (name for table in schema for name in of_table(table))
    yield from dict.fromkeys((*names, *OTHERS))


def id_of(name: str) -> str:
    """The GUID of a privilege, which is the same in every environment."""
    return ids.make(0, f"privilege {name}")


def access_right(name: str) -> int:
    """The bit of the verb in a privilege's name."""
    return next(
        (VERBS[verb] for verb in sorted(VERBS, key=len, reverse=True) if name[3:].startswith(verb)), 0
    )
