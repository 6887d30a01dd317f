"""Receivers of notices, the causes that are told, and notices on their way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.failures import UserError
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.language import gettext as _
from crosswalk.core.notice_words import Told
from crosswalk.core.notices import Episode

from . import acts, models
from .keys import RECEIVERS, sealing
from .vault import Vault

KEPT = timedelta(days=30)  # notices that arrived or were given up
_MINUTES = (1, 5, 15, 60, 180, 360, 720, 1200, 1800)  # until the next try: three days together
_LONGEST_ERROR = 300

_TAKEN = gettext_noop("Choose another name, or remove it: crosswalk notices remove {name}")
_WHICH = gettext_noop("See which there are: crosswalk notices list")
for_browser(
    {
        _TAKEN: gettext_noop("Choose another name, or remove that one before."),
        _WHICH: gettext_noop("Load the page anew: it lists those that there are."),
    }
)


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told, and how."""

    name: str
    kind: str  # email | webhook
    language: str
    to: str  # the mail's address, or the webhook's
    secret: str = ""  # of a webhook

    def __repr__(self) -> str:
        return f"<Receiver {self.name} {self.kind}>"


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the notices to one receiver."""

    waiting: int  # on their way
    arrived_at: datetime | None  # when the last one arrived that did
    error: str  # why the last try did not work; empty where it did


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that is to be sent now."""

    id: int
    receiver_id: int
    message_id: str
    told: Told


def add(vault: Vault, receiver: Receiver, now: datetime) -> None:
    """Store a receiver. Raises UserError when the name is taken."""
    if models.NoticeReceiver.objects.filter(name=receiver.name).exists():
        raise UserError(
            _("There is a receiver of notices called {name} already.").format(name=receiver.name),
            cure=_(_TAKEN).format(name=receiver.name),
        )
    with sealing():
        models.NoticeReceiver.objects.create(
            name=receiver.name,
            kind=receiver.kind,
            language=receiver.language,
            address=vault.seal({"to": receiver.to, "secret": receiver.secret}, RECEIVERS.row(receiver.name)),
            created_at=now,
        )
        acts.note("notices.changed", added=receiver.name, kind=receiver.kind)


def remove(name: str) -> None:
    """Forget a receiver and what is on its way to it. Raises UserError when there is none of that name."""
    found = _found(name)
    with transaction.atomic():
        models.Notice.objects.filter(receiver=found).delete()
        found.delete()
        acts.note("notices.changed", removed=name)


def get(vault: Vault, name: str) -> Receiver:
    """Return a receiver. Raises UserError when there is none of that name."""
    return _opened(vault, _found(name))


def _found(name: str) -> models.NoticeReceiver:
    found = models.NoticeReceiver.objects.filter(name=name).first()
    if found is None:
        raise UserError(
            _("There is no receiver of notices called {name}.").format(name=name),
            cure=_(_WHICH),
        )
    return found


def _opened(vault: Vault, row: models.NoticeReceiver) -> Receiver:
    opened = vault.open(bytes(row.address), RECEIVERS.row(row.name))
    return Receiver(
        name=row.name, kind=row.kind, language=row.language, to=opened["to"], secret=opened["secret"]
    )


_LISTED = """
    SELECT r.id, count(n.id) FILTER (WHERE n.ended_at IS NULL) AS waiting,
           max(n.ended_at) FILTER (WHERE n.error = '') AS arrived_at,
           coalesce((array_agg(n.error ORDER BY n.id DESC) FILTER (WHERE n.tries > 0))[1], '') AS error
    FROM notice_receiver r LEFT JOIN notice n ON n.receiver_id = r.id GROUP BY r.id, r.name ORDER BY r.name
"""


def listed(vault: Vault) -> list[tuple[Receiver, Post]]:
    """Return the receivers by name, with what is on its way to each and what became of the last notices."""
    with database.cursor() as cursor:
        cursor.execute(_LISTED)
        found = cursor.fetchall()
    rows = models.NoticeReceiver.objects.in_bulk()
    return [
        (_opened(vault, rows[number]), Post(waiting=waiting, arrived_at=arrived_at, error=error))
        for number, waiting, arrived_at, error in found
    ]


def languages() -> dict[int, str]:
    """Return who is told, as receivers' numbers with their languages."""
    return dict(models.NoticeReceiver.objects.values_list("id", "language"))


def lock() -> None:
    """Let nobody else look for causes until this transaction ends."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('notices'))")


def episodes() -> dict[int, list[Episode]]:
    """Return the causes that are not over, by connection."""
    found: dict[int, list[Episode]] = {}
    for row in models.NoticeCause.objects.order_by("began_at"):
        episode = Episode(topic=row.topic, began_at=row.began_at, seen_at=row.seen_at, told_at=row.told_at)
        found.setdefault(row.connection_id, []).append(episode)
    return found


def keep(changed: Iterable[tuple[int, Sequence[Episode]]]) -> None:
    """Replace the causes of connections."""
    changed = list(changed)
    if not changed:
        return
    models.NoticeCause.objects.filter(connection_id__in=[number for number, _ in changed]).delete()
    models.NoticeCause.objects.bulk_create(
        models.NoticeCause(connection_id=number, **msgspec.structs.asdict(episode))
        for number, standing in changed
        for episode in standing
    )


def put(notices: Iterable[tuple[int, str, Told]], now: datetime) -> None:
    """Put notices (receiver's number, message id, words) on their way; forget those of long ago."""
    models.Notice.objects.bulk_create(
        models.Notice(
            receiver_id=number,
            message_id=message_id,
            told=msgspec.to_builtins(told),
            created_at=now,
            next_at=now,
        )
        for number, message_id, told in notices
    )
    models.Notice.objects.filter(ended_at__lt=now - KEPT).delete()


_TAKE = """
    UPDATE notice SET tries = tries + 1,
        next_at = %(now)s + make_interval(mins => (%(minutes)s::int[])[least(tries + 1, %(most)s::int)])
    WHERE id = (SELECT id FROM notice WHERE ended_at IS NULL AND next_at <= %(now)s ORDER BY next_at, id LIMIT 1
                FOR UPDATE SKIP LOCKED)
    RETURNING id, receiver_id, message_id, told
"""
_FAILED = """
    UPDATE notice SET error = %(error)s, ended_at = CASE WHEN tries > %(most)s THEN %(now)s END
    WHERE id = %(id)s RETURNING ended_at IS NOT NULL
"""


def take(now: datetime) -> Sending | None:
    """Take the notice that waits longest, of those that are due. If whoever takes it dies, it is tried again."""
    with database.cursor() as cursor:
        cursor.execute(_TAKE, {"now": now, "minutes": list(_MINUTES), "most": len(_MINUTES)})
        row = cursor.fetchone()
    if row is None:
        return None
    number, receiver_id, message_id, told = row
    told = msgspec.json.decode(told, type=Told)
    return Sending(id=number, receiver_id=receiver_id, message_id=message_id, told=told)


def receiver_of(vault: Vault, sending: Sending) -> Receiver | None:
    """Return whom a notice is for; None when that receiver was removed. Raises UserError with another key file."""
    row = models.NoticeReceiver.objects.filter(id=sending.receiver_id).first()
    return None if row is None else _opened(vault, row)


def arrived(sending: Sending, now: datetime) -> None:
    """Note that a notice was taken by its receiver."""
    models.Notice.objects.filter(id=sending.id).update(ended_at=now, error="")


def failed(sending: Sending, now: datetime, error: str) -> bool:
    """Note why a notice could not be sent; True when it is given up, after three days of trying."""
    with database.cursor() as cursor:
        short = error[:_LONGEST_ERROR]
        cursor.execute(_FAILED, {"id": sending.id, "error": short, "most": len(_MINUTES), "now": now})
        row = cursor.fetchone()
        return row is not None and bool(row[0])
