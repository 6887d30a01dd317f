"""Which files of a folder are exports, and of what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crosswalk_sandbox.load.report import Report

Form = Literal["table", "tree", "workbook"]
TABLES = (".csv", ".tsv", ".txt")
ACTIVECAMPAIGN = re.compile(r"active[ _-]?campaign", re.IGNORECASE)
NOT_READ = {
    ".zip": "unpack it into the folder",
    ".xls": "save it as CSV",
    ".ods": "save it as CSV",
}


NO_EXPORT = (
    "holds no export: Lead.csv, Contact.csv, Account.csv, Opportunity.csv, JSON of the Salesforce CLI, workbooks of "
    "Dynamics 365, or activecampaign*.csv"
)


class LoadError(Exception):
    """The folder cannot be loaded at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that may be an export."""

    path: Path
    system: str
    form: Form

    @property
    def file(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The exports of a folder, and the report that systems write on what they make of them."""

    path: Path
    sources: tuple[Source, ...]
    report: Report = field(compare=False)

    def of(self, system: str) -> list[Source]:
        """The files that a system is to read."""
        return [source for source in self.sources if source.system == system]

    def leave(self, systems: set[str]) -> None:
        """Note the files of systems that are not served."""
        for source in self.sources:
            if source.system not in systems:
                self.report.skip(source.file, f"{source.system} is not served")


def look(path: Path) -> Folder:
    """Look through a folder, not below it. Raises LoadError when there is nothing to load in it.

    Tables that are not ActiveCampaign's are Salesforce's, for the time being: see load.owners.
    """
    report = Report(folder=str(path))
    try:
        files = sorted(each for each in path.iterdir() if each.is_file() and each.name[0] not in ".~")
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror or error}") from error
    sources = []
    for each in files:
        source = _source(each)
        if source is None:
            report.skip(each.name, NOT_READ.get(each.suffix.lower(), "it is neither CSV nor JSON nor XLSX"))
        else:
            sources.append(source)
    if not sources:
        raise LoadError(f"{path} {NO_EXPORT}")
    return Folder(path=path, sources=tuple(sources), report=report)


def _source(path: Path) -> Source | None:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return Source(path=path, system="salesforce", form="tree")
    if suffix == ".xlsx":
        return Source(path=path, system="dynamics", form="workbook")
    if suffix not in TABLES:
        return None
    system = "activecampaign" if ACTIVECAMPAIGN.match(path.name) else "salesforce"
    return Source(path=path, system=system, form="table")
