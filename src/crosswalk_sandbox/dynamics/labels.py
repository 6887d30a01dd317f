"""What the options of the standard choice columns are called (language 1033)."""

from __future__ import annotations

from collections.abc import Sequence

ENGLISH = 1033
CONTACTING = ("Any", "Email", "Phone", "Fax", "Mail")
INDUSTRIES = (
    "Accounting", "Agriculture and Non-petrol Natural Resource Extraction",
    "Broadcasting Printing and Publishing", "Brokers", "Building Supply Retail", "Business Services",
    "Consulting", "Consumer Services", "Design, Direction and Creative Management",
    "Distributors, Dispatchers and Processors", "Doctor's Offices and Clinics", "Durable Manufacturing",
    "Eating and Drinking Places", "Entertainment Retail", "Equipment Rental and Leasing", "Financial",
    "Food and Tobacco Processing", "Inbound Capital Intensive Processing", "Inbound Repair and Services",
    "Insurance", "Legal Services", "Non-Durable Merchandise Retail", "Outbound Consumer Service",
    "Petrochemical Extraction and Distribution", "Service Retail", "SIG Affiliations", "Social Services",
    "Special Outbound Trade Contractors", "Specialty Realty", "Transportation",
    "Utility Creation and Distribution", "Vehicle Retail", "Wholesale",
)  # fmt: skip
# by column, or table and column; from the least value on
LABELS: dict[str, tuple[str, ...]] = {
    "lead.leadsourcecode": (
        "Advertisement", "Employee Referral", "External Referral", "Partner", "Public Relations", "Seminar",
        "Trade Show", "Web", "Word of Mouth", "Other",
    ),
    "lead.statecode": ("Open", "Qualified", "Disqualified"),
    "lead.statuscode": (
        "New", "Contacted", "Qualified", "Lost", "Cannot Contact", "No Longer Interested", "Canceled",
    ),
    "opportunity.statecode": ("Open", "Won", "Lost"),
    "opportunity.statuscode": ("In Progress", "On Hold", "Won", "Canceled", "Out-Sold"),
    "opportunityclose.statecode": ("Open", "Completed", "Canceled"),
    "opportunityclose.statuscode": ("Open", "Completed", "Canceled"),
    "asyncoperation.statecode": ("Ready", "Suspended", "Locked", "Completed"),
    "asyncoperation.statuscode": (
        "Waiting For Resources", "Waiting", "In Progress", "Pausing", "Canceling", "Succeeded", "Failed", "Canceled",
    ),
    "asyncoperation.operationtype": ("System Event", "Bulk Delete"),
    "sdkmessageprocessingstep.statecode": ("Enabled", "Disabled"),
    "sdkmessageprocessingstep.statuscode": ("Enabled", "Disabled"),
    "sdkmessageprocessingstep.mode": ("Synchronous", "Asynchronous"),
    "sdkmessageprocessingstep.stage": (
        "Pre-validation", "Pre-operation", "Main Operation", "Post-operation", "Post-operation (Deprecated)",
    ),
    "opportunityratingcode": ("Hot", "Warm", "Cold"),
    "statecode": ("Active", "Inactive"),
    "statuscode": ("Active", "Inactive"),
    "leadqualitycode": ("Hot", "Warm", "Cold"),
    "preferredcontactmethodcode": CONTACTING,
    "gendercode": ("Male", "Female"),
    "familystatuscode": ("Single", "Married", "Divorced", "Widowed"),
    "accountrolecode": ("Decision Maker", "Employee", "Influencer"),
    "industrycode": INDUSTRIES,
    "address1_addresstypecode": ("Bill To", "Ship To", "Primary", "Other"),
    "accessmode": (
        "Read-Write", "Administrative", "Read", "Support User", "Non-interactive", "Delegated Admin",
    ),
    **dict.fromkeys(("canread", "cancreate", "canupdate"), ("Not Allowed", "Allowed")),
    "donotsendmm": ("Send", "Do Not Send"),
}  # fmt: skip
REFUSING = ("Allow", "Do Not Allow")
YES_NO = ("No", "Yes")


def option_labels(table: str, column: str, values: Sequence[int], *, boolean: bool) -> dict[int, str]:
    """The labels of a choice's values."""
    named = LABELS.get(f"{table}.{column}") or LABELS.get(column) or _usual(column, values, boolean)
    if named is None:
        return {value: f"Option {value}" for value in values}
    return dict(zip(values, named, strict=False)) if values else {}


def _usual(column: str, values: Sequence[int], boolean: bool) -> tuple[str, ...] | None:
    if boolean:
        return REFUSING if column.startswith("donot") else YES_NO
    return ("Default Value",) if len(values) == 1 else None
