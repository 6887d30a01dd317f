"""What both CRMs hold and are asked to do, in the words of Salesforce, so that one test runs with either.

What one of the two does not have (a recycle bin) has no word here. Needs no database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.helpers.mappings import SOBJECTS

from crosswalk.core.criteria import Criteria, Criterion
from crosswalk.core.mapping import MappingFile, ObjectMapping, Selection

Row = dict[str, Any]
Dump = Mapping[str, list[Row]]

# The field's name in Salesforce → the column of contacts and leads that plays its part in Dynamics 365.
COLUMNS = {
    "Email": "emailaddress1",
    "FirstName": "firstname",
    "LastName": "lastname",
    "Phone": "telephone1",
    "Title": "jobtitle",
    "Company": "companyname",  # leads alone have it
    "Department": "department",  # contacts alone have it
    "Salutation": "pager",  # what matters is that it is short
    "LeadSource": "address1_county",
    "MailingCity": "address1_city",
    "Nickname__c": "middlename",
    "Partner__c": "donotphone",
    "HasOptedOutOfEmail": "donotbulkemail",
    "CreatedById": "createdby",
}
KEYS = {"contact": "contactid", "lead": "leadid"}
QUALIFIED = 1


class Words(ABC):
    """One CRM's own words for ours; objects are `contact` and `lead`."""

    @abstractmethod
    def object(self, name: str) -> str:
        """The CRM's name of an object."""

    @abstractmethod
    def name(self, field: str) -> str:
        """The CRM's name of a field."""

    @abstractmethod
    def told(self, object: str, row: Row) -> Row:
        """A record of the CRM as Salesforce would show it."""

    def row(self, values: Mapping[str, Any]) -> Row:
        """Values under the CRM's names."""
        return {self.name(field): value for field, value in values.items()}

    def records(self, dump: Dump, object: str) -> Iterator[Row]:
        """All records of an object; deleted ones among them, as far as the CRM keeps any."""
        return (self.told(object, row) for row in dump[self.object(object)])

    def mapping(self, file: MappingFile) -> MappingFile:
        """A mapping file under the CRM's names."""
        return replace(file, objects=tuple(map(self._item, file.objects)))

    def _item(self, item: ObjectMapping) -> ObjectMapping:
        fields = tuple(replace(field, crm=self.name(field.crm)) for field in item.fields)
        defaults = self.row(item.creation_defaults)
        return replace(
            item, fields=fields, creation_defaults=defaults, selection=self._selection(item.selection)
        )

    def _selection(self, selection: Selection) -> Selection:
        asked = selection.criteria
        return selection if asked is None else replace(selection, criteria=self._criteria(asked))

    def _criteria(self, criteria: Criteria) -> Criteria:
        groups = tuple(replace(each, rows=self._rows(each.rows)) for each in criteria.groups)
        return replace(criteria, rows=self._rows(criteria.rows), groups=groups)

    def _rows(self, rows: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return tuple(replace(row, field=self.name(row.field)) for row in rows)


class SalesforceWords(Words):
    """They are ours."""

    def object(self, name: str) -> str:
        return SOBJECTS[name]

    def name(self, field: str) -> str:
        return field

    def told(self, object: str, row: Row) -> Row:
        return row


class DynamicsWords(Words):
    """Columns for fields; who lost a merge counts as deleted, a qualified lead as converted."""

    def object(self, name: str) -> str:
        return name

    def name(self, field: str) -> str:
        return COLUMNS[field]

    def told(self, object: str, row: Row) -> Row:
        converted = object == "lead" and row["statecode"] == QUALIFIED
        return {
            **{field: row.get(column) for field, column in COLUMNS.items()},
            "Id": row[KEYS[object]],
            "IsDeleted": bool(row.get("merged")),
            "IsConverted": converted,
            "ConvertedContactId": row.get("parentcontactid") if converted else None,
        }


WORDS: Mapping[str, Words] = {"salesforce": SalesforceWords(), "dynamics": DynamicsWords()}
