"""What the headers of an export mean: fields by API name or label, new custom fields, parents' fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from crosswalk_sandbox.salesforce.schema import COMPOUND, Field, Object

CUSTOM = re.compile(r"(?P<name>[A-Za-z]\w*?)__c\Z", re.IGNORECASE | re.ASCII)
# labels of reports and import files, where they differ from the field's own
ALIASES = {
    "company / account": "Company", "company name": "Company", "e-mail": "Email", "email address": "Email",
    "mobile": "MobilePhone", "phone number": "Phone", "last modified": "LastModifiedDate",
    "create date": "CreatedDate", "stage": "StageName", "account name": "Account.Name",
    "zip/postal code": "PostalCode", "opt out of email": "HasOptedOutOfEmail",
}  # fmt: skip
# columns of reports that only repeat who a record belongs to
REPEATED = re.compile(
    r"(?:(?:lead|contact|account|opportunity) )?owner(?:(?: role| alias| name)?)|"
    r"(?:created|last modified) by(?: alias)?|record type",
    re.IGNORECASE,
)
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class New:
    """A custom field that the org does not have yet."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent that is named by one of its own fields, such as `Account.Name`."""

    reference: Field
    key: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that is not read; without a reason nobody needs to be told."""

    reason: str = ""


Meaning = Field | New | Parent | Ignored


def meanings(kind: Object, headers: Sequence[str]) -> list[Meaning]:
    """What each header means; of several with one meaning only the first is read."""
    # headers with blanks are labels, so that others without a field are labels, too
    labels = any(" " in header for header in headers)
    # files that write all names in one case do not say how the org writes them
    recase = all(header in (header.upper(), header.lower()) for header in headers)
    found: list[Meaning] = []
    for header in headers:
        meaning = _meaning(kind, header, labels, recase)
        known = isinstance(meaning, Field | New) and _lower(meaning) in {_lower(each) for each in found}
        found.append(Ignored(f"another column is {_lower(meaning)}, too") if known else meaning)
    return found


def _lower(meaning: Meaning) -> str:
    return meaning.name.lower() if isinstance(meaning, Field | New) else ""


def _meaning(kind: Object, header: str, labels: bool, recase: bool) -> Meaning:
    if not header:
        return Ignored()
    field = kind.field(header) or _labelled(kind, header)
    if field is not None:
        return Ignored() if field.computed else field
    if "." in (path := ALIASES.get(_plain(header), header)):
        return _parent(kind, path)
    if REPEATED.fullmatch(header):
        return Ignored()
    if found := CUSTOM.match(header):
        name = _capitals(found["name"]) if recase else found["name"]
        return New(f"{name}__c", " ".join(filter(None, name.split("_"))))
    if labels and (name := _from_label(header)):
        return New(name, header)
    return Ignored("there is no such field")


def _labelled(kind: Object, header: str) -> Field | None:
    """The field of that label, also with the object before it, such as `Lead Status`."""
    plain = _plain(header)
    for wanted in (plain, plain.removeprefix(f"{kind.label.lower()} ")):
        same = [field for field in kind.fields.values() if field.label.lower() == wanted]
        if same:
            return max(same, key=lambda field: "createable" in field.is_)
        if (alias := kind.field(ALIASES.get(wanted, ""))) is not None:
            return alias
    return None


def _parent(kind: Object, path: str) -> Meaning:
    relationship, _, key = path.partition(".")
    whole = kind.field(relationship)
    if whole is not None and whole.type in COMPOUND:
        return Ignored()
    reference = kind.reference(relationship)
    if reference is None or "." in key:
        return Ignored("there is no such field")
    if "User" in reference.to:
        return Ignored()  # users are known by their ids alone
    return Parent(reference, key)


def _plain(header: str) -> str:
    return " ".join(header.split()).lower()


def _capitals(name: str) -> str:
    """The API name as an admin would write it."""
    return "_".join(word.capitalize() for word in name.split("_"))


def _from_label(label: str) -> str:
    """The API name that an org proposes for a label; "" when no letter is left."""
    plain = unicodedata.normalize("NFKD", label.replace("ß", "ss")).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")[:LONGEST_NAME].strip("_")
    return f"{name}__c" if name[:1].isalpha() else ""
