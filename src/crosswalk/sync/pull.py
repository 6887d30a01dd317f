"""Pull reads feeds page by page into the inbox. It never writes to a system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crosswalk.core import phases
from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import CreationRule, Side
from crosswalk.core.system import Page, Record
from crosswalk.store import consents, feeds, inbox, leases, selection, sweeps
from crosswalk.store.models import Feed

from .ahead import Seen, ahead
from .context import CONTACT, Context, Opened, Progress

_FETCH_PAGE = 2000
STORED_TOGETHER = 1000  # records: what a crash has read again is at most ten pages of a hundred


def pull_all(context: Context) -> None:
    """Read every feed of the connection to its end."""
    for plan in context.objects.values():
        pull(context, Side.CRM, plan.object)
    pull(context, Side.ACTIVECAMPAIGN, CONTACT)
    read_consents(context)
    look_at_crossings(context)
    if context.settings.creation is CreationRule.TAGGED:
        pull_tagged(context, context.settings.creation_tag)


def pull(context: Context, side: Side, object: str) -> None:
    """Read one feed from its cursor to its end; each page is stored with the cursor that follows it.

    One reading serves every connection of the tenant. When readers are new, it begins from the start.
    """
    tenant = context.tenants[side]
    with leases.lease(f"feed {object}", tenant):
        feed = feeds.open_feed(tenant, object)
        readers = feeds.readers_of(side, tenant, object)
        fields = context.read_for(side, object, readers)
        untold = feeds.untold(feed, fields, readers)
        if untold and feed.cursor is not None:
            _read_to_end(
                context, side, feed, readers
            )  # a complete reading does not show what was deleted meanwhile
            feeds.restart(feed)
        feeds.note_reading(feed, fields, readers, untold)
        _read_to_end(context, side, feed, readers, untold)
        if feeds.reading_for(feed, readers):
            _close_reading(context, side, feed, readers)
        context.opened[side, object] = Opened(feed=feed, readers=readers)


def _close_reading(context: Context, side: Side, feed: Feed, readers: Sequence[feeds.Reader]) -> None:
    if side is Side.CRM:
        selection.close_reading(feed, readers, context.clock.now())
    else:
        feeds.end_reading(feed)


def _read_to_end(
    context: Context,
    side: Side,
    feed: Feed,
    readers: Sequence[feeds.Reader],
    untold: Sequence[feeds.Reader] = (),
) -> None:
    """Read on; a reading that begins asks only for what the `untold` readers select."""
    object = feed.name
    intake = _Intake(context, side, feed, [reader.connection_id for reader in readers])
    selections = [reader.selection for reader in untold if reader.selection is not None]
    only = selections if selections and feed.cursor is None else None
    system, fields, cursor = context.systems[side], context.fields(side, object), feed.cursor

    def read(seen: Seen) -> Iterator[Page]:
        return system.feed(object, fields, cursor, seen, only)

    try:
        for page in (
            ahead(read, intake.seen, leases.end_session) if context.reads_ahead else read(intake.seen)
        ):
            intake.take(page)
    except SystemFailure:
        intake.store()  # what was read before it need not be read again
        raise


class _Intake:
    """Stores the pages of a reading, small ones together: every storing has a price of its own."""

    def __init__(self, context: Context, side: Side, feed: Feed, users: Sequence[int]) -> None:
        self._context = context
        self._side = side
        self._feed = feed
        self._users = users
        self._pages: list[Page] = []
        self._waiting = self._done = 0

    def take(self, page: Page) -> None:
        """Take in one page; nothing waits after the last."""
        self._pages.append(page)
        self._waiting += len(page.records)
        self._done += len(page.records)
        if page.last or self._waiting >= STORED_TOGETHER:
            self.store()
        phase = phases.name(phases.READ, self._side, self._feed.name)
        self._context.report(Progress(phase=phase, done=self._done, total=page.total))

    def seen(self, moment: datetime) -> int:
        """Tell how many live records have a stamp later than `moment`, those of this reading among them."""
        self.store()
        return inbox.seen_since(self._feed.tenant_id, self._feed.name, moment)

    def store(self) -> None:
        """Store what waits, with the cursor behind it."""
        if self._pages:
            now = self._context.clock.now()
            if any(page.anew for page in self._pages):
                sweeps.owe_round(self._feed)
            inbox.take_pages(self._feed, self._side, self._users, self._feed.name, self._pages, now)
            self._pages, self._waiting = [], 0


def look_at_crossings(context: Context) -> None:
    """Have looked at again what the passing of time may have selected or dropped since it was judged."""
    for plan in context.objects.values():
        if context.selector(plan).turns:
            tenant, now = context.tenants[Side.CRM], context.clock.now()
            selection.take_due(context.connection_id, tenant, plan.object, context.crm_now(), now)


def pull_tagged(context: Context, tag: str, *, again: bool = False) -> int:
    """Read which contacts carry the tag, when that may have changed, or `again`; return how many pages it took."""
    tenant = context.tenants[Side.ACTIVECAMPAIGN]
    fields = context.fields(Side.ACTIVECAMPAIGN, CONTACT)
    with leases.lease(f"feed tagged {tag}", tenant):
        feed = feeds.open_feed(tenant, f"tagged:{tag}")
        before = None if again else feed.cursor
        ids: list[str] = []
        cursor, pages = before or "", 0
        for page in context.systems[Side.ACTIVECAMPAIGN].tagged(tag, fields, before):
            ids += [record.id for record in page.records]
            cursor = page.cursor
            pages += 1
        if cursor != before:
            inbox.take_tagged(feed, tag, feeds.seekers_of(tenant, tag), ids, cursor, context.clock.now())
        return pages


def read_consents(context: Context) -> None:
    """Read who left lists without showing in the contact feed, when a look is due."""
    if not context.settings.consent:
        return
    tenant = context.tenants[Side.ACTIVECAMPAIGN]
    with leases.lease("feed consent", tenant):
        feed = feeds.open_feed(tenant, "consent")
        known = consents.Known(tenant, CONTACT)
        for page in context.systems[Side.ACTIVECAMPAIGN].consents(CONTACT, feed.cursor, known):
            now = context.clock.now()
            consents.take_page(
                feed, Side.ACTIVECAMPAIGN, CONTACT, page.records, page.requested_at, page.cursor, now
            )
            if page.missing:
                take_read(context, Side.ACTIVECAMPAIGN, CONTACT, [], page.missing, page.requested_at)


def take_read(
    context: Context,
    side: Side,
    object: str,
    records: Sequence[Record],
    missing: Sequence[str],
    requested_at: datetime,
) -> None:
    """Put what was read by id or e-mail into the inbox, and what of it is news into those of all readers."""
    tenant = context.tenants[side]
    readers = [reader.connection_id for reader in feeds.readers_of(side, tenant, object)]
    inbox.take_read(tenant, side, context.connection_id, readers, object, records, missing, requested_at)


def fetch_wanted(context: Context) -> int:
    """Read by id what is to be looked at and has no usable values; return how many records were asked for."""
    asked = 0
    targets = [(Side.CRM, plan.object) for plan in context.objects.values()]
    for side, object in [*targets, (Side.ACTIVECAMPAIGN, CONTACT)]:
        while ids := inbox.wanted(context.connection_id, side, object, _FETCH_PAGE):
            fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
            take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)
            asked += len(ids)
            unanswered = set(ids) - {record.id for record in fetched.records} - set(fetched.missing)
            if unanswered:
                break
    return asked
