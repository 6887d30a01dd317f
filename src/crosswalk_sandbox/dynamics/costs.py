"""What the environment's work costs of a user's limits."""

from __future__ import annotations

import msgspec

from crosswalk_sandbox.http import Request, Response

TOGETHER = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple", "DeleteMultiple")


class Costs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What work is taken to last, in milliseconds: the sandbox is quicker than the service that it plays."""

    request: float = 20.0
    write: float = 40.0  # a row written
    write_together: float = 10.0  # a row written by an action that takes many
    kilobyte: float = 0.2  # of an answer

    def of(self, request: Request, response: Response, written: int) -> float:
        """The work of a request that was answered."""
        many = request.path.endswith(TOGETHER)
        rows = written * (self.write_together if many else self.write)
        return self.request + rows + self.kilobyte * len(response.body) / 1024
