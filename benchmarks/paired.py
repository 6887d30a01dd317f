"""What a first load without limits is compared with: dlt, which keeps what Salesforce has, and a bare client."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from .bare_client import Bare, Row, bare_client, rows_of
from .place import another_database
from .systems import SALESFORCE, Systems, systems

_SCRIPT = Path(__file__).with_name("dlt_load.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a first load read and sent, to be done once more by others."""

    path: str  # of the query
    query: str
    rows: list[Row]  # of its imports

    @classmethod
    def of(cls, there: Systems) -> Load:
        """Return that of the load that has just filled these systems' ActiveCampaign."""
        path, query = next(
            (path, query) for path, query in there.crm.queries("FROM Contact ") if path.endswith("/queryAll")
        )
        return cls(path=path, query=query, rows=rows_of(there))


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """How dlt did."""

    rows: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How both did, one after the other."""

    dlt: Loaded
    bare: Bare

    @property
    def seconds(self) -> float:
        """What they took together."""
        return self.dlt.seconds + self.bare.seconds


def paired(load: Load, contacts: int, python: Path) -> Paired:
    """Do the load again on systems of the same size without limits; `python` is one that has dlt."""
    with systems(contacts=contacts, limits="off") as there:
        return Paired(dlt=_dlt(there, load, python), bare=bare_client(there, load.rows))


def _dlt(there: Systems, load: Load, python: Path) -> Loaded:
    """Have dlt load what the query finds into a new database of the server that Crosswalk uses."""
    with another_database() as database, tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as folder:
        order: dict[str, Any] = {
            "database": database,
            "salesforce": there.ready[SALESFORCE],
            "path": load.path,
            "query": load.query,
        }
        done = subprocess.run(
            [str(python.absolute()), str(_SCRIPT)],
            input=msgspec.json.encode(order) + b"\n",
            stdout=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            check=True,
        )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Loaded)


def _environment(folder: str) -> dict[str, str]:
    """Let dlt keep its files in the folder, and call nothing outside of this machine."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {
        **inherited,
        "HOME": folder,
        "DLT_DATA_DIR": folder,
        "DLT_PROJECT_DIR": folder,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }
