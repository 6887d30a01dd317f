"""Our log on stderr: for people or, as JSON, for programs; with run, connection and links, never with a secret."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

if TYPE_CHECKING:
    from structlog.typing import Processor

    from .terminal import Terminal

VARIABLE = "CROSSWALK_LOG_FORMAT"


class Form(StrEnum):
    """How lines look."""

    TEXT = "text"
    JSON = "json"


LogFormat = Annotated[
    Form | None,
    typer.Option("--log-format", help=_("How the log looks; without it, as CROSSWALK_LOG_FORMAT says.")),
]
_SECRET_NAME = re.compile(
    r"secret|token|password|passwd|authorization|api_?key|assertion|cookie", re.IGNORECASE
)
_SECRET_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:***@"),  # an address with a password
    (re.compile(r"(/link/)[\w-]+"), r"\1***"),  # with which somebody chooses a password
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"(?i)\b([\w-]*(?:token|secret|password|api[_-]?key)=)[^\s&]+"), r"\1***"),
)


def set_up(*, verbose: bool, form: Form | None = None, least: int = logging.WARNING) -> Form:
    """Send our log, and what libraries warn of, to stderr; with `verbose` all of ours, else from level `least` on.

    Return the form that its lines have. Raises UserError when the environment asks for a form that does not exist.
    """
    import structlog

    shown = form or _asked_for()
    shared = _shared(shown)
    render = _renderer(shown)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else least),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    return shown


def _asked_for() -> Form:
    name = os.environ.get(VARIABLE) or Form.TEXT
    try:
        return Form(name)
    except ValueError:
        raise UserError(
            _("{variable} is “{name}”, which is no form of a log.").format(variable=VARIABLE, name=name),
            cure=_("Set it to one of: {forms}.").format(forms=", ".join(Form)),
        ) from None


def _shared(form: Form) -> list[Processor]:
    import structlog

    exact = form is Form.JSON
    stamp = structlog.processors.TimeStamper(fmt="iso" if exact else "%H:%M:%S", utc=exact)
    return [_level, stamp, structlog.processors.format_exc_info, without_secrets]


def _level(_logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["level"] = method
    return event


def _renderer(form: Form) -> Processor:
    import structlog

    if form is Form.JSON:
        return structlog.processors.JSONRenderer()
    plain = structlog.dev.plain_traceback  # others print what variables hold
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def tell(terminal: Terminal, form: Form, text: str) -> None:
    """Say something to people; where the log is for programs, it is a line like others."""
    import structlog

    if form is Form.JSON:
        structlog.get_logger().info(text)
    else:
        terminal.say(text)


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank out what is named like a secret, and what looks like one in texts."""
    for name, value in event.items():
        if _SECRET_NAME.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = masked(value)
    return event


def masked(text: str) -> str:
    """Blank out passwords in addresses, and tokens in headers and queries."""
    for pattern, instead in _SECRET_TEXT:
        text = pattern.sub(instead, text)
    return text
