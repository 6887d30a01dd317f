"""QualifyLead: a lead becomes a contact, an account and an opportunity.

Source: Dynamics 365 Sales, QualifyLead action; Qualify or convert leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk_sandbox.dynamics.actions.parameters import Parameters
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.schema import CHOICES, REFERENCES, Column, Table
from crosswalk_sandbox.dynamics.states import CLOSED, STATUS_OF_STATE

PARAMETERS = (
    "CreateAccount", "CreateContact", "CreateOpportunity", "Status", "OpportunityCurrencyId",
    "OpportunityCustomerId", "SourceCampaignId", "ProcessInstanceId",
)  # fmt: skip
QUALIFIED = 1
AT_WILL = -1  # of Status: the state's default
PERSONAL = (
    "firstname", "middlename", "lastname", "salutation", "jobtitle", "emailaddress1", "emailaddress2",
    "emailaddress3", "telephone1", "telephone2", "telephone3", "mobilephone", "fax", "pager", "websiteurl",
    "description", "preferredcontactmethodcode", "donotemail", "donotbulkemail", "donotphone", "donotfax",
    "donotpostalmail", "donotsendmm", "followemail",
)  # fmt: skip
OF_COMPANY = (
    "emailaddress1", "telephone1", "fax", "websiteurl", "sic", "description", "revenue", "numberofemployees",
    "industrycode", "preferredcontactmethodcode", "donotemail", "donotbulkemail", "donotphone", "donotfax",
    "donotpostalmail", "donotsendmm", "followemail",
)  # fmt: skip
ADDRESSES = tuple(
    f"address{number}_{part}"
    for number in (1, 2)
    for part in (
        "line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country", "county",
        "postofficebox", "latitude", "longitude", "telephone1", "fax", "name",
    )
)  # fmt: skip
# by table: its column, and the lead's that goes there; those of one name are not said twice
CARRIED: dict[str, dict[str, str]] = {
    "contact": {name: name for name in (*PERSONAL, *ADDRESSES)},
    "account": {"name": "companyname", **{name: name for name in (*OF_COMPANY, *ADDRESSES)}},
    "opportunity": {
        "name": "subject", "estimatedvalue": "estimatedamount",
        **{name: name for name in (
            "description", "budgetamount", "estimatedclosedate", "budgetstatus", "need", "purchasetimeframe",
            "qualificationcomments",
        )},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """What is to be done with a lead."""

    account: bool
    contact: bool
    opportunity: bool
    status: int = AT_WILL
    currency: str | None = None
    customer: tuple[str, str] | None = None  # table and key


def read(environment: Environment, body: Mapping[str, Any]) -> Qualification:
    """The parameters of the action. Raises ODataError."""
    sent = Parameters("QualifyLead", body, PARAMETERS)
    currency = sent.row(environment, "OpportunityCurrencyId")
    customer = sent.row(environment, "OpportunityCustomerId")
    if customer and customer[0].name not in ("account", "contact"):
        raise ODataError("0x80040203", "OpportunityCustomerId must be an account or a contact.")
    return Qualification(
        account=sent.boolean("CreateAccount"),
        contact=sent.boolean("CreateContact"),
        opportunity=sent.boolean("CreateOpportunity"),
        status=sent.integer("Status"),
        currency=currency[1]["transactioncurrencyid"] if currency else None,
        customer=(customer[0].name, customer[1][customer[0].key]) if customer else None,
    )


def qualify(environment: Environment, user: str, lead: Row, wanted: Qualification) -> list[tuple[Table, Row]]:
    """Qualify a lead; the rows that were made for it. Raises ODataError.

    An account is made of a lead with a company and a contact of one with a name; a lead that names an account or
    a contact already keeps to those.
    """
    if lead["statecode"] != 0:
        raise ODataError(*CLOSED["lead"])
    status = STATUS_OF_STATE["lead"][QUALIFIED][0] if wanted.status == AT_WILL else wanted.status
    making = _Making(environment, user, lead)
    account = making.account() if wanted.account else lead.get("parentaccountid")
    contact = making.contact(account) if wanted.contact else lead.get("parentcontactid")
    deal = making.opportunity(wanted, account, contact) if wanted.opportunity else None
    tied = {"parentaccountid": account, "parentcontactid": contact, "qualifyingopportunityid": deal}
    bound = {f"{name}@odata.bind": _at(environment, name, key) for name, key in tied.items() if key}
    table = environment.schema["lead"]
    saving.update(environment, user, table, lead, {**bound, "statecode": QUALIFIED, "statuscode": status})
    return [(environment.schema[name], environment.rows[name][key]) for name, key in making.made]


class _Making:
    """Makes rows of a lead."""

    def __init__(self, environment: Environment, user: str, lead: Row) -> None:
        self._environment, self._user, self._lead = environment, user, lead
        self.made: list[tuple[str, str]] = []  # table and key

    def account(self) -> str | None:
        """The lead's account, which is made if it has none but a company."""
        known: str | None = self._lead.get("parentaccountid")
        return known if known or not self._lead.get("companyname") else self._make("account", {})

    def contact(self, account: str | None) -> str | None:
        """The lead's contact, which is made if it has none but a name."""
        known: str | None = self._lead.get("parentcontactid")
        if known or not self._lead.get("fullname"):
            return known
        company = {"parentcustomerid_account@odata.bind": f"/accounts({account})"} if account else {}
        contact = self._make("contact", company)
        if ("account", account) in self.made:
            self._lead_the_account(str(account), contact)
        return contact

    def opportunity(self, wanted: Qualification, account: str | None, contact: str | None) -> str:
        """The opportunity, of that account and contact if no other customer was named."""
        ties: dict[str, Any] = {}
        named = [wanted.customer] if wanted.customer else [("account", account), ("contact", contact)]
        for table, key in named:
            if key:
                ties[f"parent{table}id@odata.bind"] = f"/{table}s({key})"
        if wanted.currency:
            ties["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({wanted.currency})"
        return self._make("opportunity", ties)

    def _make(self, name: str, ties: Mapping[str, Any]) -> str:
        table = self._environment.schema[name]
        owner = "teams" if self._lead.get("owneridtype") == "team" else "systemusers"
        body = {
            **_carried(self._environment, table, self._lead),
            "originatingleadid@odata.bind": f"/leads({self._lead['leadid']})",
            "ownerid@odata.bind": f"/{owner}({self._lead['ownerid']})",
            **ties,
        }
        key: str = saving.create(self._environment, self._user, table, body, None)[table.key]
        self.made.append((name, key))
        return key

    def _lead_the_account(self, account: str, contact: str) -> None:
        """The contact is the primary one of the account that was made with it."""
        table = self._environment.schema["account"]
        body = {"primarycontactid@odata.bind": f"/contacts({contact})"}
        saving.update(self._environment, self._user, table, self._environment.rows["account"][account], body)


def _carried(environment: Environment, table: Table, lead: Row) -> dict[str, Any]:
    """The lead's values under the names of a table; an option that is not there is left behind."""
    columns = environment.schema["lead"].columns
    carried = {**CARRIED[table.name], **_mapped(environment, table)}
    pairs = {own: theirs for own, theirs in carried.items() if theirs in columns}
    values = {}
    for own, theirs in pairs.items():
        column = table.columns.get(own)
        if column is not None and lead.get(theirs) is not None and _fits(column, lead[theirs]):
            values[own] = saving.sendable(columns[theirs], lead[theirs])
    return values


def _mapped(environment: Environment, table: Table) -> dict[str, str]:
    """The custom columns that the environment's own people carry over: of the table, and of the lead."""
    pairs = ((own, *target.split(".")) for own, target in environment.rules.lead_mapping.items())
    return {name: own for own, kind, name in pairs if kind == table.name}


def _fits(column: Column, value: Any) -> bool:
    return column.type not in REFERENCES and (column.type not in CHOICES or value in column.options)


def _at(environment: Environment, lookup: str, key: str) -> str:
    target = environment.schema["lead"].columns[lookup].targets[0]
    return f"/{environment.schema[target].set_name}({key})"
