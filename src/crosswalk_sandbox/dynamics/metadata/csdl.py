"""`$metadata`: the schema as CSDL 4.0. Source: Web API service documents; OData 4.0 CSDL."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from crosswalk_sandbox.dynamics.records.deep import navigation_to
from crosswalk_sandbox.dynamics.schema import PRINCIPAL_KEY, PRINCIPALS, REFERENCES, Column, Schema, Table

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" '
    'xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"
BASES = (
    '<EntityType Name="crmbaseentity" Abstract="true" />'
    '<EntityType Name="principal" BaseType="mscrm.crmbaseentity">'
    '<Key><PropertyRef Name="ownerid" /></Key>'
    '<Property Name="ownerid" Type="Edm.Guid" /></EntityType>'
)
WHO_AM_I = (
    '<ComplexType Name="WhoAmIResponse"><Property Name="BusinessUnitId" Type="Edm.Guid" Nullable="false" />'
    '<Property Name="UserId" Type="Edm.Guid" Nullable="false" />'
    '<Property Name="OrganizationId" Type="Edm.Guid" Nullable="false" /></ComplexType>'
    '<Function Name="WhoAmI"><ReturnType Type="mscrm.WhoAmIResponse" Nullable="false" /></Function>'
)
ACTIONS = (
    '<Action Name="QualifyLead" IsBound="true"><Parameter Name="entity" Type="mscrm.lead" Nullable="false" />'
    '<Parameter Name="CreateAccount" Type="Edm.Boolean" Nullable="false" />'
    '<Parameter Name="CreateContact" Type="Edm.Boolean" Nullable="false" />'
    '<Parameter Name="CreateOpportunity" Type="Edm.Boolean" Nullable="false" />'
    '<Parameter Name="OpportunityCurrencyId" Type="mscrm.transactioncurrency" />'
    '<Parameter Name="OpportunityCustomerId" Type="mscrm.crmbaseentity" />'
    '<Parameter Name="SourceCampaignId" Type="mscrm.crmbaseentity" />'
    '<Parameter Name="Status" Type="Edm.Int32" Nullable="false" />'
    '<Parameter Name="ProcessInstanceId" Type="mscrm.crmbaseentity" />'
    '<ReturnType Type="Collection(mscrm.crmbaseentity)" Nullable="false" /></Action>'
    '<Action Name="Merge"><Parameter Name="Target" Type="mscrm.crmbaseentity" Nullable="false" />'
    '<Parameter Name="Subordinate" Type="mscrm.crmbaseentity" Nullable="false" />'
    '<Parameter Name="UpdateContent" Type="mscrm.crmbaseentity" />'
    '<Parameter Name="PerformParentingChecks" Type="Edm.Boolean" Nullable="false" /></Action>'
)
CLOSING = ("WinOpportunity", "LoseOpportunity")
UNBOUND = ("Merge", *CLOSING)
CLOSED_BY = "".join(
    f'<Action Name="{name}">'
    '<Parameter Name="OpportunityClose" Type="mscrm.opportunityclose" Nullable="false" />'
    '<Parameter Name="Status" Type="Edm.Int32" Nullable="false" /></Action>'
    for name in CLOSING
)
TRACKING = (
    '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
    '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
)
EDM = {
    "String": "Edm.String", "Memo": "Edm.String", "MultiSelectPicklist": "Edm.String",
    "Integer": "Edm.Int32", "Picklist": "Edm.Int32", "State": "Edm.Int32", "Status": "Edm.Int32",
    "BigInt": "Edm.Int64", "Boolean": "Edm.Boolean", "Decimal": "Edm.Decimal", "Money": "Edm.Decimal",
    "Double": "Edm.Double", "Uniqueidentifier": "Edm.Guid", "File": "Edm.Guid", "Image": "Edm.Binary",
}  # fmt: skip


def document(schema: Schema, *, annotations: bool) -> str:
    """The whole document."""
    types = "".join(_entity_type(schema, table) for table in schema)
    sets = "".join(_entity_set(schema, table, annotations=annotations) for table in schema)
    calls = '<FunctionImport Name="WhoAmI" Function="mscrm.WhoAmI" />'
    calls += "".join(f'<ActionImport Name="{name}" Action="mscrm.{name}" />' for name in UNBOUND)
    container = f'<EntityContainer Name="System">{sets}{calls}</EntityContainer>'
    return HEAD + BASES + types + WHO_AM_I + ACTIONS + CLOSED_BY + container + TAIL


def edm_type(column: Column) -> str:
    """The type of a column's property."""
    if column.type in REFERENCES:
        return "Edm.Guid"
    if column.type == "DateTime":
        return "Edm.Date" if column.behaviour == "DateOnly" else "Edm.DateTimeOffset"
    return EDM[column.type]


def _entity_type(schema: Schema, table: Table) -> str:
    """A type; users and teams are principals, whose key is `ownerid`."""
    principal = table.name in PRINCIPALS
    base = "mscrm.principal" if principal else "mscrm.crmbaseentity"
    key = "" if principal else f'<Key><PropertyRef Name="{table.key}" /></Key>'
    body = "".join((*_properties(table), *_navigations(table), *_collections(schema, table)))
    return f'<EntityType Name="{table.name}" BaseType="{base}">{key}{body}</EntityType>'


def _properties(table: Table) -> Iterator[str]:
    for name, column in table.properties.items():
        if name != PRINCIPAL_KEY or table.name not in PRINCIPALS:
            scale = ' Scale="Variable"' if edm_type(column) == "Edm.Decimal" else ""
            unicode = ' Unicode="false"' if edm_type(column) == "Edm.String" else ""
            yield f'<Property Name="{name}" Type="{edm_type(column)}"{scale}{unicode} />'


def _navigations(table: Table) -> Iterator[str]:
    for name, (column, target) in table.navigations.items():
        led = "principal" if column.type == "Owner" else target
        constraint = (
            f"<ReferentialConstraint Property={quoteattr(column.json_name or '')} ReferencedProperty="
        )
        key = "ownerid" if led == "principal" or target in PRINCIPALS else f"{target}id"
        yield f'<NavigationProperty Name="{name}" Type="mscrm.{led}">{constraint}"{key}" /></NavigationProperty>'


def _collections(schema: Schema, table: Table) -> Iterator[str]:
    for name, (other, column) in schema.collections(table.name).items():
        back = navigation_to(other, column, table)
        yield f'<NavigationProperty Name="{name}" Type="Collection(mscrm.{other.name})" Partner="{back}" />'
    for end in schema.ties.of_table(table.name):
        back = next(each.navigation for each in end.tie.ends if each is not end)
        yield f'<NavigationProperty Name="{end.navigation}" Type="Collection(mscrm.{end.far})" Partner="{back}" />'


def _entity_set(schema: Schema, table: Table, *, annotations: bool) -> str:
    inner = "".join(
        f'<NavigationPropertyBinding Path="{name}" Target="{target}" />'
        for name, target in sorted(
            (name, schema[target].set_name)
            for name, (column, target) in table.navigations.items()
            if column.type != "Owner"
        )
    )
    tracked = TRACKING if annotations and table.tracked else ""
    return f'<EntitySet Name="{table.set_name}" EntityType="mscrm.{table.name}">{inner}{tracked}</EntitySet>'
