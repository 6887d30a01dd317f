"""What the sandbox asks of a system: a vendor's HTTP API over plain Python objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.load.folder import Folder
from crosswalk_sandbox.people import Population

Record = dict[str, Any]
Doors = Mapping[tuple[str, str], Callable[[Request], Any]]  # method and name, what answers with JSON


class PersonError(ValueError):
    """A person asked for something that the vendor's own pages would refuse; its text is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a system is built from. Each system package has `build(world) -> System`."""

    seed: int
    population: Population
    clock: Clock
    limits: Limits
    job_seconds: float = 0.3  # what an asynchronous job (an import) takes, on the clock
    package: bool = False  # whether the CRM has ActiveCampaign's package installed
    folder: Folder | None = None  # real exports to load; there is no invented population beside them


class System(Protocol):
    """One vendor. All but `ready` and what reads a request alone is called under one lock."""

    name: str

    def handle(self, request: Request) -> Response:
        """The vendor's answer, errors included; raises nothing."""

    def route(self, request: Request) -> str:
        """Method and path template, such as `PUT /contacts/{id}`; also for paths that do not exist."""

    def is_token_call(self, request: Request) -> bool:
        """Whether this is a call for tokens, which the vendor does not count as API use."""

    def caller(self, request: Request) -> str:
        """Who sent it, as far as limits of requests at once are concerned; nothing is checked."""

    def batch_size(self, request: Request) -> int | None:
        """How many records the request carries, or None when it is no batch."""

    def throttled(self, request: Request, limit: str = "requests") -> Response:
        """The vendor's own answer to one call too many, by the limit that is meant where there are several."""

    def failed(self, request: Request, status: int) -> Response:
        """An error of that status in the vendor's own shape, as its gateway or servers give it."""

    def reset(self) -> None:
        """Data, tokens and counters back to the start of the seed."""

    def person(
        self, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
    ) -> Record:
        """Do what a person does in the vendor's pages; the record after it. Raises PersonError.

        `op` is create, edit, delete, tag or untag; `user` names the acting user ("" is some person).
        """

    def dump(self) -> dict[str, list[Record]]:
        """Every record by object name, with all fields, deleted ones too."""

    def save(self) -> bytes:
        """Everything it holds, as JSON."""

    def restore(self, saved: bytes) -> None:
        """Go on from what was kept. Raises ValueError for another text."""

    def doors(self) -> Doors:
        """What the system adds to its control API; the doors raise ValueError for mistakes."""

    def ready(self, base_url: str) -> dict[str, str]:
        """Learn the own address; the system's part of the ready line (without `control`)."""
