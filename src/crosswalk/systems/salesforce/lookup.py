"""Reading chosen records: by id, by e-mail, and by whatever a statement asks.

Source: Salesforce REST API, sObject Collections (retrieve with a body), query.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.system import Fetched, Record
from ...core.values import normal_email
from ..answers import Answer
from . import soql
from .client import Client
from .ids import is_id, long_id
from .records import QueryPage, RowReader
from .schema import Described

MOST_IDS = 200  # records a retrieve call
MOST_EMAILS = 200  # addresses a query


class Lookup:
    """Reads records of one object with one list of fields."""

    def __init__(self, client: Client, described: Described, fields: Sequence[str]) -> None:
        """Raises SystemFailure(MAPPING) if a field does not exist."""
        self._client = client
        self._sobject = described.sobject
        self._full = RowReader(described.schema, described.known(fields))
        # A statement travels in the address, which has a limit; a retrieve's field list does not.
        self.fits = soql.size(", ".join(self._full.columns)) <= soql.LONGEST_COLUMNS
        self._queried = self._full if self.fits else RowReader(described.schema, [])

    @property
    def reader(self) -> RowReader:
        """What decodes rows that have all fields."""
        return self._full

    @property
    def columns(self) -> Sequence[str]:
        """What a statement is to select."""
        return self._queried.columns

    def page(self, answer: Answer) -> QueryPage:
        """Decode an answer to a statement that selected `columns`; `complete` adds what those leave out."""
        return self._queried.page(answer)

    def complete(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return queried records with all fields; of one that has gone since, the values stay unknown."""
        if self.fits:
            return records
        full = {
            each.id: each for each in self.fetch([each.id for each in records if not each.deleted]).records
        }
        return [full.get(each.id, each) for each in records]

    def fetch(self, ids: Sequence[str]) -> Fetched:
        """Read records by id; what Salesforce answers with null or as deleted is missing."""
        wanted = list(dict.fromkeys(long_id(each) for each in ids))
        ours = [each for each in wanted if is_id(each) and each.startswith(self._sobject.prefix)]
        requested_at = self._client.now()
        found: dict[str, Record] = {}
        for start in range(0, len(ours), MOST_IDS):
            answer = self._client.read(
                f"/composite/sobjects/{self._sobject.name}",
                json={"ids": ours[start : start + MOST_IDS], "fields": self._full.columns},
            )
            found |= {record.id: record for record in self._full.rows(answer) if not record.deleted}
        return Fetched(
            records=list(found.values()),
            missing=[each for each in ids if long_id(each) not in found],
            requested_at=requested_at,
        )

    def find(self, emails: Sequence[str]) -> list[Record]:
        """Read the live records with these e-mails; Salesforce compares without letter case."""
        keys = dict.fromkeys(key for email in emails if (key := normal_email(email)))
        room = soql.LONGEST_QUERY - soql.size(self._by_email([]))
        return [
            record
            for portion in soql.portions([soql.text(key) for key in keys], room=room, most=MOST_EMAILS)
            for record in self._all(self._by_email(portion))
        ]

    def _by_email(self, literals: Sequence[str]) -> str:
        where = [soql.within(self._sobject.email, literals)]
        return soql.select(self.columns, self._sobject.name, where=where, tail="ORDER BY Id")

    def _all(self, statement: str) -> Sequence[Record]:
        page = self.page(self._client.query(statement))
        records = page.records
        while page.next_url is not None and not page.done:
            page = self.page(self._client.further(page.next_url))
            records += page.records
        return self.complete(records)
