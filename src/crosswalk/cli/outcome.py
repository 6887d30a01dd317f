"""How a command ends: an exit code, data for programs, and what people see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

VERSION = 1  # of every JSON answer


class ExitCode(IntEnum):
    """What the exit code of every command means; see docs/cli.md."""

    OK = 0  # done, or both sides are equal
    ERROR = 1  # something went wrong, or the command was not understood
    DIFFERENT = 2  # differences without an excuse
    NEEDS_APPROVAL = 3  # nothing was written: a plan must be approved, or a run was braked
    SIGN_IN_LOST = 4  # a system refused the credentials
    INTERRUPTED = 130  # Ctrl-C


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command found or did."""

    data: Mapping[str, Any]  # printed with --json, after `"version": 1`
    tables: Sequence[RenderableType] = field(default=())  # printed without it
    code: ExitCode = ExitCode.OK
