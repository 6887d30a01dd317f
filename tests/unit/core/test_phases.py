"""Phases have stable names, and words in the reader's language."""

from __future__ import annotations

import pytest

from crosswalk.core import phases
from crosswalk.core.language import speaking


@pytest.mark.parametrize(
    ("about", "name", "parts", "told"),
    [
        (("read", "crm", "lead"), "read crm lead", ("read", "crm", "lead"), "read crm lead"),
        (("compare", "contact"), "compare contact", ("compare", "", "contact"), "compare contact"),
        (("update", "crm"), "update crm", ("update", "crm", ""), "update crm"),
        (("verify",), "verify", ("verify", "", ""), "verify"),
        (
            ("read", "activecampaign", "tagged:two words"),
            "read activecampaign tagged:two words",
            ("read", "activecampaign", "tagged:two words"),
            "read activecampaign tagged:two words",
        ),
    ],
)
def test_a_phase_is_named_and_told(
    about: tuple[str, ...], name: str, parts: tuple[str, str, str], told: str
) -> None:
    with speaking("en"):
        assert phases.name(*about) == name
        assert phases.parts(name) == parts
        assert phases.told(name) == told


def test_a_phase_is_stored_in_no_language_and_told_in_any() -> None:
    with speaking("de"):
        name = phases.name(phases.READ, "crm", "lead")
        assert name == "read crm lead"
        assert phases.told(name) not in {name, ""}
