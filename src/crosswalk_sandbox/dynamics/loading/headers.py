"""What the headers of an export mean: columns by logical name or display name, keys, new custom columns.

Workbooks have three columns that views hide: the key, a checksum of the row and when it was changed, each with
`(Do Not Modify)` before its name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column, Schema, Table

HIDDEN = re.compile(r"\(do not modify\)\s*(.+)", re.IGNORECASE)
LOOKUP = re.compile(r"_(\w+)_value")
OWN = re.compile(r"[a-z][a-z0-9]{1,7}_[a-z]\w*", re.IGNORECASE | re.ASCII)
# read although the API does not write them
KEPT = frozenset({"createdon", "modifiedon", "createdby", "modifiedby", "fullname", "masterid", "merged"})
# display names of other forms and versions
ALIASES = {
    "email": "emailaddress1", "e-mail": "emailaddress1", "email address": "emailaddress1",
    "business phone": "telephone1", "main phone": "telephone1", "phone": "telephone1",
    "mobile phone": "mobilephone", "company": "companyname", "account": "parentcustomerid",
    "topic": "subject", "full name": "fullname", "name": "fullname",
    "do not allow bulk emails": "donotbulkemail", "do not allow emails": "donotemail",
}  # fmt: skip
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Known:
    """A column of the environment; `named` when labels or names stand for its values."""

    column: Column
    named: bool = False

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True, slots=True)
class New:
    """A custom column that the environment does not have yet."""

    name: str
    schema_name: str
    label: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that is not read; without a reason nobody needs to be told."""

    reason: str = ""


Meaning = Known | New | Ignored


def table_of(schema: Schema, stem: str, headers: Sequence[str]) -> Table | None:
    """The table that a file is of: by its hidden key, by a word of the file's name, or by a column for the key."""
    hidden = {found[1].lower() for header in headers if (found := HIDDEN.fullmatch(header.strip()))}
    for table in schema:
        if table.label.lower() in hidden:
            return table
    named = []
    for table in schema:
        words = "|".join((table.name, table.set_name, re.escape(table.label), re.escape(table.plural)))
        if place := re.search(rf"(?<![a-z])(?:{words})(?![a-z])", stem, re.IGNORECASE):
            named.append((place.start(), table))
    if named:
        return min(named, key=lambda each: each[0])[1]
    keys = {header.lower() for header in headers}
    return next((table for table in schema if table.key in keys), None)


def meanings(table: Table, headers: Sequence[str]) -> list[Meaning]:
    """What each header means; of several with one meaning the one with values goes before that with names."""
    labels = any(" " in header for header in headers)
    found = [_meaning(table, header.strip(), labels) for header in headers]
    direct = {each.name for each in found if isinstance(each, Known) and not each.named}
    taken: set[str] = set()
    for place, each in enumerate(found):
        if isinstance(each, Ignored):
            continue
        if isinstance(each, Known) and each.named and each.name in direct:
            found[place] = Ignored()
        elif each.name in taken:
            found[place] = Ignored(f"another column is {each.name}, too")
        else:
            taken.add(each.name)
    return found


def _meaning(table: Table, header: str, labels: bool) -> Meaning:
    if not header or "@" in header:
        return Ignored()
    if hidden := HIDDEN.fullmatch(header):
        return _hidden(table, hidden[1].lower())
    lookup = LOOKUP.fullmatch(header.lower())
    column = table.columns.get(lookup[1] if lookup else header.lower()) or _labelled(table, header)
    if column is not None:
        return _of_column(table, column)
    if OWN.fullmatch(header):
        return New(header.lower(), header, " ".join(header.split("_")[1:]))
    if labels and (name := _from_label(header)):
        return New(name.lower(), name, header)
    return Ignored("there is no such column")


def _hidden(table: Table, label: str) -> Meaning:
    if label == table.label.lower():
        return Known(table.columns[table.key])
    return Known(table.columns["modifiedon"]) if label == "modified on" else Ignored()


def _of_column(table: Table, column: Column) -> Meaning:
    """A column, or the one whose label or name it shows."""
    base = table.columns.get(column.part_of or "")
    if base is not None:
        shows = column.name.endswith("name") and not column.name.endswith("yominame")
        return Known(base, named=True) if shows else Ignored()
    if column.json_name is None:
        return Ignored()
    read = column.creatable or column.updatable or column.name in KEPT or column.name == table.key
    return Known(column) if read else Ignored()


def _labelled(table: Table, header: str) -> Column | None:
    """The column of that display name; one that can be written goes before others."""
    plain = " ".join(header.split()).lower()
    same = [each for each in table.columns.values() if each.label.lower() == plain and each.part_of is None]
    if same:
        return max(same, key=lambda each: (each.json_name is not None, each.creatable))
    found = table.columns.get(ALIASES.get(plain, ""))
    return found if found is not None or plain != "name" else table.columns.get(table.title)


def _from_label(label: str) -> str:
    """The schema name that the designer proposes for a display name; "" when no letter is left."""
    plain = unicodedata.normalize("NFKD", label.replace("ß", "ss")).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "", plain.title(), flags=re.ASCII)[:LONGEST_NAME]
    return f"new_{name}" if name[:1].isalpha() else ""


def watched(column: Column) -> str | None:
    """What is to be looked at in the values of a column; None where nothing depends on them."""
    if column.type in ("Decimal", "Double", "Money", "Integer", "BigInt"):
        return "numbers"
    if column.type == "DateTime":
        return "days"
    choice = column.type in ("Picklist", MULTIPLE)
    return "" if choice or (column.custom and column.type in ("String", "Memo")) else None
