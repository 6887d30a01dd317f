"""A look at a host from outside: its certificate and its clock."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.helpers.certificates import write_pair

from crosswalk.core.failures import SystemFailure
from crosswalk.systems.probe import probe

AHEAD = 100.0  # seconds that the host's clock is ahead
asked: list[str] = []


class Host(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        asked.append(f"{self.path} {self.headers.get('authorization')}")
        self.send_response(404)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=AHEAD)
        return super().date_time_string(moment.timestamp())

    def log_request(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_pair(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def address(certificate: tuple[Path, Path]) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with HTTPServer(("127.0.0.1", 0), Host) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/api/3?key=s3cret"
        server.shutdown()


def test_it_works(address: str, certificate: tuple[Path, Path]) -> None:
    seen = probe(address, context=ssl.create_default_context(cafile=str(certificate[0])))

    assert not seen.trouble
    assert seen.clock_difference == pytest.approx(AHEAD, abs=2)
    assert seen.version.startswith("TLSv1.")
    assert seen.issuer == "CN=127.0.0.1"
    assert seen.expires_at is not None
    assert timedelta(0) < seen.expires_at - datetime.now(UTC) <= timedelta(days=1)
    assert asked[-1] == "/ None"
    assert "s3cret" not in repr(seen)


def test_a_certificate_that_nobody_vouches_for_is_told(address: str) -> None:
    seen = probe(address)

    assert seen.untrusted
    assert "certificate" in seen.trouble


def test_a_host_that_does_not_answer_is_told() -> None:
    seen = probe("https://127.0.0.1:9/")

    assert seen.trouble
    assert not seen.untrusted


def test_a_plain_address_elsewhere_is_not_called() -> None:
    with pytest.raises(SystemFailure, match="not a secure address"):
        probe("http://example.com/")
