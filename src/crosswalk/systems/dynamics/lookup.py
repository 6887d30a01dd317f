"""Reading chosen records: by id and by e-mail, as many queries as it takes in one batch.

Source: Dataverse Web API, query functions (`In`), length of addresses inside and outside of a batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec

from ...core.system import Fetched, Record
from ...core.values import normal_email
from ..answers import Answer
from ..tries import TRIES
from .batch import Request
from .client import Client, accepted
from .records import RowPage, RowReader
from .schema import Described

MOST_VALUES = 400  # ids or addresses a query
MOST_QUERIES = 10  # a batch: what it answers stays within some ten thousand rows
LONGEST_FILTER = (
    24_000  # bytes of a condition in an address, which has room for 32 KB, and for 64 KB in a batch
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ODD = re.compile(r"['\"\\]")  # a list of values may not be able to hold these


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of a record id, in small letters as all of ours."""
    return _ID.fullmatch(text) is not None


class Lookup:
    """Reads records of one table with one list of fields."""

    def __init__(self, client: Client, described: Described, fields: Sequence[str]) -> None:
        """Raises SystemFailure(MAPPING) if a field does not exist."""
        self._client = client
        self._path = f"/{described.set_name}"
        self._key = described.key
        self.email = described.columns[described.table.email].wire_name
        self.reader = RowReader(described, described.known(fields))
        self.etags: dict[str, str] = {}  # of the records that were read, by id

    @property
    def select(self) -> tuple[str, str]:
        """The option of a query that asks for our columns."""
        return "$select", ",".join(self.reader.columns)

    def fetch(self, ids: Sequence[str]) -> Fetched:
        """Read records by id; what the environment does not answer, or what lost a merge, is missing."""
        wanted = [each for each in dict.fromkeys(each.lower() for each in ids) if is_id(each)]
        requested_at = self._client.now()
        conditions = [_within(self._key, portion) for portion in _portions(wanted)]
        found = {record.id: record for record in self._read(conditions) if not record.deleted}
        return Fetched(
            records=[found[each] for each in wanted if each in found],
            missing=[each for each in ids if each.lower() not in found],
            requested_at=requested_at,
        )

    def find(self, emails: Sequence[str]) -> list[Record]:
        """Read the live records with these e-mails. Dataverse compares without letter case, and perhaps loosely."""
        keys = list(dict.fromkeys(key for email in emails if (key := normal_email(email))))
        conditions = [_addressed(self.email, portion) for portion in _portions(keys)]
        found = {record.id: record for record in self._read(conditions)}
        asked = set(keys)
        return [found[each] for each in sorted(found) if found[each].key in asked and not found[each].deleted]

    def _read(self, conditions: Sequence[str]) -> Iterator[Record]:
        requests = [
            Request(path=self._path, query=[self.select, ("$filter", condition)]) for condition in conditions
        ]
        for start in range(0, len(requests), MOST_QUERIES):
            for answer in self._answers(requests[start : start + MOST_QUERIES]):
                for page in self._pages(answer):
                    self.etags.update(page.etags)
                    yield from page.records

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        """Ask; those that are declined for the moment are asked again. One question needs no batch."""
        if len(requests) == 1 and len(quote(requests[0].query[1][1])) <= LONGEST_FILTER:
            return [self._client.read(requests[0].path, query=requests[0].query)]
        answered: dict[int, Answer] = {}
        for _try in range(TRIES):
            open_ = [place for place in range(len(requests)) if place not in answered]
            answers = self._client.batch([requests[place] for place in open_], repeatable=True)
            told = dict(zip(open_, answers, strict=True))
            answered |= {place: each for place, each in told.items() if not _for_the_moment(each)}
            if len(answered) == len(requests):
                break
        return [accepted(answered.get(place, told.get(place, answers[-1]))) for place in range(len(requests))]

    def _pages(self, answer: Answer) -> Iterator[RowPage]:
        while True:
            page = self.reader.page(answer)
            yield page
            if page.next_link is None:
                return
            answer = self._client.follow(page.next_link)


def _for_the_moment(answer: Answer) -> bool:
    return answer.status == 429 or answer.status >= 500


def _portions(values: Sequence[str]) -> Iterator[list[str]]:
    """Cut values into lists of which one query can ask for each."""
    portion: list[str] = []
    size = 0
    for value in values:
        needed = len(quote(f"emailaddress1 eq '{value}' or "))
        if portion and (len(portion) == MOST_VALUES or size + needed > LONGEST_FILTER):
            yield portion
            portion, size = [], 0
        portion.append(value)
        size += needed
    if portion:
        yield portion


def _within(column: str, values: Sequence[str]) -> str:
    listed = msgspec.json.encode(list(values)).decode()
    return f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues={listed})"


def _addressed(column: str, keys: Sequence[str]) -> str:
    """Write the condition on e-mails; one with a quotation mark stands by itself, where doubling escapes it."""
    plain = [key for key in keys if not _ODD.search(key)]
    odd = [key.replace("'", "''") for key in keys if _ODD.search(key)]
    parts = [_within(column, plain)] if plain else []
    return " or ".join([*parts, *(f"{column} eq '{key}'" for key in odd)])
