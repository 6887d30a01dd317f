"""What went wrong or well, as an alert that a page shows."""

from __future__ import annotations

from dataclasses import dataclass

from crosswalk.core.failures import SystemFailure, UserError

from .errors import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; rendered by `web/alert.html`."""

    colour: str  # success | danger | warning | info
    icon: str
    message: str
    cure: str = ""
    code: str = ""


def failed(error: SystemFailure | UserError) -> Alert:
    """Return what went wrong, with its cure."""
    said = told(error)
    return Alert(colour="danger", icon="circle-x", message=said.message, cure=said.cure, code=said.code)


def went_well(message: str) -> Alert:
    """Return that something was done."""
    return Alert(colour="success", icon="circle-check", message=message)
