"""What standard columns are called besides, and which are none for people.

Source: Dataverse, columns of contact and lead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

# column → other names by which it is proposed, and by which a mapping file may call it
ALIASES: Mapping[str, tuple[str, ...]] = {
    "emailaddress1": ("Email",),
    "telephone1": ("Phone",),
    "mobilephone": ("Mobile",),
    "companyname": ("Company",),
    "websiteurl": ("Website",),
    "leadsourcecode": ("Lead source",),
    "leadqualitycode": ("Rating",),
    "industrycode": ("Industry",),
    "gendercode": ("Gender",),
    "numberofemployees": ("Employees",),
    "address1_line1": ("Street",),
    "address1_city": ("City",),
    "address1_stateorprovince": ("State",),
    "address1_postalcode": ("Postal code",),
    "address1_country": ("Country",),
}

# Columns by which the platform keeps house. Writing some of them would change when a record was made, or its process.
PLUMBING = frozenset(
    {
        "importsequencenumber",
        "overriddencreatedon",
        "timezoneruleversionnumber",
        "traversedpath",
        "utcconversiontimezonecode",
    }
)


def aliases(column: str, label: str, labels: Collection[str]) -> tuple[str, ...]:
    """Return a column's other names, without those that are another's label; `labels` are all, in folded case."""
    own = label.casefold()
    return tuple(
        name for name in ALIASES.get(column, ()) if name.casefold() == own or name.casefold() not in labels
    )
