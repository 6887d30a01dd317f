"""Notices reach a mail server and a web server, once per cause, whatever fails and dies on the way."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.helpers.post_office import Hook, Mailbox, serving

from crosswalk.core.failures import UserError

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Hands:
    """A clock that stands until it is moved, and counts ids."""

    def __init__(self) -> None:
        self.moment = START
        self._ids = 0

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"


class World:
    """One connection whose sign-in can be lost, a worker's look at it, and who is told."""

    def __init__(self, mailbox: Mailbox, hook: Hook, key_file: Path) -> None:
        from crosswalk.store import models
        from crosswalk.store.vault import Vault

        self.mailbox, self.hook, self.key_file = mailbox, hook, key_file
        self.clock = Hands()
        self.vault = Vault.at(key_file)
        given = {"credentials": b"", "created_at": START, "identity": "acme"}
        tenants = [
            models.Tenant.objects.create(system=system, **given)
            for system in ("salesforce", "activecampaign")
        ]
        self.connection = models.Connection.objects.create(
            name="acme", settings={}, created_at=START, crm=tenants[0], activecampaign=tenants[1]
        )
        models.Mapping.objects.create(
            connection=self.connection, object="contact", definition={}, saved_at=START
        )
        self.run("done")

    def run(self, state: str, failure: str = "") -> None:
        from crosswalk.store import models

        now = self.clock.now()
        models.Run.objects.create(
            connection=self.connection,
            kind="manual",
            state=state,
            started_at=now,
            failure=failure,
            error="no",
        )

    def add(self, kind: str = "webhook", language: str = "en", to: str = "", secret: str = "") -> str:
        from crosswalk.core.standard_webhooks import new_secret
        from crosswalk.store import notices

        secret = secret or new_secret()
        to = to or (self.hook.url if kind == "webhook" else "ops@example.org")
        receiver = notices.Receiver(name=f"by {kind}", kind=kind, language=language, to=to, secret=secret)
        notices.add(self.vault, receiver, self.clock.now())
        return secret

    def minutes(self, count: int) -> None:
        """A worker looks once a minute."""
        from crosswalk.jobs.telling import deliver
        from crosswalk.sync import noticing

        for _ in range(count):
            self.clock.sleep(60)
            noticing.look(self.clock)
            while deliver(self.vault, self.clock):
                pass

    def hears(self) -> list[tuple[str, str]]:
        """What the web server was told: types and states."""
        told = [json.loads(body) for _, _, body in self.hook.calls]
        return [(each["type"], each["data"].get("state", "")) for each in told]


@pytest.fixture
def world(django_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    from django.conf import settings

    with serving(Mailbox()) as mailbox, serving(Hook()) as hook:
        chosen = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": mailbox.port, "EMAIL_USE_TLS": False}
        for name, value in {**chosen, "DEFAULT_FROM_EMAIL": "Crosswalk <sync@example.com>"}.items():
            monkeypatch.setattr(settings, name, value)
        yield World(mailbox, hook, tmp_path / "key")


LOST, WELL = ("connection.state", "sign-in lost"), ("connection.well", "ok")


def test_a_cause_is_told_once_and_its_end_by_mail_and_by_webhook(world: World) -> None:
    secret = world.add()
    world.add("email", "de")
    world.minutes(2)
    world.run("failed", "auth")
    world.minutes(30)
    assert world.hears() == [LOST]
    world.run("done")
    world.minutes(90)
    assert world.hears() == [LOST, WELL]

    path, headers, body = world.hook.calls[0]
    assert path == "/hooks/s3cret"
    assert headers["content-type"] == "application/json"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    data = json.loads(body)["data"]
    assert (data["connection"], data["cause"]) == ("acme", "sign_in_lost")
    assert "crosswalk connection sign-in acme" in data["next_step"]

    first, last = world.mailbox.mails
    assert world.mailbox.recipients == ["ops@example.org"] * 2
    assert (first["from"], first["to"]) == ("Crosswalk <sync@example.com>", "ops@example.org")
    assert first["subject"] == "Crosswalk: acme – Anmeldung verloren"
    assert first["auto-submitted"] == "auto-generated"
    assert "Was zu tun ist: Melden Sie sich neu an" in first.get_content()
    assert last["subject"] == "Crosswalk: acme – wieder alles in Ordnung"


def test_a_cause_that_flaps_is_one_notice(world: World) -> None:
    world.add()
    for _ in range(5):
        world.run("failed", "auth")
        world.minutes(5)
        world.run("done")
        world.minutes(20)
    assert world.hears() == [LOST]
    world.minutes(60)
    assert world.hears() == [LOST, WELL]


def test_what_cannot_be_delivered_is_tried_again_less_and_less_often_and_given_up(world: World) -> None:
    from crosswalk.store import models, notices

    world.add()
    world.hook.status = 500
    world.run("failed", "auth")
    world.minutes(2)
    tried = [world.clock.now()]
    for _ in range(9):
        waits = models.Notice.objects.get().next_at - world.clock.now()
        world.clock.sleep(waits.total_seconds() - 1)
        known = len(world.hook.calls)
        _deliver(world)
        assert len(world.hook.calls) == known
        world.clock.sleep(1)
        _deliver(world)
        tried.append(world.clock.now())
    distances = [later - earlier for earlier, later in pairwise(tried)]
    assert distances == sorted(set(distances))
    assert timedelta(days=2.9) < tried[-1] - tried[0] < timedelta(days=3.1)
    ids = {headers["webhook-id"] for _, headers, _ in world.hook.calls}
    stamps = {headers["webhook-timestamp"] for _, headers, _ in world.hook.calls}
    assert (len(ids), len(stamps), len(world.hook.calls)) == (1, 10, 10)

    ((_receiver, post),) = notices.listed(world.vault)
    assert (post.waiting, post.arrived_at, post.error) == (0, None, "answered 500")
    world.clock.sleep(40 * 86400)
    notices.put([], world.clock.now())
    assert not models.Notice.objects.exists()


def _deliver(world: World) -> None:
    from crosswalk.jobs.telling import deliver

    deliver(world.vault, world.clock)


def test_one_that_refuses_keeps_nobody_else_from_hearing(world: World) -> None:
    world.add()
    world.add("email")
    world.mailbox.busy = True
    world.run("failed", "auth")
    world.minutes(2)
    assert world.hears() == [LOST]
    assert world.mailbox.mails == []
    world.mailbox.busy = False
    world.minutes(2)
    assert len(world.mailbox.mails) == 1
    assert world.hears() == [LOST]


def test_what_was_taken_by_a_worker_that_died_is_sent_by_another(world: World) -> None:
    from crosswalk.store import notices
    from crosswalk.sync import noticing

    world.add()
    world.run("failed", "auth")
    noticing.look(world.clock)
    world.clock.sleep(60)
    assert noticing.look(world.clock) == 1
    assert notices.take(world.clock.now()) is not None  # and then it dies
    _deliver(world)
    assert world.hears() == []
    world.minutes(1)
    assert world.hears() == [LOST]


def test_no_redirect_is_followed_and_plain_http_goes_to_loopback_alone(world: World) -> None:
    from crosswalk.core.notice_words import of_test
    from crosswalk.jobs.delivery import NotDeliveredError, send
    from crosswalk.store.notices import Receiver

    def sent(to: str) -> None:
        receiver = Receiver(name="x", kind="webhook", language="en", to=to, secret="whsec_AAAA")
        send(receiver, of_test(START), "id", world.clock)

    with serving(Hook()) as elsewhere:
        world.hook.status, world.hook.location = 307, elsewhere.url
        with pytest.raises(NotDeliveredError, match="answered 307"):
            sent(world.hook.url)
        assert elsewhere.calls == []
    with pytest.raises(NotDeliveredError, match="not https"):
        sent("http://198.51.100.7/hook")
    with pytest.raises(NotDeliveredError) as refused:
        sent(elsewhere.url)
    assert "s3cret" not in str(refused.value)


def test_nothing_is_kept_while_nobody_is_told_and_who_is_added_hears_what_goes_on(world: World) -> None:
    from crosswalk.store import models

    world.run("failed", "auth")
    world.minutes(5)
    assert not models.NoticeCause.objects.exists()
    world.add()
    world.minutes(2)
    assert world.hears() == [LOST]


def test_a_receiver_is_removed_with_what_is_on_its_way_and_a_connection_with_its_causes(world: World) -> None:
    from crosswalk.store import connections, models, notices

    world.add()
    world.hook.status = 500
    world.run("failed", "auth")
    world.minutes(2)
    with pytest.raises(UserError, match="already"):
        world.add()
    notices.remove("by webhook")
    assert not models.Notice.objects.exists()
    with pytest.raises(UserError, match="no receiver"):
        notices.remove("by webhook")
    connections.remove(connections.get("acme"))
    assert not models.NoticeCause.objects.exists()


def test_addresses_and_secrets_are_sealed_and_follow_a_changed_key(world: World) -> None:
    from crosswalk.store import keys, models, notices
    from crosswalk.store.vault import Vault

    secret = world.add()
    stored = bytes(models.NoticeReceiver.objects.get().address)
    assert secret.encode() not in stored
    assert b"s3cret" not in stored
    old = Vault(world.key_file.read_bytes())
    models.Tenant.objects.update(credentials=b"")
    assert keys.rotate(world.key_file) == 1
    with pytest.raises(UserError, match="cannot be opened"):
        notices.get(old, "by webhook")
    assert notices.get(Vault.at(world.key_file), "by webhook").secret == secret
    assert "s3cret" not in repr(notices.get(world.vault, "by webhook"))


def test_two_workers_that_look_at_once_tell_once(world: World) -> None:
    from crosswalk.jobs.telling import deliver
    from crosswalk.store.leases import end_session
    from crosswalk.sync import noticing

    world.add()
    world.run("failed", "auth")
    world.minutes(1)
    world.clock.sleep(60)

    def work() -> None:
        noticing.look(world.clock)
        deliver(world.vault, world.clock)
        end_session()

    both = [threading.Thread(target=work) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(20)
    assert world.hears() == [LOST]


def test_a_worker_looks_again_and_again_whatever_goes_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.jobs import telling
    from crosswalk.sync import noticing

    looks: list[int] = []

    def failing(_clock: object) -> int:
        looks.append(1)
        raise ZeroDivisionError

    async def some_looks() -> None:
        keeping = asyncio.create_task(telling.keep_telling(world.vault, world.clock))
        while len(looks) < 3:
            await asyncio.sleep(0.01)
        keeping.cancel()

    monkeypatch.setattr(telling, "EVERY", 0.01)
    monkeypatch.setattr(noticing, "look", failing)
    asyncio.run(asyncio.wait_for(some_looks(), 20))


def test_a_mail_without_a_server_says_which_setting_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from crosswalk.store import notices

    monkeypatch.setattr(settings, "EMAIL_HOST", "")
    world.add("email")
    world.run("failed", "auth")
    world.minutes(2)
    ((_receiver, post),) = notices.listed(world.vault)
    assert "CROSSWALK_SMTP_HOST" in post.error
    assert post.waiting == 1
