"""Dynamics 365 behind the interface that every vendor stands behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from gettext import gettext as _

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import BatchResult, Check, ConsentPage, KnownConsents, ObjectUse, Page
from ..http import HttpClient
from .checks import Checks
from .client import Client
from .schema import Described, describe, table_of


class Dynamics:
    """One environment. Implements `core.system.System`.

    Rows are decoded by the schema that was described last; it is asked for once by itself where nobody did.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._described: dict[str, Described] = {}

    @property
    def http(self) -> HttpClient:
        """What counts the calls and the time spent in them."""
        return self._client.http

    def close(self) -> None:
        """Close pooled connections."""
        self._client.http.close()
        self._client.session.http.close()

    def identity(self) -> str:
        """Return the environment's organization id."""
        return self._client.who().organization_id

    def user_id(self) -> str:
        """Return the id of the application user that our writes carry, as modifier or on whose behalf they are."""
        return self._client.who().user_id

    def clock_difference(self) -> float:
        return self._client.http.clock_difference

    def check(self, uses: Sequence[ObjectUse] = ()) -> Sequence[Check]:
        return Checks(self._client, self._describe, uses).run()

    def revoke(self) -> str:
        """Return what to do: Entra ID takes back no token; only a person can take back the proof or the user."""
        return _(
            "Delete the app's secret or certificate (Microsoft Entra admin center, App registrations, your app,"
            " Certificates & secrets), or deactivate the application user in the environment; where a person signed in,"
            " revoke that person's sessions."
        )

    def describe(self, object: str) -> Schema:
        return self._describe(object).schema

    def tagged(self, tag: str, fields: Sequence[str], cursor: str | None) -> Iterator[Page]:
        """Raise SystemFailure(MAPPING): Dynamics 365 has no tags."""
        raise SystemFailure(
            FailureKind.MAPPING,
            _("Dynamics 365 has no tags."),
            cure=_("Choose an ActiveCampaign tag."),
        )

    def consents(self, object: str, cursor: str | None, known: KnownConsents) -> Iterator[ConsentPage]:
        """Yield nothing: a changed box is a changed row, so the feed shows it."""
        del object, cursor, known
        return iter(())

    def settle(self, batch_ids: Sequence[str], deadline: datetime) -> Mapping[str, BatchResult]:
        """Return nothing: every write is answered at once."""
        return {}

    def outstanding(self) -> bool:
        """Return False: every write is answered at once."""
        return False

    def room(self) -> int | None:
        """Return None: an environment has no limit of people."""
        return None

    def _describe(self, name: str) -> Described:
        found = describe(self._client, table_of(name))
        self._described[name] = found
        return found

    def _known(self, name: str) -> Described:
        return self._described.get(name) or self._describe(name)
