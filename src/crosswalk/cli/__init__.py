"""The command line: a thin door onto sync and store."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from crosswalk.core.language import gettext as _

from .failures import Trouble, tell
from .outcome import ExitCode
from .terminal import Terminal


def main() -> None:
    """Run the command line `crosswalk` and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code, see `ExitCode`."""
    from .app import app

    try:
        code = app(args=list(arguments), prog_name="crosswalk", standalone_mode=False)
    except typer.TyperException as error:
        terminal = Terminal(as_json="--json" in arguments, verbose=False)
        cure = _("crosswalk --help lists the commands, crosswalk COMMAND --help their options.")
        tell(terminal, Trouble(kind="usage", message=error.format_message(), cure=cure, entry="usage"))
        return int(ExitCode.ERROR)
    except (typer.Abort, KeyboardInterrupt):
        return int(ExitCode.INTERRUPTED)
    return code if isinstance(code, int) else int(ExitCode.OK)
