"""What CRMs share: writes go many a call and are answered at once, a box says who wants no mail, nothing is tagged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Generic, Protocol, TypeVar

from ..core.consent import Consent, Place, Standing
from ..core.failures import FailureKind, SystemFailure
from ..core.schema import Schema
from ..core.system import (
    Batch,
    BatchResult,
    ConsentPage,
    Effort,
    KnownConsents,
    Op,
    OptedOut,
    Outcome,
    Page,
    Problem,
    Receipt,
    ScheduledJob,
    Write,
    WriteOptions,
)
from ..core.words import keepable as _
from .http import HttpClient


class UnfitError(Exception):
    """A value that cannot be written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class SignedIn(Protocol):
    """What gets tokens."""

    @property
    def http(self) -> HttpClient: ...


class CrmClient(Protocol):
    """What calls a CRM."""

    @property
    def http(self) -> HttpClient: ...

    @property
    def session(self) -> SignedIn: ...

    def now(self) -> datetime: ...


class CrmObject(Protocol):
    """An object as it was described last."""

    @property
    def schema(self) -> Schema: ...


ClientT = TypeVar("ClientT", bound=CrmClient)
ObjectT = TypeVar("ObjectT", bound=CrmObject)


class Crm(ABC, Generic[ClientT, ObjectT]):
    """The part of `core.system.System` that no CRM does differently.

    Rows are decoded by the schema that was described last; it is asked for once by itself where nobody did.
    """

    vendor: ClassVar[str]
    batch_kind: ClassVar[str]
    ids_a_call: int

    def __init__(self, client: ClientT) -> None:
        self._client = client
        self._described: dict[str, ObjectT] = {}

    @property
    def http(self) -> HttpClient:
        """What counts the calls and the time spent in them."""
        return self._client.http

    def close(self) -> None:
        """Close pooled connections."""
        self._client.http.close()
        self._client.session.http.close()

    def clock_difference(self) -> float:
        """Return by how many seconds the CRM's clock is ahead of ours."""
        return self._client.http.clock_difference

    def vendor_now(self) -> datetime:
        """Return the CRM's time."""
        return self._client.now() + timedelta(seconds=self.clock_difference())

    def describe(self, object: str) -> Schema:
        """Return an object's fields as they are now."""
        return self._describe(object).schema

    def _describe(self, name: str) -> ObjectT:
        self._described[name] = described = self.ask_for(name)
        return described

    def _known(self, name: str) -> ObjectT:
        return self._described.get(name) or self._describe(name)

    @abstractmethod
    def ask_for(self, name: str) -> ObjectT:
        """Have the CRM describe an object."""

    @abstractmethod
    def send(self, batch: Batch, options: WriteOptions) -> Sequence[Receipt]: ...

    @abstractmethod
    def records_a_call(self, waiting: int) -> int:
        """Return how many writes go in one call while so many of one kind are `waiting`."""

    @abstractmethod
    def opt_out_box(self, object: str) -> str:
        """Return the name of the box that is ticked for an opt-out."""

    def batches(self, writes: Sequence[Write], options: WriteOptions) -> Iterator[Batch]:
        """Group writes by kind and object in calls that name each record once; no option concerns a CRM.

        Updates go first: they may free a value that must be unique.
        """
        del options
        groups: dict[tuple[Op, str], list[Write]] = {}
        for write in sorted(writes, key=lambda each: each.op is Op.CREATE):
            groups.setdefault((write.op, write.object), []).append(write)
        for (op, name), group in groups.items():
            for portion in _portions(group, self.records_a_call(len(group))):
                yield Batch(kind=self.batch_kind, object=name, op=op, writes=portion)

    def effort(self) -> Effort:
        """Return how long calls took; opt-outs go together as other writes do."""
        return Effort(call=self.http.seconds_a_call(), opt_out=1 / self.records_a_call(1))

    def opt_out(self, object: str, ids: Sequence[str]) -> Sequence[OptedOut]:
        """Tick the box of these records."""
        box, options = self.opt_out_box(object), WriteOptions()
        writes = [
            Write(id=number, object=object, op=Op.UPDATE, record_id=record_id, key=None, values={box: True})
            for number, record_id in enumerate(dict.fromkeys(ids))
        ]
        return [
            _opted_out(box, writes[receipt.write_id], receipt)
            for batch in self.batches(writes, options)
            for receipt in self.send(batch, options)
        ]

    def consents(self, object: str, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        """Yield nothing: a changed box changes its record, so the feed shows it."""
        del object, cursor, known
        return iter(())

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        """Raise SystemFailure(MAPPING): a CRM has no tags."""
        raise SystemFailure(
            FailureKind.MAPPING,
            _("{vendor} has no tags.").format(vendor=self.vendor),
            cure=_("Choose an ActiveCampaign tag."),
        )

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> Mapping[str, BatchResult]:
        """Return nothing: every write is answered at once."""
        return {}

    def outstanding(self) -> bool:
        """Return False: every write is answered at once."""
        return False

    def room(self) -> int | None:
        """Return None: a CRM has no limit of people."""
        return None

    def tag_names(self, search: str, limit: int) -> Sequence[str]:
        """Return nothing: tags are ActiveCampaign's."""
        return ()

    def scheduled_jobs(self) -> Sequence[ScheduledJob] | None:
        """Return None: most APIs have no list of what starts by the clock."""
        return None


def _portions(writes: Sequence[Write], most: int) -> Iterator[list[Write]]:
    portion: list[Write] = []
    named: set[str] = set()
    for write in writes:
        if len(portion) == most or write.record_id in named:
            yield portion
            portion, named = [], set()
        portion.append(write)
        if write.record_id is not None:
            named.add(write.record_id)
    if portion:
        yield portion


def _opted_out(box: str, write: Write, receipt: Receipt) -> OptedOut:
    done = receipt.outcome is Outcome.DONE
    after = Consent(standing=Standing.OUT, places=(Place(box, "true"),))
    return OptedOut(
        record_id=write.record_id or "",
        outcome=receipt.outcome,
        after=after if done else None,
        problems=receipt.problems,
    )
