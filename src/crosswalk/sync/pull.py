"""Pull reads feeds page by page into the inbox. It never writes to a system."""

from __future__ import annotations

from functools import partial

from crosswalk.core.mapping import CreationRule, Side
from crosswalk.store import feeds, inbox

from .context import CONTACT, Context, Progress

_FETCH_PAGE = 2000


def pull_all(context: Context) -> None:
    """Read every feed of the connection to its end."""
    for plan in context.objects.values():
        pull(context, Side.CRM, plan.object)
    pull(context, Side.ACTIVECAMPAIGN, CONTACT)
    if context.settings.creation is CreationRule.TAGGED:
        pull_tagged(context, context.settings.creation_tag)


def pull(context: Context, side: Side, object: str) -> None:
    """Read one feed from its cursor to its end; each page is stored with the cursor that follows it."""
    tenant = context.tenants[side]
    fields = context.fields(side, object)
    with feeds.lease(f"feed {object}", tenant):
        feed = feeds.open_feed(tenant, object, fields)
        users = feeds.users_of(tenant)
        done = 0
        for page in context.systems[side].feed(
            object, fields, feed.cursor, partial(inbox.seen_since, tenant, object)
        ):
            inbox.take_page(
                feed,
                side,
                users,
                object,
                page.records,
                page.requested_at,
                page.cursor,
                last=page.last,
                now=context.clock.now(),
            )
            done += len(page.records)
            context.report(Progress(phase=f"read {side} {object}", done=done, total=page.total))


def pull_tagged(context: Context, tag: str) -> None:
    """Read which contacts carry the tag, when that may have changed."""
    tenant = context.tenants[Side.ACTIVECAMPAIGN]
    fields = context.fields(Side.ACTIVECAMPAIGN, CONTACT)
    with feeds.lease(f"feed tagged {tag}", tenant):
        feed = feeds.open_feed(tenant, f"tagged:{tag}", [])
        before = feed.cursor
        ids: list[str] = []
        cursor = before or ""
        for page in context.systems[Side.ACTIVECAMPAIGN].tagged(tag, fields, before):
            ids += [record.id for record in page.records]
            cursor = page.cursor
        if cursor != before:
            inbox.take_tagged(feed, tag, feeds.users_of(tenant), ids, cursor, context.clock.now())


def fetch_wanted(context: Context) -> int:
    """Read by id what is to be looked at and has no usable values; return how many records were asked for."""
    asked = 0
    targets = [(Side.CRM, plan.object) for plan in context.objects.values()]
    for side, object in [*targets, (Side.ACTIVECAMPAIGN, CONTACT)]:
        while ids := inbox.wanted(context.connection_id, side, object, _FETCH_PAGE):
            fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
            inbox.take_read(
                context.tenants[side],
                side,
                context.connection_id,
                object,
                fetched.records,
                fetched.missing,
                fetched.requested_at,
            )
            asked += len(ids)
            unanswered = set(ids) - {record.id for record in fetched.records} - set(fetched.missing)
            if unanswered:
                break
    return asked
