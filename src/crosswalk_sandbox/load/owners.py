"""Which CRM a table of a folder came from: its name or its headers tell, else the one that is served."""

from __future__ import annotations

import re
from dataclasses import replace

from crosswalk_sandbox.load.delimited import Delimited
from crosswalk_sandbox.load.folder import NO_EXPORT, NOT_READ, Folder, LoadError, Source

NAMED = re.compile(
    r"(?P<dynamics>dynamics|dataverse|d365|crm365)|(?P<salesforce>salesforce|sfdc)", re.IGNORECASE
)
# headers that only Dynamics writes: logical names, and those of its workbooks
DYNAMICS = re.compile(
    r"\(do not modify\) .*|(?:lead|opportunity|systemuser)id|emailaddress[123]|statecode|statuscode|_\w+_value|"
    r"modifiedon|createdon|telephone[123]|donotbulkemail|parentcustomerid\w*"
)
# headers that only Salesforce writes; `AccountId` and `ContactId` differ from Dynamics in their case
SALESFORCE = re.compile(
    r"Id|(?:Account|Contact|Owner|ReportsTo|RecordType)Id|\w+__[cC]|SystemModstamp|LastModifiedDate|IsConverted|"
    r"HasOptedOutOfEmail"
)


def assigned(folder: Folder, served: set[str]) -> Folder:
    """The folder with every file given to its system. Raises LoadError when no file is left."""
    sources = []
    for source in folder.sources:
        if source.form == "workbook" and "dynamics" not in served:
            folder.report.skip(source.file, NOT_READ[".xls"])
        elif source.form == "table" and source.system == "salesforce":
            sources.append(replace(source, system=_owner(source, served)))
        else:
            sources.append(source)
    if not sources:
        raise LoadError(f"{folder.path} {NO_EXPORT}")
    return replace(folder, sources=tuple(sources))


def _owner(source: Source, served: set[str]) -> str:
    if found := NAMED.match(source.path.name):
        return str(found.lastgroup)
    likely = _by_headers(source)
    if likely is None:
        return "dynamics" if "dynamics" in served and "salesforce" not in served else "salesforce"
    return likely


def _by_headers(source: Source) -> str | None:
    """The system whose headers a file has; None when they are nobody's in particular."""
    try:
        headers = Delimited(source.path).columns
    except OSError:
        return None
    salesforce = sum(bool(SALESFORCE.fullmatch(each)) for each in headers)
    dynamics = sum(
        bool(DYNAMICS.fullmatch(each.lower())) and not SALESFORCE.fullmatch(each) for each in headers
    )
    if salesforce == dynamics:
        return None
    return "dynamics" if dynamics > salesforce else "salesforce"
