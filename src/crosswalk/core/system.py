"""The narrow interface behind which every vendor stands, and the values that cross it.

A system is one tenant's connection to its vendor. Its methods are synchronous, may wait for the tenant's budget, and
raise `SystemFailure` (never a library's exception). Reads are retried inside; a write whose effect is unknown is raised
with `in_doubt=True` and never repeated by the system itself unless repeating is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from .consent import Consent
from .failures import FailureKind
from .lanes import Meter
from .mapping import Selection
from .schema import Schema
from .values import Values


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One object instance as a system showed it. Fields absent from `values` are unknown."""

    id: str
    key: str | None  # normalised e-mail
    values: Values = {}
    stamp: datetime  # the vendor's modification stamp, aware
    created: datetime | None = None
    modified_by: str | None = None  # user id of the last modifier, where the vendor says
    times: Mapping[str, datetime] = {}  # certain times of single fields, where the vendor gives them
    deleted: bool = False
    master_id: str | None = None  # set when this record lost a merge to that one
    converted_to: str | None = (
        None  # set when it was converted: the person's contact; "" when that is not told
    )
    consent: Consent | None = None  # None: not asked for, or not known


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a feed. Storing `cursor` with the records makes the page done."""

    records: Sequence[Record]
    cursor: str  # opaque; where to go on after this page
    requested_at: datetime  # our clock, before the request was sent
    last: bool = False  # the feed was read to its end with this page
    total: int | None = None  # records in the whole pass, where the vendor says
    anew: bool = (
        False  # the position before was lost: all is read again, and what is gone meanwhile is not told
    )


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a fetch by id. `missing` are ids the system is certain not to have (any more)."""

    records: Sequence[Record]
    missing: Sequence[str]
    requested_at: datetime


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """All live records with the next ids above an id, up to `upto`; of a `dated` one, those created next after a time.

    Ids go by their value where they are `numbered`, else by the codes of their characters. Times are date-times in
    their canonical form, and a range holds all records of a second or none.
    """

    records: Sequence[Record]
    upto: str | None  # None: there are none above these
    requested_at: datetime
    calls: int = 1  # that it took
    numbered: bool = False
    dated: bool = False
    calls_per_absent: float  # what it takes to ask for one record that may be gone


class ConsentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Records with their consent, without values. Storing `cursor` with the last page makes the reading done."""

    records: Sequence[Record]
    missing: Sequence[str] = ()  # ids the system is certain not to have any more
    cursor: str | None  # as it was until the last page
    requested_at: datetime


class KnownConsents(Protocol):
    """What is known of a tenant's records by their consent's marks."""

    def count(self, mark: str) -> int:
        """Return how many live records carry a mark."""

    def others(self, marks: Sequence[str], seen: Sequence[str]) -> Sequence[str]:
        """Return the live records that carry any of the marks and are not among those just seen."""


class Op(StrEnum):
    """What a write does."""

    CREATE = "create"
    UPDATE = "update"


class Write(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A change to make on a side. `values` holds only the fields to change; None empties a field."""

    id: int  # the outbox row
    object: str
    op: Op
    record_id: str | None  # None for a create
    key: str | None  # the e-mail the target holds now (update) or will get (create)
    values: Values


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Writes that go out together, formed by the system as cheaply as it can."""

    kind: str  # the system's own word for the call
    object: str
    op: Op
    writes: Sequence[Write]
    asynchronous: bool = False  # the answer only says *queued*


class Outcome(StrEnum):
    """What the system answered for one record."""

    DONE = "done"
    QUEUED = "queued"  # accepted, will happen; see `batch_id`
    MISSING = "missing"  # the target does not exist (any more)
    MOVED = "moved"  # the target's person is another record by now; reading the target tells which
    DUPLICATE = "duplicate"  # a create whose key another record has; see `record_id` if known
    REFUSED = "refused"  # the values were not accepted; see `problems`
    CHANGED = (
        "changed"  # of another version than was read: by a person, or by this very write, repeated on its way
    )
    RETRY = "retry"  # nothing happened and it may work later (locked row, throttled)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a record or one of its fields was refused."""

    field: str | None  # our field name; None = the whole record
    kind: FailureKind
    code: str  # the vendor's code
    message: str  # the vendor's words
    cure: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the system answered for one write."""

    write_id: int
    outcome: Outcome
    record_id: str | None = None
    values: Values = {}  # what the record holds now, as far as the answer itself said
    stamp: datetime | None = None
    batch_id: str | None = None
    problems: Sequence[Problem] = ()


class OptedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record's opt-out: done, missing, refused or retry."""

    record_id: str
    outcome: Outcome
    before: Consent | None = None  # as read just before, where the system reads
    after: Consent | None = None  # of a done one
    problems: Sequence[Problem] = ()


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """How an asynchronous batch ended. Order of `record_ids` means nothing."""

    record_ids: Sequence[str]
    failed_keys: Sequence[str]  # normalised e-mails the vendor could not import
    through_at: datetime  # our clock, when it was known to be through


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many records a selection takes."""

    records: int
    with_email: int
    exact: bool = True  # false: no more than that, since some rows cannot be asked of the system


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One named set-up check."""

    name: str
    ok: bool
    message: str
    cure: str = ""


class ScheduledJob(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a system does by itself at set times, whoever set it up."""

    name: str
    kind: str  # what is done, in the vendor's words
    state: str  # in the vendor's words
    times: str  # when it starts, as the vendor writes that down
    zone: str
    next_at: datetime | None  # None: never again
    last_at: datetime | None  # None: not yet
    started: int | None  # how often so far


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works in a CRM with a licence of its own."""

    id: str  # the user's, at the vendor
    name: str
    email: str = ""  # empty where the vendor has none


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is shown to somebody who looks for a person; nothing of it is kept."""

    id: str
    name: str
    email: str = ""  # empty where the record has none


class ObjectUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping needs of one object of a system."""

    object: str
    reads: Sequence[str]  # fields whose values are read
    writes: Sequence[str]  # fields whose values are changed
    creates: bool  # whether records may be made
    consent: bool = False  # whether opt-outs travel


class WriteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a run asks of a system's writes."""

    import_updates_above: int = 200
    exclude_automations: bool = False


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What a system's calls take, about, so that a plan can tell; a vendor's pace may make them last longer."""

    call: float  # seconds
    opt_out: float  # calls for one of many opt-outs
    queued: float = 0.0  # seconds until asynchronous batches are through
    asks: int = 0  # calls that ask whether they are
    result: int = 0  # calls that tell how one of them ended


class System(Protocol):
    """One tenant of a vendor."""

    ids_a_call: int  # how many records a call of `fetch` reads at most

    def identity(self) -> str:
        """Return the tenant's stable key at the vendor (org id, account name)."""

    def user_id(self) -> str | None:
        """Return the vendor's id of the user we act as, where records carry it."""

    def clock_difference(self) -> float:
        """Return the last measured vendor clock minus ours, in seconds."""

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        """Walk the set-up checks; never raises for a failed check.

        `uses` is what a mapping needs; without it, whatever any mapping may need is asked for.
        """

    def revoke(self) -> str | None:
        """End the access that the vendor gave us; where only a person can, return what that person does.

        Raises SystemFailure if it failed.
        """

    def effort(self) -> Effort:
        """Return what calls take, as long as they took since the system was opened; no I/O."""

    def describe(self, object: str) -> Schema:
        """Return the fields of an object."""

    def feed(
        self,
        object: str,
        fields: Sequence[str],
        cursor: str | None,
        seen: Callable[[datetime], int],
        only: Sequence[Selection] | None = None,
    ) -> Iterator[Page]:
        """Yield what changed since `cursor` (None: everything), ending with a page whose `last` is true.

        `seen(t)` tells how many live records of this feed the directory knows with a stamp later than `t`. A reading
        that begins without cursor may leave out what none of `only` takes, now or later without an edit; it may also
        give more.
        """

    def count(self, object: str, selection: Selection) -> Counted:
        """Tell how many records a selection takes now, in as few calls as the vendor counts them.

        Systems whose records are not selected raise SystemFailure(MAPPING).
        """

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        """Yield the records that carry `tag` when that may have changed since `cursor`; see `feed`.

        The union of one call's pages is the whole set unless the only page has no records and an unchanged cursor.
        Systems without tags raise SystemFailure(MAPPING).
        """

    def read_range(
        self,
        object: str,
        fields: Sequence[str],
        after: str,
        only: Sequence[Selection] | None = None,
    ) -> Range:
        """Read the records with the next ids or times above `after` (empty: from the first), as many as a call gives.

        Records that none of `only` takes, now or later without an edit, may be left out.
        """

    def latest(self, object: str, fields: Sequence[str], selection: Selection) -> Sequence[Record]:
        """Read some of the records with an e-mail that were made last and that a selection may take, in one call.

        They may be more than it takes. Systems whose records are not selected raise SystemFailure(MAPPING).
        """

    def fetch(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Fetched:
        """Read records by id, in the fewest calls."""

    def find(self, object: str, emails: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Read the live records with these e-mails (any letter case), in the fewest calls."""

    def people(self, object: str, name: str, limit: int) -> Sequence[Named]:
        """Return live records of people whose name has each word of `name` (any letter case), by name.

        Signs that mean something to the vendor's query language are signs of the name. Sources: API v3, Contacts
        (`search`); SOQL (LIKE); Dataverse Web API (`contains`).
        """

    def batches(self, writes: Sequence[Write], options: WriteOptions) -> Iterator[Batch]:
        """Form the cheapest calls for these writes, in the order in which they must go; no I/O."""

    def send(self, batch: Batch, options: WriteOptions) -> Sequence[Receipt]:
        """Make one batch's calls; one receipt per write, in any order."""

    def consents(self, object: str, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        """Yield records whose consent may have changed since `cursor` without showing in the feed.

        Nothing is yielded when no look is due, or by a system whose feed shows every change.
        """

    def opt_out(self, object: str, ids: Sequence[str]) -> Sequence[OptedOut]:
        """Opt these records out, whatever they held; one answer each. Doing it again changes nothing."""

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> Mapping[str, BatchResult]:
        """Wait until asynchronous batches are through; those not through at `deadline` are left out."""

    def outstanding(self) -> bool:
        """Tell whether any asynchronous work of the tenant is still waiting at the vendor."""

    def room(self) -> int | None:
        """Return how many more people the tenant's contract has room for, in one call; None where nobody can tell."""

    def scheduled_jobs(self) -> Sequence[ScheduledJob] | None:
        """Return what the system starts by itself at set times, the next one first; None where its API has no list."""

    def tag_names(self, search: str, limit: int) -> Sequence[str]:
        """Return names of tags that contain `search`, in one call; none where records carry no tags."""

    def users(self, search: str, limit: int) -> Sequence[Member]:
        """Return people who work in the system and whose name or e-mail contains `search`, by name, in one call.

        Systems whose users nobody needs here raise SystemFailure(MAPPING).
        """

    def close(self) -> None:
        """Close the connections to the vendor."""


class Paused(Exception):
    """A tenant's calls rest for longer than anybody should wait: for `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"paused for {seconds:.0f} s")
        self.seconds = seconds


class Short(Exception):
    """What a connection may use of its tenant's calls of the day is gone for work of the current lane."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(f"{meter.ours} of {meter.cap} calls are used")
        self.meter = meter


class Budget(Protocol):
    """A tenant's share of its vendor's limits, common to all processes."""

    def wait(self) -> None:
        """Return when the next call may go. Raises Paused when that is more than a minute away, and Short."""

    def learn(
        self,
        *,
        per_second: float | None = None,
        pause: float | None = None,
        crowded: bool = False,
        used_today: int | None = None,
        limit_today: int | None = None,
    ) -> None:
        """Take in what an answer said: calls per second (infinite: no pace), seconds to pause, daily figures.

        `crowded`: it was one call too many, although the pace was kept: others use the account too.
        """
