"""Every route of every vendor that a run uses, for tests of faults. Needs no database."""

from __future__ import annotations

from dataclasses import dataclass

SALESFORCE, DYNAMICS, ACTIVECAMPAIGN = "salesforce", "dynamics", "activecampaign"
CRMS = (SALESFORCE, DYNAMICS)
VENDORS = {SALESFORCE: "Salesforce", DYNAMICS: "Dynamics 365", ACTIVECAMPAIGN: "ActiveCampaign"}
ROOT = "/api/data/v9.2"
IMPORTED = 11  # new contacts from which they go by import


@dataclass(frozen=True, kw_only=True)
class Route:
    """One thing that a run asks a vendor for."""

    system: str
    path: str  # with the method
    holding: str = ""  # what only the requests for this purpose hold, where a path serves several
    vendor: str = ""  # that a message about it names, where it is not the system itself
    # what it is called for
    new: int = 1  # contacts of the CRM that were made since
    new_tag: bool = False  # a tag that nobody knew
    signed_out: bool = False  # there is no token

    def __str__(self) -> str:
        return " ".join(filter(None, (VENDORS[self.system], self.path, self.holding)))

    @property
    def names(self) -> str:
        """What a message about it names."""
        return self.vendor or VENDORS[self.system]


def _salesforce(path: str, *, signed_out: bool = False) -> Route:
    return Route(system=SALESFORCE, path=path, signed_out=signed_out)


def _dynamics(method: str, path: str, holding: str = "", *, new: int = 1, signed_out: bool = False) -> Route:
    path = f"{method} {ROOT}{path}"
    return Route(system=DYNAMICS, path=path, holding=holding, new=new, signed_out=signed_out)


def _activecampaign(path: str, holding: str = "", *, new: int = 1, new_tag: bool = False) -> Route:
    return Route(system=ACTIVECAMPAIGN, path=path, holding=holding, new=new, new_tag=new_tag)


ENTRA = Route(
    system=DYNAMICS, path="POST /{tenant}/oauth2/v2.0/token", vendor="Microsoft Entra ID", signed_out=True
)
OPENING: dict[str, tuple[Route, ...]] = {
    SALESFORCE: (
        _salesforce("POST /services/oauth2/token", signed_out=True),
        _salesforce("GET /sobjects/{object}/describe"),
    ),
    DYNAMICS: (
        ENTRA,
        _dynamics("POST", "/$batch", "EntityDefinitions"),
        _dynamics("GET", "/WhoAmI", signed_out=True),
    ),
    ACTIVECAMPAIGN: (_activecampaign("GET /fields"),),
}
READING: dict[str, tuple[Route, ...]] = {
    SALESFORCE: (
        _salesforce("GET /queryAll"),
        _salesforce("GET /query"),
        _salesforce("POST /composite/sobjects/{object}"),
    ),
    DYNAMICS: (
        _dynamics("GET", "/contacts", "$deltatoken"),
        _dynamics("GET", "/leads", "$deltatoken"),
        _dynamics("GET", "/*", "id',PropertyValues="),  # by id
        _dynamics("GET", "/contacts", "emailaddress1',PropertyValues="),  # whether somebody has an address
        _dynamics("GET", "/leads", "emailaddress1',PropertyValues="),
    ),
    ACTIVECAMPAIGN: (
        _activecampaign("GET /contacts", "updated_after"),
        _activecampaign("GET /contacts", "limit=1"),  # how many changed
        _activecampaign("GET /contacts", "status=2&include"),  # who left lists
        _activecampaign("GET /contacts", "tagid="),
        _activecampaign("GET /contacts/{id}"),
        _activecampaign("GET /tags", new_tag=True),
        _activecampaign("GET /import/bulk_import", new=IMPORTED),
        _activecampaign("GET /import/info", new=IMPORTED),
    ),
}
# What is too much for one answer or one address, once these are small: see `narrow` in tests/helpers/faulty.py
NARROW: tuple[Route, ...] = (
    _dynamics("GET", "/*", "$skiptoken", new=3),
    _dynamics("POST", "/$batch", "id',PropertyValues="),
    _dynamics("POST", "/$batch", "emailaddress1',PropertyValues="),
)
WRITING: dict[str, tuple[Route, ...]] = {
    SALESFORCE: (_salesforce("PATCH /composite/sobjects"), _salesforce("POST /composite/sobjects")),
    DYNAMICS: (
        _dynamics("POST", "/$batch", f"PATCH {ROOT}"),
        _dynamics("POST", "/$batch", f"POST {ROOT}"),
    ),
    ACTIVECAMPAIGN: (
        _activecampaign("PUT /contacts/{id}"),
        _activecampaign("POST /contacts"),
        _activecampaign("POST /import/bulk_import", new=IMPORTED),
    ),
}
