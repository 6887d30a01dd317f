"""What goes on while a demo stays up: every few seconds somebody edits a record, on one side or the other."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

import httpx2

from crosswalk.core.failures import UserError

from .demo_people import CONTACT, population

if TYPE_CHECKING:
    from .demo_answer import Played

SECONDS = 4.0  # from one edit to the next
_SEED = 11


@contextmanager
def people_at_work(demos: Sequence[Played]) -> Iterator[None]:
    """Let people edit records of all demos in turn, until the block ends."""
    stopping = threading.Event()
    thread = threading.Thread(target=_work, args=(demos, stopping), name="people", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _work(demos: Sequence[Played], stopping: threading.Event) -> None:
    teams = [_Team(demo) for demo in demos]
    for turn in count():
        with suppress(UserError, httpx2.HTTPError):  # a page that refuses a value, a record that is gone
            teams[turn % len(teams)].edit()
        if stopping.wait(SECONDS):
            return


class _Team:
    """The people of both systems of one demo."""

    def __init__(self, demo: Played) -> None:
        self._systems, self._edits = demo.systems, demo.edits
        pairs, _strangers = population(demo.systems)
        self._pairs = [pair for pair in pairs if self._edits[pair.object].crm]
        self._chance = random.Random(_SEED)
        self._turn = 0

    def edit(self) -> None:
        """Edit somebody: by turns in the CRM and in ActiveCampaign."""
        if not self._pairs:
            return
        self._turn += 1
        pair, number = self._chance.choice(self._pairs), self._turn // 2
        contact, crm = self._edits[pair.object].contact, self._edits[pair.object].crm
        if self._turn % 2 == 0 and contact:
            self._systems.activecampaign.person(
                "edit", CONTACT, pair.contact_id, contact[number % len(contact)]
            )
        else:
            self._systems.crm.person("edit", pair.object, pair.crm_id, crm[number % len(crm)])
