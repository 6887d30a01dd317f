"""A demo that stays up, as a real process."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from tests.helpers.command_line import PROGRAMS, Done, Installation

SMALL = ("--records", "25")


class Stays:
    """A demo without --once, which stays up when its story has ended."""

    def __init__(self, crosswalk: Installation, folder: Path, *options: str) -> None:
        self._files = folder / "out", folder / "err"
        with self._files[0].open("w") as out, self._files[1].open("w") as err:
            self.process = subprocess.Popen(
                [PROGRAMS / "crosswalk", "demo", "--json", *SMALL, *options],
                stdout=out,
                stderr=err,
                env=crosswalk.environment(),
            )

    def told(self) -> str:
        return self._files[1].read_text(encoding="utf-8")

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 120
        while words not in self.told():
            assert time.monotonic() < deadline, self.told()
            assert self.process.poll() is None, self.told()
            time.sleep(0.1)

    def address(self) -> str:
        """Where its web is."""
        self.wait_for("Sign in with")
        found = re.search(r"In a browser: (\S+)", self.told())
        assert found
        return found[1]

    def passwords(self) -> dict[str, str]:
        """With which people sign in."""
        told = self.told().partition("Sign in with")[2]
        return dict(re.findall(r"^  (\w+) +(\S+)$", told, re.MULTILINE))

    def home(self) -> Path:
        """Where its data are."""
        found = re.search(r"CROSSWALK_HOME=(\S+)", self.told())
        assert found
        return Path(found[1])

    def ended(self) -> Done:
        code = self.process.wait(60)
        return Done(code=code, out=self._files[0].read_text(encoding="utf-8"), err=self.told())
