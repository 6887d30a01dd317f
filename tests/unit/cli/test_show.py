from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.console import Console

from crosswalk.cli import look, tables
from crosswalk.cli.progress import Pace
from crosswalk.core.pace import duration


def printed(renderable: object) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        ("two\nlines", "two⏎lines"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("ab\u202ecd", "ab�cd"),
        ("👩\u200d👩", "👩\u200d👩"),
        (("a", "b"), "a, b"),
        ({"links": 3}, "links: 3"),
        ([], "–"),
        (0, "0"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_value_is_shown_as_one_harmless_line(value: object, text: str) -> None:
    assert tables.shown(value) == text


def test_a_time_is_shown_in_the_readers_zone() -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert tables.shown(moment) == moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def test_a_change_shows_both_values_with_signs_and_the_fields_label() -> None:
    fields = {"field/7": [None, "1", "filled"], "phone": ["a", None, "changed"]}
    text = printed(tables.changes(fields, {"field/7": "Score"}))
    assert text == "Score: + 1\nphone: − a  + –\n"


def test_square_brackets_in_a_record_are_no_markup() -> None:
    assert "[bold]x[/]" in printed(tables.table("", ["A"], [["[bold]x[/]"]]))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (75, "1 min 15 s"), (3720, "1 h 02 min")]
)
def test_a_duration_is_said_as_people_say_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_progress_tells_rate_and_expected_finish_of_the_phase_that_runs() -> None:
    moments = iter([0.0, 10.0, 12.0, 14.0])
    pace = Pace(lambda: next(moments))
    assert pace.take("read", 0)
    assert not pace.take("read", 100)
    assert pace.text(100, 300) == "10/s, 20 s left"
    assert pace.take("write", 0)
    assert pace.text(1, None) == "0.5/s"


def test_consent_is_shown_with_its_evidence() -> None:
    seen_at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    place = {"where": "HasOptedOutOfEmail", "state": "true", "at": seen_at}
    evidence = {
        "side": "crm",
        "standing": "out",
        "kind": "changed",
        "places": [place],
        "by": "005",
        "seen_at": seen_at,
    }
    consent = {"crm": "out", "activecampaign": None, "crm_shadow": "out", "activecampaign_shadow": None}

    text = "".join(map(printed, look.consent_tables({**consent, "evidence": [evidence]})))

    assert "out (settled: out)" in text
    assert "– (settled: –)" in text
    assert f"HasOptedOutOfEmail: true ({tables.shown(seen_at)})" in text.replace("\n", " ")
    assert look.consent_tables({**consent, "crm": None, "evidence": []}) == []
