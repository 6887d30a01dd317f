"""The way to a browser and back: only the sign-in that was begun is taken, and whoever comes sees a page."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx2
import pytest

from crosswalk.cli import browser
from crosswalk.cli.browser import LoopbackBrowser, listening
from crosswalk.cli.terminal import Terminal
from crosswalk.core.failures import UserError

ADDRESS = "https://acme.my.salesforce.com/services/oauth2/authorize?x=1"
Told = Future[object]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(as_json=True, verbose=False)


@pytest.fixture
def way(terminal: Terminal) -> Iterator[LoopbackBrowser]:
    with listening(terminal, port=0, opens=False, seconds=20) as way:
        yield way


@pytest.fixture
def visit(way: LoopbackBrowser) -> Iterator[Callable[[], Told]]:
    with ThreadPoolExecutor(1) as pool:
        yield lambda: pool.submit(way.visit, ADDRESS, "right")


def come(way: LoopbackBrowser, query: str, path: str = "/callback") -> httpx2.Response:
    address = way.redirect_uri.replace("localhost", "127.0.0.1").replace("/callback", path)
    return httpx2.get(f"{address}?{query}", trust_env=False)


def test_it_works(
    way: LoopbackBrowser, visit: Callable[[], Told], capsys: pytest.CaptureFixture[str]
) -> None:
    told = visit()
    page = come(way, "code=aPrx%3D%3D&state=right")

    assert told.result(20) == {"code": "aPrx==", "state": "right"}
    assert page.status_code == 200
    assert "can be closed" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["cache-control"] == "no-store"
    said = capsys.readouterr().err
    assert ADDRESS in said
    assert way.redirect_uri in said


@pytest.mark.parametrize("query", ["code=c&state=wrong", "code=c", "error=access_denied&state=wrong", ""])
def test_what_does_not_belong_to_this_sign_in_is_refused_and_the_right_one_still_awaited(
    way: LoopbackBrowser, visit: Callable[[], Told], query: str
) -> None:
    told = visit()
    assert come(way, query).status_code == 400
    assert come(way, "state=right&code=c", path="/other").status_code == 404
    come(way, "code=mine&state=right")

    assert told.result(20) == {"code": "mine", "state": "right"}


def test_somebody_who_denied_is_told_so_on_the_page(way: LoopbackBrowser, visit: Callable[[], Told]) -> None:
    told = visit()
    page = come(way, "error=access_denied&error_description=%3Cb%3Eno&state=right")

    assert told.result(20) == {"error": "access_denied", "error_description": "<b>no", "state": "right"}
    assert "not signed in" in page.text
    assert "<b>" not in page.text


def test_a_browser_that_says_nothing_is_not_waited_for(
    way: LoopbackBrowser, visit: Callable[[], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser._Handler, "timeout", 0.2)
    told = visit()
    port = int(way.redirect_uri.rsplit(":", 1)[1].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)):
        come(way, "code=c&state=right")

    assert told.result(20)


def test_nobody_is_waited_for_longer_than_asked(terminal: Terminal) -> None:
    with (
        listening(terminal, port=0, opens=False, seconds=0.1) as way,
        pytest.raises(UserError, match="Nobody signed in") as raised,
    ):
        way.visit(ADDRESS, "right")
    assert "may only use the API" in raised.value.cure


def test_a_port_that_is_taken_is_named(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UserError, match=str(port)) as raised,
            listening(terminal, port=port, opens=False, seconds=1),
        ):
            pass
    assert "--port" in raised.value.cure


@pytest.mark.parametrize(("display", "opened"), [(":0", [ADDRESS]), ("", [])])
def test_a_browser_is_opened_only_where_it_has_a_window(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, display: str, opened: list[str]
) -> None:
    visited: list[str] = []
    monkeypatch.setattr("webbrowser.open", visited.append)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", display)
    with listening(terminal, port=0, opens=True, seconds=0.1) as way, pytest.raises(UserError):
        way.visit(ADDRESS, "right")
    assert visited == opened
