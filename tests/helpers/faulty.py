"""Two systems that fail as ordered, while people work on both sides; and the proof that nothing was lost.

Import this only when Django knows its database, as `two_systems`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
from tests.helpers.dynamics_twin import DynamicsTwin
from tests.helpers.fault_routes import Route
from tests.helpers.mappings import NAMES, both_objects, mapping_of
from tests.helpers.two_systems import NAME, MovingClock, TwoSystems

from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import CreationRule, FieldMapping, MappingFile, Settings
from crosswalk.store import models
from crosswalk.sync import run as runs
from crosswalk.systems.dynamics import feed, lookup
from crosswalk_sandbox.faults import from_json

NICKNAME = FieldMapping(crm="Nickname__c", activecampaign="Nickname")
PAUSE = 300  # seconds until the next run: longer than any pause that a test's vendor asks for


class Impatient(httpx2.BaseTransport):
    """Ends a request whose answer outlasts its read time-out, as a socket does."""

    def __init__(self, inner: httpx2.BaseTransport, clock: MovingClock) -> None:
        self._inner = inner
        self._clock = clock

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = self._clock.now()
        response = self._inner.handle_request(request)
        took = (self._clock.now() - asked).total_seconds()
        if took > request.extensions["timeout"]["read"]:
            raise httpx2.ReadTimeout("too slow", request=request)
        return response


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What must stand on both sides in the end."""

    object: str
    crm_id: str
    email: str
    crm: str
    contact: str
    value: str


class Faulty(TwoSystems):
    """Six linked pairs, and everything that a day's work makes a run do: every route of both vendors is called."""

    def __init__(self, key_file: Path) -> None:
        super().__init__(key_file)
        self.wire.inner = Impatient(self.wire.inner, self.clock)
        self._pairs = [self._pair("contact" if n < 4 else "lead", n) for n in range(6)]
        self.sound = True  # the last work was proven to have arrived
        self._days = 0
        self._tag = "make lead"
        self._edits: list[Edit] = []
        self._emails: list[str] = [email for _object, _crm_id, email in self._pairs]
        self.connect(self.mapping())
        self.sync()
        self.assert_quiet()

    def _pair(self, object: str, number: int) -> tuple[str, str, str]:
        email = f"p{number}@example.org"
        crm_id = self.crm_new(object, FirstName=f"First{number}", Email=email)
        self.contact_new(email, lastName="Ruiz")
        return object, crm_id, email

    def mapping(self) -> MappingFile:
        """Contacts and leads; contacts with the tag become leads."""
        settings = Settings(creation=CreationRule.TAGGED, creation_tag=self._tag)
        objects = both_objects((*NAMES, NICKNAME), creation_defaults={"Company": "unknown"})
        return mapping_of(*objects, settings=settings)

    # --- faults -----------------------------------------------------------------------------------------------

    def fail(self, route: Route, **order: Any) -> None:
        """Order a fault; see the sandbox's control API."""
        where = {"route": route.path, "holding": route.holding}
        self.systems[route.system].faults.add(from_json({**where, **order}))

    def struck(self) -> list[int]:
        """How often each ordered fault struck."""
        return [fault["fired"] for each in self.systems.values() for fault in each.faults.as_json()]

    def heal(self) -> None:
        """No fault any more."""
        for controlled in self.systems.values():
            controlled.faults.clear()

    # --- work -------------------------------------------------------------------------------------------------

    def work(self, *, new: int = 1, new_tag: bool = False, signed_out: bool = False) -> None:
        """A day's work: edits on either side and on both, `new` CRM contacts, and one contact that becomes a lead.

        Once `signed_out`, the next run has to ask for a new token.
        """
        self.sound = False
        self.wait(3600)
        self._days += 1
        day = self._days
        if new_tag:
            self._tag = f"make lead {day}"
            self.set_mapping(self.mapping())
        self._crm_edits(self._pairs[day % 6], FirstName=f"Crm{day}")
        self._contact_edits(self._pairs[(day + 1) % 6], lastName=f"Contact{day}")
        self._crm_edits(self._pairs[(day + 2) % 6], Phone=f"+1 202 555 {day:04}")
        self._contact_edits(self._pairs[(day + 2) % 6], Nickname=f"Nick{day}")
        for number in range(new):
            email = f"new{day}.{number}@example.org"
            self.crm_new(Email=email, FirstName=f"New{number}")
            self._emails.append(email)
        self.contact_new(f"lead{day}@example.org", lastName=f"Lead{day}", tags=[self._tag])
        self._emails.append(f"lead{day}@example.org")
        if signed_out:
            models.Tenant.objects.update(tokens=b"")

    def _crm_edits(self, pair: tuple[str, str, str], **values: str) -> None:
        object, crm_id, _email = pair
        self.crm_edit(object, crm_id, **values)
        self._expect(pair, values, "crm")

    def _contact_edits(self, pair: tuple[str, str, str], **values: str) -> None:
        self.contact_edit(self.contact(pair[2])["id"], **values)
        self._expect(pair, values, "activecampaign")

    def _expect(self, pair: tuple[str, str, str], values: dict[str, str], side: str) -> None:
        object, crm_id, email = pair
        for field in (*NAMES, NICKNAME):
            names = {"crm": field.crm, "activecampaign": field.activecampaign}
            if names[side] in values:
                edit = Edit(
                    object=object,
                    crm_id=crm_id,
                    email=email,
                    crm=field.crm,
                    contact=field.activecampaign,
                    value=values[names[side]],
                )
                self._edits = [each for each in self._edits if replace(each, value=edit.value) != edit]
                self._edits.append(edit)

    # --- runs and proofs --------------------------------------------------------------------------------------

    def attempt(self) -> SystemFailure | None:
        """Run in a new process; what ended the run, or None."""
        self.wait(30)
        self.contexts.pop(NAME, None)
        try:
            with runs.opening(NAME, self.clock):
                context = self.context()
            assert runs.run(context).state == "done"
        except SystemFailure as failure:
            return failure
        return None

    def last_run(self) -> models.Run:
        """The last run's row."""
        run = models.Run.objects.order_by("-id").first()
        assert run is not None
        return run

    def assert_nothing_lost(self) -> None:
        """The next run leaves both sides equal, without duplicates, and then nothing is left to do."""
        self.heal()
        self.wait(PAUSE)
        assert self.attempt() is None
        self.wait(30)
        assert self.attempt() is None
        assert self.last_run().counts == {}, self.rows("journal")[-3:]
        assert [self.rows(table) for table in ("inbox", "outbox", "hold")] == [[], [], []]
        differences = list(self._differences())
        assert not differences, differences
        found = self.verify()
        assert (found.unexcused, found.excused) == (0, {}), found.samples
        self.sound = True

    def _differences(self) -> Iterator[tuple[object, ...]]:
        """Edits that did not arrive or were undone, and people who are not there exactly once."""
        crm = {row["Id"]: row for object in ("contact", "lead") for row in self.crm_all(object)}
        contacts = {row["email"]: row for row in self.contacts()}
        for edit in self._edits:
            contact = contacts[edit.email]
            held = (
                crm[edit.crm_id][edit.crm],
                contact.get(edit.contact) or contact["fields"].get("NICKNAME"),
            )
            if held != (edit.value, edit.value):
                yield edit, held
        records = Counter(row["Email"] for row in crm.values())
        addresses = Counter(row["email"] for row in self.contacts())
        for email in self._emails:
            if (records[email], addresses[email]) != (1, 1):
                yield email, records[email], addresses[email]
        yield from (addresses - Counter(self._emails)).items()
        yield from (records - Counter(self._emails)).items()


@contextmanager
def narrow() -> Iterator[None]:
    """Dynamics 365 shows two rows a page, and no question for records fits into an address."""
    prefer = ["odata.track-changes", "odata.maxpagesize=2"]
    with patch.object(feed, "_PREFER", prefer), patch.object(lookup, "LONGEST_FILTER", 0):
        yield


class FaultyDynamics(Faulty, DynamicsTwin):
    """The same pairs and the same work with Dynamics 365 as the CRM."""


PAIRS = {"salesforce": Faulty, "dynamics": FaultyDynamics}
