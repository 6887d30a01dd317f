"""What all commands share: `--json`, `--verbose`, and the way from an answer or a failure to an exit code."""

from __future__ import annotations

import getpass
import inspect
import os
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

import typer

from crosswalk.core.acts import acting
from crosswalk.core.language import gettext as _

from . import logs
from .failures import tell, trouble
from .outcome import Answer
from .terminal import Terminal

Json = Annotated[bool, typer.Option("--json", help=_("Print data as JSON."))]
Verbose = Annotated[
    bool, typer.Option("--verbose", help=_("Say on stderr what is done, and where a failure came from."))
]
_SHARED = {"as_json": Json, "verbose": Verbose}


def command(
    app: typer.Typer, name: str, *, serves: bool = False
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register a function as a command. It is handed a Terminal and returns an Answer or raises.

    What it changes is changed by who runs it, unless it `serves` others.
    """

    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(function)
        def run(*, as_json: bool, verbose: bool, **arguments: Any) -> None:
            terminal = Terminal(as_json=as_json, verbose=verbose)
            with acting("" if serves else _somebody(), "" if serves else "cli"):
                raise typer.Exit(_conclude(terminal, lambda: function(terminal, **arguments)))

        _give_signature(run, function)
        app.command(name, help=_help(function))(run)
        return function

    return register


def default(app: typer.Typer) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register a function as what a group of commands does when none of them is named."""

    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(function)
        def run(*, context: typer.Context, as_json: bool, verbose: bool, **arguments: Any) -> None:
            if context.invoked_subcommand is None:
                terminal = Terminal(as_json=as_json, verbose=verbose)
                with acting(_somebody(), "cli"):
                    raise typer.Exit(_conclude(terminal, lambda: function(terminal, **arguments)))

        _give_signature(run, function, {"context": typer.Context})
        app.callback(invoke_without_command=True, help=_help(function))(run)
        return function

    return register


def _somebody() -> str:
    """Return who runs the command: the operating system's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())  # one without a name, as in containers


def _help(function: Callable[..., Answer]) -> str:
    """A command's docstring in the reader's language."""
    told = inspect.getdoc(function) or ""
    return _(told)


def _give_signature(
    run: Any, function: Callable[..., Answer], more: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Typer reads a signature: the function's without the terminal, with the options that all commands have."""
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    others = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, annotation in more.items()
    ]
    run.__signature__ = inspect.Signature([*others, *own, *shared])
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*others, *own, *shared]}


def _conclude(terminal: Terminal, work: Callable[[], Answer]) -> int:
    """Do the work and print what came of it; return the exit code."""
    try:
        logs.set_up(verbose=terminal.verbose)
        answer = work()
    except (typer.Exit, typer.TyperException):
        raise
    except Exception as error:  # noqa: BLE001 - the last door: everything is told in words, nothing as a traceback
        found = trouble(error)
        tell(terminal, found, error)
        return int(found.code)
    present(terminal, answer)
    return int(answer.code)


def present(terminal: Terminal, answer: Answer) -> None:
    """Print an answer as it was asked for."""
    if terminal.as_json:
        terminal.print_json(answer.data)
    else:
        terminal.show(answer.tables)
