"""Salesforce behind the interface that every vendor stands behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.mapping import Selection
from ...core.system import (
    Batch,
    Check,
    Counted,
    Fetched,
    Member,
    Named,
    ObjectUse,
    Page,
    Range,
    Receipt,
    Record,
    ScheduledJob,
    WriteOptions,
)
from ...core.words import keepable as _
from ..crm import Crm
from . import soql
from .checks import Checks
from .client import Client
from .criteria import any_of, condition_of
from .feed import Pass, only_persons, read_cursor
from .ids import long_id
from .jobs import read_jobs
from .lookup import MOST_IDS, Lookup
from .people import find_people
from .ranges import read_latest, read_range
from .schema import Described, read_describe, sobject_of
from .users import find_users
from .writes import MOST_RECORDS, Sender


class _UserInfo(msgspec.Struct, frozen=True):
    user_id: str
    organization_id: str


class _Count(msgspec.Struct, frozen=True):
    records: int
    emails: int


class _CountAnswer(msgspec.Struct, frozen=True):
    records: list[_Count]


class Salesforce(Crm[Client, Described]):
    """One org. Implements `core.system.System`."""

    vendor = "Salesforce"
    batch_kind = "collections"
    ids_a_call = MOST_IDS

    def identity(self) -> str:
        """Return the org's 18-character id."""
        return self._who()[0]

    def user_id(self) -> str:
        """Return the id of the user that our writes carry as LastModifiedById."""
        return self._who()[1]

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        return Checks(self._client, self._describe, uses).run()

    def revoke(self) -> None:
        """End the tokens that we hold; the app and the user's approval of it stay."""
        self._client.session.revoke()

    def feed(
        self,
        object: str,
        fields: Sequence[str],
        cursor: str | None,
        seen: Callable[[datetime], int],
        only: Sequence[Selection] | None = None,
    ) -> Iterator[Page]:
        """Yield what changed, deletes and merges among it; late rows are found without `seen`."""
        del seen
        described = self._known(object)
        begun = read_cursor(cursor)
        if cursor is None and only is not None:
            begun = msgspec.structs.replace(begun, only=self._filter(described, only))
        return Pass(self._client, described, fields, begun).pages()

    def count(self, object: str, selection: Selection) -> Counted:
        """Count records and e-mails in one statement. Source: Salesforce SOQL, COUNT(fieldName) ignores null."""
        described = self._known(object)
        condition = condition_of(selection, described.schema, self.vendor_now())
        where = [*only_persons(described), *([condition.text] if condition.text else [])]
        columns = ["COUNT(Id) records", f"COUNT({described.sobject.email}) emails"]
        statement = soql.select(columns, described.sobject.name, where=where)
        if soql.size(statement) > soql.LONGEST_QUERY:
            raise SystemFailure(
                FailureKind.MAPPING,
                _("The criteria are too long to be counted in Salesforce."),
                cure=_("Use fewer or shorter values."),
            )
        (row,) = self._client.query(statement).decode(_CountAnswer).records
        return Counted(records=row.records, with_email=row.emails, exact=condition.exact)

    def _filter(self, described: Described, only: Sequence[Selection]) -> str | None:
        """Return what a first reading asks for; nothing when the statement would be too long."""
        text = any_of(condition_of(each, described.schema, self.vendor_now(), lasting=True) for each in only)
        return text if text is not None and soql.size(text) <= soql.LONGEST_FILTER else None

    def read_range(
        self, object: str, fields: Sequence[str], after: str, only: Sequence[Selection] | None = None
    ) -> Range:
        """Read up to 2,000 records."""
        described = self._known(object)
        condition = None if only is None else self._filter(described, only)
        return read_range(self._client, described, fields, after, condition)

    def latest(self, object: str, fields: Sequence[str], selection: Selection) -> Sequence[Record]:
        described = self._known(object)
        condition = condition_of(selection, described.schema, self.vendor_now())
        return read_latest(self._client, described, fields, condition)

    def fetch(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Fetched:
        return self._lookup(object, fields).fetch(ids)

    def find(self, object: str, emails: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        return self._lookup(object, fields).find(emails)

    def people(self, object: str, name: str, limit: int) -> Sequence[Named]:
        return find_people(self._client, self._known(object), name, limit)

    def records_a_call(self, waiting: int) -> int:
        """Return the most that a call takes, however many wait."""
        del waiting
        return MOST_RECORDS

    def opt_out_box(self, object: str) -> str:
        return self._known(object).sobject.opt_out

    def send(self, batch: Batch, options: WriteOptions) -> Sequence[Receipt]:
        """Make one batch's call, and further ones only to find the records that a refusal is about."""
        del options
        return Sender(self._client, self._known(batch.object), batch.op).send(batch.writes)

    def scheduled_jobs(self) -> Sequence[ScheduledJob]:
        return read_jobs(self._client)

    def users(self, search: str, limit: int) -> Sequence[Member]:
        return find_users(self._client, search, limit)

    def _lookup(self, name: str, fields: Sequence[str]) -> Lookup:
        return Lookup(self._client, self._known(name), fields)

    def ask_for(self, name: str) -> Described:
        sobject = sobject_of(name)
        return read_describe(sobject, self._client.read(f"/sobjects/{sobject.name}/describe"))

    def _who(self) -> tuple[str, str]:
        """Return org id and user id: the token says, or else userinfo does."""
        token = self._client.session.token()
        if token.org_id and token.user_id:
            return token.org_id, token.user_id
        user = self._client.userinfo().decode(_UserInfo)
        return long_id(user.organization_id), long_id(user.user_id)
