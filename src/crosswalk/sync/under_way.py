"""What a run and a plan have in common: one of them at a time, fields decided anew, fields lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from crosswalk.core import catalogue
from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.store import leases

from .applying import Applied
from .context import Context
from .fields import FieldsLostError, describe_again

ROUNDS = 3
Result = TypeVar("Result")


@contextmanager
def alone(context: Context) -> Iterator[None]:
    """Be the only one meanwhile who runs or plans a connection. Raises UserError when somebody does already.

    Who cancels what is under way means us from now on.
    """
    with leases.of_connection(context.connection_id) as since, _watching_since(context, since):
        if since is None:
            said = catalogue.say("under_way", connection=context.name)
            raise UserError(said.message, cure=said.cure, entry="under_way")
        yield


@contextmanager
def _watching_since(context: Context, since: datetime | None) -> Iterator[None]:
    if context.watch is not None:
        context.watch.leased_at = since
    try:
        yield
    finally:
        if context.watch is not None:
            context.watch.leased_at = None


@contextmanager
def deciding_anew(context: Context, applied: Applied | None) -> Iterator[None]:
    """Let fields count as without shadow meanwhile."""
    context.anew = applied or {}
    try:
        yield
    finally:
        context.anew = {}


def without_lost_fields(context: Context, work: Callable[[], Result]) -> Result:
    """Do `work`; when it meets fields that are gone since the run began, once more without them."""
    context.described_again = False
    try:
        return work()
    except FieldsLostError:
        return work()
    except SystemFailure as failure:
        if failure.kind is not FailureKind.MAPPING or not describe_again(context):
            raise
        return work()
