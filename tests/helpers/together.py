"""Which tests one worker does: those of a module that share something that is slow to start, such as a site.

By address, since pytest 9.2 hides from xdist what `xdist_group` marks.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

SHARING = (
    "tests/acceptance/test_benchmarks.py",
    "tests/acceptance/test_web.py",
    "tests/acceptance/web/",
    "tests/integration/test_embedded.py",
)
BROWSER = "tests/browser/"  # these share one installation and one Chromium, all modules of them
STAGED = "tests/acceptance/test_kill.py"  # each of its stages takes seconds to prepare


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist shows no types
    """Hands out modules that share something as a whole, tests of one stage together, all others one by one."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(STAGED):
            stage = nodeid.partition("[")[2].rpartition("-")[2]
            return f"{STAGED}::{stage}"
        if nodeid.startswith(BROWSER):
            return BROWSER
        return nodeid.partition("::")[0] if nodeid.startswith(SHARING) else nodeid
