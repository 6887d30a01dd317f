"""Lines of the log: for people or programs, and never with a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from crosswalk.cli import logs
from crosswalk.core.failures import UserError


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_is_json_with_the_ids_that_are_bound(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(verbose=True, form=logs.Form.JSON)
    with structlog.contextvars.bound_contextvars(connection=3, run=14, links=[1, 5]):
        structlog.get_logger().debug("call", status=200)
        logging.getLogger("somebody").warning("odd")
    ours, others = lines(capsys)
    assert (ours["event"], ours["level"], ours["status"]) == ("call", "debug", 200)
    assert (others["event"], others["level"], others["logger"]) == ("odd", "warning", "somebody")
    assert all((each["connection"], each["run"], each["links"]) == (3, 14, [1, 5]) for each in (ours, others))


@pytest.mark.parametrize("form", logs.Form)
def test_no_secret_is_in_a_line_also_not_in_a_traceback(
    form: logs.Form, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(verbose=True, form=form)
    password = "hunter" + "2"
    try:
        raise RuntimeError(f"postgresql://crosswalk:{password}@db/crosswalk is away")
    except RuntimeError:
        structlog.get_logger().exception("lost", url=f"https://a:{password}@b.example.org/?x=1")
        logging.getLogger("somebody").exception("GET /?access_token=%s with Bearer %s", password, password)
    structlog.get_logger().warning("odd", api_key=password, Authorization=password, client_secret=password)
    told = capsys.readouterr().err
    assert password not in told
    assert "is away" in told


def test_the_environment_names_the_form_and_a_form_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(logs.VARIABLE, "json")
    assert logs.set_up(verbose=False, least=logging.INFO) is logs.Form.JSON
    structlog.get_logger().info("said")
    structlog.get_logger().debug("whispered")
    assert [line["event"] for line in lines(capsys)] == ["said"]
    monkeypatch.setenv(logs.VARIABLE, "xml")
    with pytest.raises(UserError, match="xml"):
        logs.set_up(verbose=False)
