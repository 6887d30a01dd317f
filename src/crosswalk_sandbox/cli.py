"""The command `crosswalk-sandbox`: the vendors' APIs on loopback ports, until it is told to stop."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import ssl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from crosswalk_sandbox.http import Server, tls_context
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.load.folder import LoadError
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import SYSTEMS, Options, Sandbox
from crosswalk_sandbox.state import StateError

DEFAULT_RECORDS = 1500
SIZE_OPTIONS = {
    "--records": f"leads and contacts in Salesforce, each; twice that in ActiveCampaign ({DEFAULT_RECORDS})",
    "--leads": "leads in Salesforce, instead of --records",
    "--contacts": "contacts in Salesforce, instead of --records",
    "--activecampaign-contacts": "contacts in ActiveCampaign, instead of twice --records",
}


class _RefusedError(Exception):
    """The sandbox cannot start; the text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; prints one JSON line on stdout when ready."""
    arguments = _parse(argv)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with TemporaryDirectory(prefix="crosswalk-sandbox-") as folder:
            return _serve(arguments, stopped, Path(folder))
    except (LoadError, StateError, _RefusedError) as error:
        print(f"crosswalk-sandbox: {error}", file=sys.stderr)
        return 1


def _serve(arguments: argparse.Namespace, stopped: threading.Event, folder: Path) -> int:
    """Serve until it is `stopped`; certificates go into the folder. Raises LoadError, StateError or _RefusedError."""
    sandbox, servers = _start(arguments, folder)
    stopped.wait()
    for server in servers:
        server.close()
    sandbox.save()
    return 0


def _tls(given: Sequence[Path] | None, folder: Path) -> tuple[ssl.SSLContext | None, dict[str, str]]:
    """What to speak TLS with, and what the ready line says of it. Raises _RefusedError."""
    if given is None:
        return None, {}
    try:
        if given:
            return tls_context(*given), {}
        from crosswalk_sandbox import certificates  # slow to import, and seldom needed

        authority, certificate, key = certificates.make(folder)
        return tls_context(certificate, key), {"ca": str(authority)}
    except OSError as error:
        raise _RefusedError(f"cannot use the certificate and key of --tls: {error}") from error


def _start(arguments: argparse.Namespace, folder: Path) -> tuple[Sandbox, list[Server]]:
    """Make the systems, serve them and say so. Raises LoadError, StateError or _RefusedError."""
    tls, trusted = _tls(arguments.tls, folder)
    ports = {name: port for name in SYSTEMS if (port := getattr(arguments, name)) is not None}
    sandbox = Sandbox(ports, _options(arguments))
    if sandbox.loaded:
        print(sandbox.loaded.summary(), file=sys.stderr)
    try:
        servers, ready = sandbox.serve(ports, tls)
    except OSError as error:
        raise _RefusedError(f"cannot listen on 127.0.0.1: {error}") from error
    gc.freeze()  # the population lives as long as the process: the collector need not walk it
    print(json.dumps({name: {**mine, **trusted} for name, mine in ready.items()}), flush=True)
    return sandbox, servers


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        sizes=_sizes(arguments),
        seed=arguments.seed,
        alike=arguments.alike,
        limits=arguments.limits,
        job_seconds=arguments.job_seconds,
        latency=arguments.latency / 1000,
        package=arguments.package == "on",
        load=arguments.load,
        state=arguments.state,
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="crosswalk-sandbox", description=__doc__)
    for name in SYSTEMS:
        parser.add_argument(f"--{name}", type=_port, metavar="PORT", help=f"serve {name} there (0: any)")
    for option, text in SIZE_OPTIONS.items():
        parser.add_argument(option, type=_count, metavar="N", help=text)
    parser.add_argument(
        "--load", type=Path, metavar="FOLDER",
        help="real exports (CSV of Salesforce and ActiveCampaign, JSON of the Salesforce CLI) instead of "
        "invented people",
    )  # fmt: skip
    parser.add_argument(
        "--alike", action="store_true",
        help="both systems know the same people, as far as the sizes allow, with equal values",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the invented data (1)")
    parser.add_argument(
        "--limits",
        type=_limits,
        default=Limits.parse("real"),
        metavar="real|off|xF",
        help="the vendors' limits as they are (the default), none at all, or F times as wide",
    )
    parser.add_argument(
        "--job-seconds", type=_seconds, default=0.3, metavar="T", help="time an asynchronous job takes (0.3)"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="go on from this file, if it exists, and save to it at the end",
    )
    parser.add_argument(
        "--latency", type=_milliseconds, default=0, metavar="MS", help="added to every vendor answer (0)"
    )
    parser.add_argument(
        "--package", choices=("on", "off"), default="off",
        help="whether ActiveCampaign's package is installed in Salesforce (off)",
    )  # fmt: skip
    parser.add_argument(
        "--tls", nargs="*", type=Path, metavar=("CERT", "KEY"),
        help="serve https with these PEM files, or without them with a certificate made for this run",
    )  # fmt: skip
    arguments = parser.parse_args(argv)
    if arguments.tls and len(arguments.tls) != 2:
        parser.error("--tls takes a certificate and its key, or nothing")
    if all(getattr(arguments, name) is None for name in SYSTEMS):
        parser.error("name at least one system: " + ", ".join(f"--{name} PORT" for name in SYSTEMS))
    return arguments


def _sizes(arguments: argparse.Namespace) -> Sizes:
    records = DEFAULT_RECORDS if arguments.records is None else arguments.records
    chosen = (arguments.leads, arguments.contacts, arguments.activecampaign_contacts)
    leads, contacts, subscribers = (
        default if given is None else given
        for given, default in zip(chosen, (records, records, 2 * records), strict=True)
    )
    return Sizes(leads=leads, contacts=contacts, subscribers=subscribers)


def _limits(text: str) -> Limits:
    try:
        return Limits.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 86_400:
        raise argparse.ArgumentTypeError("a number of seconds is between 0 and a day")
    return seconds


def _milliseconds(text: str) -> float:
    milliseconds = float(text)
    if not 0 <= milliseconds <= 60_000:
        raise argparse.ArgumentTypeError("a number of milliseconds is between 0 and a minute")
    return milliseconds


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("a number of records is not negative")
    return count


if __name__ == "__main__":
    sys.exit(main())
